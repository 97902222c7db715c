"""What a bulk job is made of, and the pure verdict on each message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from recado.kit.ids import MessageId, NumberId
from recado.messages.content import Kind, needs_window
from recado.messages.listing import Wanted
from recado.messages.model import State
from recado.messages.resending import may_send_again

# Waiting, or held until somebody releases it: nobody has taken it, so it can still be cancelled.
_CANCELLABLE = (0, 4)
_DOUBTFUL = frozenset({State.IN_DOUBT, State.NEEDS_DECISION})


class Action(StrEnum):
    RESEND = "resend"
    CANCEL = "cancel"
    DISCARD = "discard"


class Refused(StrEnum):
    """Why one message of many is left as it is."""

    NOT_FOUND = "not_found"
    NOT_OURS = "not_outgoing"
    NOT_ENDED = "not_ended"
    ARRIVED = "arrived"
    IN_DOUBT = "in_doubt"
    RESENT = "already_resent"
    WINDOW = "window_closed"
    CONTENT = "invalid_content"
    LEFT = "already_left"
    NOTHING = "nothing_to_discard"
    FAULT = "internal_fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """These messages, or everything the filter matches."""

    ids: tuple[UUID, ...] = ()
    wanted: Wanted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkFacts:
    id: MessageId
    direction: str
    kind: str
    state: str
    attention: bool
    number_id: NumberId
    outbox_state: int | None
    resent: bool
    window_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPace:
    number_id: NumberId
    rate_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRefusal:
    reason: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRow:
    """`refused` counts those of the plan, too: in the end done + refused = matched."""

    job_id: UUID
    action: str
    state: str
    name: str | None
    why: str | None
    actor: str
    matched: int
    allowed: int
    more: bool
    seconds: float | None
    done: int
    refused: int
    created_at: datetime
    begins_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would happen. Nothing has happened yet."""

    row: BulkRow
    refused: list[BulkRefusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItem:
    message_id: MessageId
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItemId:
    message_id: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkWork:
    action: str
    state: str
    why: str | None
    actor: str


def judge(action: Action, facts: BulkFacts | None, now: datetime) -> Refused | None:
    """Why this action is refused for this message as it stands; None when it may be tried."""
    if facts is None:
        return Refused.NOT_FOUND
    if facts.direction != "out":
        return Refused.NOT_OURS
    match action:
        case Action.RESEND:
            return _judge_resend(facts, now)
        case Action.CANCEL:
            return None if facts.outbox_state in _CANCELLABLE else Refused.LEFT
        case Action.DISCARD:
            if facts.state in _DOUBTFUL or facts.outbox_state in (2, 3):
                return Refused.IN_DOUBT
            return None if facts.attention else Refused.NOTHING
        case _:
            assert_never(action)


def _judge_resend(facts: BulkFacts, now: datetime) -> Refused | None:
    if facts.resent:
        return Refused.RESENT
    if facts.state in _DOUBTFUL or facts.outbox_state in (2, 3):
        return Refused.IN_DOUBT
    if facts.state == State.EXPIRED_IN_DOUBT:
        return Refused.IN_DOUBT
    if facts.outbox_state is not None or facts.state in (State.SCHEDULED, State.QUEUED, State.HELD):
        return Refused.NOT_ENDED
    if not may_send_again(facts.state):
        return Refused.ARRIVED
    if facts.kind in set(Kind) and needs_window(Kind(facts.kind)) and facts.window_until <= now:
        return Refused.WINDOW
    return None


def seconds_needed(facts: Iterable[BulkFacts], rates: Mapping[NumberId, float]) -> float:
    """Numbers send side by side: the slowest one says how long it takes."""
    each: dict[NumberId, int] = {}
    for one in facts:
        each[one.number_id] = each.get(one.number_id, 0) + 1
    return max((count / rates[number] for number, count in each.items() if rates.get(number)), default=0.0)
