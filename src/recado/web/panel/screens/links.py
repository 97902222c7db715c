"""Links that work once: first run, invitations, forgotten passwords."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from recado.errors import Conflict, Invalid, NotFound
from recado.people.credentials import MIN_PASSWORD
from recado.people.model import LinkRow
from recado.web.auth import Deps
from recado.web.panel.pages import go
from recado.web.panel.screens.door import admitted, caller, show
from recado.web.panel.visitor import OPEN, Viewer, needs
from recado.web.panel.words import _
from recado.web.services import Services

router = APIRouter()
Field = Annotated[str, Form(max_length=1000)]


def trouble_of(error: Invalid | Conflict) -> str:
    """What a broken rule is called on the page."""
    known = {
        "login_format": _("Escreva um e-mail ou um nome de pelo menos 3 letras, sem espaços."),
        "login_taken": _("Já existe alguém com este login. Escolha outro, ou entre com ele."),
        "name_length": _("Escreva o seu nome."),
        "password_length": _("A senha precisa de pelo menos %(n)s caracteres.", n=MIN_PASSWORD),
        "password_weak": _("Esta senha é fácil de adivinhar. Uma frase curta funciona bem."),
    }
    return known.get(error.code, _("Algo não está certo. Confira os campos."))


@router.get("/painel/convite/{token}")
@needs(OPEN)
async def open_link(request: Request, deps: Deps, token: str) -> Response:
    link = await deps.desk.find_link(token)
    return _page(request, deps, token, link)


def _page(request: Request, deps: Services, token: str, link: LinkRow | None, **given: object) -> Response:
    if link is None:
        return show(request, deps, "shell/link_over.html", status=404)
    values = {"login": "", "name": "", "trouble": ""} | given
    return show(
        request,
        deps,
        "shell/link.html",
        status=422 if values["trouble"] else 200,
        token=token,
        link=link,
        least=MIN_PASSWORD,
        **values,
    )


@router.post("/painel/convite/{token}")
@needs(OPEN)
async def use_link(
    request: Request,
    deps: Deps,
    token: str,
    login: Field = "",
    name: Field = "",
    password: Field = "",
) -> Response:
    link = await deps.desk.find_link(token)
    if link is None:
        return _page(request, deps, token, None)
    try:
        if link.kind == "password":
            entered = await deps.desk.choose_password(token, password=password, **caller(request, deps))
        else:
            entered = await deps.desk.join(
                token, login=login, name=name, password=password, **caller(request, deps)
            )
    except (Invalid, Conflict) as error:
        return _page(request, deps, token, link, login=login, name=name, trouble=trouble_of(error))
    except NotFound:
        # Somebody was faster with the same link.
        return _page(request, deps, token, None)
    return admitted(request, entered, "/painel")


@router.post("/painel/convite/{token}/aceitar")
@needs("own")
async def accept(request: Request, deps: Deps, visitor: Viewer, token: str) -> Response:
    """Somebody who is already inside joins another company."""
    await deps.desk.join_as(token, visitor.person_id, visitor.session)
    return go(request, "/painel", toast=_("Pronto, você entrou na empresa."))
