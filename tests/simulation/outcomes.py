"""Recording outcomes in the in-memory store, word for word as `record.sql` does."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.simulation.rows import Attempt, Lane, Stored
from tests.simulation.store import Store

from recado.messages.pace import SLOW_FOR, pair_backoff, retry_backoff
from recado.messages.record import PROBE_EVERY, Finished
from recado.providers.contract import Accepted, Blame, Later, Rejected, Scope, Unknown


def record(store: Store, now: datetime, one: Finished) -> None:
    attempt = store.attempts[one.intent.token]
    match one.outcome:
        case Accepted():
            _accepted(store, attempt)
        case Rejected() as outcome:
            _rejected(store, now, attempt, outcome)
        case Later() as outcome:
            _later(store, now, one, attempt, outcome)
        case Unknown() as outcome:
            _unknown(store, now, attempt, outcome)


def _accepted(store: Store, attempt: Attempt) -> None:
    message = attempt.message
    if not attempt.answered:
        attempt.answered, attempt.state = True, "accepted"
    if message.rank < 1 and message.state not in {"failed", "skipped"}:
        message.state, message.reason = "accepted", None
    message.rank = max(message.rank, 1)
    store.close(message)
    message.talk.pair_tries, message.talk.pair_blocked_until = _recovered(message)
    lane = message.lane
    if lane.paused_until is not None and lane.paused_at is not None and attempt.started_at > lane.paused_at:
        lane.paused_reason = lane.paused_until = lane.paused_at = None
    if attempt.n > 1:
        store.note_duplicates(message)


def _recovered(message: Stored) -> tuple[int, datetime | None]:
    talk = message.talk
    return (0, None) if talk.pair_tries else (talk.pair_tries, talk.pair_blocked_until)


def _closes(attempt: Attempt, state: str) -> bool:
    if attempt.state not in {"intent", "in_doubt"}:
        return False
    attempt.state = state
    return True


def _holds(attempt: Attempt) -> bool:
    waiting = attempt.message.waiting
    return waiting is not None and waiting.token == attempt.token and waiting.state in {1, 2, 3}


def _requeue(attempt: Attempt, due_at: datetime) -> None:
    waiting = attempt.message.waiting
    if waiting is not None and _holds(attempt):
        waiting.state, waiting.token, waiting.lease_until, waiting.due_at = 0, None, None, due_at
        if attempt.message.state == "needs_decision" and attempt.message.rank == 0:
            attempt.message.state, attempt.message.reason = "queued", None


def _rejected(store: Store, now: datetime, attempt: Attempt, outcome: Rejected) -> None:
    if not _closes(attempt, "rejected"):
        return
    message = attempt.message
    if outcome.blame in {Blame.NUMBER, Blame.TOKEN}:
        _requeue(attempt, now)
        pause(message.lane, now, outcome.reason.value, now + PROBE_EVERY)
        return
    if _holds(attempt):
        store.close(message)
    if message.rank == 0:
        message.reason_code = outcome.code
    store.set_message(message, "skipped" if outcome.skip else "rejected", outcome.reason.value)


def pause(lane: Lane, now: datetime, reason: str, until: datetime) -> None:
    if lane.paused_reason is None or lane.paused_until is not None:
        lane.paused_reason, lane.paused_until, lane.paused_at = reason, until, now


def _later(store: Store, now: datetime, one: Finished, attempt: Attempt, outcome: Later) -> None:
    answered = outcome.exchange is not None and outcome.exchange.http_status is not None
    if not _closes(attempt, "rejected" if answered else "not_sent"):
        return
    wait, talk, lane = _wait(one, outcome), attempt.message.talk, attempt.message.lane
    if outcome.scope is Scope.PAIR:
        talk.pair_tries += 1
        talk.pair_blocked_until = now + wait
    elif outcome.scope is Scope.NUMBER:
        if outcome.slow_down:
            slow(lane, now, now + max(SLOW_FOR, wait))
        if outcome.retry_after_s:
            pause(lane, now, outcome.reason.value, now + wait)
    _requeue(attempt, now + wait)


def slow(lane: Lane, now: datetime, until: datetime) -> None:
    if lane.slow_until is not None and lane.slow_until > until - timedelta(seconds=5):
        return
    running = lane.slow_until is not None and lane.slow_until > now
    lane.slow_factor = max(0.05, lane.slow_factor / 2 if running else 0.5)
    lane.slow_until = until


def _wait(one: Finished, outcome: Later) -> timedelta:
    if outcome.retry_after_s:
        return timedelta(seconds=min(outcome.retry_after_s, 3600.0))
    if outcome.scope is Scope.PAIR:
        return pair_backoff(one.intent.row.detail.pair_tries + 1)
    return retry_backoff(one.intent.row.due.tries, one.jitter)


def _unknown(store: Store, now: datetime, attempt: Attempt, outcome: Unknown) -> None:
    waiting = attempt.message.waiting
    if not _closes(attempt, "in_doubt"):
        return
    attempt.doubt_at, attempt.soft, attempt.no_id = now, outcome.soft, outcome.no_id
    if waiting is not None and waiting.token == attempt.token and waiting.state == 1:
        waiting.state, waiting.lease_until = 2, None
        store.set_message(attempt.message, "in_doubt", outcome.reason.value)
