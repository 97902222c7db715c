"""States of a message, the status lattice and what callers see."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from recado.kit.ids import ContactId, ConversationId, MessageId, NumberId, TenantId
from recado.kit.reasons import Reason


class State(StrEnum):
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    HELD = "held"
    CLAIMED = "claimed"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    NEEDS_DECISION = "needs_decision"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    REJECTED = "rejected"
    FAILED = "failed"
    EXPIRED = "expired"
    EXPIRED_IN_DOUBT = "expired_in_doubt"
    SKIPPED = "skipped"
    SIMULATED = "simulated"
    CANCELLED = "cancelled"
    DISCARDED = "discarded"
    RECEIVED = "received"


PUBLIC_STATUS: dict[State, str] = {
    State.SCHEDULED: "pending",
    State.QUEUED: "pending",
    State.HELD: "pending",
    State.CLAIMED: "pending",
    State.SENDING: "pending",
    State.IN_DOUBT: "in_doubt",
    State.NEEDS_DECISION: "in_doubt",
    State.ACCEPTED: "sent",
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.READ: "read",
    State.PLAYED: "read",
    State.REJECTED: "failed",
    State.FAILED: "failed",
    State.EXPIRED: "failed",
    State.EXPIRED_IN_DOUBT: "failed",
    State.SKIPPED: "skipped",
    State.SIMULATED: "dry_run",
    State.CANCELLED: "cancelled",
    State.DISCARDED: "cancelled",
    State.RECEIVED: "received",
}

# Evidence only ever raises the rank. Meta: `delivered` may never come when the chat is open, and a
# delivered status means at least one device has it, so it outweighs `failed` (meta-platform 0.8, 2.3).
RANK: dict[State, int] = {
    State.ACCEPTED: 1,
    State.SENT: 2,
    State.DELIVERED: 3,
    State.READ: 4,
    State.PLAYED: 5,
}
STATUS_STATE: dict[str, State] = {
    "accepted": State.ACCEPTED,
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "played": State.PLAYED,
}
# States that late evidence of acceptance must not overwrite: a person or the clock already closed them,
# except that evidence beats ignorance (in doubt) and waiting.
_OPEN_TO_EVIDENCE = frozenset(
    {
        State.SCHEDULED,
        State.QUEUED,
        State.HELD,
        State.CLAIMED,
        State.SENDING,
        State.IN_DOUBT,
        State.NEEDS_DECISION,
        State.EXPIRED_IN_DOUBT,
        State.DISCARDED,
        State.FAILED,
        State.REJECTED,
        State.EXPIRED,
        State.ACCEPTED,
        State.SENT,
        State.DELIVERED,
        State.READ,
        State.PLAYED,
        State.SKIPPED,
        State.CANCELLED,
    }
)
# Where a failure reported after the acceptance leads; 131047 (the window closed) is a skip.
_GIVEN_UP = frozenset({State.FAILED, State.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the lattice folds: current state and rank of one message."""

    state: State
    rank: int
    reason: Reason | str | None = None
    reason_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One status the provider told us. `status` is Meta's word."""

    status: str
    reason: Reason | None = None
    code: int | None = None
    skip: bool = False


def fold(standing: Standing, evidence: Evidence) -> Standing:
    """Pure lattice step: never lowers a rank, `failed` counts only below delivered, unknown words change nothing."""
    if evidence.status == "failed":
        return _fold_failure(standing, evidence)
    target = STATUS_STATE.get(evidence.status)
    if target is None:
        return standing
    rank = RANK[target]
    if rank <= standing.rank:
        return standing
    if standing.state in _GIVEN_UP and rank < RANK[State.DELIVERED]:
        # A late `sent` says nothing new about a message the provider already gave up on.
        return replace(standing, rank=rank)
    if standing.state not in _OPEN_TO_EVIDENCE:
        return standing
    return Standing(state=target, rank=rank)


def _fold_failure(standing: Standing, evidence: Evidence) -> Standing:
    if standing.rank >= RANK[State.DELIVERED]:
        return standing
    if standing.state is State.FAILED or standing.state not in _OPEN_TO_EVIDENCE:
        return standing
    return Standing(
        state=State.SKIPPED if evidence.skip else State.FAILED,
        rank=standing.rank,
        reason=evidence.reason or Reason.UNKNOWN_PROVIDER_ERROR,
        reason_code=evidence.code,
    )


# What a person should look at. Skips are decisions, not problems.
ATTENTION = frozenset(
    {State.FAILED, State.REJECTED, State.EXPIRED, State.EXPIRED_IN_DOUBT, State.NEEDS_DECISION}
)

OUTBOX_STATES: dict[int, State | None] = {
    0: None,
    1: State.SENDING,
    2: State.IN_DOUBT,
    3: State.NEEDS_DECISION,
    4: State.HELD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message as stored, with the lane's trouble when it is still waiting."""

    tenant_id: TenantId
    id: MessageId
    direction: str
    number_id: NumberId
    phone_number_id: str
    conversation_id: ConversationId
    contact_id: ContactId
    kind: str
    message_class: str | None
    content: dict[str, Any] = field(repr=False)
    preview: str = field(repr=False)
    recipient: str | None = field(repr=False)
    client_reference: str | None
    scheduled_at: datetime | None
    expires_at: datetime | None
    state: str
    reason: str | None
    reason_code: int | None
    reason_detail: str | None
    wamid: str | None = field(repr=False)
    accepted_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    created_at: datetime
    outbox_state: int | None
    outbox_due_at: datetime | None
    outbox_tries: int | None
    lane_reason: str | None
    lane_kill: bool
    tenant_kill: bool


class Seen(Protocol):
    """What the shown state is made of; rows of lists have it as well as whole messages."""

    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def scheduled_at(self) -> datetime | None: ...
    @property
    def outbox_state(self) -> int | None: ...
    @property
    def outbox_due_at(self) -> datetime | None: ...
    @property
    def outbox_tries(self) -> int | None: ...
    @property
    def lane_reason(self) -> str | None: ...
    @property
    def lane_kill(self) -> bool: ...
    @property
    def tenant_kill(self) -> bool: ...


def effective(row: Seen, now: datetime) -> tuple[State, Reason | str | None]:
    """The state to show: the outbox knows more while a message is still open."""
    state = State(row.state)
    if row.outbox_state is None:
        return state, row.reason
    if (open_state := OUTBOX_STATES[row.outbox_state]) is not None:
        return open_state, row.reason
    if row.tenant_kill or row.lane_kill:
        return State.HELD, Reason.KILL_SWITCH
    if row.lane_reason is not None:
        return State.HELD, row.lane_reason
    if row.outbox_due_at is not None and row.outbox_due_at > now:
        if row.outbox_tries == 0 and row.scheduled_at is not None and row.scheduled_at > now:
            return State.SCHEDULED, row.reason
        return State.QUEUED, row.reason
    return State.QUEUED, row.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    seq: int
    kind: str
    at: datetime
    recorded_at: datetime
    data: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    token: Any
    n: int
    state: str
    started_at: datetime
    finished_at: datetime | None
    doubt_at: datetime | None
    echo_at: datetime | None
    reason: str | None
    code: int | None
    http_status: int | None
    elapsed_ms: int | None
