"""No bytes make the parser raise, and one bad item never hides its neighbours."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.providers.contract import (
    Echoed,
    EventBase,
    HistoryChunk,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    StatusChanged,
    Unparseable,
    Unrecognised,
)
from recado.providers.event_keys import event_key
from recado.providers.meta.parse import parse

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.json"))
GOOD = {"id": "wamid.G", "status": "sent", "timestamp": "1790416800", "recipient_id": "5520955500111"}


def body(**value: Any) -> bytes:
    change = {"field": "messages", "value": {"metadata": {"phone_number_id": "1"}, **value}}
    entry = {"id": "9", "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def checked(raw: bytes) -> list[Any] | Unparseable:
    found = parse(raw)
    if isinstance(found, list):
        for event in found:
            assert isinstance(event, EventBase)
            assert isinstance(event.raw, bytes)
            assert len(event_key(event, b"k")) == 16
    return found


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"   ",
        b"\xef\xbb\xbf",
        b"<html></html>",
        b"{",
        b'{"object":"whatsapp_business_account","entry":[',
        b'{"a":NaN}',
        b'{"a":1} x',
        b"\xff\xfe\x00",
        b'{"a":"\xc3\x28"}',
        '{"object":"whatsapp_business_account","entry":[]}'.encode("utf-16"),
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
        b'{"object":"whatsapp_business_account","entry":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"a":"\x00"}',
    ],
    ids=range(16),
)
def test_what_is_no_json_goes_to_the_dead_letters(raw: bytes) -> None:
    found = checked(raw)
    assert isinstance(found, Unparseable)
    assert found.why


@pytest.mark.parametrize(
    "raw",
    [
        b"null",
        b"7",
        b'"x"',
        b"[]",
        b"{}",
        b"[1, {}, null]",
        b'{"object":"instagram","entry":[]}',
        b'{"object":7,"entry":[]}',
        b'{"object":"whatsapp_business_account"}',
        b'{"object":"whatsapp_business_account","entry":null}',
        b'{"object":"whatsapp_business_account","entry":[null,1,"x",[],{}]}',
        b'{"object":"whatsapp_business_account","entry":[{"id":[],"changes":[null,{},{"field":1,"value":1}]}]}',
        b'{"object":"whatsapp_business_account","entry":[{"changes":{"field":"messages","value":null}}]}',
        b'{"object":"whatsapp_business_account","entry":[{"changes":{"value":{"faults":["x"]}}}]}',
    ],
    ids=range(14),
)
def test_json_of_another_shape_is_kept_and_counted(raw: bytes) -> None:
    found = checked(raw)
    assert isinstance(found, list)
    assert all(isinstance(event, Unrecognised) for event in found)


def test_an_empty_entry_list_is_nothing_at_all() -> None:
    assert parse(b'{"object":"whatsapp_business_account","entry":[]}') == []


def test_a_byte_order_mark_does_not_matter() -> None:
    assert parse(b"\xef\xbb\xbf" + body(statuses=[GOOD])) == parse(body(statuses=[GOOD]))


BAD_STATUSES: list[Any] = [
    None,
    7,
    "x",
    [],
    {},
    {"id": None, "status": "sent"},
    {"id": {"a": 1}, "status": "sent"},
    {"id": "wamid.B", "status": None},
    {"id": True, "status": "sent"},
]


def test_one_bad_status_never_hides_its_neighbours() -> None:
    for bad in BAD_STATUSES:
        first, odd, last = checked(body(statuses=[GOOD, bad, GOOD]))
        assert isinstance(first, StatusChanged)
        assert isinstance(odd, Unrecognised), bad
        assert first == last


@pytest.mark.parametrize(
    "raw_status",
    [
        b'{"id":"wamid.B","status":"sent","x":' + b"9" * 5000 + b"}",
        b'{"id":"wamid.B","status":"sent","x":1e999}',
    ],
)
def test_numbers_nobody_can_hold_cost_one_item(raw_status: bytes) -> None:
    good = json.dumps(GOOD).encode()
    raw = body(statuses=["PLACE"]).replace(b'"PLACE"', good + b"," + raw_status + b"," + good)
    first, odd, last = checked(raw)
    assert isinstance(first, StatusChanged)
    assert isinstance(odd, Unrecognised)
    assert first == last


ODD_MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({"recipient_id": 5520955500111}, "phone"),
    ({"recipient_id": "<PHONE>"}, "none"),
    ({"recipient_id": None, "recipient_user_id": None}, "none"),
    ({"timestamp": {"a": 1}}, "phone"),
    ({"timestamp": 10**30}, "phone"),
    ({"errors": {"code": 1}}, "phone"),
    ({"errors": [None, 1, {"code": "131026", "error_data": []}]}, "phone"),
    ({"pricing": []}, "phone"),
    ({"biz_opaque_callback_data": 7}, "phone"),
    ({"id": 12345678901234567890}, "phone"),
]


@pytest.mark.parametrize(("changes", "who"), ODD_MEMBERS)
def test_a_strange_member_does_not_cost_the_status(changes: dict[str, Any], who: str) -> None:
    (status,) = checked(body(statuses=[{**GOOD, **changes}]))
    assert isinstance(status, StatusChanged)
    assert status.person.phone == ("5520955500111" if who == "phone" else None)


def test_a_list_of_the_wrong_type_does_not_hide_the_others() -> None:
    found = checked(body(messages={"id": 1}, statuses=[GOOD], contacts=7, errors="x"))
    assert [type(event) for event in found] == [StatusChanged, *[Unrecognised] * 3]
    assert {event.why for event in found[1:]} == {
        f"{name} is not a list" for name in ("contacts", "messages", "errors")
    }


def test_metadata_of_another_type_still_routes() -> None:
    (status,) = checked(body(metadata={"phone_number_id": 106000000000023}, statuses=[GOOD]))
    assert status.phone_number_id == "106000000000023"
    (lost,) = checked(body(metadata=[], statuses=[GOOD]))
    assert lost.phone_number_id is None


def message(text: str) -> bytes:
    given = {"from": "5520955500111", "id": "wamid.M", "type": "text", "text": {"body": "PLACE"}}
    return body(messages=[given], statuses=[GOOD]).replace(b"PLACE", text.encode())


@pytest.mark.parametrize(
    ("escaped", "read"),
    [
        (r"a\u0000b", "a\ufffdb"),
        (r"ruim \ud83d fim", "ruim \ufffd fim"),
        (r"\udc00", "\ufffd"),
        (r"\ud83d\ud83d\ude00", "\ufffd😀"),
        (r"\ud83d\ude00", "😀"),
        (r"\\ud83d \\u0000", r"\ud83d \u0000"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"\\\\ud83d\ud83d", r"\\ud83d" + "\ufffd"),
        (r"\ud83d\u0000", "\ufffd\ufffd"),
    ],
)
def test_text_can_always_be_stored(escaped: str, read: str) -> None:
    found = checked(message(escaped))
    received = next(event for event in found if isinstance(event, MessageReceived))
    assert received.text == read
    assert "\x00" not in read
    received.text.encode()
    assert any(isinstance(event, StatusChanged) for event in found)


def test_surrogates_next_to_a_strange_shape() -> None:
    raw = message(r"\ud83d").replace(b'"id": "9"', b'"id": 9')
    found = checked(raw)
    assert {type(event) for event in found} == {MessageReceived, StatusChanged}
    assert {event.waba_id for event in found} == {"9"}


def _mutated(raw: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    data = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        where = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[where] = chance.randrange(256)
            case 1:
                del data[where : where + chance.randint(1, 30)]
            case 2:
                data[where:where] = chance.choice(
                    [b"null", b"{}", b"[]", b'"', b"\\ud83d", b"\\u0000", b"9" * 50, b",", b"\x00"]
                )
            case _:
                end = where + chance.randint(1, 60)
                data[where:where] = data[where:end]
        if not data:
            break
    return bytes(data)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FIXTURES), st.integers(0, 2**32))
def test_broken_bytes_never_raise(path: Path, seed: int) -> None:
    checked(_mutated(path.read_bytes(), seed))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["5520955500111", "BR.1349", "text", "edit", "system", "failed", "wamid.A"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def _replaced(value: Any, chance: random.Random, junk: list[Any]) -> Any:
    """The same tree with some nodes replaced by junk or removed."""
    if chance.random() < 0.06:
        return chance.choice(junk)
    if isinstance(value, dict):
        return {
            key: _replaced(member, chance, junk) for key, member in value.items() if chance.random() > 0.03
        }
    if isinstance(value, list):
        return [_replaced(member, chance, junk) for member in value]
    return value


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FIXTURES), st.integers(0, 2**32), st.lists(VALUES, min_size=1, max_size=5))
def test_wrong_types_anywhere_never_raise(path: Path, seed: int, junk: list[Any]) -> None:
    tree = _replaced(json.loads(path.read_bytes()), random.Random(seed), junk)
    assert isinstance(checked(json.dumps(tree).encode()), list)


# ------------------------------------------------------------------ the shared samples

EXPECTED_ODD = {
    "odd-webhook-fields--message-id-missing.json",
    "odd-webhook-shape--entry-is-object-not-list.json",
    "odd-webhook-shape--entry-missing.json",
    "odd-webhook-shape--unknown-field.json",
    "odd-webhook-shape--unknown-object-instagram.json",
}
FROM_MESSAGES = (MessageReceived, MessageEdited, MessageRevoked, IdentityChanged)


def _listed(tree: Any, name: str, fields: set[str]) -> int:
    """How many items of a list an independent walk over the envelope finds."""
    entries = tree.get("entry") if isinstance(tree, dict) else None
    if not isinstance(entries, list):
        value = tree.get("value", {})
        return len(value.get(name, []))
    return sum(
        len(change["value"].get(name) or [])
        for entry in entries
        for change in entry["changes"]
        if change.get("field") in fields
    )


@pytest.mark.corpus
def test_every_sample_webhook_is_read_whole(shared_corpus: Path) -> None:
    paths = [
        *(shared_corpus / "open").glob("webhook-*.json"),
        *(shared_corpus / "open").glob("odd-webhook-*.json"),
    ]
    odd = set()
    for path in sorted(paths):
        raw = path.read_bytes()
        found = checked(raw)
        if path.name.startswith("webhook-verification"):
            continue
        assert isinstance(found, list), path.name
        if any(isinstance(event, Unrecognised) for event in found):
            odd.add(path.name)
            continue
        tree = json.loads(raw)
        talk = {"messages", "standby"}
        statuses = sum(isinstance(event, StatusChanged) for event in found)
        assert statuses == _listed(tree, "statuses", talk), path.name
        inbound = sum(isinstance(event, FROM_MESSAGES) for event in found)
        moved = _listed(tree, "user_id_update", {"user_id_update"})
        assert inbound == _listed(tree, "messages", talk) + moved, path.name
        echoes = sum(isinstance(event, Echoed) for event in found)
        sources = {"smb_message_echoes", "message_echoes", "standby"}
        assert echoes == _listed(tree, "message_echoes", sources), path.name
        if "-history-" in path.name:
            assert [type(event) for event in found] == [HistoryChunk], path.name
    assert odd == EXPECTED_ODD
    assert len(paths) > 200


@pytest.mark.corpus
def test_no_sample_turns_a_user_id_into_a_phone(shared_corpus: Path) -> None:
    for path in (shared_corpus / "open").glob("*webhook-*.json"):
        found = parse(path.read_bytes())
        for event in found if isinstance(found, list) else []:
            person = getattr(event, "person", None)
            if person is not None and person.phone is not None:
                assert person.phone.isdigit(), path.name
