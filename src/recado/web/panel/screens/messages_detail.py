"""One message: its story to the second, what the customer sees, what a developer asks; and what may be done."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from recado.audit import service as audit
from recado.conversations import service as conversations
from recado.errors import Conflict, NotFound
from recado.kit.ids import MessageId
from recado.kit.redact import redact_text
from recado.messages import accept as accepting
from recado.messages import doubt, listing, reading, resending
from recado.templates import service as templates
from recado.tenants.switches import checked_reason
from recado.web.auth import Deps
from recado.web.panel.pages import go, page
from recado.web.panel.screens import messages_words as words
from recado.web.panel.screens.messages_bubble import bubble
from recado.web.panel.screens.messages_view import line, story
from recado.web.panel.visitor import Viewer, needs
from recado.web.panel.words import _, whole_phone

router = APIRouter()
PATH = "/painel/mensagens/{message_id:uuid}"
TABS = ("historia", "conteudo", "tecnico")
Why = Annotated[str, Form(max_length=500)]


def _here(message_id: UUID) -> str:
    return f"/painel/mensagens/{message_id}"


@router.get(PATH)
@needs("messages.read")
async def one(request: Request, deps: Deps, visitor: Viewer, message_id: UUID, aba: str = "") -> Response:
    now = deps.clock.now()
    own = MessageId(message_id)
    technical = visitor.allowed("messages.technical")
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await listing.rows_of(tx, visitor.tenant_id, [own])
        if not found:
            raise NotFound("message_not_found", "no such message")
        whole = await reading.get(tx, visitor.tenant_id, own)
        events = await reading.events(tx, visitor.tenant_id, own)
        attempts = await reading.attempts(tx, visitor.tenant_id, own)
        files = await reading.files(tx, visitor.tenant_id, own)
        window = await conversations.view(tx, visitor.tenant_id, whole.conversation_id)
        sources = await listing.sources(tx, visitor.tenant_id, own) if technical else []
        known = await templates.list_all(tx, visitor.tenant_id, gone=True) if whole.kind == "template" else []
    return page(
        request,
        "messages/detail.html",
        line=line(found[0], now, visitor),
        row=found[0],
        whole=whole,
        steps=story(events, attempts),
        attempts=attempts,
        files=files,
        window=window,
        sources=sources,
        shown=bubble(whole.content, whole.preview, known),
        content=redact_text(json.dumps(whole.content, ensure_ascii=False, indent=2)) if technical else "",
        words=words,
        technical=technical,
    )


@router.post(PATH + "/mostrar")
@needs("personal.reveal")
async def reveal(deps: Deps, visitor: Viewer, message_id: UUID) -> Response:
    """The whole phone; the look is written into the audit trail."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await listing.rows_of(tx, visitor.tenant_id, [message_id])
        if not found:
            raise NotFound("message_not_found", "no such message")
        await audit.record(
            tx,
            deps.clock.now(),
            visitor.tenant_id,
            actor=visitor.actor,
            action="personal.revealed",
            target=str(message_id),
        )
    shown = found[0].phone or found[0].recipient or ""
    text = whole_phone(shown) if shown.startswith("+") else shown
    return HTMLResponse(Markup('<span class="phone-number num">{}</span>').format(text))


@router.post(PATH + "/reenviar")
@needs("messages.resend")
async def resend(request: Request, deps: Deps, visitor: Viewer, message_id: UUID) -> Response:
    """A new message with the same words; asked twice it is still one."""
    now = deps.clock.now()
    async with deps.db.tenant(visitor.tenant_id) as tx:
        row = await reading.get(tx, visitor.tenant_id, MessageId(message_id))
        before = await resending.resent_as(tx, visitor.tenant_id, row.id)
    if before is not None:
        return go(request, _here(before), toast=_("Já tinha sido reenviada."), kind="info")
    asked = resending.request_for(row, now)
    if isinstance(asked, list):
        raise Conflict("not_resendable", asked[0].message)
    verdict = await deps.accept(visitor.tenant_id, asked)
    match verdict:
        case accepting.Taken(answer=answer) | accepting.Replayed(answer=answer):
            # Repeated when somebody was cut off after the first half.
            async with deps.db.tenant(visitor.tenant_id) as tx:
                new = UUID(str(answer["id"]))
                await resending.settle_old(tx, now, visitor.tenant_id, row, new, actor=visitor.actor)
            deps.changed({visitor.tenant_id})
            return go(request, _here(new), toast=_("Na fila de novo, como outra mensagem."))
        case accepting.WindowClosed():
            why = _("A janela de 24 horas fechou: só um modelo pode sair. Abra a conversa e escolha um.")
            return go(request, _here(message_id), toast=why, kind="bad")
        case _:
            why = _("Não dá para reenviar: o conteúdo aponta para algo que não existe mais.")
            return go(request, _here(message_id), toast=why, kind="bad")


@router.post(PATH + "/cancelar")
@needs("messages.cancel")
async def cancel(request: Request, deps: Deps, visitor: Viewer, message_id: UUID) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await reading.cancel(
            tx, deps.clock.now(), visitor.tenant_id, MessageId(message_id), actor=visitor.actor
        )
    deps.changed({visitor.tenant_id})
    return go(request, _here(message_id), toast=_("Cancelada. Não vai sair."))


@router.post(PATH + "/descartar")
@needs("messages.discard")
async def discard(
    request: Request, deps: Deps, visitor: Viewer, message_id: UUID, motivo: Why = ""
) -> Response:
    why = checked_reason(motivo)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await listing.dismiss(
            tx, deps.clock.now(), visitor.tenant_id, MessageId(message_id), actor=visitor.actor, why=why
        )
    deps.changed({visitor.tenant_id})
    return go(request, _here(message_id), toast=_("Encerrada. Fica guardada com o motivo."))


@router.post(PATH + "/decidir")
@needs("messages.decide")
async def decide(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    message_id: UUID,
    decisao: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await doubt.decide(
            tx, deps.clock.now(), visitor.tenant_id, MessageId(message_id), decisao, actor=visitor.actor
        )
    deps.changed({visitor.tenant_id})
    said: dict[str, Any] = {
        "resend": _("Vai de novo. Se a primeira aparecer, fica registrado."),
        "abandon": _("Não vai de novo."),
        "wait": _("Esperamos mais um pouco por um sinal."),
    }
    return go(request, _here(message_id), toast=said[decisao])
