"""The panel as one ASGI application: guard before each route, people's pages for every refusal."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from recado.db.pool import UNAVAILABLE
from recado.errors import RecadoError
from recado.kit.correlation import correlation_id
from recado.web.panel.pages import is_swap, page, tell
from recado.web.panel.screens import ROUTERS
from recado.web.panel.security import place_of
from recado.web.panel.visitor import Elsewhere, NoCompany, NotUsable, guard, language_of
from recado.web.panel.words import _, speak
from recado.web.services import Services

_log = structlog.get_logger("recado.panel")


def opens(path: str) -> bool:
    """Whether the panel answers this path."""
    return path in ("/", "/painel") or path.startswith("/painel/")


def build_panel(services: Services) -> FastAPI:
    app = FastAPI(title="recado", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(guard)])
    app.add_exception_handler(Elsewhere, _elsewhere)
    app.add_exception_handler(NotUsable, _not_usable)
    app.add_exception_handler(NoCompany, _no_company)
    app.add_exception_handler(RecadoError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _shape)
    for kind in UNAVAILABLE:
        app.add_exception_handler(kind, _away)
    app.add_exception_handler(Exception, _bug)
    return app


async def _elsewhere(request: Request, error: Exception) -> Response:
    assert isinstance(error, Elsewhere)
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"hx-redirect": error.path})
    return RedirectResponse(error.path, status_code=303)


async def _not_usable(request: Request, error: Exception) -> Response:
    return _trouble(
        request,
        400,
        _("O painel precisa de https aqui"),
        _("Sem https a senha viajaria aberta pela rede. Use https, ou abra o painel na própria máquina."),
    )


async def _no_company(request: Request, error: Exception) -> Response:
    return _trouble(
        request,
        403,
        _("Nenhuma empresa para mostrar"),
        _("Peça um convite a quem administra a empresa, ou escolha outra empresa."),
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RecadoError)
    title, text = _words_for(error.status, error.code)
    if error.status in (409, 422) and is_swap(request):
        return _trouble(request, error.status, title, error.message)
    return _trouble(request, error.status, title, text)


def _words_for(status: int, code: str = "") -> tuple[str, str]:
    if code == "csrf":
        return _("Esta página ficou velha"), _("Recarregue a página e faça de novo.")
    known = {
        403: (_("Você não tem acesso a isto"), _("Fale com quem administra a empresa.")),
        404: (_("Não encontramos esta página"), _("O endereço pode ter mudado, ou o item não existe mais.")),
        405: (_("Não encontramos esta página"), _("O endereço pode ter mudado, ou o item não existe mais.")),
        409: (_("Isto mudou enquanto você olhava"), _("Recarregue a página e veja como está agora.")),
        413: (_("O arquivo é grande demais"), _("Escolha um arquivo menor.")),
        422: (_("Algo não está certo"), _("Confira os campos e tente de novo.")),
        429: (_("Muitas tentativas"), _("Espere um pouco e tente de novo.")),
        503: (_("O banco de dados não respondeu"), _("Nada se perdeu. Tente de novo em instantes.")),
    }
    return known.get(
        status,
        (_("Algo quebrou do nosso lado"), _("Já anotamos. Se repetir, mostre o código abaixo ao suporte.")),
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if not hasattr(request.state, "place"):
        # No route, so no guard: nobody has asked yet which language this browser speaks.
        accept = request.headers.get("accept-language", "")
        now = request.app.state.services.clock.now()
        speak(language_of(None, accept, None), "America/Sao_Paulo", now)
    return _trouble(request, error.status_code, *_words_for(error.status_code))


async def _shape(request: Request, error: Exception) -> Response:
    return _trouble(request, 422, *_words_for(422))


async def _away(request: Request, error: Exception) -> Response:
    _log.warning("panel.database_away", error=type(error).__name__)
    return _trouble(request, 503, *_words_for(503))


async def _bug(request: Request, error: Exception) -> Response:
    _log.error("panel.failed", error=type(error).__name__, exc_info=error)
    return _trouble(request, 500, *_words_for(500))


def _trouble(request: Request, status: int, title: str, text: str) -> Response:
    """htmx gets a toast and keeps the page; a browser gets a page with the number to quote."""
    if not hasattr(request.state, "place"):
        services = request.app.state.services
        request.state.place = place_of(request, services.public_url)
    if is_swap(request):
        told = f"{title}. {text} ({correlation_id()})" if status >= 500 else f"{title}. {text}"
        return tell(Response(status_code=status), told, kind="bad")
    given: dict[str, Any] = {"status_code": status, "title": title, "text": text}
    return page(request, "shell/trouble.html", status=status, **given)
