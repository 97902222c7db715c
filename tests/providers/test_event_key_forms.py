"""The form of the keys is stored with every event: another form would count everything again after an update."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from recado.providers.contract import (
    AccountChanged,
    AppStateSynced,
    Echoed,
    HistoryChunk,
    IdentityChanged,
    MessageReceived,
    Person,
    ProviderEvent,
    ProviderNote,
    StatusChanged,
    Unrecognised,
    ValueFault,
)
from recado.providers.event_keys import KEY_BYTES, event_key, is_dashboard_test

KEY = b"tenant-key"
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
BASE: dict[str, Any] = {"waba_id": "1", "phone_number_id": "2", "at": AT, "raw": b'{"b": 1, "a": [2]}'}
CANON = b'{"a":[2],"b":1}'
PERSON = Person(phone="5520955500111", bsuid="BR.111")
RECEIVED = MessageReceived(
    **BASE,
    wamid="wamid.A",
    person=PERSON,
    kind="text",
    content={},
    text=None,
    reply_payload=None,
    context_wamid=None,
    media=None,
    opens_window=True,
)
STATUS = StatusChanged(
    **BASE, wamid="wamid.A", status="sent", person=PERSON, opaque=None, errors=(), reason=None, pricing=None
)
ECHO = Echoed(
    **BASE,
    wamid="wamid.A",
    person=PERSON,
    kind="text",
    content={},
    text=None,
    media=None,
    field="message_echoes",
)
CHUNK = HistoryChunk(**BASE, phase=1, chunk_order=22, progress=3, messages=4, refused=False)
ACCOUNT = AccountChanged(**BASE, field="account_update", event="X")
FAULT = ValueFault(**BASE, notes=())
STRANGE = Unrecognised(**BASE, field="messages", why="x")


def joined(*parts: str | None) -> bytes:
    encoded = [(part or "").encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def by_hand(natural: bytes) -> bytes:
    return hmac.new(KEY, natural, hashlib.sha256).digest()[:16]


AT_TEXT = "2026-11-23T12:00:00+00:00"
FORMS: list[tuple[ProviderEvent, bytes]] = [
    (RECEIVED, joined("in", "2", "wamid.A")),
    (STATUS, joined("status", "wamid.A", "sent", "5520955500111", "None")),
    (replace(STATUS, person=Person(bsuid="BR.1")), joined("status", "wamid.A", "sent", "BR.1", "None")),
    (
        replace(STATUS, errors=(ProviderNote(code=7, title=None, details=None),)),
        joined("status", "wamid.A", "sent", "5520955500111", "7"),
    ),
    (ECHO, joined("echo", "2", "wamid.A")),
    (CHUNK, joined("history", "2", "1", "22")),
    (replace(CHUNK, phase=None), joined("history", None, "1", "2", AT_TEXT) + CANON),
    (replace(CHUNK, chunk_order=None), joined("history", None, "1", "2", AT_TEXT) + CANON),
    (ACCOUNT, joined("AccountChanged", "account_update", "1", "2", AT_TEXT) + CANON),
    (FAULT, joined("ValueFault", None, "1", "2", AT_TEXT) + CANON),
    (STRANGE, joined("Unrecognised", "messages", "1", "2", AT_TEXT) + CANON),
    (replace(STRANGE, raw=b"{no json"), joined("Unrecognised", "messages", "1", "2", AT_TEXT) + b"{no json"),
    (replace(FAULT, at=None, waba_id=None), joined("ValueFault", None, None, "2", None) + CANON),
]


@pytest.mark.parametrize(("event", "natural"), FORMS)
def test_the_form_of_a_key(event: ProviderEvent, natural: bytes) -> None:
    assert event_key(event, KEY) == by_hand(natural)


def test_a_change_of_identity_counts_once_whether_it_came_as_a_message_or_not() -> None:
    one = IdentityChanged(**BASE, wamid="wamid.A", old=PERSON, new=PERSON, what="x")
    assert event_key(one, KEY) == by_hand(joined("in", "2", "wamid.A"))
    bare = replace(one, wamid=None)
    assert event_key(bare, KEY) == by_hand(joined("identity", None, "1", "2", AT_TEXT) + CANON)


def test_what_cannot_be_written_as_text_still_has_a_key() -> None:
    assert event_key(replace(RECEIVED, wamid="wamid.\ud800"), KEY) == by_hand(joined("in", "2", "wamid.?"))


def test_a_key_has_sixteen_bytes() -> None:
    assert KEY_BYTES == 16
    assert len(event_key(AppStateSynced(**BASE, contacts=3), KEY)) == 16


@pytest.mark.parametrize(
    ("waba", "number", "test"),
    [("0", "123456123", True), (None, "123456123", True), ("1", "123456123", False), ("0", "2", False)],
)
def test_the_test_button_is_known_by_both_ids(waba: str | None, number: str, test: bool) -> None:
    assert is_dashboard_test(replace(RECEIVED, waba_id=waba, phone_number_id=number)) is test
