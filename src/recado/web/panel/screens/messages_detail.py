"""One message: its story to the second, what the customer sees, what a developer asks; and what may be done."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from recado.audit import service as audit
from recado.conversations import service as conversations
from recado.errors import Conflict, NotFound
from recado.kit.ids import MessageId
from recado.kit.redact import redact_text
from recado.messages import accept as accepting
from recado.messages import doubt, listing, listing_one, reading, resending
from recado.templates import service as templates
from recado.tenants.switches import checked_reason
from recado.web.auth import Deps
from recado.web.panel.pages import fragment, go, is_swap, page, query
from recado.web.panel.screens import messages_words as words
from recado.web.panel.screens.messages_bubble import bubble
from recado.web.panel.screens.messages_files import attached
from recado.web.panel.screens.messages_technical import stored
from recado.web.panel.screens.messages_technical import technical as technically
from recado.web.panel.screens.messages_view import line, story
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _, mark, whole_phone
from recado.web.services import Services

router = APIRouter()
PATH = "/painel/mensagens/{message_id:uuid}"
TABS = {"historia": mark("Linha do tempo"), "conteudo": mark("Conteúdo"), "tecnico": mark("Técnico")}
OWN_KEYS = (("e", mark("Reenviar…")), ("d", mark("Descartar…")), ("c", mark("Abrir conversa")))
Why = Annotated[str, Form(max_length=500)]


def _here(message_id: UUID) -> str:
    return f"/painel/mensagens/{message_id}"


@router.get(PATH)
@needs("messages.read")
async def one(request: Request, deps: Deps, visitor: Viewer, message_id: UUID) -> Response:
    """The whole message as a page of its own."""
    shown = await _told(deps, visitor, message_id, technical=visitor.allowed("messages.technical"))
    return page(request, "messages/detail.html", **shown, in_drawer=False, own_keys=OWN_KEYS)


@router.get(PATH + "/gaveta")
@needs("messages.read")
async def drawer(request: Request, deps: Deps, visitor: Viewer, message_id: UUID, aba: str = "") -> Response:
    """The same beside the list, one part at a time. By itself it would be half a page: that is the message's own."""
    if not is_swap(request):
        return RedirectResponse(_here(message_id), status_code=303)
    may_look = visitor.allowed("messages.technical")
    tab = aba if aba in TABS and (may_look or aba != "tecnico") else "historia"
    shown = await _told(deps, visitor, message_id, technical=tab == "tecnico")
    tabs = [(name, _(label)) for name, label in TABS.items() if may_look or name != "tecnico"]
    return fragment(
        request, "messages/drawer.html", "drawer", **shown, in_drawer=True, tab=tab, drawer_tabs=tabs
    )


async def _told(deps: Services, visitor: Visitor, message_id: UUID, *, technical: bool) -> dict[str, Any]:
    """What both show of it. Raises NotFound."""
    now = deps.clock.now()
    own = MessageId(message_id)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await listing.rows_of(tx, visitor.tenant_id, [own])
        if not found:
            raise NotFound("message_not_found", "no such message")
        whole = await reading.get(tx, visitor.tenant_id, own)
        events = await reading.events(tx, visitor.tenant_id, own)
        attempts = await reading.attempts(tx, visitor.tenant_id, own)
        again = await listing_one.told_again(tx, visitor.tenant_id, own)
        files = await listing_one.files(tx, whole)
        window = await conversations.view(tx, visitor.tenant_id, whole.conversation_id)
        decision = await listing_one.decision(tx, now, whole, events, attempts)
        heard = await listing_one.answered(tx, whole) if visitor.allowed("conversations.read") else None
        known = await templates.list_named(
            tx, visitor.tenant_id, [name] if (name := found[0].template) else []
        )
        deep = await stored(tx, whole) if technical else None
    return {
        "line": line(found[0], now, visitor),
        "row": found[0],
        "whole": whole,
        "here": _here(message_id),
        "steps": story(events, attempts, again, heard),
        "window": window,
        "decision": decision,
        "pricing": next((one.data["pricing"] for one in events if one.data and "pricing" in one.data), None),
        "files": attached(message_id, whole.content, files),
        "shown": bubble(whole.content, whole.preview, known),
        "deep": await technically(deps, whole, attempts, deep) if deep is not None else None,
        "content": redact_text(json.dumps(whole.content, ensure_ascii=False, indent=2)) if deep else "",
        "link": f"{deps.public_url.rstrip('/')}{_here(message_id)}",
        "words": words,
    }


