"""Claim and intent in one transaction: what a worker may send now, committed before the first byte.

The lane is leased by one worker, so the pace is exact; `FOR UPDATE SKIP LOCKED` keeps a zombie and its
successor apart; the switches are re-read under a share lock in this very transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.failpoints import reached
from recado.kit.ids import AttemptToken, ContactId, ConversationId, MessageId, NumberId, TenantId
from recado.kit.reasons import Reason
from recado.media import service as media
from recado.messages.gates import Expire, Fail, GateInput, Go, Hold, Simulate, Skip, Verdict, Wait, judge
from recado.messages.pace import Pace, room, slowed, spend
from recado.messages.template_holds import stop_of
from recado.numbers.model import Leased

_Q = sql.load("recado.messages", "dispatch.sql")
# A person has to be told.
_LOST = frozenset({"expired", "failed"})
_MEDIA_RETRY = timedelta(seconds=2)
# Strict order: how long the next one waits for a delivery that may never be reported (a phone that is off), and
# how often it is looked at meanwhile.
STRICT_WAIT_S = 30.0
_TURN_RETRY = timedelta(milliseconds=500)
_ORDER_RETRY = timedelta(milliseconds=150)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    tenant_id: TenantId
    number_id: NumberId
    rate_per_s: float
    burst: int
    pair_interval_s: float
    pair_burst: int
    tat: datetime
    slow_factor: float
    slow_until: datetime | None
    fence: int
    probing: bool
    mode: str
    # Kinds that somebody stopped and templates that the provider did, and why. No part of what tells lanes apart.
    kind_stops: Mapping[str, str] = field(default_factory=dict, compare=False)
    template_stops: Mapping[str, str] = field(default_factory=dict, compare=False)

    def pace(self, now: datetime) -> Pace:
        """A slowed lane's burst shrinks with its rate: twenty at once are twice as fast at half the pace,
        and a lane that had just used its burst would get half of it again for being told to slow down."""
        rate = slowed(self.rate_per_s, self.slow_factor, self.slow_until, now)
        burst = 1 + int((self.burst - 1) * rate / self.rate_per_s)
        return Pace(interval_s=1 / rate, burst=burst)

    @property
    def pair(self) -> Pace:
        return Pace(interval_s=self.pair_interval_s, burst=self.pair_burst)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """What the outbox says about one message."""

    tenant_id: TenantId
    message_id: MessageId
    number_id: NumberId
    conversation_id: ConversationId
    message_class: str
    free_form: bool
    expires_at: datetime | None
    tries: int
    media_ref: str | None
    fence: int
    strict: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What has to be known to send it."""

    message_id: MessageId
    content: dict[str, Any] = field(repr=False)
    context_wamid: str | None = field(repr=False)
    contact_id: ContactId
    window_until: datetime
    pair_tat: datetime
    pair_blocked_until: datetime | None
    pair_tries: int
    recipient: str | None = field(repr=False)
    blocked: bool
    attempts: int
    turn_taken: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    due: DueRow
    detail: Detail

    @property
    def lane(self) -> tuple[TenantId, NumberId]:
        return (self.due.tenant_id, self.due.number_id)

    @property
    def pair(self) -> tuple[TenantId, ConversationId]:
        return (self.due.tenant_id, self.due.conversation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Committed right to send once. After this only evidence may decide what happened."""

    token: AttemptToken
    n: int
    lane_fence: int
    row: Candidate


@dataclass(slots=True)
class _Plan:
    """What one claim decided, written in a handful of statements."""

    intents: list[Intent] = field(default_factory=list)
    unsent: list[tuple[Candidate, str, Reason | None]] = field(default_factory=list)
    later: list[tuple[Candidate, datetime]] = field(default_factory=list)
    held: list[tuple[Candidate, Reason]] = field(default_factory=list)
    lane_tats: dict[tuple[TenantId, NumberId], datetime] = field(default_factory=dict)
    pair_tats: dict[tuple[TenantId, ConversationId], datetime] = field(default_factory=dict)
    probing: set[tuple[TenantId, NumberId]] = field(default_factory=set)


async def claim(
    tx: Tx,
    now: datetime,
    *,
    owner: UUID,
    lanes: Sequence[Leased],
    most: int,
    lease_s: float,
    new_token: Callable[[], AttemptToken],
) -> list[Intent]:
    """Up to `most` intents over all own lanes. Nothing is sent unless the caller's commit succeeds.

    Writes `attempt` (intent), `outbox`, `lane.tat`, `conversation.pair_tat`; closes what a gate refused
    (`message.skipped`, `message.expired`, `message.failed`, `message.simulated`) and takes out of the line what
    belongs to a stopped kind (`message.held`).
    """
    reached("claim.begin")
    busy = await tx.many(
        _Q["busy_lanes"],
        LaneState,
        now=now,
        owner=owner,
        tenant_ids=[lane.tenant_id for lane in lanes],
        number_ids=[lane.number_id for lane in lanes],
        fences=[lane.fence for lane in lanes],
    )
    reached("claim.lanes_locked")
    quotas = share(busy, now, most)
    if not quotas:
        return []
    rows = await _candidates(tx, now, quotas)
    reached("claim.selected")
    ready = await media.ready_uploads(
        tx,
        now,
        [(row.due.tenant_id, row.due.number_id, row.due.media_ref) for row in rows if row.due.media_ref],
    )
    plan = decide(rows, quotas, ready, now, new_token)
    reached("claim.gated")
    await _write(tx, now, plan, lease_s)
    if plan.intents:
        reached("intent.before_commit")
    return plan.intents


async def _candidates(tx: Tx, now: datetime, quotas: dict[LaneState, int]) -> list[Candidate]:
    due = await tx.many(
        _Q["due_rows"],
        DueRow,
        now=now,
        tenant_ids=[lane.tenant_id for lane in quotas],
        number_ids=[lane.number_id for lane in quotas],
        quotas=list(quotas.values()),
    )
    if not due:
        return []
    details = await tx.many(
        _Q["details"],
        Detail,
        now=now,
        tenant_ids=[row.tenant_id for row in due],
        message_ids=[row.message_id for row in due],
        conversation_ids=[row.conversation_id for row in due],
    )
    by_id = {row.message_id: row for row in details}
    return [Candidate(due=row, detail=by_id[row.message_id]) for row in due if row.message_id in by_id]


def share(busy: Sequence[LaneState], now: datetime, most: int) -> dict[LaneState, int]:
    """Divides the free slots between lanes: fairly first, then what is left over in order."""
    rooms = {
        # A lane that was paused is tried with a single message before the rest follows.
        lane: room(lane.pace(now), lane.tat, now, 1 if lane.probing else most)
        for lane in busy
    }
    # Who was served longest ago comes first, so that few free slots go round among many lanes.
    waiting = sorted(rooms.items(), key=lambda pair: pair[0].tat)
    rooms = {lane: count for lane, count in waiting if count > 0}
    if not rooms or most <= 0:
        return {}
    fair = max(1, most // len(rooms))
    quotas: dict[LaneState, int] = {}
    left = most
    for lane, count in rooms.items():
        quotas[lane] = min(fair, count, left)
        left -= quotas[lane]
    for lane, count in rooms.items():
        extra = min(count - quotas[lane], left)
        quotas[lane] += extra
        left -= extra
    return {lane: count for lane, count in quotas.items() if count > 0}


def decide(
    rows: Sequence[Candidate],
    quotas: dict[LaneState, int],
    ready: dict[tuple[NumberId, str], media.Files],
    now: datetime,
    new_token: Callable[[], AttemptToken],
) -> _Plan:
    """Pure: runs the gates over the rows and keeps the pace of lanes and pairs."""
    lanes = {(lane.tenant_id, lane.number_id): lane for lane in quotas}
    plan = _Plan(lane_tats={key: lane.tat for key, lane in lanes.items()})
    for row in rows:
        lane = lanes[row.lane]
        pair_key = row.pair
        pair_tat = plan.pair_tats.get(pair_key, row.detail.pair_tat)
        verdict = judge(_gate_input(row, lane, pair_tat, ready, now), lane.pair, now)
        _note(plan, row, lane, verdict, now, new_token, ready)
        if isinstance(verdict, Go):
            plan.pair_tats[pair_key] = spend(lane.pair, pair_tat, now, 1)
    return plan


def _gate_input(
    row: Candidate,
    lane: LaneState,
    pair_tat: datetime,
    ready: dict[tuple[NumberId, str], media.Files],
    now: datetime,
) -> GateInput:
    files = ready.get((row.due.number_id, row.due.media_ref or ""))
    return GateInput(
        mode=lane.mode,
        free_form=row.due.free_form,
        expires_at=row.due.expires_at,
        window_until=row.detail.window_until,
        pair_tat=pair_tat,
        pair_blocked_until=row.detail.pair_blocked_until,
        media_refused=_refusal(files),
        media_ready=row.due.media_ref is None or files is not None,
        media_retry_at=now + _MEDIA_RETRY,
        kind_stopped=row.detail.kind in lane.kind_stops,
        template_stopped=stop_of(lane.template_stops, row.detail.kind, row.detail.content),
        earlier_open=row.detail.blocked or row.detail.turn_taken,
        earlier_retry_at=now + (_TURN_RETRY if row.detail.turn_taken else _ORDER_RETRY),
    )


def _refusal(files: media.Files | None) -> Reason | None:
    return Reason(files.reason) if isinstance(files, media.RefusedFile) else None


def _note(
    plan: _Plan,
    row: Candidate,
    lane: LaneState,
    verdict: Verdict,
    now: datetime,
    new_token: Callable[[], AttemptToken],
    ready: dict[tuple[NumberId, str], media.Files],
) -> None:
    match verdict:
        case Go():
            plan.lane_tats[row.lane] = spend(lane.pace(now), plan.lane_tats[row.lane], now, 1)
            if lane.probing:
                plan.probing.add(row.lane)
            intent = Intent(token=new_token(), n=row.detail.attempts + 1, lane_fence=lane.fence, row=row)
            files = ready.get((row.due.number_id, row.due.media_ref or ""))
            plan.intents.append(with_files(intent, files) if isinstance(files, dict) else intent)
        case Skip(reason=reason):
            plan.unsent.append((row, "skipped", reason))
        case Fail(reason=reason):
            plan.unsent.append((row, "failed", reason))
        case Expire():
            plan.unsent.append((row, "expired", Reason.EXPIRED))
        case Simulate():
            plan.unsent.append((row, "simulated", Reason.DRY_RUN))
        case Wait(until=until):
            plan.later.append((row, until))
        case Hold(reason=reason):
            plan.held.append((row, reason))
        case _:
            assert_never(verdict)


async def _write(tx: Tx, now: datetime, plan: _Plan, lease_s: float) -> None:
    if plan.unsent:
        await tx.execute(
            _Q["finish_unsent"],
            now=now,
            tenant_ids=[row.due.tenant_id for row, _, _ in plan.unsent],
            message_ids=[row.due.message_id for row, _, _ in plan.unsent],
            states=[state for _, state, _ in plan.unsent],
            reasons=[reason.value if reason else None for _, _, reason in plan.unsent],
            attentions=[state in _LOST for _, state, _ in plan.unsent],
        )
    if plan.later:
        await tx.execute(
            _Q["postpone"],
            tenant_ids=[row.due.tenant_id for row, _ in plan.later],
            message_ids=[row.due.message_id for row, _ in plan.later],
            dues=[until for _, until in plan.later],
        )
    if plan.held:
        await tx.execute(
            _Q["hold_stopped"],
            now=now,
            tenant_ids=[row.due.tenant_id for row, _ in plan.held],
            message_ids=[row.due.message_id for row, _ in plan.held],
            reasons=[reason.value for _, reason in plan.held],
        )
    if plan.intents:
        await _write_intents(tx, now, plan, lease_s)


async def _write_intents(tx: Tx, now: datetime, plan: _Plan, lease_s: float) -> None:
    rows = [intent.row.due for intent in plan.intents]
    await tx.execute(
        _Q["intend"],
        lease_s=lease_s,
        tenant_ids=[row.tenant_id for row in rows],
        message_ids=[row.message_id for row in rows],
        number_ids=[row.number_id for row in rows],
        tokens=[intent.token for intent in plan.intents],
        ns=[intent.n for intent in plan.intents],
        fences=[intent.lane_fence for intent in plan.intents],
    )
    await _take_turns(tx, now, [row for row in rows if row.strict])
    reached("intent.written")
    pairs = sorted(plan.pair_tats.items())
    await tx.execute(
        _Q["advance_pairs"],
        now=now,
        tenant_ids=[key[0] for key, _ in pairs],
        conversation_ids=[key[1] for key, _ in pairs],
        tats=[tat for _, tat in pairs],
    )
    lanes = sorted(plan.lane_tats.items())
    await tx.execute(
        _Q["advance_lanes"],
        now=now,
        tenant_ids=[key[0] for key, _ in lanes],
        number_ids=[key[1] for key, _ in lanes],
        tats=[tat for _, tat in lanes],
        probing=[key in plan.probing for key, _ in lanes],
        hold_until=now + timedelta(seconds=lease_s),
    )


async def _take_turns(tx: Tx, now: datetime, rows: Sequence[DueRow]) -> None:
    if not rows:
        return
    taken = await tx.execute(
        _Q["take_turns"],
        now=now,
        wait_s=STRICT_WAIT_S,
        tenant_ids=[row.tenant_id for row in rows],
        conversation_ids=[row.conversation_id for row in rows],
        message_ids=[row.message_id for row in rows],
    )
    if taken != len(rows):
        raise AssertionError("a message would have overtaken one that has not arrived")


def with_files(intent: Intent, files: dict[str, str]) -> Intent:
    """The same intent with uploaded files replaced by the provider's ids."""
    content = media.replace_ids(intent.row.detail.content, files)
    detail = replace(intent.row.detail, content=content)
    return replace(intent, row=replace(intent.row, detail=detail))
