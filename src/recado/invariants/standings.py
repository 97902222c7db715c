"""A message's state, folded again from its diary. Pure.

Messages with the same history have the same signature, so each history is folded once however many
messages share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recado.messages.model import RANK, STATUS_STATE, Evidence, Standing, State, fold

_OPEN = frozenset(
    {
        State.SCHEDULED,
        State.QUEUED,
        State.HELD,
        State.CLAIMED,
        State.SENDING,
        State.IN_DOUBT,
        State.NEEDS_DECISION,
    }
)
# Closed by us before anything left: evidence that comes later does not reopen them.
_CLOSED_TO_EVIDENCE = frozenset({State.CANCELLED, State.SIMULATED, State.RECEIVED})
_FAILURES = frozenset(
    {State.FAILED, State.REJECTED, State.EXPIRED, State.EXPIRED_IN_DOUBT, State.SKIPPED, State.DISCARDED}
)
# What the diary says beside the provider's own words. Those with "rank 0" change nothing once the provider
# is known to have taken the message.
_ALWAYS = {
    "message.skipped": State.SKIPPED,
    "message.expired": State.EXPIRED,
    "message.failed": State.FAILED,
    "message.simulated": State.SIMULATED,
    "message.cancelled": State.CANCELLED,
}
_AT_RANK_0 = {
    "provider.in_doubt": State.IN_DOUBT,
    "attempt.presumed_lost": State.QUEUED,
    "decision.resend": State.QUEUED,
    "decision.wait": State.IN_DOUBT,
    "decision.abandon": State.DISCARDED,
    "message.needs_decision": State.NEEDS_DECISION,
    "message.expired_in_doubt": State.EXPIRED_IN_DOUBT,
    "message.held": State.HELD,
    "message.released": State.QUEUED,
    "message.discarded": State.DISCARDED,
}
# In which stored states a message may be while its outbox row is in this one; an attempt that ended in
# "try later" after a doubt leaves the word of the doubt until the next outcome.
_WAITING = frozenset({State.SCHEDULED, State.QUEUED, State.IN_DOUBT})
_BESIDE_OUTBOX = {
    0: _WAITING,
    1: _WAITING,
    2: frozenset({State.IN_DOUBT}),
    3: frozenset({State.NEEDS_DECISION}),
    4: frozenset({State.HELD}),
}
_ATTEMPT_OF_OUTBOX = {0: None, 1: "intent", 2: "in_doubt", 3: "in_doubt", 4: None}
_WINDOW_CLOSED = "131047"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Everything the stored state is derived from, shared by `messages` rows of which `ids` are some.

    `kinds` are the message's events in order (`status.failed:<code>`), `attempts` the states of its tries.
    """

    direction: str
    scheduled: bool
    state: str
    rank: int
    outbox_state: int | None
    token_state: str | None
    kinds: tuple[str, ...]
    attempts: tuple[str, ...]
    messages: int
    ids: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """Which promise is broken and how."""

    invariant: str
    why: str


def judge(one: Signature) -> Wrong | None:
    """The first promise this history breaks: a lost rank (I15), books that do not close (I23), else I4."""
    state = State(one.state)
    evidence = _evidence(one.kinds)
    if state not in _CLOSED_TO_EVIDENCE and one.rank < evidence:
        return Wrong("I15", f"rank {one.rank}, but the diary proves {evidence}")
    if evidence >= RANK[State.DELIVERED] and state in _FAILURES:
        return Wrong("I15", f"delivered, but shown as {state}")
    if one.direction == "out" and (state in _OPEN) is not (one.outbox_state is not None):
        where = "has no place in line" if one.outbox_state is None else "still has a place in line"
        return Wrong("I23", f"{state}, but {where}")
    if why := _loose_ends(one, state):
        return Wrong("I4", why)
    if (state, one.rank) not in expected(one.direction, one.scheduled, one.kinds):
        return Wrong("I4", f"stored {state} with rank {one.rank}, the diary says otherwise")
    return None


def _evidence(kinds: tuple[str, ...]) -> int:
    """The highest rank the diary proves."""
    ranks = [1 for kind in kinds if kind == "provider.accepted"]
    ranks += [
        RANK[STATUS_STATE[word]]
        for kind in kinds
        if kind.startswith("status.") and (word := kind.removeprefix("status.")) in STATUS_STATE
    ]
    return max(ranks, default=0)


def _loose_ends(one: Signature, state: State) -> str | None:
    """Message, outbox row and attempts that do not fit each other."""
    if one.direction != "out":
        return None
    if one.outbox_state is not None:
        if state not in _BESIDE_OUTBOX[one.outbox_state]:
            return f"{state} beside outbox state {one.outbox_state}"
        wanted = _ATTEMPT_OF_OUTBOX[one.outbox_state]
        if wanted is not None and one.token_state != wanted:
            return f"outbox state {one.outbox_state}, but its attempt is {one.token_state}"
        if wanted is None and {"intent", "in_doubt"} & set(one.attempts):
            return "waits in line while an attempt is undecided"
    if one.rank > 0 and "accepted" not in one.attempts:
        return f"rank {one.rank} without an accepted attempt"
    proven = any(kind == "provider.accepted" or kind.startswith("status.") for kind in one.kinds)
    if "accepted" in one.attempts and not proven:
        return "an accepted attempt that the diary does not know"
    return None


def expected(direction: str, scheduled: bool, kinds: tuple[str, ...]) -> set[tuple[State, int]]:
    """What the diary allows. More than one answer only where it leaves something open: a refusal may have been
    the number's fault, and an answer that raced something else may have been written before or after it."""
    orders = {kinds}
    answers = tuple(kind for kind in kinds if kind == "provider.accepted")
    if answers:
        others = tuple(kind for kind in kinds if kind != "provider.accepted")
        orders |= {others + answers, others[:1] + answers + others[1:]}
    return {standing for order in orders for standing in _folded(direction, scheduled, order)}


def _folded(direction: str, scheduled: bool, kinds: tuple[str, ...]) -> set[tuple[State, int]]:
    current = {(_first(direction, scheduled), 0)}
    for kind in kinds:
        current = {after for state, rank in current for after in _step(state, rank, kind)}
    return current


def _first(direction: str, scheduled: bool) -> State:
    if direction == "in":
        return State.RECEIVED
    if direction == "echo":
        return State.SENT
    return State.SCHEDULED if scheduled else State.QUEUED


def _step(state: State, rank: int, kind: str) -> set[tuple[State, int]]:
    if kind == "provider.accepted":
        raised = rank < 1 and state not in {State.FAILED, State.SKIPPED}
        return {(State.ACCEPTED if raised else state, max(rank, 1))}
    if kind.startswith("status."):
        return {_told(state, rank, kind.removeprefix("status."))}
    if kind in _ALWAYS:
        return {(_ALWAYS[kind], rank)}
    if rank == 0 and kind in _AT_RANK_0:
        return {(_AT_RANK_0[kind], rank)}
    if state is State.NEEDS_DECISION and kind in {"provider.later", "provider.rejected"}:
        # A worker thought dead came back with a definite answer: nothing is left to decide.
        state = State.QUEUED
    if rank == 0 and kind == "provider.rejected":
        return {(state, 0), (State.REJECTED, 0), (State.SKIPPED, 0)}
    return {(state, rank)}


def _told(state: State, rank: int, word: str) -> tuple[State, int]:
    status, _, code = word.partition(":")
    evidence = Evidence(status=status, skip=code == _WINDOW_CLOSED)
    after = fold(Standing(state=state, rank=rank), evidence)
    return after.state, after.rank
