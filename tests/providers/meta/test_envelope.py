"""The envelope of a webhook piece by piece: nothing good is lost beside something strange, and the strange is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Raw

from recado.providers.contract import (
    AccountChanged,
    AppStateSynced,
    Echoed,
    HistoryChunk,
    PreferenceChanged,
    ProviderEvent,
    StatusChanged,
    Unparseable,
    Unrecognised,
    ValueFault,
)
from recado.providers.meta.parse import parse
from recado.providers.meta.wire import NULL, Change, Metadata, Value, changes, read_any, read_value, readable

STATUS = {"id": "wamid.1", "status": "sent", "timestamp": "1790416800", "recipient_id": "5520955500111"}
META = {"phone_number_id": "106000000000023", "display_phone_number": "16505550100"}
ACCOUNT = "whatsapp_business_account"


def raw(value: Any) -> bytes:
    return json.dumps(value).encode()


def body(*values: dict[str, Any], field: Any = "messages", **more: Any) -> bytes:
    parts = [{"field": field, "value": value} for value in values]
    entry = {"id": "102000000000017", "time": 1790416801, "changes": parts}
    return raw({"object": ACCOUNT, "entry": [entry | more]})


def events(given: bytes) -> list[ProviderEvent]:
    found = parse(given)
    assert not isinstance(found, Unparseable)
    return found


# --------------------------------------------------------------------------- what is JSON


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b"{", "not JSON"),
        (b'{"object":1,', "not JSON"),
        (b"[" * 90_000, "too deep"),
        (b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":' + b"[" * 90_000, "too deep"),
        (b'{"object":7,"entry":' + b"[" * 90_000, "too deep"),
        (b'{"object":"whatsapp_business_account","x":' + b"[" * 90_000, "too deep"),
    ],
)
def test_what_can_never_be_read_and_why(given: bytes, why: str) -> None:
    assert parse(given) == Unparseable(why=why)


def test_a_mark_in_front_and_letters_that_cannot_be_stored_are_no_reason() -> None:
    assert readable(b"\xef\xbb\xbf{}") == b"{}"
    assert readable(rb'{"a":"\u0000b"}') == rb'{"a":"\ufffdb"}'
    assert readable("ç".encode()) == "ç".encode()
    assert read_any(b"null") is None
    assert read_any(NULL) is None
    assert read_any(b"1" * 6000) is None


# --------------------------------------------------------------------------- the walk


def change(found: Any) -> tuple[Any, ...]:
    return (found.waba_id, found.time, found.field, json.loads(bytes(found.value)), found.fault)


def walk(given: Any) -> list[tuple[Any, ...]]:
    found = changes(raw(given))
    assert not isinstance(found, str)
    return [change(one) for one in found]


GOOD = {"field": "messages", "value": {"statuses": []}}
READ = ("1", 5, "messages", {"statuses": []}, None)


def test_every_entry_and_every_change_in_order() -> None:
    entries = [{"id": "1", "time": 5, "changes": [GOOD, GOOD]}, {"id": "2", "changes": [GOOD]}]
    assert walk({"object": ACCOUNT, "entry": entries}) == [READ, READ, ("2", None, *READ[2:])]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"object": ACCOUNT, "entry": {"id": "1", "time": 5, "changes": GOOD}}, [READ]),
        ({"entry": [{"id": "1", "time": 5, "changes": [GOOD]}]}, [READ]),
        ([{"entry": [{"id": "1", "time": 5, "changes": [GOOD]}]}], [READ]),
        ({"object": ACCOUNT, "entry": [{"id": 1, "time": "x", "changes": [GOOD]}]}, [("1", "x", *READ[2:])]),
        ({"object": ACCOUNT, "entry": [{"id": "", "changes": [GOOD]}]}, [("", None, *READ[2:])]),
        ({"entry": [{"id": "", "changes": [GOOD]}]}, [(None, None, *READ[2:])]),
        ({"entry": [{"id": None, "changes": [GOOD]}]}, [(None, None, *READ[2:])]),
        (GOOD, [(None, None, "messages", {"statuses": []}, None)]),
        ({"field": 7, "value": 1}, [(None, None, None, 1, None)]),
        ({"value": 1}, [(None, None, None, 1, None)]),
        ({"metadata": META}, [(None, None, None, {"metadata": META}, None)]),
    ],
)
def test_other_shapes_are_read_as_far_as_they_go(given: Any, expected: list[tuple[Any, ...]]) -> None:
    assert walk(given) == expected


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (7, "the top level is not an object"),
        ({"a": 1}, "no entry"),
        ({"object": "page", "entry": []}, "object 'page'"),
        ({"object": "x" * 60, "entry": []}, f"object '{'x' * 40}'"),
        ({"object": 7, "entry": []}, "object '7'"),
        ({"object": "page", "entry": 7}, "object 'page'"),
        ({"object": "x" * 60, "entry": 7}, f"object '{'x' * 40}'"),
    ],
)
def test_what_is_no_envelope_of_ours_is_named(given: Any, fault: str) -> None:
    assert walk(given) == [(None, None, None, given, fault)]


def test_a_strange_neighbour_hides_nothing() -> None:
    entries = [7, {"id": "9"}, {"id": "1", "time": 5, "changes": [7, {"field": "messages"}, GOOD]}]
    assert walk({"object": ACCOUNT, "entry": entries}) == [
        (None, None, None, 7, "an entry without changes"),
        (None, None, None, {"id": "9"}, "an entry without changes"),
        ("1", 5, None, 7, "a change without value"),
        ("1", 5, None, {"field": "messages"}, "a change without value"),
        READ,
    ]


def test_half_a_letter_in_a_strange_body_is_repaired_too() -> None:
    found = changes(rb'{"object":7,"entry":[],"x":"\ud83d"}')
    assert not isinstance(found, str)
    assert [one.fault for one in found] == ["object '7'"]
    assert isinstance(changes(rb'{"entry":{"id":"1","changes":[{"value":"\ud83d"}]}}'), list)


# --------------------------------------------------------------------------- one value


def test_the_lists_of_a_value_and_those_that_are_none() -> None:
    value, faults = read_value(
        Raw(raw({"metadata": META, "statuses": [1], "messages": 7, "errors": None}))
    ) or (0, 0)
    assert isinstance(value, Value)
    assert value.metadata == Metadata(phone_number_id="106000000000023", display_phone_number="16505550100")
    assert (value.statuses, value.messages, value.errors) == ([Raw(b"1")], None, None)
    assert faults == ["messages"]
    assert read_value(Raw(b"[]")) is None
    assert read_value(Raw(b"7")) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (META, Metadata(phone_number_id="106000000000023", display_phone_number="16505550100")),
        (
            {"phone_number_id": 7, "display_phone_number": 8},
            Metadata(phone_number_id="7", display_phone_number="8"),
        ),
        ({"phone_number_id": [], "display_phone_number": {}}, Metadata()),
        ([], None),
        ("x", None),
        (None, None),
    ],
)
def test_the_number_a_value_is_about(given: Any, expected: Metadata | None) -> None:
    value, _ = read_value(Raw(raw({"metadata": given, "messages": 7}))) or (None, None)
    assert value is not None
    assert value.metadata == expected


def test_a_change_is_what_it_says_it_is() -> None:
    found = changes(body({"statuses": []}))
    assert found == [
        Change("102000000000017", 1790416801, "messages", Raw(b'{"statuses": []}')),
    ]


# --------------------------------------------------------------------------- events of one value

ENTRY_AT = datetime.fromtimestamp(1790416801, UTC)


def test_every_list_of_a_value_becomes_events() -> None:
    found = events(body({"metadata": META, "statuses": [STATUS, STATUS], "errors": [{"code": 130429}]}))
    assert [type(one) for one in found] == [StatusChanged, StatusChanged, ValueFault]
    fault = found[2]
    assert isinstance(fault, ValueFault)
    assert (fault.waba_id, fault.phone_number_id, fault.at) == (
        "102000000000017",
        "106000000000023",
        ENTRY_AT,
    )
    assert [note.code for note in fault.notes] == [130429]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (7, "the value is not an object"),
        ({"metadata": META}, "nothing known in the value"),
        ({"metadata": META, "statuses": 7}, "statuses is not a list"),
    ],
)
def test_what_says_nothing_is_kept_and_named(value: Any, why: str) -> None:
    found = events(body(value))
    assert [type(one) for one in found] == [Unrecognised]
    odd = found[0]
    assert isinstance(odd, Unrecognised)
    assert (odd.why, odd.field, odd.waba_id, odd.at) == (why, "messages", "102000000000017", ENTRY_AT)
    assert odd.phone_number_id == ("106000000000023" if isinstance(value, dict) else None)
    assert odd.raw == raw(value)


def test_an_empty_list_is_nothing_to_complain_about() -> None:
    assert events(body({"metadata": META, "statuses": []})) == []


def test_what_has_no_form_at_all_has_no_field_either() -> None:
    found = events(raw({"object": "page", "entry": []}))[0]
    assert isinstance(found, Unrecognised)
    assert (found.field, found.why, found.at) == (None, "object 'page'", None)


def test_another_field_is_about_the_account() -> None:
    found = events(body({"event": "X", "metadata": META}, field="account_update"))[0]
    assert isinstance(found, AccountChanged)
    assert (found.field, found.event, found.phone_number_id) == ("account_update", "X", "106000000000023")
    assert (found.waba_id, found.at) == ("102000000000017", ENTRY_AT)
    odd = events(body({"event": "X", "metadata": {"phone_number_id": 7}}, field="account_update"))[0]
    assert odd.phone_number_id is None


@pytest.mark.parametrize(
    ("name", "item", "kind"),
    [
        ("statuses", STATUS, StatusChanged),
        ("errors", {"code": 1}, ValueFault),
        ("state_sync", {"type": "contact"}, AppStateSynced),
        ("history", {"metadata": {"phase": 1, "chunk_order": 1, "progress": 5}, "threads": []}, HistoryChunk),
        (
            "user_preferences",
            {"wa_id": "5520955500111", "category": "marketing_messages", "value": "stop"},
            PreferenceChanged,
        ),
    ],
)
def test_a_value_without_its_field_is_known_by_its_list(name: str, item: Any, kind: type) -> None:
    found = events(raw({"value": {"metadata": META, name: [item]}}))
    assert [type(one) for one in found] == [kind]


def test_old_messages_under_history_are_counted_and_not_received() -> None:
    old = {"from": "5520955500111", "id": "wamid.9", "timestamp": "1", "type": "text", "text": {"body": "x"}}
    found = events(body({"metadata": META, "messages": [old, old], "message_echoes": [old]}, field="history"))
    assert [type(one) for one in found] == [HistoryChunk]
    chunk = found[0]
    assert isinstance(chunk, HistoryChunk)
    assert chunk.messages == 3


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("state_sync", "smb_app_state_sync"),
        ("message_echoes", "smb_message_echoes"),
        ("user_preferences", "user_preferences"),
        ("messages", "messages"),
        ("statuses", "messages"),
        ("errors", "messages"),
    ],
)
def test_what_is_strange_beside_a_list_stands_under_the_field_of_that_list(name: str, field: str) -> None:
    found = events(raw({"value": {"metadata": META, name: [{}], "history": 7}}))[-1]
    assert isinstance(found, Unrecognised)
    assert (found.why, found.field) == ("history is not a list", field)


OLD = {"from": "5520955500111", "id": "wamid.9", "timestamp": "1", "type": "text", "text": {"body": "x"}}


def test_history_without_its_field_is_old_all_the_same() -> None:
    found = events(raw({"value": {"metadata": META, "history": [{"threads": []}], "messages": [OLD]}}))
    assert [type(one) for one in found] == [HistoryChunk, HistoryChunk]


@pytest.mark.parametrize("field", ["message_echoes", "smb_message_echoes"])
def test_echoes_come_under_two_names(field: str) -> None:
    echo = OLD | {"from": "16505550100", "to": "5520955500111"}
    found = events(body({"metadata": META, "message_echoes": [echo]}, field=field))
    assert [(type(one), getattr(one, "field", None)) for one in found] == [(Echoed, field)]


def test_what_came_without_a_time_has_none() -> None:
    found = events(body({"metadata": META, "errors": [{"code": 1}]}, time=None))
    assert [one.at for one in found] == [None]
    assert events(body({"metadata": META, "errors": [{"code": 1}]}))[0].at == ENTRY_AT


def test_contacts_survive_a_strange_neighbour() -> None:
    contact = {"wa_id": "5520955500111", "profile": {"name": "Marina Azevedo"}}
    found = events(body({"metadata": META, "contacts": [contact], "statuses": [STATUS], "errors": 7}))[0]
    assert isinstance(found, StatusChanged)
    assert found.person.name == "Marina Azevedo"
    bad = read_value(Raw(raw({"contacts": 7, "statuses": [STATUS]})))
    assert bad is not None
    assert bad[1] == ["contacts"]


def test_the_business_itself_is_not_whom_it_wrote_to() -> None:
    echo = OLD | {"from": "16505550100", "to": "16505550100"}
    found = events(body({"metadata": META, "message_echoes": [echo]}, field="message_echoes"))[0]
    assert isinstance(found, Echoed)
    assert found.person.phone is None
    other = events(body({"message_echoes": [echo]}, field="message_echoes"))[0]
    assert (other.phone_number_id, isinstance(other, Echoed)) == (None, True)
