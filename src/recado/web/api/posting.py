"""`POST /api/v1/messages[/kind]` without the framework around it.

The same handler as the routes in `messages.py`, which stay for the API document and for everything
else; only routing, injection and middleware are left out. They cost several times the work of
accepting a message, and this is the request that comes a thousand times a second.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from recado.kit.correlation import begin
from recado.web import problems
from recado.web.api.messages import SEND_KINDS, locale_of
from recado.web.api.messages import send as ask
from recado.web.auth import authenticated
from recado.web.direct import respond
from recado.web.services import Services

BASE = "/api/v1/messages"
SAFE_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
_SAFE = tuple((name.encode(), value.encode()) for name, value in SAFE_HEADERS.items())


def posting_doors(services: Services) -> dict[str, PostingDoor]:
    """Exact paths and what serves a POST there."""
    doors = {f"{BASE}/{kind}": PostingDoor(services, kind) for kind in SEND_KINDS}
    return doors | {BASE: PostingDoor(services, None)}


class PostingDoor:
    """One path of the send API; `kind` None takes any kind."""

    def __init__(self, services: Services, kind: str | None) -> None:
        self._services = services
        self._kind = kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        correlation = begin(request.headers.get("x-correlation-id"))
        try:
            response: Response = await self._answer(request)
        except ClientDisconnect:
            return  # nobody to answer; nothing was promised
        except Exception as error:
            response = problems.answer_to(error)
        response.raw_headers += [(b"x-correlation-id", correlation.encode()), *_SAFE]
        await respond(scope, send, response)

    async def _answer(self, request: Request) -> Response:
        headers = request.headers
        caller = await authenticated(
            self._services, headers.get("authorization"), headers.get("x-client-id"), lately=True
        )
        locale = locale_of(headers.get("accept-language", "pt-BR"))
        return await ask(request, self._services, caller, self._kind, headers.get("idempotency-key"), locale)
