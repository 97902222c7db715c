"""Webhooks e parados: what arrived, what could not be read into facts, and running it again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from recado.inbound.letter_model import Rehearsal, Scope
from recado.people.rights import Role
from recado.tenants.switches import checked_reason
from recado.web.auth import Deps
from recado.web.panel import security
from recado.web.panel.pages import answer, go, page, query
from recado.web.panel.screens import channel_words as said
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _, n_
from recado.web.services import Services

router = APIRouter()
PATH = "/painel/webhooks"
Word = Annotated[str, Query(max_length=400)]
Field = Annotated[str, Form(max_length=500)]
_NAME_LEAST = 3


def scope_of(request: Request, deps: Services, visitor: Visitor) -> Scope:
    """Bodies belong to no company: only the platform sees those that are about several, or about nobody."""
    return Scope(
        tenant_id=visitor.tenant_id,
        everything=visitor.role is Role.PLATFORM,
        actor=visitor.actor,
        origin=security.address_of(request, deps.proxies),
    )


@router.get(PATH)
@needs("webhooks.read")
async def listed(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    aba: Word = "recebidos",
    causa: Word = "",
    antes: Word = "",
) -> Response:
    return await _list(request, deps, visitor, aba, causa, antes)


async def _list(
    request: Request,
    deps: Services,
    visitor: Visitor,
    tab: str,
    cause: str,
    before: str,
    *,
    trouble: str = "",
) -> Response:
    scope = scope_of(request, deps, visitor)
    causes = await deps.letters.causes(scope)
    dead = tab == "parados"
    found = (
        await deps.letters.dead(scope, cause or None, before or None)
        if dead
        else await deps.letters.received(scope, before or None)
    )
    # An empty list of dead letters says that others do come through.
    lately = (await deps.letters.received(scope)).letters if dead and not found.letters else ()
    return answer(
        request,
        "webhooks/list.html",
        "content",
        status=422 if trouble else 200,
        letters=found.letters,
        passed_at=lately[0].stored.received_at if lately else None,
        older=query(PATH, aba=tab, causa=cause, antes=found.older) if found.older else None,
        newest=query(PATH, aba=tab, causa=cause) if before else None,
        causes=causes,
        batches=await deps.letters.batches(scope) if dead else [],
        tab="parados" if dead else "recebidos",
        cause=cause,
        trouble=trouble,
        said=said,
        tabs=[
            {"label": _("Recebidos"), "href": PATH, "current": not dead},
            {
                "label": _("Parados"),
                "href": query(PATH, aba="parados"),
                "current": dead,
                "count": sum(one.letters for one in causes),
                "hot": True,
            },
        ],
    )


@router.get(PATH + "/{ledger_id:int}")
@needs("webhooks.read")
async def one(request: Request, deps: Deps, visitor: Viewer, ledger_id: int) -> Response:
    return await _detail(request, deps, visitor, ledger_id)


@router.post(PATH + "/{ledger_id:int}/mostrar")
@needs("personal.reveal")
async def reveal(request: Request, deps: Deps, visitor: Viewer, ledger_id: int) -> Response:
    """The whole body, once; the look is written into the audit trail."""
    return await _detail(request, deps, visitor, ledger_id, revealed=True)


@router.post(PATH + "/{ledger_id:int}/ensaio")
@needs("webhooks.replay")
async def rehearse(request: Request, deps: Deps, visitor: Viewer, ledger_id: int) -> Response:
    """Shows what running it again would change; everything is undone."""
    done = await deps.letters.rehearse(scope_of(request, deps, visitor), ledger_id)
    return await _detail(request, deps, visitor, ledger_id, rehearsal=done)


async def _detail(
    request: Request,
    deps: Services,
    visitor: Visitor,
    ledger_id: int,
    *,
    revealed: bool = False,
    rehearsal: Rehearsal | None = None,
    trouble: str = "",
) -> Response:
    opened = await deps.letters.opened(scope_of(request, deps, visitor), ledger_id, revealed=revealed)
    return page(
        request,
        "webhooks/detail.html",
        status=422 if trouble else 200,
        opened=opened,
        letter=opened.letter,
        stored=opened.letter.stored,
        rehearsal=rehearsal,
        revealed=revealed,
        trouble=trouble,
        said=said,
    )


@router.post(PATH + "/{ledger_id:int}/reprocessar")
@needs("webhooks.replay")
async def replay(request: Request, deps: Deps, visitor: Viewer, ledger_id: int) -> Response:
    """Back in line; natural keys make a repetition harmless."""
    if await deps.letters.put_back(scope_of(request, deps, visitor), ledger_id):
        return go(
            request, f"{PATH}/{ledger_id}", toast=_("De volta à fila. O que já contou não conta de novo.")
        )
    return go(request, f"{PATH}/{ledger_id}", toast=_("Ele já não estava parado."), kind="info")


@router.post(PATH + "/{ledger_id:int}/descartar")
@needs("webhooks.discard")
async def discard(
    request: Request, deps: Deps, visitor: Viewer, ledger_id: int, motivo: Field = ""
) -> Response:
    if len(motivo.strip()) < _NAME_LEAST:
        trouble = _("Diga em poucas palavras por quê.")
        return await _detail(request, deps, visitor, ledger_id, trouble=trouble)
    await deps.letters.discard(scope_of(request, deps, visitor), ledger_id, checked_reason(motivo))
    return go(request, query(PATH, aba="parados"), toast=_("Descartado. O corpo continua guardado."))


# --------------------------------------------------------------------------- many


@router.post(PATH + "/lote")
@needs("webhooks.replay")
async def start(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    causa: Field = "",
    acao: Field = "",
    nome: Field = "",
    motivo: Field = "",
) -> Response:
    """All dead letters of a cause, under the name of the incident."""
    name, why = nome.strip()[:120], motivo.strip()
    discards = acao == "discard"
    if len(name) < _NAME_LEAST or (discards and len(why) < _NAME_LEAST):
        trouble = _("Dê um nome ao incidente; para descartar, diga também o motivo.")
        return await _list(request, deps, visitor, "parados", causa, "", trouble=trouble)
    batch = await deps.letters.start(
        scope_of(request, deps, visitor),
        name=name,
        action="discard" if discards else "replay",
        cause=causa,
        why=checked_reason(why) if discards else None,
    )
    words = n_("%(n)s webhook em andamento.", "%(n)s webhooks em andamento.", batch.letters)
    return go(request, query(PATH, aba="parados"), toast=words)


@router.post(PATH + "/lote/{batch_id}/cancelar")
@needs("webhooks.replay")
async def cancel(request: Request, deps: Deps, visitor: Viewer, batch_id: UUID) -> Response:
    await deps.letters.cancel(scope_of(request, deps, visitor), batch_id)
    return go(request, query(PATH, aba="parados"), toast=_("Cancelado. O que já andou fica como está."))
