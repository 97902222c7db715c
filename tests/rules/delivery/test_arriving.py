"""How a status becomes what is applied: its key, its attempt, its time; and in which order people are locked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from recado.inbound.effects import _may_react, _natural_key, _status_data, _status_item, _whose
from recado.inbound.routing import Destination
from recado.kit.ids import TenantId
from recado.kit.reasons import Reason
from recado.messages.statuses import StatusItem
from recado.providers.contract import (
    Echoed,
    IdentityChanged,
    MessageReceived,
    Person,
    ProviderEvent,
    ProviderNote,
    StatusChanged,
    ValueFault,
)
from recado.providers.event_keys import event_key
from recado.tenants.vault import TenantKeys

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
TENANT = TenantId(UUID(int=1))
KEYS = TenantKeys(tenant_id=TENANT, dek=bytes(32), hash_key=b"h" * 32, token_key=b"t" * 32)
WHERE = Destination(tenant_id=TENANT, target_id=UUID(int=3), keys=KEYS)
BASE: dict[str, Any] = {
    "waba_id": "1",
    "phone_number_id": "2",
    "at": NOW - timedelta(seconds=9),
    "raw": b"{}",
}
MARINA = Person(phone="5520955500111", bsuid=None)
STATUS = StatusChanged(
    **BASE,
    wamid="wamid.A",
    status="sent",
    person=MARINA,
    opaque=KEYS.write_token(UUID(int=9)),
    errors=(),
    reason=None,
    pricing=None,
)


@dataclass(frozen=True)
class Body:
    ledger_id: int = 70
    provider: str = "meta"
    received_at: datetime = NOW


def item(event: StatusChanged, *, fresh: bool = True) -> StatusItem:
    return _status_item(WHERE, event_key, Body(), event, fresh=fresh)


def test_a_status_with_our_token_names_its_attempt() -> None:
    assert item(STATUS) == StatusItem(
        tenant_id=TENANT,
        key=event_key(STATUS, b"h" * 32),
        ledger_id=70,
        status="sent",
        at=NOW - timedelta(seconds=9),
        wamid="wamid.A",
        wamid_hash=KEYS.hash("wamid.A"),
        token=UUID(int=9),
        reason=None,
        code=None,
        skip=False,
        data=None,
    )


@pytest.mark.parametrize("opaque", [None, "", "another application's"])
def test_a_status_without_our_token_names_none(opaque: str | None) -> None:
    assert item(replace(STATUS, opaque=opaque)).token is None


def test_a_time_that_cannot_be_is_the_time_of_the_body() -> None:
    assert item(replace(STATUS, at=None)).at == NOW
    assert item(replace(STATUS, at=NOW + timedelta(hours=1))).at == NOW


@pytest.mark.parametrize(("code", "skip"), [(131047, True), (131026, False), (None, False)])
def test_only_a_closed_window_is_nobodys_failure(code: int | None, skip: bool) -> None:
    note = ProviderNote(code=code, title="t", details="d")
    other = ProviderNote(code=131047, title=None, details=None)
    failed = replace(STATUS, status="failed", errors=(note, other), reason=Reason.UNDELIVERABLE)
    found = item(failed)
    assert (found.code, found.skip, found.reason) == (code, skip, Reason.UNDELIVERABLE)
    assert found.data == {"errors": [{"code": code, "title": "t"}, {"code": 131047, "title": None}]}


def test_what_is_kept_beside_the_word() -> None:
    assert _status_data(STATUS, fresh=True) is None
    assert _status_data(STATUS, fresh=False) == {"stale": True}
    priced = replace(STATUS, pricing={"billable": True})
    assert _status_data(priced, fresh=False) == {"stale": True, "pricing": {"billable": True}}
    assert item(priced).data == {"pricing": {"billable": True}}


def test_whether_an_event_may_cause_anything_is_told_by_its_own_time() -> None:
    ten = timedelta(minutes=10)
    assert _may_react(Body(), STATUS, NOW, ten) is True
    assert _may_react(Body(), replace(STATUS, at=NOW - timedelta(minutes=11)), NOW, ten) is False
    assert _may_react(Body(), replace(STATUS, at=None), NOW, ten) is True
    # A clock ahead of ours does not make an old body young.
    old = Body(received_at=NOW - timedelta(hours=1))
    assert _may_react(old, replace(STATUS, at=NOW), NOW, ten) is False


def test_the_same_fault_in_another_hour_is_another_fault() -> None:
    fault = ValueFault(**BASE, notes=())

    def key(at: datetime, event: ProviderEvent = fault) -> bytes:
        return _natural_key(WHERE, event_key, Body(received_at=at), event)

    assert (
        key(NOW)
        == key(NOW + timedelta(minutes=29))
        == KEYS.hash(f"{event_key(fault, b'h' * 32).hex()}|2026-11-23T12")
    )
    assert key(NOW) != key(NOW + timedelta(minutes=30))
    assert key(NOW, STATUS) == event_key(STATUS, b"h" * 32)


MESSAGE = MessageReceived(
    **BASE,
    wamid="wamid.A",
    person=MARINA,
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
    wamid="wamid.B",
    person=MARINA,
    kind="text",
    content={},
    text=None,
    media=None,
    field="message_echoes",
)
KNOWN = Person(phone="5520955500111", bsuid="BR.1")


@pytest.mark.parametrize(
    ("event", "whose"),
    [
        (STATUS, ("", "", "")),
        (MESSAGE, ("phone", "552055500111", "2")),
        (ECHO, ("phone", "552055500111", "2")),
        (replace(MESSAGE, person=Person(phone="552055500111")), ("phone", "552055500111", "2")),
        (replace(MESSAGE, person=KNOWN), ("bsuid", "BR.1", "2")),
        (replace(MESSAGE, person=Person(), phone_number_id=None), ("phone", "", "")),
        (
            IdentityChanged(**BASE, wamid="wamid.C", old=KNOWN, new=MARINA, what="user_changed_user_id"),
            ("bsuid", "BR.1", "2"),
        ),
    ],
)
def test_the_order_in_which_people_are_locked(event: ProviderEvent, whose: tuple[str, str, str]) -> None:
    assert _whose((Body(), event)) == whose
