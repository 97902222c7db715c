"""Putting the doors together into one ASGI application."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recado.kit.correlation import begin
from recado.providers.contract import Receiver
from recado.web import problems
from recado.web.api import media, messages, openapi, tenant
from recado.web.api.posting import SAFE_HEADERS, posting_doors
from recado.web.front import Front
from recado.web.hooks.knocks import MetaKnocks
from recado.web.hooks.receive import Append, HookConfig, HookMeter, MetaHook, Submit
from recado.web.ops import docs, health, staging
from recado.web.panel.app import build_panel, opens
from recado.web.panel.security import PanelHeaders
from recado.web.services import Services

_DESCRIPTION = """Ask for WhatsApp messages, follow each one, read the answers.

Authenticate with `Authorization: Bearer <API key>`. Errors are `application/problem+json`; each broken rule
has a field, a rule and its limit. Bodies keep Meta's field names."""


class Envelope:
    """Correlation id in, correlation id out, safe headers on everything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation = begin(Headers(scope=scope).get("x-correlation-id"))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-correlation-id"] = correlation
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class _Houses:
    """The people's door and the machines' door: two applications with their own refusals."""

    def __init__(self, panel: ASGIApp, api: ASGIApp) -> None:
        self._panel = panel
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        panel = scope["type"] == "http" and opens(scope["path"])
        await (self._panel if panel else self._api)(scope, receive, send)


async def _no_room(scope: Scope, receive: Receive, send: Send) -> None:
    """Before the database is touched: what cannot be stored safely is not taken."""
    detail = "the server has too little disk space; nothing was stored"
    refusal = problems.problem(503, "low_disk", detail, retry_after_s=30)
    refusal.headers["connection"] = "close"  # the body stays unread
    await refusal(scope, receive, send)


def build_api(services: Services, *, show_docs: bool) -> FastAPI:
    app = FastAPI(
        title="recado",
        version=version("recado"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if show_docs else None,
    )
    app.state.services = services
    problems.install(app)
    openapi.install(app)
    for router in (messages.router, media.router, tenant.router, health.router, staging.router):
        app.include_router(router)
    if show_docs:
        app.include_router(docs.router)
    app.add_middleware(Envelope)
    return app


def build_app(
    services: Services,
    hook: HookConfig,
    receiver: Receiver,
    append: Append,
    submit: Submit,
    meter: HookMeter,
    *,
    show_docs: bool,
) -> Front:
    """The hook door and the send API in front, everything else behind them."""
    return Front(
        MetaHook(hook, receiver, append, meter, services.full),
        posting_doors(services),
        _Houses(PanelHeaders(build_panel(services)), build_api(services, show_docs=show_docs)),
        full=services.full,
        refuse=Envelope(_no_room),
        knocks=MetaKnocks(hook, receiver, submit, meter, services.full),
    )
