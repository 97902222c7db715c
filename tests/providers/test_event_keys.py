"""Repeated deliveries get equal keys, different events different ones, tenants never share any."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from recado.providers.contract import (
    AccountChanged,
    Echoed,
    HistoryChunk,
    MessageReceived,
    Person,
    ProviderNote,
    StatusChanged,
    ValueFault,
)
from recado.providers.event_keys import event_key, is_dashboard_test

KEY = b"tenant-key"
BASE: dict[str, Any] = {"waba_id": "1", "phone_number_id": "2", "at": None, "raw": b"{}"}
STATUS = StatusChanged(
    **BASE,
    wamid="wamid.A",
    status="sent",
    person=Person(phone="5520955500111"),
    opaque=None,
    errors=(),
    reason=None,
    pricing=None,
)
MESSAGE = MessageReceived(
    **BASE,
    wamid="wamid.A",
    person=Person(),
    kind="text",
    content={},
    text=None,
    reply_payload=None,
    context_wamid=None,
    media=None,
    opens_window=True,
)
ECHO = Echoed(
    **BASE,
    wamid="wamid.A",
    person=Person(),
    kind="text",
    content={},
    text=None,
    media=None,
    field="smb_message_echoes",
)
CHUNK = HistoryChunk(**BASE, phase=1, chunk_order=2, progress=3, messages=4, refused=False)
ACCOUNT = AccountChanged(**(BASE | {"raw": b'{"a":1,"b":2}'}), field="account_update", event="X")


def test_a_key_has_sixteen_bytes_and_belongs_to_one_tenant() -> None:
    for event in (STATUS, MESSAGE, ECHO, CHUNK, ACCOUNT):
        assert len(event_key(event, KEY)) == 16
        assert event_key(event, KEY) == event_key(event, KEY)
        assert event_key(event, KEY) != event_key(event, b"other")


def test_kinds_of_one_wamid_do_not_meet() -> None:
    keys = {event_key(event, KEY) for event in (STATUS, MESSAGE, ECHO)}
    assert len(keys) == 3


def test_a_status_is_the_same_at_another_time_but_not_with_another_word_or_fault() -> None:
    again = replace(STATUS, raw=b'{"timestamp":"9"}', opaque="x")
    assert event_key(again, KEY) == event_key(STATUS, KEY)
    note = ProviderNote(code=131026, title=None, details=None)
    others = (
        replace(STATUS, status="read"),
        replace(STATUS, wamid="wamid.B"),
        replace(STATUS, person=Person(phone="5520955500112")),
        replace(STATUS, errors=(note,)),
    )
    assert event_key(STATUS, KEY) not in {event_key(other, KEY) for other in others}


def test_the_number_is_part_of_an_inbound_key_and_the_text_is_not() -> None:
    assert event_key(replace(MESSAGE, text="x", standby=True), KEY) == event_key(MESSAGE, KEY)
    assert event_key(replace(MESSAGE, phone_number_id="3"), KEY) != event_key(MESSAGE, KEY)


def test_history_is_known_by_phase_and_chunk() -> None:
    assert event_key(replace(CHUNK, progress=99), KEY) == event_key(CHUNK, KEY)
    assert event_key(replace(CHUNK, chunk_order=3), KEY) != event_key(CHUNK, KEY)
    media = replace(CHUNK, phase=None, chunk_order=None)
    assert event_key(media, KEY) != event_key(replace(media, raw=b"[1]"), KEY)


def test_other_changes_are_known_by_what_they_say() -> None:
    respaced = replace(ACCOUNT, raw=b'{ "b": 2, "a": 1 }')
    assert event_key(respaced, KEY) == event_key(ACCOUNT, KEY)
    assert event_key(replace(ACCOUNT, raw=b'{"a":2,"b":2}'), KEY) != event_key(ACCOUNT, KEY)
    assert event_key(replace(ACCOUNT, raw=b"not json"), KEY)
    fault = ValueFault(**BASE, notes=())
    assert event_key(fault, KEY) != event_key(ACCOUNT, KEY)


def test_neighbouring_parts_cannot_be_shifted() -> None:
    one = replace(STATUS, wamid="ab", status="c")
    other = replace(STATUS, wamid="a", status="bc")
    assert event_key(one, KEY) != event_key(other, KEY)


def test_the_dashboards_test_button_is_recognised() -> None:
    make: Callable[..., MessageReceived] = lambda **c: replace(MESSAGE, **c)  # noqa: E731
    assert is_dashboard_test(make(waba_id="0", phone_number_id="123456123"))
    assert is_dashboard_test(make(waba_id=None, phone_number_id="123456123"))
    assert not is_dashboard_test(make(waba_id="0", phone_number_id=json.dumps(1)))
    assert not is_dashboard_test(MESSAGE)
