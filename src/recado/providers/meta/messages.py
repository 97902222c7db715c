"""`messages[]` items: what a person wrote, edited, took back, and how their identity changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from recado.providers.contract import (
    IdentityChanged,
    MediaRef,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Person,
    ProviderEvent,
    Unrecognised,
)
from recado.providers.meta.people import Place, completed, person
from recado.providers.meta.statuses import read_notes
from recado.providers.meta.values import as_dict, as_list, as_text, as_time

MEDIA_KINDS: Final = frozenset({"image", "video", "audio", "document", "sticker"})
# Whether a reaction opens the window is not documented, so none of these counts as a message.
_SILENT_KINDS: Final = frozenset({"reaction", "system", "unsupported", "request_welcome"})
_IDENTITY_PREFIXES: Final = ("user_changed", "customer_changed")
_IDENTITY_KINDS: Final = frozenset({"customer_identity_changed", "user_identity_changed"})
_GUESSABLE_KINDS: Final = (
    "text",
    *sorted(MEDIA_KINDS),
    "location",
    "contacts",
    "interactive",
    "button",
    "reaction",
    "order",
    "system",
    "edit",
    "revoke",
)

Words = tuple[str | None, str | None]  # what a person reads, the payload of a tapped reply


def read_message(raw: bytes, given: Any, place: Place, *, standby: bool) -> ProviderEvent:
    item = as_dict(given)
    kind = kind_of(item)
    match kind:
        case "edit":
            return _edited(raw, item, place)
        case "revoke":
            return _revoked(raw, item, place)
        case "system" if _moves_identity(item):
            return _identity(raw, item, place)
        case _:
            return _received(raw, item, kind, place, standby)


def kind_of(item: Mapping[str, Any]) -> str:
    """The declared type; without one, the first known object present."""
    declared = as_text(item.get("type"))
    if declared is not None:
        return declared
    guess = next((kind for kind in _GUESSABLE_KINDS if kind in item), None)
    return guess or ("unsupported" if "errors" in item else "unknown")


def content_of(item: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The type's own object. A list (`contacts`) is wrapped under its name, all else is empty."""
    own = item.get(kind)
    if type(own) is dict:
        return own
    return {kind: own} if type(own) is list else {}


def sender_of(item: Mapping[str, Any], place: Place) -> Person:
    found = person(item.get("from"), item.get("from_user_id"), item.get("from_parent_user_id"))
    return completed(found, place)


def lost(raw: bytes, item: Mapping[str, Any], place: Place, why: str) -> Unrecognised:
    return Unrecognised(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=as_time(item.get("timestamp")),
        raw=raw,
        field=place.field,
        why=why,
    )


def _received(raw: bytes, item: dict[str, Any], kind: str, place: Place, standby: bool) -> ProviderEvent:
    wamid = as_text(item.get("id"))
    if wamid is None:
        return lost(raw, item, place, "a message without id")
    content = content_of(item, kind)
    text, payload = words(kind, content)
    context = as_dict(item.get("context"))
    referral = item.get("referral")
    group_id = as_text(item.get("group_id"))
    return MessageReceived(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=as_time(item.get("timestamp")),
        raw=raw,
        wamid=wamid,
        person=sender_of(item, place),
        kind=kind,
        content=content,
        text=text,
        reply_payload=payload,
        context_wamid=as_text(context.get("id")),
        media=media_of(kind, content),
        opens_window=kind not in _SILENT_KINDS and group_id is None,
        forwarded=True in (context.get("forwarded"), context.get("frequently_forwarded")),
        referral=referral if type(referral) is dict else None,
        errors=read_notes(item["errors"]) if "errors" in item else (),
        standby=standby,
        group_id=group_id,
    )


def _edited(raw: bytes, item: dict[str, Any], place: Place) -> ProviderEvent:
    edit = as_dict(item.get("edit"))
    wamid = as_text(item.get("id"))
    original = as_text(edit.get("original_message_id"))
    if wamid is None or original is None:
        return lost(raw, item, place, "an edit without id")
    inner = as_dict(edit.get("message"))
    kind = kind_of(inner)
    content = content_of(inner, kind)
    return MessageEdited(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=as_time(item.get("timestamp")),
        raw=raw,
        wamid=wamid,
        person=sender_of(item, place),
        original_wamid=original,
        content=content,
        text=words(kind, content)[0],
    )


