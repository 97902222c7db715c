"""A batch of statuses about one message: times, order, repetitions, and what nobody knows yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from recado.kit.ids import MessageId, TenantId
from recado.kit.reasons import Reason
from recado.messages.model import State
from recado.messages.statuses import (
    LockedMessage,
    Resolved,
    StatusItem,
    _earliest,
    _event_kind,
    _loose,
    _told_again,
    fold_all,
)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
TENANT = TenantId(UUID(int=1))
ROW = LockedMessage(
    tenant_id=TENANT, id=MessageId(UUID(int=2)), state="accepted", rank=1, reason=None, reason_code=None
)


def item(status: str, after_s: int = 0) -> StatusItem:
    return StatusItem(
        tenant_id=TENANT,
        key=b"key of " + status.encode(),
        ledger_id=70 + after_s,
        status=status,
        at=AT + timedelta(seconds=after_s),
        wamid=f"wamid.{status}",
        wamid_hash=status.encode(),
        token=None,
        reason=None,
        code=None,
        skip=False,
        data={"pricing": {}},
    )


def failure(after_s: int = 0, *, skip: bool = False) -> StatusItem:
    return replace(item("failed", after_s), reason=Reason.UNDELIVERABLE, code=131026, skip=skip)


def test_words_are_folded_by_rank_whatever_their_times() -> None:
    folding = fold_all(ROW, [item("read", 1), item("sent", 9), item("delivered", 5)])
    assert (folding.standing.state, folding.standing.rank) == (State.READ, 4)
    assert folding.times == {
        "sent": AT + timedelta(seconds=9),
        "delivered": AT + timedelta(seconds=5),
        "read": AT + timedelta(seconds=1),
    }
    assert (folding.wamid, folding.wamid_hash) == ("wamid.read", b"read")


def test_a_failure_is_folded_after_the_words_that_may_outweigh_it() -> None:
    both = fold_all(ROW, [failure(), item("delivered", 1)])
    assert (both.standing.state, both.standing.reason) == (State.DELIVERED, None)
    only_sent = fold_all(ROW, [failure(), item("sent", 1)])
    assert (only_sent.standing.state, only_sent.standing.rank) == (State.FAILED, 2)
    assert (only_sent.standing.reason, only_sent.standing.reason_code) == (Reason.UNDELIVERABLE, 131026)


@pytest.mark.parametrize(("skip", "state"), [(True, State.SKIPPED), (False, State.FAILED)])
def test_a_closed_window_is_a_skip_here_too(skip: bool, state: State) -> None:
    assert fold_all(ROW, [failure(skip=skip)]).standing.state is state


def test_an_unknown_word_is_no_reason_to_stumble() -> None:
    folding = fold_all(ROW, [item("teleported", 1), item("sent", 2)])
    assert (folding.standing.state, folding.standing.rank) == (State.SENT, 2)
    assert folding.wamid == "wamid.teleported"


def test_what_the_message_was_is_where_the_folding_begins() -> None:
    begun = replace(ROW, state="failed", rank=2, reason="undeliverable", reason_code=131026)
    standing = fold_all(begun, [item("sent", 1)]).standing
    assert (standing.state, standing.rank) == (State.FAILED, 2)
    assert (standing.reason, standing.reason_code) == ("undeliverable", 131026)


def test_the_earliest_time_of_each_word_stays_and_played_is_read() -> None:
    twice = fold_all(ROW, [item("sent", 9), item("sent", 4), item("played", 8), item("read", 6)])
    assert twice.times == {"sent": AT + timedelta(seconds=4), "read": AT + timedelta(seconds=6)}
    assert _earliest(twice.times) == AT + timedelta(seconds=4)
    assert _earliest({}) is None


def resolved(message_id: MessageId | None) -> Resolved:
    return Resolved(idx=0, message_id=message_id, token=None, attempt_state=None, first_echo=False)


def test_a_status_of_nobodys_message_is_kept_under_another_name() -> None:
    assert _event_kind(item("sent"), resolved(ROW.id)) == "status.sent"
    assert _event_kind(item("sent"), resolved(None)) == "status.foreign"


def test_a_repetition_is_noted_with_the_body_that_repeated_it() -> None:
    items = [item("sent", 0), item("sent", 1), replace(item("sent", 2), ledger_id=None)]
    assert _told_again(items, {0}) == [(TENANT, b"key of sent", 71)]
    assert _told_again(items, {0, 1, 2}) == []


def test_what_waits_for_its_message_keeps_all_it_will_change() -> None:
    end = _loose(failure(5, skip=True))
    assert (end.key, end.kind, end.at) == (b"key of failed", "status", AT + timedelta(seconds=5))
    assert end.data == {
        "status": "failed",
        "reason": "undeliverable",
        "code": 131026,
        "skip": True,
        "data": {"pricing": {}},
        "ledger_id": 75,
    }
    assert _loose(item("sent")).data["reason"] is None