@router.get(PATH + "/celular")
@needs("handset")
async def handset(deps: Deps, visitor: Viewer, message_id: UUID) -> Response:
    """The person's virtual handset. By a step of its own: the page then need not hold the number."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await listing.rows_of(tx, visitor.tenant_id, [message_id])
    if not found or deps.handset_url is None:
        raise NotFound("handset_not_found", "no such message, or no virtual handset here")
    person = found[0].phone or found[0].recipient or ""
    return RedirectResponse(query(deps.handset_url, pessoa=person.removeprefix("+")), status_code=303)


@router.post(PATH + "/mostrar")
@needs("personal.reveal")
async def reveal(deps: Deps, visitor: Viewer, message_id: UUID) -> Response:
    """The whole phone; the look is written into the audit trail."""
    row = await _looked(deps, visitor, message_id, "phone")
    shown = row.phone or row.recipient or ""
    text = whole_phone(shown) if shown.startswith("+") else shown
    return HTMLResponse(Markup('<span class="phone-number num">{}</span>').format(text))


@router.post(PATH + "/mostrar-id")
@needs("personal.reveal")
async def reveal_id(request: Request, deps: Deps, visitor: Viewer, message_id: UUID) -> Response:
    """Meta's whole id, which holds the person's number; the look is written into the audit trail."""
    await _looked(deps, visitor, message_id, "wamid")
    async with deps.db.tenant(visitor.tenant_id) as tx:
        whole = await reading.get(tx, visitor.tenant_id, MessageId(message_id))
    return fragment(request, "messages/technical.html", "wamid", wamid=whole.wamid or "—", covered=False)


async def _looked(deps: Services, visitor: Visitor, message_id: UUID, what: str) -> listing.ListRow:
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
            data={"what": what},
        )
    return found[0]


def _done(request: Request, message_id: UUID, text: str, kind: str = "ok") -> Response:
    """Beside the list it stays there and shows the message again; on its own page it goes to the message."""
    if not is_swap(request):
        return go(request, _here(message_id), toast=text, kind=kind)
    response = Response(status_code=204)
    told = {"recado:toast": {"text": text, "kind": kind}, "recado:detail": {"path": _here(message_id)}}
    response.headers["hx-trigger"] = json.dumps(told)
    return response


@router.post(PATH + "/reenviar")
@needs("messages.resend")
async def resend(request: Request, deps: Deps, visitor: Viewer, message_id: UUID) -> Response:
    """A new message with the same words; asked twice it is still one."""
    now = deps.clock.now()
    async with deps.db.tenant(visitor.tenant_id) as tx:
        row = await reading.get(tx, visitor.tenant_id, MessageId(message_id))
        before = await resending.resent_as(tx, visitor.tenant_id, row.id)
    if before is not None:
        return _done(request, before, _("Já tinha sido reenviada."), "info")
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
            return _done(request, new, _("Na fila de novo, como outra mensagem."))
        case accepting.WindowClosed():
            why = _("A janela de 24 horas fechou: só um modelo pode sair. Abra a conversa e escolha um.")
            return _done(request, message_id, why, "bad")
        case _:
            why = _("Não dá para reenviar: o conteúdo aponta para algo que não existe mais.")
            return _done(request, message_id, why, "bad")


@router.post(PATH + "/cancelar")
@needs("messages.cancel")
async def cancel(request: Request, deps: Deps, visitor: Viewer, message_id: UUID) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await reading.cancel(
            tx, deps.clock.now(), visitor.tenant_id, MessageId(message_id), actor=visitor.actor
        )
    deps.changed({visitor.tenant_id})
    return _done(request, message_id, _("Cancelada. Não vai sair."))


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
    return _done(request, message_id, _("Encerrada. Fica guardada com o motivo."))


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
    return _done(request, message_id, said[decisao])
