"""Conversas: answering with text, files, reactions and templates. Each is a POST that leaves a trace."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from recado.audit import service as audit
from recado.conversations import desk
from recado.conversations.desk import Staff, Talk
from recado.errors import TooLarge
from recado.kit.ids import MessageId, uuid4, uuid7
from recado.kit.reason_texts import reason_text
from recado.kit.reasons import Reason
from recado.media import formats
from recado.media import service as media
from recado.messages import accept as accepting
from recado.messages.content import parse_draft
from recado.templates import preview
from recado.templates import service as templates
from recado.templates.model import TemplateRow
from recado.web.auth import Deps
from recado.web.panel.pages import fragment, go, is_swap, page, tell
from recado.web.panel.screens import channel_words as said
from recado.web.panel.screens.conversations import PATH, TEMPLATE, open_talk
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _
from recado.web.services import Services

router = APIRouter()
_ROOM = 64 * 1024
_VALUE_MOST = 1024
TEXT_MOST: Final = 4096
Key = Annotated[str, Form(min_length=8, max_length=120)]


def staff_of(visitor: Visitor) -> Staff:
    """The visitor as somebody of the company."""
    return Staff(person_id=visitor.person_id, name=visitor.name, actor=visitor.actor)


async def thread_now(
    request: Request, deps: Services, visitor: Visitor, conversation_id: UUID, toast: str = "", **more: Any
) -> Response:
    """The thread as it is now: a part of the page for htmx, the page again for everybody else."""
    trouble = more.get("trouble")
    if not is_swap(request) and not trouble and not more.get("picker"):
        return go(request, f"{PATH}/{conversation_id}", toast=toast or None)
    given = await open_talk(deps, visitor, conversation_id, **more)
    if is_swap(request):
        response = fragment(request, TEMPLATE, "thread", status=422 if trouble else 200, **given)
        return tell(response, toast) if toast else response
    shell: dict[str, Any] = {"talks": (), "older": None, "stopped_early": False, "tabs": (), "picked": None}
    shell |= {"aba": "todas", "busca": "", "antes": ""}
    return page(request, TEMPLATE, status=422 if trouble else 200, **shell | given)


# --------------------------------------------------------------------------- sending


async def _talk(deps: Services, visitor: Visitor, conversation_id: UUID) -> Talk:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        return await desk.talk(tx, visitor.tenant_id, conversation_id)


async def _send(
    deps: Services, visitor: Visitor, talk: Talk, payload: dict[str, Any], key: str, same: Any
) -> str:
    """Hands it to the queue, once for each `key`. Returns what went wrong, in words, or nothing.

    `same` is what makes two requests with one key the same request.
    """
    to = {"to": talk.phone} if talk.phone else {"recipient": talk.bsuid}
    draft = parse_draft(payload | to, None)
    if isinstance(draft, list):
        return _("Não dá para enviar assim: %(why)s", why="; ".join(one.message for one in draft[:3]))
    now = deps.clock.now()
    asked = accepting.Request(
        id=MessageId(uuid7(now)),
        draft=draft,
        number_id=talk.number_id,
        idempotency_key=f"panel:{talk.conversation_id}:{key}",
        request_hash=hashlib.sha256(msgspec.json.encode(same, order="sorted")).digest(),
    )
    match await deps.accept(visitor.tenant_id, asked):
        case accepting.Taken(id=message_id):
            await _note_sent(deps, visitor, talk, message_id)
            return ""
        case accepting.Replayed() | accepting.KeyReused():
            # The form was sent twice. What it says now stands in the thread already.
            return ""
        case accepting.WindowClosed():
            return _closed(visitor)
        case accepting.BadReference():
            return _("A mensagem citada ou o arquivo ainda não pode ser usado. Tente de novo em instantes.")
        case accepting.KeyDead():
            return _("Não foi possível enviar agora. Tente de novo.")


async def _note_sent(deps: Services, visitor: Visitor, talk: Talk, message_id: MessageId) -> None:
    """Who answers a conversation that nobody holds, holds it."""
    now = deps.clock.now()
    staff = staff_of(visitor)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        data = {"conversation": str(talk.conversation_id)}
        await audit.record(
            tx,
            now,
            visitor.tenant_id,
            actor=visitor.actor,
            action="message.written",
            target=str(message_id),
            data=data,
        )
        if talk.holder_id is None:
            await desk.assign(tx, now, visitor.tenant_id, talk.conversation_id, staff, by=staff)
    deps.changed([visitor.tenant_id], conversations=[talk.conversation_id])


@router.post(PATH + "/{conversation_id}/responder")
@needs("conversations.reply")
async def reply(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    conversation_id: UUID,
    chave: Key,
    texto: Annotated[str, Form(max_length=20_000)] = "",
    citar: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Free text, or a file with the text as its caption."""
    talk = await _talk(deps, visitor, conversation_id)
    words = texto.replace("\x00", "").replace("\r\n", "\n").strip()
    file = (await request.form()).get("arquivo")
    same: list[Any] = [words, citar]
    given: dict[str, Any] | str
    if isinstance(file, UploadFile) and file.filename:
        if talk.window_until <= deps.clock.now():
            given = _closed(visitor)
        else:
            given = await _attach(request, deps, visitor, file, words)
        same.append(file.filename)
    elif words:
        given = {"type": "text", "text": {"body": words, "preview_url": True}}
    else:
        given = _("Escreva a mensagem ou escolha um arquivo.")
    if isinstance(given, dict):
        if citar:
            given |= {"context": {"message_id": citar}}
        given = await _send(deps, visitor, talk, given, chave, same)
    if given:
        return await thread_now(
            request, deps, visitor, conversation_id, trouble=given, draft=words, quoting=citar
        )
    return await thread_now(request, deps, visitor, conversation_id)


