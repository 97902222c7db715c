"""The status lattice: any order, any number of times, never down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.kit.ids import MessageId, TenantId
from recado.kit.reasons import Reason
from recado.messages.model import (
    ATTENTION,
    PUBLIC_STATUS,
    RANK,
    Evidence,
    Standing,
    State,
    fold,
)
from recado.messages.statuses import LockedMessage, StatusItem, fold_all

FAILED = Evidence(status="failed", reason=Reason.UNDELIVERABLE, code=131026)
WINDOW = Evidence(status="failed", reason=Reason.WINDOW_CLOSED, code=131047, skip=True)
WORDS = ("sent", "delivered", "read", "played")

evidences = st.one_of(
    st.sampled_from([Evidence(status=word) for word in (*WORDS, "warning", "deleted")]),
    st.sampled_from([FAILED, WINDOW]),
)
open_states = st.sampled_from(
    [State.SENDING, State.QUEUED, State.IN_DOUBT, State.NEEDS_DECISION, State.ACCEPTED]
)


def after(start: State, *told: Evidence) -> Standing:
    standing = Standing(state=start, rank=RANK.get(start, 0))
    for one in told:
        standing = fold(standing, one)
    return standing


@given(open_states, st.lists(evidences, max_size=5))
def test_the_final_rank_and_state_do_not_depend_on_the_order(start: State, told: list[Evidence]) -> None:
    # One failure word at most: Meta sends one, and which of two reasons stays is no promise.
    failures = [one for one in told if one.status == "failed"][:1]
    told = [one for one in told if one.status != "failed"] + failures
    reference = after(start, *told)
    for shuffled in permutations(told):
        other = after(start, *shuffled)
        assert (other.rank, other.state) == (reference.rank, reference.state)


@given(st.sampled_from(list(State)), st.lists(evidences, max_size=12))
def test_the_rank_never_falls(start: State, told: list[Evidence]) -> None:
    standing = Standing(state=start, rank=RANK.get(start, 0))
    for one in told:
        following = fold(standing, one)
        assert following.rank >= standing.rank
        if standing.rank >= RANK[State.DELIVERED]:
            assert following.state not in {State.FAILED, State.SKIPPED}
        standing = following


@given(st.sampled_from(list(State)), st.lists(evidences, max_size=6))
def test_telling_everything_twice_changes_nothing(start: State, told: list[Evidence]) -> None:
    once = after(start, *told)
    assert fold(once, told[-1]) == once if told else True
    again = once
    for one in told:
        again = fold(again, one)
    assert (again.rank, again.state) == (once.rank, once.state)


def test_failed_after_delivered_changes_nothing() -> None:
    delivered = after(State.ACCEPTED, Evidence(status="delivered"))
    assert fold(delivered, FAILED) == delivered


def test_delivered_outweighs_an_earlier_failure() -> None:
    standing = after(State.ACCEPTED, FAILED, Evidence(status="delivered"))
    assert standing == Standing(state=State.DELIVERED, rank=3)


@pytest.mark.parametrize(("failure", "state"), [(FAILED, State.FAILED), (WINDOW, State.SKIPPED)])
def test_a_late_sent_does_not_revive_what_meta_gave_up(failure: Evidence, state: State) -> None:
    standing = after(State.ACCEPTED, failure, Evidence(status="sent"))
    assert (standing.state, standing.reason) == (state, failure.reason)


def test_read_implies_delivered_and_a_late_sent_adds_nothing() -> None:
    read = after(State.ACCEPTED, Evidence(status="read"))
    assert (read.state, read.rank) == (State.READ, 4)
    assert fold(read, Evidence(status="sent")) == read


def test_an_unknown_word_changes_nothing() -> None:
    before = after(State.ACCEPTED)
    assert fold(before, Evidence(status="teleported")) == before


def test_evidence_beats_a_cancellation_that_came_too_late() -> None:
    """Presumed lost, queued again, cancelled — and then the first try turns out to have arrived."""
    assert after(State.CANCELLED, Evidence(status="delivered")).state is State.DELIVERED
    assert after(State.CANCELLED, FAILED, Evidence(status="sent")) == after(
        State.CANCELLED, Evidence(status="sent"), FAILED
    )


@pytest.mark.parametrize("state", [State.RECEIVED, State.SIMULATED])
def test_what_never_left_us_cannot_fail_at_meta(state: State) -> None:
    assert after(state, FAILED, Evidence(status="sent")) == after(state)


def test_every_state_has_a_public_status_and_only_problems_ask_for_attention() -> None:
    assert set(PUBLIC_STATUS) == set(State)
    assert State.SKIPPED not in ATTENTION
    assert {PUBLIC_STATUS[state] for state in ATTENTION} == {"failed", "in_doubt"}


AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
TENANT = TenantId(UUID(int=1))
ROW = LockedMessage(
    tenant_id=TENANT,
    id=MessageId(UUID(int=2)),
    state="accepted",
    rank=1,
    reason=None,
    reason_code=None,
)


def item(status: str, after_s: int) -> StatusItem:
    return StatusItem(
        tenant_id=TENANT,
        key=status.encode(),
        ledger_id=None,
        status=status,
        at=AT + timedelta(seconds=after_s),
        wamid="wamid.X",
        wamid_hash=b"x",
        token=None,
        reason=Reason.UNDELIVERABLE if status == "failed" else None,
        code=131026 if status == "failed" else None,
        skip=False,
        data=None,
    )


@given(st.permutations([("sent", 1), ("delivered", 2), ("read", 3), ("failed", 4), ("odd", 5)]))
def test_a_shuffled_batch_folds_to_the_same_message(order: list[tuple[str, int]]) -> None:
    folding = fold_all(ROW, [item(status, seconds) for status, seconds in order])
    assert (folding.standing.state, folding.standing.rank) == (State.READ, 4)
    assert folding.times["sent"] == AT + timedelta(seconds=1)
    assert folding.times["read"] == AT + timedelta(seconds=3)


def test_played_counts_as_read_and_the_earliest_time_stays() -> None:
    folding = fold_all(ROW, [item("played", 9), item("read", 4)])
    assert folding.standing.state is State.PLAYED
    assert folding.times == {"read": AT + timedelta(seconds=4)}
