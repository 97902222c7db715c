"""A content as the customer sees it: texts, files and buttons, templates with their variables filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from recado.db.pool import Tx
from recado.kit.ids import TenantId
from recado.messages import listing_one
from recado.messages.listing import ListRow
from recado.templates import preview
from recado.templates import service as templates
from recado.templates.model import TemplateRow
from recado.web.panel.screens import messages_words as words

_SAID_INSIDE = frozenset(
    {"template", "interactive", "location", "image", "video", "audio", "document", "sticker"}
)
_FILES = ("image", "video", "audio", "document", "sticker")


@dataclass(slots=True, kw_only=True)
class Bubble:
    """`file` is the kind of an attached file. `note` says what cannot be shown as text."""

    header: str = ""
    body: str = ""
    footer: str = ""
    file: str = ""
    buttons: list[str] = field(default_factory=list)
    note: str = ""


def bubble(content: dict[str, Any], summary: str, known: Sequence[TemplateRow]) -> Bubble:
    """`summary` stands in for what has no text of its own."""
    kind = str(content.get("type", ""))
    inner = content.get(kind)
    inner = inner if isinstance(inner, dict) else {}
    if kind == "text":
        return Bubble(body=_text(inner.get("body")))
    if kind == "template":
        return _template(inner, summary, known)
    if kind == "interactive":
        return _interactive(inner, summary)
    if kind in _FILES:
        return Bubble(file=kind, body=_text(inner.get("caption")), header=_text(inner.get("filename")))
    if kind == "location":
        return Bubble(
            file="location", header=_text(inner.get("name")), body=_text(inner.get("address")) or summary
        )
    return Bubble(body=summary)


async def said(tx: Tx, tenant_id: TenantId, rows: Sequence[ListRow]) -> dict[UUID, str]:
    """The words of these messages for their line of a list, where the stored summary only names the kind."""
    ours = [row for row in rows if row.kind in _SAID_INSIDE]
    contents = await listing_one.contents(tx, tenant_id, [row.id for row in ours])
    known = await templates.list_named(tx, tenant_id, sorted({row.template for row in ours if row.template}))
    told: dict[UUID, str] = {}
    for row in ours:
        shown = bubble(contents.get(row.id, {}), "", known)
        told[row.id] = shown.body or shown.header or shown.note or words.kind(row.kind)
    return told


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _interactive(inner: dict[str, Any], summary: str) -> Bubble:
    shown = Bubble(
        header=_text(_dict(inner.get("header")).get("text")),
        body=_text(_dict(inner.get("body")).get("text")) or summary,
        footer=_text(_dict(inner.get("footer")).get("text")),
    )
    action = _dict(inner.get("action"))
    for one in _dicts(action.get("buttons")):
        shown.buttons.append(_text(_dict(one.get("reply")).get("title")))
    if isinstance(action.get("button"), str):
        shown.buttons.append(action["button"])
    if name := _text(_dict(action.get("parameters")).get("display_text")):
        shown.buttons.append(name)
    return shown


def _template(inner: dict[str, Any], summary: str, known: Sequence[TemplateRow]) -> Bubble:
    language = _text(_dict(inner.get("language")).get("code"))
    row = next((one for one in known if (one.name, one.language) == (inner.get("name"), language)), None)
    if row is None:
        return Bubble(body=summary, note=_text(inner.get("name")))
    read = preview.fill(row, _values(inner, row))
    return Bubble(
        header=read.header,
        body=read.body,
        footer=read.footer,
        file=read.header_kind if read.header_kind not in ("", "text") else "",
        buttons=[one.text for one in read.buttons],
        note=row.name,
    )


def _values(inner: dict[str, Any], row: TemplateRow) -> dict[str, str]:
    """What was filled in, by the ids of the template's variables."""
    places: dict[tuple[str, int | None], list[preview.Variable]] = {}
    for one in preview.variables(row):
        places.setdefault((one.part, one.button), []).append(one)
    values: dict[str, str] = {}
    for component in _dicts(inner.get("components")):
        part = _text(component.get("type"))
        index = int(str(component["index"])) if str(component.get("index", "")).isdigit() else None
        slots = places.get((part, index)) or places.get((part, None)) or []
        for at, parameter in enumerate(_dicts(component.get("parameters"))):
            slot = next((one for one in slots if one.key == parameter.get("parameter_name")), None)
            slot = slot or (slots[at] if at < len(slots) else None)
            if slot is not None and (text := _parameter(parameter)):
                values[slot.id] = text
    return values


def _parameter(given: dict[str, Any]) -> str:
    kind = _text(given.get("type"))
    inner = given.get(kind)
    if isinstance(inner, str):
        return inner
    found = _dict(inner)
    return _text(found.get("fallback_value")) or _text(found.get("link")) or _text(found.get("id"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