def _closed(visitor: Visitor) -> str:
    words = reason_text(Reason.WINDOW_CLOSED, visitor.language)
    return f"{words.text} {words.next_step or ''}".strip()


async def _attach(
    request: Request, deps: Services, visitor: Visitor, file: UploadFile, words: str
) -> dict[str, Any] | str:
    """The file in our store and the content that names it, or why it cannot be sent."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > deps.media_max_bytes + _ROOM:
        raise TooLarge("file_too_large", f"file: at most {deps.media_max_bytes} bytes")
    data = await file.read(deps.media_max_bytes + 1)
    if len(data) > deps.media_max_bytes:
        raise TooLarge("file_too_large", f"file: at most {deps.media_max_bytes} bytes")
    verdict = formats.judge(file.content_type, len(data), data[:512])
    if isinstance(verdict, formats.Misfit):
        if verdict.rule == "too_large":
            return _("O arquivo é maior do que o WhatsApp aceita.")
        return _("O WhatsApp não aceita este tipo de arquivo.")
    media_id = uuid4(deps.random_bytes)
    name = _file_name(file.filename)
    await deps.blobs.put(media_id.hex, data)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await media.store_upload(
            tx,
            deps.clock.now(),
            visitor.tenant_id,
            media_id=media_id,
            mime_type=verdict.mime_type,
            filename=name,
            data_size=len(data),
            sha256=hashlib.sha256(data).digest(),
            blob=media_id.hex,
        )
    about: dict[str, Any] = {"id": media.write_id(media_id)}
    if words and verdict.kind not in {"audio", "sticker"}:
        about["caption"] = words
    if verdict.kind == "document":
        about["filename"] = name
    return {"type": verdict.kind, verdict.kind: about}


def _file_name(name: str | None) -> str:
    """Only the last part, without anything a file system or a header could trip over."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join("_" if one in '<>|:*?"' or not one.isprintable() else one for one in last)
    return kept.strip(" .")[:120] or "arquivo"


@router.post(PATH + "/{conversation_id}/reagir")
@needs("conversations.reply")
async def react(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    conversation_id: UUID,
    chave: Key,
    mensagem: Annotated[UUID, Form()],
    emoji: Annotated[str, Form(max_length=16)] = "",
) -> Response:
    """An empty emoji takes the reaction back."""
    talk = await _talk(deps, visitor, conversation_id)
    about = {"message_id": str(mensagem), "emoji": emoji}
    trouble = await _send(deps, visitor, talk, {"type": "reaction", "reaction": about}, chave, about)
    return await thread_now(request, deps, visitor, conversation_id, trouble=trouble)


# --------------------------------------------------------------------------- templates


async def _picker(
    deps: Services, visitor: Visitor, talk: Talk, wanted: str, values: dict[str, str], *, tried: bool
) -> dict[str, Any]:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        rows = await templates.list_approved(tx, visitor.tenant_id, talk.number_id)
    usable = [one for one in rows if not preview.unfillable(one)]
    row = next((one for one in usable if str(one.template_id) == wanted), None)
    found = preview.problems(row, values) if row and tried else {}
    words = {"missing": _("Preencha este campo."), "line_break": _("Sem quebras de linha aqui.")}
    return {
        "rows": usable,
        "row": row,
        "given": values,
        "variables": preview.variables(row) if row else [],
        "read": preview.fill(row, values, samples=not tried) if row else None,
        "troubles": {name: words[what] for name, what in found.items()},
        "said": said,
    }


def _values(row: TemplateRow | None, form: Any) -> dict[str, str]:
    names = [one.id for one in preview.variables(row)] if row else []
    return {name: str(form.get(name) or "").replace("\x00", "")[:_VALUE_MOST] for name in names}


@router.post(PATH + "/{conversation_id}/modelo")
@needs("conversations.reply")
async def choose(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    conversation_id: UUID,
    modelo: Annotated[str, Form(max_length=40)] = "",
    passo: Annotated[str, Form(max_length=10)] = "",
    chave: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    """Choosing, looking (`passo` ver) and sending (`passo` enviar) a template."""
    talk = await _talk(deps, visitor, conversation_id)
    form = await request.form()
    async with deps.db.tenant(visitor.tenant_id) as tx:
        rows = await templates.list_approved(tx, visitor.tenant_id, talk.number_id)
    row = next((one for one in rows if str(one.template_id) == modelo), None)
    values = _values(row, form)
    picker = await _picker(deps, visitor, talk, modelo, values, tried=passo in {"ver", "enviar"})
    trouble = ""
    if passo == "enviar" and row is not None and not picker["troubles"] and len(chave) >= 8:
        payload = preview.content(row, values)
        trouble = await _send(deps, visitor, talk, payload, chave, payload)
        if not trouble:
            return await thread_now(request, deps, visitor, conversation_id)
    return await thread_now(request, deps, visitor, conversation_id, picker=picker, trouble=trouble)
