"""Conversas: who holds one, what is settled, what is noted. Each is a POST that leaves a trace."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from recado.audit import service as audit
from recado.conversations import desk
from recado.conversations.desk import Inbound, Staff
from recado.errors import Invalid
from recado.numbers import service as numbers
from recado.people.persons import actor_of
from recado.providers.contract import Done
from recado.web.auth import Deps
from recado.web.panel.pages import fragment
from recado.web.panel.screens.conversations import PATH, TEMPLATE, holders
from recado.web.panel.screens.conversations_acts import staff_of, thread_now
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _
from recado.web.services import Services

router = APIRouter()
_log = structlog.get_logger("recado.panel")


@router.post(PATH + "/{conversation_id}/atribuir")
@needs("conversations.assign")
async def give(
    request: Request, deps: Deps, visitor: Viewer, conversation_id: UUID, pessoa: Annotated[UUID, Form()]
) -> Response:
    """Somebody of the company who may answer gets it."""
    chosen = next((one for one in await holders(deps, visitor) if one.person_id == pessoa), None)
    if chosen is None:
        raise Invalid("holder_unknown", "nobody of the company who may answer has this id")
    holder = Staff(person_id=chosen.person_id, name=chosen.name, actor=actor_of(chosen.person_id))
    async with deps.db.tenant(visitor.tenant_id) as tx:
        now = deps.clock.now()
        await desk.assign(tx, now, visitor.tenant_id, conversation_id, holder, by=staff_of(visitor))
    deps.changed([visitor.tenant_id], conversations=[conversation_id])
    toast = _("A conversa está com %(name)s.", name=chosen.name)
    return await thread_now(request, deps, visitor, conversation_id, toast)


@router.post(PATH + "/{conversation_id}/assumir")
@needs("conversations.assign")
async def take(request: Request, deps: Deps, visitor: Viewer, conversation_id: UUID) -> Response:
    staff = staff_of(visitor)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await desk.assign(tx, deps.clock.now(), visitor.tenant_id, conversation_id, staff, by=staff)
    deps.changed([visitor.tenant_id], conversations=[conversation_id])
    return await thread_now(request, deps, visitor, conversation_id, _("A conversa é sua."))


@router.post(PATH + "/{conversation_id}/soltar")
@needs("conversations.assign")
async def release(request: Request, deps: Deps, visitor: Viewer, conversation_id: UUID) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        now = deps.clock.now()
        await desk.assign(tx, now, visitor.tenant_id, conversation_id, None, by=staff_of(visitor))
    deps.changed([visitor.tenant_id], conversations=[conversation_id])
    return await thread_now(request, deps, visitor, conversation_id, _("A conversa está livre."))


@router.post(PATH + "/{conversation_id}/resolver")
@needs("conversations.reply")
async def settle(request: Request, deps: Deps, visitor: Viewer, conversation_id: UUID) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await desk.resolve(tx, deps.clock.now(), visitor.tenant_id, conversation_id, by=staff_of(visitor))
    deps.changed([visitor.tenant_id], conversations=[conversation_id])
    toast = _("Resolvida. Se o cliente escrever, ela volta.")
    return await thread_now(request, deps, visitor, conversation_id, toast)


@router.post(PATH + "/{conversation_id}/reabrir")
@needs("conversations.reply")
async def reopen(request: Request, deps: Deps, visitor: Viewer, conversation_id: UUID) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await desk.reopen(tx, deps.clock.now(), visitor.tenant_id, conversation_id, by=staff_of(visitor))
    deps.changed([visitor.tenant_id], conversations=[conversation_id])
    return await thread_now(request, deps, visitor, conversation_id, _("Conversa reaberta."))


@router.post(PATH + "/{conversation_id}/nota")
@needs("conversations.note")
async def note(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    conversation_id: UUID,
    nota: Annotated[str, Form(min_length=1, max_length=desk.NOTE_MOST)],
) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await desk.note(tx, deps.clock.now(), visitor.tenant_id, conversation_id, nota, by=staff_of(visitor))
    deps.changed([visitor.tenant_id], conversations=[conversation_id])
    return await thread_now(request, deps, visitor, conversation_id, _("Nota guardada."))


@router.post(PATH + "/{conversation_id}/lida")
@needs("conversations.reply")
async def seen(deps: Deps, visitor: Viewer, conversation_id: UUID) -> Response:
    """Nothing is unread here any more, and the customer's telephone may show it."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        latest = await desk.see(
            tx, deps.clock.now(), visitor.tenant_id, conversation_id, by=staff_of(visitor)
        )
    if latest is not None:
        deps.changed([visitor.tenant_id], conversations=[conversation_id])
        await _receipt(deps, visitor, latest)
    return Response(status_code=204)


async def _receipt(deps: Services, visitor: Visitor, latest: Inbound) -> None:
    """Outside any transaction. That it does not arrive is no loss: what counts is seen here."""
    sealed = await deps.sealed_credentials(visitor.tenant_id, latest.number_id)
    if sealed is None:
        return
    credentials = numbers.open_credentials(deps.vault, sealed)
    sender = deps.providers[sealed.provider].sender
    outcome = await sender.mark_read(sealed.external_id, latest.wamid, False, credentials)
    if not isinstance(outcome, Done):
        _log.info("panel.receipt_refused", outcome=type(outcome).__name__)


@router.post(PATH + "/{conversation_id}/mostrar")
@needs("personal.reveal")
async def reveal(request: Request, deps: Deps, visitor: Viewer, conversation_id: UUID) -> Response:
    """The whole number, once; the look is written down."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        talk = await desk.talk(tx, visitor.tenant_id, conversation_id)
        await audit.record(
            tx,
            deps.clock.now(),
            visitor.tenant_id,
            actor=visitor.actor,
            action="personal.revealed",
            target=str(conversation_id),
        )
    return fragment(request, TEMPLATE, "whole", talk=talk)
