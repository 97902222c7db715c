"""One's own page: name, password, second factor, open sessions."""

from __future__ import annotations

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from recado.errors import Invalid
from recado.people.credentials import MIN_PASSWORD
from recado.people.model import Wait, Wrong
from recado.web.auth import Deps
from recado.web.panel import security
from recado.web.panel.pages import go, page
from recado.web.panel.screens.door import waited
from recado.web.panel.screens.links import trouble_of
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _
from recado.web.services import Services

router = APIRouter()
Field = Annotated[str, Form(max_length=1000)]


_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """`Chrome · Android`: what a person recognises in what a browser says of itself; empty when nothing is."""
    found = [next((name for mark, name in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return " · ".join(one for one in found if one)


async def _show(
    request: Request, deps: Services, visitor: Visitor, *, status: int = 200, **given: Any
) -> Response:
    values: dict[str, Any] = {"password_trouble": "", "code_trouble": "", "qr": None, "secret": ""} | given
    return page(
        request,
        "shell/own.html",
        status=status,
        person=await deps.desk.person(visitor.person_id),
        sessions=await deps.desk.sessions(visitor.person_id),
        least=MIN_PASSWORD,
        device=device,
        **values,
    )


@router.get("/painel/eu")
@needs("own")
async def own(request: Request, deps: Deps, visitor: Viewer) -> Response:
    return await _show(request, deps, visitor)


@router.post("/painel/eu/nome")
@needs("own")
async def rename(request: Request, deps: Deps, visitor: Viewer, nome: Field = "") -> Response:
    await deps.desk.set_name(visitor.person_id, nome)
    return go(request, "/painel/eu", toast=_("Guardado."))


@router.post("/painel/eu/senha")
@needs("own")
async def password(
    request: Request, deps: Deps, visitor: Viewer, atual: Field = "", nova: Field = ""
) -> Response:
    """Other browsers of this person have to come in again."""
    try:
        refusal = await deps.desk.change_password(
            visitor.person_id, atual, nova, keep=visitor.session, address=_address(request, deps)
        )
    except Invalid as error:
        return await _show(request, deps, visitor, status=422, password_trouble=trouble_of(error))
    if refusal is not None:
        trouble = _trouble(refusal, _("A senha atual não confere."))
        return await _show(request, deps, visitor, status=422, password_trouble=trouble)
    return go(request, "/painel/eu", toast=_("Senha trocada. Os outros aparelhos saíram."))


def _address(request: Request, deps: Services) -> str:
    return security.address_of(request, deps.proxies)


def _trouble(refusal: Wrong | Wait, wrong: str) -> str:
    return waited(refusal) if isinstance(refusal, Wait) else wrong


@router.post("/painel/eu/segundo-fator")
@needs("own")
async def begin(request: Request, deps: Deps, visitor: Viewer) -> Response:
    """Shows the QR code once; nothing changes before a code made with it was typed."""
    uri = await deps.desk.begin_second_factor(visitor.person_id)
    return await _show(request, deps, visitor, **_qr(uri))


def _qr(uri: str) -> dict[str, Any]:
    code = segno.make(uri, error="m", micro=False)
    # A data address: the policy allows no inline styles, and the picture needs none.
    picture = code.svg_data_uri(scale=5, border=2, dark="#000", light="#fff")
    return {"qr": picture, "secret": uri.partition("secret=")[2].partition("&")[0]}


@router.post("/painel/eu/segundo-fator/confirmar")
@needs("own")
async def confirm(request: Request, deps: Deps, visitor: Viewer, codigo: Field = "") -> Response:
    refusal = await deps.desk.confirm_second_factor(
        visitor.person_id, codigo, address=_address(request, deps)
    )
    if refusal is not None:
        trouble = _trouble(refusal, _("O código não confere. Comece de novo e leia o código mais uma vez."))
        return await _show(request, deps, visitor, status=422, code_trouble=trouble)
    return go(request, "/painel/eu", toast=_("Segundo fator ligado."))


@router.post("/painel/eu/segundo-fator/desligar")
@needs("own")
async def drop(request: Request, deps: Deps, visitor: Viewer, codigo: Field = "") -> Response:
    refusal = await deps.desk.drop_second_factor(visitor.person_id, codigo, address=_address(request, deps))
    if refusal is not None:
        trouble = _trouble(refusal, _("O código não confere ou já foi usado."))
        return await _show(request, deps, visitor, status=422, code_trouble=trouble)
    return go(request, "/painel/eu", toast=_("Segundo fator desligado."))


@router.post("/painel/eu/sessoes/encerrar")
@needs("own")
async def end(request: Request, deps: Deps, visitor: Viewer, sessao: Field = "") -> Response:
    """One session by its digest, or all but this one."""
    if sessao == "outras":
        await deps.desk.end_other_sessions(visitor.person_id, visitor.session)
    else:
        try:
            hashed = bytes.fromhex(sessao)
        except ValueError:
            hashed = b""
        await deps.desk.end_session(visitor.person_id, hashed)
    return go(request, "/painel/eu", toast=_("Sessão encerrada."))
