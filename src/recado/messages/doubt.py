"""The doubt resolver: applies the rule, keeps the proof, asks people, notices duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar, assert_never
from uuid import UUID

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Conflict, Invalid
from recado.kit.failpoints import reached
from recado.kit.ids import ConversationId, MessageId, NumberId, TenantId
from recado.messages.content import MessageClass
from recado.messages.doubt_rules import (
    AskPerson,
    DoubtCase,
    DoubtRules,
    ExpireInDoubt,
    KeepWaiting,
    PresumeLost,
    judge_doubt,
)

_Q = sql.load("recado.messages", "doubt.sql")
_D = sql.load("recado.messages")
Candidate = TypeVar("Candidate")
PASS = 200


class Decision(StrEnum):
    """What a person may say about a message nobody can explain."""

    RESEND = "resend"
    ABANDON = "abandon"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    tenant_id: TenantId
    message_id: MessageId
    number_id: NumberId
    conversation_id: ConversationId
    message_class: str
    expires_at: datetime | None
    token: UUID
    n: int
    started_at: datetime
    doubt_at: datetime
    waited_from: datetime | None
    probed_at: datetime | None
    soft: bool
    no_id: bool
    created_at: datetime
    recipient: str | None = field(repr=False)
    proof_token: UUID | None
    proof_echo_at: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoDelay:
    p999_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredDecision:
    tenant_id: TenantId
    message_id: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    state: int
    token: UUID
    expires_at: datetime | None
    conversation_id: ConversationId
    n: int
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedTries:
    message_id: MessageId
    tries: int


@dataclass(slots=True, kw_only=True)
class PassResult:
    """How many went which way in one pass."""

    looked: int = 0
    resent: int = 0
    asked: int = 0
    expired: int = 0
    waiting: int = 0
    to_probe: list[Doubt] = field(default_factory=list)


async def resolve(
    tx: Tx,
    rules: DoubtRules,
    trusted_since: datetime | None,
    *,
    most: int = PASS,
    again_s: float = 0.0,
    probing: bool = False,
) -> PassResult:
    """One pass over what is in doubt and was not looked at for `again_s`, longest first, judged by the database clock.
    With `looked` = `most` there is more.

    With `probing`, what a person would be asked about is first returned in `to_probe`, once.
    Events: attempt.presumed_lost, message.needs_decision, message.expired_in_doubt.
    """
    reached("resolve.begin")
    done = PassResult()
    delays: dict[NumberId, float] = {}
    rows = await tx.many(_Q["doubtful"], Doubt, proof_s=rules.proof_s, most=most, again_s=again_s)
    done.looked = len(rows)
    for row in rows:
        if row.number_id not in delays:
            delay = await tx.one(
                _Q["echo_delay"], EchoDelay, tenant_id=row.tenant_id, number_id=row.number_id
            )
            delays[row.number_id] = delay.p999_s if delay else 0.0
        case = _case(row, trusted_since, delays[row.number_id])
        await _apply(tx, rules, row, case, done, probing=probing)
        reached("resolve.judged")
    done.expired += await _expire_decisions(tx)
    reached("resolve.before_commit")
    return done


def _case(row: Doubt, trusted_since: datetime | None, p999_s: float) -> DoubtCase:
    return DoubtCase(
        message_class=MessageClass(row.message_class),
        started_at=row.started_at,
        doubt_at=row.doubt_at,
        waited_from=row.waited_from,
        created_at=row.created_at,
        expires_at=row.expires_at,
        soft=row.soft,
        no_id=row.no_id,
        echoes_proven=row.proof_token is not None,
        trusted_since=trusted_since,
        echo_p999_s=p999_s,
    )


async def _apply(
    tx: Tx, rules: DoubtRules, row: Doubt, case: DoubtCase, done: PassResult, *, probing: bool
) -> None:
    verdict = judge_doubt(case, rules, row.now)
    match verdict:
        case KeepWaiting():
            done.waiting += 1
        case PresumeLost():
            await _resend(tx, row, _proof(row, case, rules))
            done.resent += 1
        case AskPerson() if probing and row.probed_at is None:
            # One more witness before a person is troubled: the provider's own memory.
            done.to_probe.append(row)
        case AskPerson(why=why):
            await tx.execute(_Q["ask_person"], tenant_id=row.tenant_id, message_id=row.message_id, why=why)
            await _event(tx, row, "message.needs_decision", {"reason": "needs_decision", "why": why})
            done.asked += 1
        case ExpireInDoubt():
            await _expire(tx, row.tenant_id, row.message_id, row.now)
            done.expired += 1
        case _:
            assert_never(verdict)


def _proof(row: Doubt, case: DoubtCase, rules: DoubtRules) -> dict[str, Any]:
    """Everything the rule looked at, so that anybody can check it later."""
    return {
        "rule": "soft" if row.soft else "window",
        "judged_at": row.now.isoformat(),
        "started_at": row.started_at.isoformat(),
        "doubt_at": row.doubt_at.isoformat(),
        "window_s": rules.window(case.echo_p999_s),
        "trusted_since": case.trusted_since.isoformat() if case.trusted_since else None,
        "cooldown_s": rules.cooldown_s,
        "before_s": rules.before_s,
        "watermark_attempt": str(row.proof_token),
        "watermark_echo_at": row.proof_echo_at.isoformat() if row.proof_echo_at else None,
        "class": row.message_class,
    }


async def _resend(tx: Tx, row: Doubt, proof: dict[str, Any]) -> None:
    await tx.execute(
        _Q["presume_lost"], tenant_id=row.tenant_id, token=row.token, proof=proof, due_at=row.now
    )
    await _event(
        tx, row, "attempt.presumed_lost", {"reason": "presumed_lost", "attempt": row.n, "proof": proof}
    )


async def _event(tx: Tx, row: Doubt, kind: str, data: dict[str, Any]) -> None:
    await tx.execute(
        _D["append_event"],
        tenant_id=row.tenant_id,
        message_id=row.message_id,
        conversation_id=row.conversation_id,
        kind=kind,
        at=row.now,
        key=None,
        ledger_id=None,
        data=data,
    )


async def _expire(tx: Tx, tenant_id: TenantId, message_id: MessageId, now: datetime) -> None:
    await tx.execute(_Q["expire_in_doubt"], tenant_id=tenant_id, message_id=message_id, now=now)
    await tx.execute(
        _D["append_event"],
        tenant_id=tenant_id,
        message_id=message_id,
        conversation_id=None,
        kind="message.expired_in_doubt",
        at=now,
        key=None,
        ledger_id=None,
        data={"reason": "expired_in_doubt"},
    )


async def _expire_decisions(tx: Tx) -> int:
    rows = await tx.many(_Q["expired_decisions"], ExpiredDecision)
    for row in rows:
        now = await tx.value(_Q["clock"])
        await _expire(tx, row.tenant_id, row.message_id, now)
    return len(rows)


async def decide(
    tx: Tx, now: datetime, tenant_id: TenantId, message_id: MessageId, decision: str, *, actor: str
) -> None:
    """A person's word about a message in doubt. Raises Invalid for an unknown word, Conflict when the
    message is not in doubt (any more) or its time is over; then nothing changed. Audited."""
    if decision not in set(Decision):
        allowed = ", ".join(each.value for each in Decision)
        message = f"decision: one of {allowed}"
        violation = {
            "field": "decision",
            "rule": "not_allowed",
            "limit": allowed,
            "length": None,
            "message": message,
        }
        raise Invalid("invalid_decision", message, violations=[violation])
    row = await tx.one(_Q["undecided"], Undecided, tenant_id=tenant_id, message_id=message_id)
    if row is None:
        raise Conflict("not_in_doubt", "this message is not in doubt, so there is nothing to decide")
    if decision == Decision.RESEND and row.expires_at is not None and row.expires_at <= now:
        raise Conflict("expired", "the time of this message is over; it cannot be sent again")
    await _carry_out(tx, now, tenant_id, message_id, row, Decision(decision), actor)
    await tx.execute(
        _D["append_event"],
        tenant_id=tenant_id,
        message_id=message_id,
        conversation_id=row.conversation_id,
        kind=f"decision.{decision}",
        at=now,
        key=None,
        ledger_id=None,
        data={"by": actor, "attempt": row.n},
    )
    await audit.record(tx, now, tenant_id, actor=actor, action=f"message.{decision}", target=str(message_id))


async def _carry_out(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    message_id: MessageId,
    row: Undecided,
    decision: Decision,
    actor: str,
) -> None:
    match decision:
        case Decision.RESEND:
            proof = {"rule": "decision", "by": actor, "judged_at": now.isoformat()}
            await tx.execute(
                _Q["presume_lost"], tenant_id=tenant_id, token=row.token, proof=proof, due_at=now
            )
        case Decision.ABANDON:
            await tx.execute(_Q["abandon"], tenant_id=tenant_id, message_id=message_id)
        case Decision.WAIT:
            await tx.execute(_Q["wait_more"], tenant_id=tenant_id, message_id=message_id)
        case _:
            assert_never(decision)


async def note_duplicates(
    tx: Tx, now: datetime, tenant_id: TenantId, message_ids: Sequence[MessageId]
) -> int:
    """Two tries of one message were both accepted: an incident, shown to people, never hidden."""
    rows = await tx.many(_Q["accepted_tries"], AcceptedTries, tenant_id=tenant_id, ids=list(message_ids))
    for row in rows:
        opened = await tx.value(
            _Q["open_incident"],
            tenant_id=tenant_id,
            kind="duplicate_detected",
            message_id=row.message_id,
            now=now,
            data={"tries": row.tries},
        )
        if opened is None:
            continue
        await tx.execute(
            _D["append_event"],
            tenant_id=tenant_id,
            message_id=row.message_id,
            conversation_id=None,
            kind="incident.duplicate_detected",
            at=now,
            key=None,
            ledger_id=None,
            data={"reason": "duplicate_detected", "tries": row.tries},
        )
    return len(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class WamidKnown:
    id: MessageId


async def mark_probed(tx: Tx, doubt: Doubt) -> None:
    """The provider's memory was asked about this attempt; it is not asked again."""
    await tx.execute(_Q["mark_probed"], tenant_id=doubt.tenant_id, token=doubt.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    rivals: int


async def has_rivals(tx: Tx, doubt: Doubt) -> bool:
    """Whether another undecided try went to the same person: then the provider's memory proves nothing."""
    row = await tx.one(
        _Q["rivals"],
        Rivals,
        tenant_id=doubt.tenant_id,
        number_id=doubt.number_id,
        token=doubt.token,
        recipient=doubt.recipient,
    )
    return row is not None and row.rivals > 0


async def unknown_wamids(tx: Tx, doubt: Doubt, candidates: dict[bytes, Candidate]) -> dict[bytes, Candidate]:
    """Those candidates (by wamid hash) that belong to no message we know."""
    fresh = dict(candidates)
    for wamid_hash in candidates:
        row = await tx.one(_Q["wamid_known"], WamidKnown, tenant_id=doubt.tenant_id, hashes=[wamid_hash])
        if row is not None:
            del fresh[wamid_hash]
    return fresh
