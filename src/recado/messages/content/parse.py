"""From a payload to a draft, or to everything that is wrong with it."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from recado.messages.content.catalogue import Interactive
from recado.messages.content.collect import MAX_FOUND
from recado.messages.content.envelope import (
    MAX_REFERENCE,
    REFUSED_FIELDS,
    check_order,
    read_class,
    read_constants,
    read_context,
    read_moment,
    read_phone_number_id,
    read_priority,
    read_text,
)
from recado.messages.content.fields import MAX_WAMID
from recado.messages.content.free import (
    Audio,
    Contacts,
    Document,
    Image,
    Location,
    Reaction,
    Sticker,
    Text,
    Video,
)
from recado.messages.content.model import MEDIA_KINDS, Draft, Kind, MarkRead, Violation
from recado.messages.content.recipient import parse_recipient
from recado.messages.content.scan import PayloadTooBad, scan, without_bad_characters
from recado.messages.content.template import Template
from recado.messages.content.violations import path_of, violation, violations_of

ADAPTERS: dict[Kind, TypeAdapter[Any]] = {
    Kind.TEXT: TypeAdapter(Text),
    Kind.IMAGE: TypeAdapter(Image),
    Kind.VIDEO: TypeAdapter(Video),
    Kind.AUDIO: TypeAdapter(Audio),
    Kind.DOCUMENT: TypeAdapter(Document),
    Kind.STICKER: TypeAdapter(Sticker),
    Kind.LOCATION: TypeAdapter(Location),
    Kind.CONTACTS: TypeAdapter(Contacts),
    Kind.REACTION: TypeAdapter(Reaction),
    Kind.INTERACTIVE: TypeAdapter(Interactive),
    Kind.TEMPLATE: TypeAdapter(Template),
}
KINDS = tuple(kind.value for kind in Kind)
MEDIA = "media"
OWN_FIELDS = frozenset(
    {
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "type",
        "context",
        "scheduled_at",
        "expires_at",
        "priority",
        "class",
        "client_reference",
        "phone_number_id",
    }
)


def parse_draft(payload: object, kind: str | None) -> Draft | list[Violation]:
    """Checks everything a tenant can ask to send; never raises for what is in `payload`.

    `kind` is the kind of the route: a `Kind` value, `"media"` (image, video, audio, document or
    sticker, chosen by `type`), or None for the general route, where a missing `type` means text as
    it does at Meta. Any other `kind` is a bug of the caller and raises ValueError.
    Answers all broken rules in a stable order, at most a hundred. `null` counts as absent.
    """
    try:
        bad_values = scan(payload)
    except PayloadTooBad as bad:
        return [bad.found]
    if not isinstance(payload, dict):
        sentence = "has to be a JSON object."
        return [violation("", "wrong_type", sentence, limit="an object")]
    if not bad_values:
        return _parse(payload, kind)
    rest = _parse(without_bad_characters(payload), kind)
    return _merged(bad_values, rest if isinstance(rest, list) else [])


def _merged(first: list[Violation], rest: list[Violation]) -> list[Violation]:
    """A field whose value is unusable says so once, not again for what was put in its place."""
    fields = {item.field for item in first}
    return [*first, *(item for item in rest if item.field not in fields)][:MAX_FOUND]


def _parse(payload: dict[str, Any], route: str | None) -> Draft | list[Violation]:
    found: list[Violation] = []
    read_constants(payload, found)
    phone, bsuid = parse_recipient(payload, found)
    kind = _kind(payload, route, found)
    content = _content(payload, kind, found)
    context_wamid = read_context(payload, kind, found)
    scheduled_at = read_moment(payload, "scheduled_at", found)
    expires_at = read_moment(payload, "expires_at", found)
    check_order(scheduled_at, expires_at, found)
    priority = read_priority(payload, found)
    message_class = read_class(payload, kind, found)
    client_reference = read_text(payload, "client_reference", MAX_REFERENCE, found)
    phone_number_id = read_phone_number_id(payload, found)
    _refuse_other_fields(payload, kind, found)
    if found or kind is None:
        return found[:MAX_FOUND]
    return Draft(
        kind=kind,
        content=content,
        phone=phone,
        bsuid=bsuid,
        message_class=message_class,
        priority=priority,
        context_wamid=context_wamid,
        scheduled_at=scheduled_at,
        expires_at=expires_at,
        client_reference=client_reference,
        phone_number_id=phone_number_id,
    )


def _kind(payload: dict[str, Any], route: str | None, found: list[Violation]) -> Kind | None:
    allowed = _allowed_kinds(route)
    name = payload.get("type")
    if name is None:
        return _implied_kind(payload, route, found)
    listed = ", ".join(allowed)
    if not isinstance(name, str):
        found.append(violation("type", "wrong_type", "has to be a string.", limit="a string"))
        return None
    if name not in allowed:
        where = " here" if route else ""
        sentence = f"has to be {'one of ' if len(allowed) > 1 else ''}{listed}{where}."
        found.append(violation("type", "not_allowed", sentence, limit=listed))
        return None
    return Kind(name)


def _allowed_kinds(route: str | None) -> tuple[str, ...]:
    if route is None:
        return KINDS
    if route == MEDIA:
        return tuple(kind.value for kind in Kind if kind in MEDIA_KINDS)
    return (Kind(route).value,)


def _implied_kind(payload: dict[str, Any], route: str | None, found: list[Violation]) -> Kind | None:
    if route is not None and route != MEDIA:
        return Kind(route)
    others = [name for name in KINDS if name != Kind.TEXT and payload.get(name) is not None]
    if route == MEDIA or (others and payload.get("text") is None):
        # Meta would read this as a text without a body; say what is really missing.
        listed = ", ".join(_allowed_kinds(route))
        sentence = f"is required: one of {listed}."
        found.append(violation("type", "required", sentence, limit=listed))
        return None
    return Kind.TEXT


def _content(payload: dict[str, Any], kind: Kind | None, found: list[Violation]) -> dict[str, Any]:
    if kind is None:
        return {}
    value = payload.get(kind.value)
    if value is None:
        sentence = f"is required for a message of type {kind.value}."
        found.append(violation(kind.value, "required", sentence))
        return {}
    adapter = ADAPTERS[kind]
    try:
        parsed = adapter.validate_python(value)
    except ValidationError as error:
        found.extend(violations_of(error, (kind.value,)))
        return {}
    body = adapter.dump_python(parsed, mode="json", exclude_none=True)
    return {"type": kind.value, kind.value: body}


def _refuse_other_fields(payload: dict[str, Any], kind: Kind | None, found: list[Violation]) -> None:
    for name, value in payload.items():
        if name in OWN_FIELDS or name == kind or (name in KINDS and kind is None):
            continue
        if name in REFUSED_FIELDS:
            found.append(violation(name, "not_allowed", REFUSED_FIELDS[name]))
        elif name in KINDS and kind is not None:
            if value is not None:
                sentence = f"does not belong to a message of type {kind.value}."
                found.append(violation(name, "not_allowed", sentence))
        else:
            found.append(violation(path_of((name,)), "unknown_field", "is not a field of a message."))


_READ_FIELDS = frozenset({"messaging_product", "status", "message_id", "typing", "typing_indicator"})


def parse_mark_read(payload: object) -> MarkRead | list[Violation]:
    """`{"message_id", "typing"?}`, or Meta's form with `status` and `typing_indicator`.

    `message_id` is a wamid or one of our own message ids. Never raises; answers all broken rules.
    """
    try:
        found = scan(payload)
    except PayloadTooBad as bad:
        return [bad.found]
    if not isinstance(payload, dict):
        return [violation("", "wrong_type", "has to be a JSON object.", limit="an object")]
    if found:
        return found
    message_id = read_text(payload, "message_id", MAX_WAMID, found)
    if payload.get("message_id") is None:
        found.append(violation("message_id", "required", "is required."))
    for name, only in (("messaging_product", "whatsapp"), ("status", "read")):
        if payload.get(name) not in (None, only):
            sentence = f"has to be {only}, or left out."
            found.append(violation(name, "not_allowed", sentence, limit=only))
    typing = _typing(payload, found)
    for name in payload:
        if name not in _READ_FIELDS:
            sentence = "is not a field of this request."
            found.append(violation(path_of((name,)), "unknown_field", sentence))
    if found or message_id is None:
        return found[:MAX_FOUND]
    return MarkRead(message_id=message_id, typing=typing)


def _typing(payload: dict[str, Any], found: list[Violation]) -> bool:
    flag, indicator = payload.get("typing"), payload.get("typing_indicator")
    if flag is not None and not isinstance(flag, bool):
        sentence = "has to be true or false."
        found.append(violation("typing", "wrong_type", sentence, limit="true or false"))
    if indicator not in (None, {"type": "text"}):
        sentence = 'has to be {"type": "text"}.'
        found.append(violation("typing_indicator", "not_allowed", sentence))
    return flag is True or indicator is not None
