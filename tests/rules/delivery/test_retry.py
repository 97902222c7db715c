"""When a message that certainly did not leave is tried again, and what is kept of an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.kit.ids import AttemptToken, ContactId, ConversationId, MessageId, NumberId, TenantId
from recado.kit.reasons import Reason
from recado.messages.claim import Candidate, Detail, DueRow, Intent
from recado.messages.record import PROBE_EVERY, Finished, _facts, _note, _wait
from recado.providers.contract import Exchange, Later, Scope

THEN = datetime.fromisoformat("2026-11-23T12:00:00+00:00")
ID = UUID(int=1)


def later(scope: Scope = Scope.MESSAGE, retry_after_s: float | None = None) -> Later:
    return Later(
        code=None,
        reason=Reason.PROVIDER_UNREACHABLE,
        detail="",
        scope=scope,
        retry_after_s=retry_after_s,
        exchange=None,
    )


def finished(outcome: Later, *, tries: int = 1, pair_tries: int = 0, jitter: float = 0.5) -> Finished:
    due = DueRow(
        tenant_id=TenantId(ID),
        message_id=MessageId(ID),
        number_id=NumberId(ID),
        conversation_id=ConversationId(ID),
        message_class="utility",
        free_form=True,
        expires_at=None,
        tries=tries,
        media_ref=None,
        fence=1,
    )
    detail = Detail(
        message_id=MessageId(ID),
        content={},
        context_wamid=None,
        contact_id=ContactId(ID),
        window_until=THEN,
        pair_tat=THEN,
        pair_blocked_until=None,
        pair_tries=pair_tries,
        recipient=None,
        blocked=False,
        attempts=tries,
    )
    intent = Intent(token=AttemptToken(ID), n=tries, lane_fence=1, row=Candidate(due=due, detail=detail))
    return Finished(intent=intent, outcome=outcome, wamid_hash=None, jitter=jitter)


def wait_s(outcome: Later, *, tries: int = 1, pair_tries: int = 0, jitter: float = 0.5) -> float:
    return _wait(
        finished(outcome, tries=tries, pair_tries=pair_tries, jitter=jitter), outcome
    ).total_seconds()


@pytest.mark.parametrize("scope", list(Scope))
def test_what_the_provider_said_comes_first_and_an_hour_is_the_most(scope: Scope) -> None:
    assert wait_s(later(scope, 7)) == 7
    assert wait_s(later(scope, 3600)) == 3600
    assert wait_s(later(scope, 90_000)) == 3600


@pytest.mark.parametrize(("before", "seconds"), [(0, 4), (1, 16), (2, 64), (4, 1024), (9, 1024)])
def test_a_person_who_gets_too_much_is_left_alone_four_times_longer_each_time(
    before: int, seconds: float
) -> None:
    assert wait_s(later(Scope.PAIR), tries=9, pair_tries=before) == seconds


@pytest.mark.parametrize("scope", [Scope.MESSAGE, Scope.NUMBER])
@pytest.mark.parametrize(("tries", "seconds"), [(1, 2), (2, 4), (5, 32), (8, 256), (9, 300), (30, 300)])
def test_every_other_try_doubles_the_pause_up_to_five_minutes(
    scope: Scope, tries: int, seconds: float
) -> None:
    assert wait_s(later(scope), tries=tries, pair_tries=3) == seconds


def test_no_pause_told_is_not_a_pause_of_nothing() -> None:
    assert wait_s(later(Scope.MESSAGE, 0)) == 2


@given(st.integers(1, 30), st.floats(0, 1), st.floats(0, 1))
def test_jitter_moves_the_pause_by_a_quarter_at_most(tries: int, one: float, other: float) -> None:
    middle = wait_s(later(), tries=tries)
    early, late = sorted((one, other))
    first = wait_s(later(), tries=tries, jitter=early)
    second = wait_s(later(), tries=tries, jitter=late)
    assert 0.75 * middle - 1e-5 <= first <= second <= 1.25 * middle + 1e-5


def test_a_number_that_was_refused_is_tried_every_five_minutes() -> None:
    assert timedelta(minutes=5) == PROBE_EVERY


def test_what_is_kept_of_an_answer() -> None:
    facts = _facts(Exchange(http_status=400, answer=b"no", elapsed_s=1.2345))
    assert (facts.status, facts.elapsed_ms, facts.answer) == (400, 1234, b"no")
    assert _facts(Exchange(http_status=None, answer=b"", elapsed_s=0)).answer is None
    none = _facts(None)
    assert (none.status, none.elapsed_ms, none.answer) == (None, None, None)


def test_only_an_acceptance_with_a_reservation_is_worth_a_word() -> None:
    assert [_note(word) for word in (None, "accepted", "held_for_quality_assessment", "paused")] == [
        None,
        None,
        "held_for_quality_assessment",
        "paused",
    ]