def _revoked(raw: bytes, item: dict[str, Any], place: Place) -> ProviderEvent:
    wamid = as_text(item.get("id"))
    original = as_text(as_dict(item.get("revoke")).get("original_message_id"))
    if wamid is None or original is None:
        return lost(raw, item, place, "a revoke without id")
    return MessageRevoked(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=as_time(item.get("timestamp")),
        raw=raw,
        wamid=wamid,
        person=sender_of(item, place),
        original_wamid=original,
    )


def _moves_identity(item: Mapping[str, Any]) -> bool:
    what = as_text(as_dict(item.get("system")).get("type")) or ""
    return what.startswith(_IDENTITY_PREFIXES) or what in _IDENTITY_KINDS


def _identity(raw: bytes, item: dict[str, Any], place: Place) -> ProviderEvent:
    """`system` messages carry no contacts array; before and after stand in the item itself."""
    system = as_dict(item.get("system"))
    what = as_text(system.get("type")) or ""
    sender = sender_of(item, place)
    previous = person(
        item.get("from"),
        system.get("previous_user_id") or item.get("from_user_id"),
        system.get("previous_parent_user_id") or item.get("from_parent_user_id"),
        name=sender.name,
        username=sender.username,
    )
    current = person(
        system.get("wa_id") or system.get("new_wa_id"),
        system.get("user_id"),
        system.get("parent_user_id"),
        name=sender.name,
        username=sender.username,
    )
    return IdentityChanged(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=as_time(item.get("timestamp")),
        raw=raw,
        wamid=as_text(item.get("id")),
        old=previous,
        new=previous if what in _IDENTITY_KINDS else current,
        what=what,
    )


def media_of(kind: str, content: Mapping[str, Any]) -> MediaRef | None:
    if kind not in MEDIA_KINDS:
        return None
    media_id = as_text(content.get("id"))
    if media_id is None:
        return None
    return MediaRef(
        media_id=media_id,
        mime_type=as_text(content.get("mime_type")),
        sha256=as_text(content.get("sha256")),
        url=as_text(content.get("url")),
        filename=as_text(content.get("filename")),
        caption=as_text(content.get("caption")),
        voice=content.get("voice") is True,
        animated=content.get("animated") is True,
    )


def words(kind: str, content: Mapping[str, Any]) -> Words:
    """What a person would read of this kind, and the id or payload of a tapped button or row."""
    reader = _WORDS.get(kind)
    return (None, None) if reader is None else reader(content)


def _button(content: Mapping[str, Any]) -> Words:
    text = as_text(content.get("text"))
    return text, as_text(content.get("payload")) or text


def _interactive(content: Mapping[str, Any]) -> Words:
    for name in ("button_reply", "list_reply"):
        reply = content.get(name)
        if type(reply) is dict:
            return as_text(reply.get("title")), as_text(reply.get("id"))
    flow = content.get("nfm_reply")
    if type(flow) is dict:
        return as_text(flow.get("body")) or as_text(flow.get("name")), as_text(flow.get("response_json"))
    call = as_dict(content.get("call_permission_reply"))
    return None, as_text(call.get("response"))


def _location(content: Mapping[str, Any]) -> Words:
    parts = [as_text(content.get("name")), as_text(content.get("address"))]
    return ", ".join(part for part in parts if part) or None, None


def _contacts(content: Mapping[str, Any]) -> Words:
    names = [
        as_text(as_dict(as_dict(card).get("name")).get("formatted_name"))
        for card in as_list(content.get("contacts"))
    ]
    return ", ".join(name for name in names if name) or None, None


def _member(name: str) -> Callable[[Mapping[str, Any]], Words]:
    return lambda content: (as_text(content.get(name)), None)


_WORDS: Final[dict[str, Callable[[Mapping[str, Any]], Words]]] = {
    "text": _member("body"),
    **dict.fromkeys(sorted(MEDIA_KINDS), _member("caption")),
    "button": _button,
    "interactive": _interactive,
    "reaction": _member("emoji"),
    "location": _location,
    "contacts": _contacts,
    "order": _member("text"),
    "system": _member("body"),
}
