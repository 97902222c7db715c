"""The rows the in-memory store keeps: only what the sending core looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from recado.kit.ids import AttemptToken, ContactId, ConversationId, MessageId, NumberId, TenantId
from recado.messages.claim import LaneState

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True, eq=False)
class Lane:
    tenant_id: TenantId
    number_id: NumberId
    rate_per_s: float = 80.0
    burst: int = 20
    pair_interval_s: float = 6.0
    pair_burst: int = 40
    tat: datetime = NEVER
    slow_factor: float = 1.0
    slow_until: datetime | None = None
    kill_switch: bool = False
    paused_reason: str | None = None
    paused_until: datetime | None = None
    paused_at: datetime | None = None

    @property
    def key(self) -> tuple[TenantId, NumberId]:
        return self.tenant_id, self.number_id

    def seen(self, mode: str) -> LaneState:
        return LaneState(
            tenant_id=self.tenant_id,
            number_id=self.number_id,
            rate_per_s=self.rate_per_s,
            burst=self.burst,
            pair_interval_s=self.pair_interval_s,
            pair_burst=self.pair_burst,
            tat=self.tat,
            slow_factor=self.slow_factor,
            slow_until=self.slow_until,
            fence=1,
            probing=self.paused_reason is not None,
            mode=mode,
        )


@dataclass(slots=True, kw_only=True, eq=False)
class Talk:
    """A conversation."""

    tenant_id: TenantId
    conversation_id: ConversationId
    contact_id: ContactId
    recipient: str
    window_until: datetime = NEVER
    pair_tat: datetime = NEVER
    pair_blocked_until: datetime | None = None
    pair_tries: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class Waiting:
    """Its place in the outbox: 0 queued, 1 sending, 2 in doubt, 3 needs a decision."""

    due_at: datetime
    since: datetime
    state: int = 0
    tries: int = 0
    lease_until: datetime | None = None
    token: UUID | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Stored:
    """One message."""

    lane: Lane
    talk: Talk
    id: MessageId
    message_class: str
    free_form: bool
    ordered: bool
    created_at: datetime
    expires_at: datetime
    priority: int = 1
    state: str = "queued"
    rank: int = 0
    reason: str | None = None
    reason_code: int | None = None
    accepted_tries: int = 0
    waiting: Waiting | None = None
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Attempt:
    token: AttemptToken
    message: Stored
    n: int
    started_at: datetime
    state: str = "intent"
    doubt_at: datetime | None = None
    waited_from: datetime | None = None
    echo_at: datetime | None = None
    soft: bool = False
    no_id: bool = False
    answered: bool = False
