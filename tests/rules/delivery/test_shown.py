"""States and reasons people see while a message is still open, and the lattice's own numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from recado.kit.reasons import Reason
from recado.messages.model import (
    ATTENTION,
    OUTBOX_STATES,
    PUBLIC_STATUS,
    RANK,
    STATUS_STATE,
    Evidence,
    Standing,
    State,
    effective,
    fold,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Shown:
    state: str = "queued"
    reason: str | None = "own"
    scheduled_at: datetime | None = None
    outbox_state: int | None = 0
    outbox_due_at: datetime | None = NOW
    outbox_tries: int | None = 0
    lane_reason: str | None = None
    lane_kill: bool = False
    tenant_kill: bool = False


WAITING = Shown()


def test_out_of_the_line_the_message_says_itself_what_it_is() -> None:
    assert effective(replace(WAITING, state="read", outbox_state=None), NOW) == (State.READ, "own")
    stopped = replace(WAITING, state="read", outbox_state=None, tenant_kill=True, lane_reason="x")
    assert effective(stopped, NOW) == (State.READ, "own")


@pytest.mark.parametrize(
    ("outbox", "state"),
    [(1, State.SENDING), (2, State.IN_DOUBT), (3, State.NEEDS_DECISION), (4, State.HELD)],
)
def test_the_outbox_knows_more_than_the_message(outbox: int, state: State) -> None:
    row = replace(WAITING, outbox_state=outbox, tenant_kill=True, lane_reason="x")
    assert effective(row, NOW) == (state, "own")
    assert OUTBOX_STATES[0] is None


@pytest.mark.parametrize("stop", ["tenant_kill", "lane_kill"])
def test_a_stop_is_shown_before_the_lanes_own_trouble(stop: str) -> None:
    row = replace(WAITING, lane_reason="payment_problem", **{stop: True})  # type: ignore[arg-type]
    assert effective(row, NOW) == (State.HELD, Reason.KILL_SWITCH)


def test_a_lane_in_trouble_holds_what_waits_on_it() -> None:
    assert effective(replace(WAITING, lane_reason="payment_problem"), NOW) == (State.HELD, "payment_problem")


LATER = replace(WAITING, outbox_due_at=NOW + TICK, scheduled_at=NOW + TICK)


def test_scheduled_is_what_somebody_asked_for_later_and_nobody_tried() -> None:
    assert effective(LATER, NOW) == (State.SCHEDULED, "own")


@pytest.mark.parametrize(
    "row",
    [
        replace(LATER, outbox_tries=1),
        replace(LATER, scheduled_at=None),
        replace(LATER, scheduled_at=NOW),
        replace(LATER, outbox_due_at=NOW),
        replace(LATER, outbox_due_at=None),
        WAITING,
    ],
)
def test_everything_else_in_line_is_queued(row: Shown) -> None:
    assert effective(row, NOW) == (State.QUEUED, "own")


# --------------------------------------------------------------------------- words that are stored and returned


def test_the_stored_words_and_what_callers_see() -> None:
    assert {state.value: word for state, word in PUBLIC_STATUS.items()} == {
        "scheduled": "pending",
        "queued": "pending",
        "held": "pending",
        "claimed": "pending",
        "sending": "pending",
        "in_doubt": "in_doubt",
        "needs_decision": "in_doubt",
        "accepted": "sent",
        "sent": "sent",
        "delivered": "delivered",
        "read": "read",
        "played": "read",
        "rejected": "failed",
        "failed": "failed",
        "expired": "failed",
        "expired_in_doubt": "failed",
        "skipped": "skipped",
        "simulated": "dry_run",
        "cancelled": "cancelled",
        "discarded": "cancelled",
        "received": "received",
    }


def test_the_ranks_are_stored_too() -> None:
    ranks = {"accepted": 1, "sent": 2, "delivered": 3, "read": 4, "played": 5}
    assert {state.value: rank for state, rank in RANK.items()} == ranks
    assert {word: state.value for word, state in STATUS_STATE.items()} == {word: word for word in ranks}


def test_what_a_person_should_look_at() -> None:
    assert {state.value for state in ATTENTION} == {
        "failed",
        "rejected",
        "expired",
        "expired_in_doubt",
        "needs_decision",
    }


# --------------------------------------------------------------------------- failure against the ranks


FAILED = Evidence(status="failed", reason=Reason.UNDELIVERABLE, code=131026)


def test_a_failure_keeps_its_reason_its_code_and_the_rank() -> None:
    failed = fold(Standing(state=State.SENT, rank=2), FAILED)
    expected = Standing(state=State.FAILED, rank=2, reason=Reason.UNDELIVERABLE, reason_code=131026)
    assert failed == expected
    assert fold(failed, replace(FAILED, code=1)) == failed
    without = fold(Standing(state=State.SENT, rank=2), Evidence(status="failed"))
    assert (without.reason, without.reason_code) == (Reason.UNKNOWN_PROVIDER_ERROR, None)


def test_delivered_is_the_rank_from_which_a_failure_says_nothing() -> None:
    for rank, state in ((2, State.FAILED), (3, State.DELIVERED), (4, State.READ)):
        start = Standing(
            state=State.DELIVERED if rank == 3 else State.READ if rank == 4 else State.SENT, rank=rank
        )
        assert fold(start, FAILED).state is state


def test_a_late_sent_raises_the_rank_of_what_was_given_up_and_nothing_else() -> None:
    given_up = Standing(state=State.FAILED, rank=1, reason=Reason.UNDELIVERABLE, reason_code=131026)
    assert fold(given_up, Evidence(status="sent")) == replace(given_up, rank=2)
    assert fold(given_up, Evidence(status="delivered")) == Standing(state=State.DELIVERED, rank=3)


def test_a_word_of_the_same_rank_changes_nothing() -> None:
    held = Standing(state=State.CANCELLED, rank=3)
    assert fold(held, Evidence(status="delivered")) == held


@pytest.mark.parametrize("state", [each for each in State if each not in {State.RECEIVED, State.SIMULATED}])
def test_evidence_reaches_every_message_that_can_have_left(state: State) -> None:
    assert fold(Standing(state=state, rank=0), Evidence(status="delivered")).state is State.DELIVERED
