"""Stored messages as bubbles: what a person sees of each, whatever it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recado.conversations.desk import Line
from recado.kit.reason_texts import reason_text
from recado.kit.reasons import Reason
from recado.media import service as media
from recado.templates import preview
from recado.templates.model import TemplateRow
from recado.web.panel.screens.messages_files import SHOWN
from recado.web.panel.words import _, mark, speech

WINDOW_S: Final = 24 * 3600
_FILES: Final = frozenset({"image", "video", "audio", "document", "sticker", "voice"})
# What of ours is shown or played; of theirs the type says it.
_OURS: Final = {"image": "image", "sticker": "image", "video": "video", "audio": "audio", "voice": "audio"}
EMOJI: Final = ("👍", "❤️", "😂", "😮", "🙏")
KINDS: Final[dict[str, str]] = {
    "image": mark("Foto"),
    "video": mark("Vídeo"),
    "audio": mark("Áudio"),
    "voice": mark("Mensagem de voz"),
    "document": mark("Documento"),
    "sticker": mark("Figurinha"),
    "location": mark("Localização"),
    "contacts": mark("Contato"),
    "order": mark("Pedido"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """`shows` is image, audio, video, or empty for a file to be saved."""

    media_id: UUID | None
    kind: str
    name: str = field(repr=False)
    shows: str
    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """`side` is in or out; `tries` counts our reactions, so that each new one is a request of its own."""

    id: UUID
    side: str
    from_app: bool
    kind: str
    text: str = field(repr=False)
    at: datetime
    state: str
    reason: str | None
    template: str
    quote: str | None = field(repr=False)
    file: Attached | None
    revoked: bool
    edited: bool
    strange: bool
    can_quote: bool
    reactions: tuple[str, ...] = ()
    tries: int = 0


def _body(line: Line) -> dict[str, Any]:
    content = line.content
    latest = content.get("latest") if content.get("edited") else None
    if isinstance(latest, dict):
        return latest
    found = content.get(str(content.get("type") or line.kind))
    return found if isinstance(found, dict) else {}


def _text(line: Line, body: dict[str, Any]) -> str:
    for name in ("body", "caption"):
        if isinstance(body.get(name), str):
            return str(body[name])
        if isinstance(body.get(name), dict) and isinstance(body[name].get("text"), str):
            return str(body[name]["text"])
    if line.content.get("edited"):
        return line.preview
    if line.kind == "location":
        parts = [str(body[one]) for one in ("name", "address") if body.get(one)]
        return ", ".join(parts) or f"{body.get('latitude')}, {body.get('longitude')}"
    return "" if line.kind in _FILES else line.preview


def _filled(line: Line, body: dict[str, Any], known: Sequence[TemplateRow]) -> str:
    """The template's text as the customer read it, when the template is still known."""
    code = str((body.get("language") or {}).get("code"))
    row = next((one for one in known if (one.name, one.language) == (body.get("name"), code)), None)
    if row is None:
        return line.preview
    values: dict[str, str] = {}
    for part in body.get("components") or ():
        for index, given in enumerate(part.get("parameters") or ()):
            key = given.get("parameter_name") or index + 1
            values[f"{part.get('type')}:{key}"] = str(given.get("text") or "")
    read = preview.fill(row, values)
    return "\n\n".join(one for one in (read.body, read.footer) if one)


def _file(line: Line, body: dict[str, Any]) -> Attached | None:
    if line.kind not in _FILES:
        return None
    own = line.media_id or media.read_id(str(body.get("id") or ""))
    ours = line.direction == "out"
    mime = str(line.mime_type or "").split(";")[0].strip().lower()
    return Attached(
        media_id=own,
        kind=line.kind,
        name=str(line.filename or body.get("filename") or _(KINDS[line.kind])),
        shows=_OURS.get(line.kind, "") if ours else SHOWN.get(mime, ""),
        ready=own is not None and (ours or line.media_state == "stored"),
    )


def _bubble(line: Line, quoted: dict[str, Line], known: Sequence[TemplateRow]) -> Bubble:
    body = _body(line)
    original = quoted.get(line.context_wamid or "")
    quote = None
    if line.context_wamid:
        quote = original.preview if original else _("Mensagem mais antiga")
    template = str(body.get("name") or "") if line.kind == "template" else ""
    return Bubble(
        id=line.id,
        side="in" if line.direction == "in" else "out",
        from_app=line.direction == "echo",
        kind=line.kind,
        text=_filled(line, body, known) if template else _text(line, body),
        at=line.at,
        state=line.state,
        reason=line.reason,
        template=template,
        quote=quote,
        file=_file(line, body),
        revoked=bool(line.content.get("revoked")),
        edited=bool(line.content.get("edited")),
        strange=line.kind in {"unsupported", "unknown"},
        can_quote=line.wamid is not None,
    )


def bubbles(lines: Sequence[Line], known: Sequence[TemplateRow] = ()) -> list[Bubble]:
    """In their order. A reaction stands on its message; one whose message is not on the page says so itself."""
    by_wamid = {line.wamid: line for line in lines if line.wamid}
    reactions = {line.id: target for line in lines if (target := _target(line, by_wamid)) is not None}
    shown = {line.id: _bubble(line, by_wamid, known) for line in lines if line.id not in reactions}
    for line in lines:
        if line.id in reactions:
            there = shown[reactions[line.id]]
            shown[there.id] = _reacted(there, line)
    return list(shown.values())


def _target(line: Line, by_wamid: dict[str, Line]) -> UUID | None:
    """The message on this page that a reaction belongs to. It may have been stored after its reaction."""
    reacted = line.content.get("reaction") if line.kind == "reaction" else None
    target = by_wamid.get(str(reacted.get("message_id"))) if isinstance(reacted, dict) else None
    return target.id if target is not None and target.kind != "reaction" else None


def _reacted(there: Bubble, line: Line) -> Bubble:
    """Each side has one reaction at most; an empty one takes it back."""
    who = "in" if line.direction == "in" else "out"
    kept = [one for one in there.reactions if not one.startswith(who)]
    emoji = str(line.content["reaction"].get("emoji") or "")
    fresh = (*kept, f"{who} {emoji}") if emoji else tuple(kept)
    return replace(there, reactions=fresh, tries=there.tries + (who == "out"))


def why(reason: str) -> str:
    """Why a message did not leave or arrive, in the visitor's language; an unknown reason names itself."""
    try:
        return reason_text(Reason(reason), speech().language).text
    except ValueError:
        return reason


def remaining(window_until: datetime, now: datetime) -> int:
    """Hundredths of the window that are left, 0 when it is closed."""
    left = (window_until - now).total_seconds()
    return max(0, min(100, round(100 * left / WINDOW_S))) if left > 0 else 0


def tone(window_until: datetime, now: datetime) -> str:
    """Calm with more than two hours left, then a warning, then closed."""
    left = (window_until - now).total_seconds()
    if left <= 0:
        return "closed"
    return "soon" if left < 7200 else "open"
