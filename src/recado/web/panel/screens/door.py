"""The entrance: password, second factor, the demonstration's doors, and out again."""

from __future__ import annotations

from typing import Annotated, Any, assert_never
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from recado.errors import NotFound
from recado.people.credentials import new_token
from recado.people.model import Entered, Entry, NeedsCode, Wait, Wrong
from recado.web.auth import Deps
from recado.web.panel import security
from recado.web.panel.pages import page
from recado.web.panel.visitor import HALF, OPEN, Viewer, needs
from recado.web.panel.words import _, mark, n_
from recado.web.services import Services

router = APIRouter()
Field = Annotated[str, Form(max_length=1000)]

# Logins of the sample company's people, made by `recado demo`; `.invalid` can never be somebody's address.
DEMO_PEOPLE: tuple[tuple[str, str, str], ...] = (
    ("administrador", mark("administrador"), "administrador@demonstracao.invalid"),
    ("recepcao", mark("recepção"), "recepcao@demonstracao.invalid"),
    ("desenvolvedor", mark("desenvolvedor"), "desenvolvedor@demonstracao.invalid"),
    ("revisor", mark("revisor"), "revisor@demonstracao.invalid"),
)


def show(request: Request, deps: Services, template: str, *, status: int = 200, **given: Any) -> Response:
    """A page outside any session. Its forms need a token, and the token needs a cookie."""
    place = request.state.place
    known = hasattr(request.state, "half")
    secret = security.read_session(request, place) if known else security.read_door(request, place)
    fresh = secret is None
    secret = secret or new_token(deps.random_bytes)
    request.state.csrf = security.csrf_of(secret)
    response = page(request, template, status=status, **given)
    if fresh:
        security.write_door(response, place, secret)
    return response


def inside(path: str) -> str:
    """Where to go after coming in: only ever a page of the panel."""
    parts = urlsplit(path)
    ours = parts.path == "/painel" or parts.path.startswith("/painel/")
    plain = path.isprintable() and "\\" not in path
    return path if ours and plain and not parts.scheme and not parts.netloc else "/painel"


def waited(wait: Wait) -> str:
    minutes = -(-wait.seconds // 60)
    if wait.seconds < 60:
        return n_(
            "Muitas tentativas. Espere %(n)s segundo e tente de novo.",
            "Muitas tentativas. Espere %(n)s segundos e tente de novo.",
            wait.seconds,
        )
    return n_(
        "Muitas tentativas. Espere %(n)s minuto e tente de novo.",
        "Muitas tentativas. Espere %(n)s minutos e tente de novo.",
        minutes,
    )


def admitted(request: Request, entered: Entered | NeedsCode, onward: str) -> Response:
    """Sets the session's cookie and goes on."""
    place = request.state.place
    path = inside(onward)
    if isinstance(entered, NeedsCode):
        path = f"/painel/entrar/codigo?para={path}"
    response = RedirectResponse(path, status_code=303)
    security.write_session(response, place, entered.token)
    return response


def caller(request: Request, deps: Services) -> dict[str, str]:
    return {
        "address": security.address_of(request, deps.proxies),
        "agent": request.headers.get("user-agent", ""),
    }


@router.get("/painel/entrar")
@needs(OPEN)
async def entrance(request: Request, deps: Deps, para: str = "") -> Response:
    if getattr(request.state, "visitor", None) is not None:
        return RedirectResponse(inside(para), status_code=303)
    return _login(request, deps, para=para)


def _login(request: Request, deps: Services, *, para: str, login: str = "", trouble: str = "") -> Response:
    return show(
        request,
        deps,
        "shell/login.html",
        status=422 if trouble else 200,
        login=login,
        trouble=trouble,
        onward=inside(para),
        people=DEMO_PEOPLE if deps.demo_login else (),
    )


@router.post("/painel/entrar")
@needs(OPEN)
async def enter(
    request: Request, deps: Deps, login: Field = "", password: Field = "", para: Field = ""
) -> Response:
    entry: Entry = await deps.desk.enter(login, password, **caller(request, deps))
    match entry:
        case Entered() | NeedsCode():
            return admitted(request, entry, para)
        case Wait():
            return _login(request, deps, para=para, login=login, trouble=waited(entry))
        case Wrong():
            trouble = _("Login ou senha não conferem.")
            return _login(request, deps, para=para, login=login, trouble=trouble)
        case _:
            assert_never(entry)


@router.get("/painel/entrar/codigo")
@needs(HALF)
async def second_step(request: Request, deps: Deps, para: str = "") -> Response:
    return _code(request, para=para)


def _code(request: Request, *, para: str, trouble: str = "") -> Response:
    place = request.state.place
    request.state.csrf = security.csrf_of(security.read_session(request, place) or "")
    return page(
        request, "shell/code.html", status=422 if trouble else 200, trouble=trouble, onward=inside(para)
    )


@router.post("/painel/entrar/codigo")
@needs(HALF)
async def second_step_done(request: Request, deps: Deps, code: Field = "", para: Field = "") -> Response:
    entry = await deps.desk.enter_code(request.state.half, code, **caller(request, deps))
    match entry:
        case Entered():
            return admitted(request, entry, para)
        case Wait():
            return _code(request, para=para, trouble=waited(entry))
        case Wrong():
            return _code(request, para=para, trouble=_("O código não confere ou já foi usado."))
        case _:
            assert_never(entry)


@router.post("/painel/demonstracao")
@needs(OPEN)
async def demonstration(request: Request, deps: Deps, quem: Field = "", para: Field = "") -> Response:
    login = next((login for key, _label, login in DEMO_PEOPLE if key == quem), None)
    if not deps.demo_login or login is None:
        raise NotFound("not_found", "no such page")
    return admitted(request, await deps.desk.enter_as(login, **caller(request, deps)), para)


@router.post("/painel/sair")
@needs("own")
async def leave(request: Request, deps: Deps, visitor: Viewer) -> Response:
    place = request.state.place
    if token := security.read_session(request, place):
        await deps.desk.leave(token)
    response = RedirectResponse("/painel/entrar", status_code=303)
    security.drop_session(response, place)
    return response
