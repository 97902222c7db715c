"""The envelope of a webhook, taken apart without understanding it: entries, changes, item lists.

Fast for the shape Meta documents, patient with every other one: each level that has a wrong type is
read again by hand, so a strange neighbour never hides a good item. Items stay raw bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw

NULL: Final = Raw(b"null")


class Change(msgspec.Struct, frozen=True, gc=False):
    """One `{field, value}` and what its entry says. `fault`: the piece has no such form."""

    waba_id: str | None
    time: Any
    field: str | None
    value: Raw
    fault: str | None = None


class _Change(msgspec.Struct, gc=False):
    field: str
    value: Raw


class _Entry(msgspec.Struct, gc=False):
    id: str
    changes: list[_Change]
    time: int | None = None


class _Envelope(msgspec.Struct, gc=False):
    object: str
    entry: list[_Entry]


class Metadata(msgspec.Struct, gc=False):
    phone_number_id: str | None = None
    display_phone_number: str | None = None


class Value(msgspec.Struct, gc=False):
    """The lists a conversation value may hold, each item raw."""

    metadata: Metadata | None = None
    contacts: list[Raw] | None = None
    messages: list[Raw] | None = None
    statuses: list[Raw] | None = None
    message_echoes: list[Raw] | None = None
    errors: list[Raw] | None = None
    history: list[Raw] | None = None
    state_sync: list[Raw] | None = None
    user_preferences: list[Raw] | None = None
    user_id_update: list[Raw] | None = None


LISTS: Final = (
    "messages",
    "statuses",
    "message_echoes",
    "errors",
    "history",
    "state_sync",
    "user_preferences",
    "user_id_update",
)

_envelope = msgspec.json.Decoder(_Envelope).decode
_value = msgspec.json.Decoder(Value).decode
_metadata = msgspec.json.Decoder(Metadata).decode
_object = msgspec.json.Decoder(dict[str, Raw]).decode
_array = msgspec.json.Decoder(list[Raw]).decode
_any = msgspec.json.Decoder().decode

# A whole escape at a time, so the second half of `\\\\ud83d` is never mistaken for one.
_ESCAPES: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2}|u0000)|.)",
    re.DOTALL,
)
_WHATSAPP: Final = "whatsapp_business_account"


def _replace(match: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if match["lone"] else match[0]


def without_unstorable(body: bytes) -> bytes:
    r"""The same JSON with `\u0000` and lone surrogates as U+FFFD: neither can be stored as text."""
    return _ESCAPES.sub(_replace, body)


def readable(body: bytes) -> bytes | str:
    """The body as JSON text in UTF-8, or why it is none. A byte-order mark is dropped."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        return "empty"
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            return "not UTF-8"
    return without_unstorable(body) if b"\\u0000" in body else body


def read_any(raw: Raw | bytes) -> Any:
    """The plain value of one item, or None when it cannot be held (a number with 5,000 digits)."""
    try:
        return _any(raw)
    except (ValueError, RecursionError):
        return None


def changes(body: bytes) -> list[Change] | str:
    """Every change of the body, or why it is not JSON."""
    try:
        return list(_fast(body))
    except msgspec.ValidationError:
        return _patiently(body)
    except msgspec.DecodeError:
        # msgspec rejects the whole text for one lone surrogate; Meta's escapes can contain them.
        repaired = without_unstorable(body)
        return "not JSON" if repaired == body else changes(repaired)
    except RecursionError:
        return "too deep"


def _fast(body: bytes) -> Iterator[Change]:
    envelope = _envelope(body)
    if envelope.object != _WHATSAPP:
        yield _odd(body, f"object {envelope.object[:40]!r}")
        return
    for entry in envelope.entry:
        for change in entry.changes:
            yield Change(entry.id, entry.time, change.field, change.value)


def _patiently(body: bytes) -> list[Change] | str:
    try:
        return list(_slow(Raw(body)))
    except RecursionError:
        return "too deep"
    except msgspec.DecodeError:
        # A wrong type stopped the first reading before it met the broken text.
        repaired = without_unstorable(body)
        return "not JSON" if repaired == body else changes(repaired)


def _slow(body: Raw) -> Iterator[Change]:
    """The same walk for any shape: lists on top, objects for lists, a change without envelope."""
    if bytes(body).lstrip().startswith(b"["):
        for part in _array(body):
            yield from _slow_object(part)
        return
    yield from _slow_object(body)


def _slow_object(raw: Raw) -> Iterator[Change]:
    top = _as_object(raw)
    if top is None:
        yield _odd(raw, "the top level is not an object")
    elif "entry" in top:
        named = read_any(top.get("object", NULL))
        if named not in (_WHATSAPP, None):
            yield _odd(raw, f"object {str(named)[:40]!r}")
            return
        for entry in _items(top["entry"]):
            yield from _slow_entry(entry)
    elif "value" in top:
        # What the App Dashboard prints: a change without its envelope.
        yield _slow_change(raw, None, None)
    elif "metadata" in top:
        # Meta's documentation prints the refusal of history like this.
        yield Change(None, None, None, raw)
    else:
        yield _odd(raw, "no entry")


def _slow_entry(raw: Raw) -> Iterator[Change]:
    entry = _as_object(raw)
    if entry is None or "changes" not in entry:
        yield _odd(raw, "an entry without changes")
        return
    given = read_any(entry.get("id", NULL))
    waba_id = str(given) if isinstance(given, str | int) and given != "" else None
    time = read_any(entry.get("time", NULL))
    for change in _items(entry["changes"]):
        yield _slow_change(change, waba_id, time)


def _slow_change(raw: Raw, waba_id: str | None, time: Any) -> Change:
    change = _as_object(raw)
    if change is None or "value" not in change:
        return Change(waba_id, time, None, raw, "a change without value")
    field = read_any(change.get("field", NULL))
    return Change(waba_id, time, field if isinstance(field, str) else None, change["value"])


def _odd(raw: Raw | bytes, fault: str) -> Change:
    return Change(None, None, None, Raw(raw), fault)


def _as_object(raw: Raw) -> dict[str, Raw] | None:
    try:
        return _object(raw)
    except msgspec.ValidationError:
        return None


def _items(raw: Raw) -> list[Raw]:
    """A list's items; an object where a list belongs counts as a list of one."""
    try:
        return _array(raw)
    except msgspec.ValidationError:
        return [raw]


def read_value(raw: Raw) -> tuple[Value, list[str]] | None:
    """The lists of one value and the names of those that are no lists; None for no object."""
    try:
        return _value(raw), []
    except (ValueError, RecursionError):
        members = _as_object(raw)
    if members is None:
        return None
    value, faults = Value(), []
    value.metadata = _read_metadata(members.get("metadata", NULL))
    for name in ("contacts", *LISTS):
        part = members.get(name)
        if part is None or part == NULL:
            continue
        try:
            setattr(value, name, _array(part))
        except msgspec.ValidationError:
            faults.append(name)
    return value, faults


def _read_metadata(raw: Raw) -> Metadata | None:
    try:
        return _metadata(raw)
    except (ValueError, RecursionError):
        given = read_any(raw)
    if type(given) is not dict:
        return None
    number = given.get("phone_number_id")
    shown = given.get("display_phone_number")
    return Metadata(
        phone_number_id=str(number) if isinstance(number, str | int) else None,
        display_phone_number=str(shown) if isinstance(shown, str | int) else None,
    )
