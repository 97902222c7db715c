"""A webhook body becomes provider events. Pure, and it never raises for any bytes.

`wire.py` takes the envelope apart, the other modules read one item each. One item that cannot be
read becomes `Unrecognised`; its neighbours are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from msgspec import Raw

from recado.providers.contract import ProviderEvent, Unparseable, Unrecognised, ValueFault
from recado.providers.meta import wire
from recado.providers.meta.accounts import (
    read_account_change,
    read_preference,
    read_user_id_update,
)
from recado.providers.meta.coexistence import app_state, history_media, read_echo, read_history
from recado.providers.meta.messages import read_message
from recado.providers.meta.people import Place, read_contact
from recado.providers.meta.statuses import read_notes, read_status
from recado.providers.meta.values import as_dict, as_time

_CONVERSATION_FIELDS: Final = frozenset(
    {
        "messages",
        "standby",
        "message_echoes",
        "smb_message_echoes",
        "history",
        "smb_app_state_sync",
        "user_preferences",
        "user_id_update",
    }
)
# The field of a value printed without one, recognised by the list it holds.
_FIELD_OF_LIST: Final = (
    ("history", "history"),
    ("state_sync", "smb_app_state_sync"),
    ("message_echoes", "smb_message_echoes"),
    ("user_preferences", "user_preferences"),
    ("messages", "messages"),
    ("statuses", "messages"),
    ("errors", "messages"),
)
_Reader = Callable[[bytes, Any, Place], ProviderEvent]


def parse(body: bytes) -> list[ProviderEvent] | Unparseable:
    """Every event of the body in order, or `Unparseable` when it is not JSON."""
    text = wire.readable(body)
    if isinstance(text, str):
        return Unparseable(why=text)
    found = wire.changes(text)
    if isinstance(found, str):
        return Unparseable(why=found)
    events: list[ProviderEvent] = []
    for change in found:
        events.extend(_change(change))
    return events


def _change(change: wire.Change) -> Iterator[ProviderEvent]:
    field = change.field
    if change.fault is not None:
        yield _odd(change, None, change.fault)
        return
    if field is not None and field not in _CONVERSATION_FIELDS:
        yield _account(change, field)
        return
    read = wire.read_value(change.value)
    if read is None:
        yield _odd(change, field, "the value is not an object")
        return
    value, faults = read
    if field is None:
        field = next((name for key, name in _FIELD_OF_LIST if getattr(value, key)), None)
        if field is None:
            yield _account(change, None)
            return
    place = _place(change, field, value)
    yield from _lists(change, place, value)
    for name in faults:
        yield _odd(change, field, f"{name} is not a list", place)
    if not faults and not _any_list(value):
        yield _odd(change, field, "nothing known in the value", place)


def _account(change: wire.Change, field: str | None) -> ProviderEvent:
    given = wire.read_any(change.value)
    number = as_dict(as_dict(given).get("metadata")).get("phone_number_id")
    place = Place(
        field=field,
        waba_id=change.waba_id,
        phone_number_id=number if type(number) is str else None,
        display_phone=None,
        entry_at=as_time(change.time),
        contacts=(),
    )
    return read_account_change(bytes(change.value), given, place)


def _place(change: wire.Change, field: str, value: wire.Value) -> Place:
    metadata = value.metadata
    contacts = value.contacts
    return Place(
        field=field,
        waba_id=change.waba_id,
        phone_number_id=None if metadata is None else metadata.phone_number_id,
        display_phone=None if metadata is None else metadata.display_phone_number,
        entry_at=None if change.time is None else as_time(change.time),
        contacts=[read_contact(wire.read_any(raw)) for raw in contacts] if contacts else (),
        lone=contacts is not None and len(contacts) == 1 and _people_items(value) == 1,
    )


def _lists(change: wire.Change, place: Place, value: wire.Value) -> Iterator[ProviderEvent]:
    """Every list of one value. Under `history` messages are old ones and only counted."""
    if value.statuses:
        yield from _items(value.statuses, read_status, place)
    if place.field == "history":
        old = len(value.messages or ()) + len(value.message_echoes or ())
        if old:
            yield history_media(bytes(change.value), old, place)
    elif value.messages or value.message_echoes:
        standby = place.field == "standby"
        for raw in value.messages or ():
            yield read_message(bytes(raw), wire.read_any(raw), place, standby=standby)
        yield from _items(value.message_echoes, read_echo, place)
    if value.history:
        yield from _items(value.history, read_history, place)
    if value.state_sync is not None:
        yield app_state(bytes(change.value), len(value.state_sync), place)
    yield from _preferences(value, place)
    if value.errors:
        yield _fault(change, place)


def _preferences(value: wire.Value, place: Place) -> Iterator[ProviderEvent]:
    if value.user_preferences:
        yield from _items(value.user_preferences, read_preference, place)
    if value.user_id_update:
        yield from _items(value.user_id_update, read_user_id_update, place)


def _people_items(value: wire.Value) -> int:
    lists = (value.messages, value.statuses, value.message_echoes, value.user_preferences)
    return sum(len(items) for items in lists if items)


def _any_list(value: wire.Value) -> bool:
    return any(getattr(value, name) is not None for name in wire.LISTS)


def _items(raws: list[Raw] | None, reader: _Reader, place: Place) -> Iterator[ProviderEvent]:
    for raw in raws or ():
        yield reader(bytes(raw), wire.read_any(raw), place)


def _fault(change: wire.Change, place: Place) -> ValueFault:
    given = as_dict(wire.read_any(change.value))
    return ValueFault(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=place.entry_at,
        raw=bytes(change.value),
        notes=read_notes(given.get("errors")),
    )


def _odd(change: wire.Change, field: str | None, why: str, place: Place | None = None) -> Unrecognised:
    return Unrecognised(
        waba_id=change.waba_id,
        phone_number_id=None if place is None else place.phone_number_id,
        at=as_time(change.time),
        raw=bytes(change.value),
        field=field,
        why=why,
    )
