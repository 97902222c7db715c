"""Recording what became of an attempt. Facts about attempts are monotone and never refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, assert_never

from recado.conversations import service as conversations
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.failpoints import reached
from recado.kit.ids import MessageId, TenantId
from recado.kit.phone import digits
from recado.kit.reasons import Reason
from recado.messages import template_holds
from recado.messages.claim import Intent
from recado.messages.doubt import note_duplicates
from recado.messages.pace import SLOW_FOR, pair_backoff, retry_backoff
from recado.numbers import service as numbers
from recado.providers.contract import (
    Accepted,
    Blame,
    Exchange,
    Later,
    Rejected,
    Scope,
    SendOutcome,
    Unknown,
)

_Q = sql.load("recado.messages", "record.sql")
_D = sql.load("recado.messages")
# While a token or an account is broken the lane is tried with one message this often.
PROBE_EVERY = timedelta(minutes=5)
# A stopped template's message is tried this often when the provider's list says one thing and its answers another,
# each time after that much more patience.
_TEMPLATE_TRIES = 3
_TEMPLATE_PATIENCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """One attempt with its outcome. `wamid_hash` is keyed by the tenant; `jitter` lies in 0..1."""

    intent: Intent
    outcome: SendOutcome
    wamid_hash: bytes | None
    jitter: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    tenant_id: TenantId
    message_id: MessageId
    token: Any


@dataclass(slots=True)
class _Exchange:
    status: int | None = None
    elapsed_ms: int | None = None
    answer: bytes | None = field(default=None, repr=False)


def _facts(exchange: Exchange | None) -> _Exchange:
    if exchange is None:
        return _Exchange()
    return _Exchange(exchange.http_status, int(exchange.elapsed_s * 1000), exchange.answer or None)


async def record(tx: Tx, now: datetime, batch: Sequence[Finished]) -> None:
    """Writes a batch of outcomes. Events: provider.accepted, provider.rejected, provider.later,
    provider.in_doubt, message.skipped. Safe to repeat after an error on COMMIT."""
    reached("record.begin")
    await _lock(tx, batch)
    taken = [one for one in batch if isinstance(one.outcome, Accepted)]
    if taken:
        await _record_accepted(tx, now, taken)
        reached("record.accepted_written")
    for one in batch:
        match one.outcome:
            case Accepted():
                continue
            case Rejected() as outcome:
                await _record_rejected(tx, now, one, outcome)
            case Later() as outcome:
                await _record_later(tx, now, one, outcome)
            case Unknown() as outcome:
                await _record_unknown(tx, now, one, outcome)
            case _:
                assert_never(one.outcome)
    reached("record.before_commit")


async def _lock(tx: Tx, batch: Sequence[Finished]) -> None:
    """The messages first, as the projector does: an echo may come while its answer is being written."""
    dues = [one.intent.row.due for one in batch]
    await tx.execute(
        _Q["lock_messages"],
        tenant_ids=[due.tenant_id for due in dues],
        message_ids=[due.message_id for due in dues],
    )


async def _record_accepted(tx: Tx, now: datetime, taken: Sequence[Finished]) -> None:
    ordered = sorted(taken, key=lambda one: (one.intent.row.due.tenant_id, one.intent.row.due.message_id))
    rows = [one.intent.row for one in ordered]
    outcomes = [one.outcome for one in ordered if isinstance(one.outcome, Accepted)]
    await tx.execute(
        _Q["accepted"],
        now=now,
        tenant_ids=[row.due.tenant_id for row in rows],
        message_ids=[row.due.message_id for row in rows],
        number_ids=[row.due.number_id for row in rows],
        tokens=[one.intent.token for one in ordered],
        wamids=[outcome.wamid for outcome in outcomes],
        hashes=[one.wamid_hash for one in ordered],
        notes=[_note(outcome.message_status) for outcome in outcomes],
        elapsed=[int(outcome.exchange.elapsed_s * 1000) for outcome in outcomes],
    )
    if any(row.detail.pair_tries for row in rows):
        await tx.execute(
            _Q["pairs_recovered"],
            tenant_ids=[row.due.tenant_id for row in rows],
            conversation_ids=[row.due.conversation_id for row in rows],
        )
    lanes = sorted({row.lane for row in rows})
    await tx.execute(
        _Q["lanes_recovered"],
        tenant_ids=[lane[0] for lane in lanes],
        number_ids=[lane[1] for lane in lanes],
        tokens=[one.intent.token for one in ordered],
    )
    # Every message, first tries included: the late word of a frozen worker is about attempt 1.
    by_tenant: dict[TenantId, list[MessageId]] = {}
    for row in rows:
        by_tenant.setdefault(row.due.tenant_id, []).append(row.due.message_id)
    for tenant_id, message_ids in by_tenant.items():
        await note_duplicates(tx, now, tenant_id, message_ids)
    for row, outcome in zip(rows, outcomes, strict=True):
        sent_to = digits(row.detail.recipient or "")
        if outcome.wa_id and outcome.wa_id.isdigit() and outcome.wa_id != sent_to:
            await conversations.add_alias(tx, now, row.due.tenant_id, row.detail.contact_id, outcome.wa_id)


def _note(status: str | None) -> str | None:
    """`accepted` is the rule and not worth a word; a held or paused template is."""
    return None if status in {None, "accepted"} else status


async def _close(
    tx: Tx,
    one: Finished,
    state: str,
    reason: Reason,
    detail: str,
    code: int | None,
    exchange: Exchange | None,
    *,
    soft: bool = False,
    no_id: bool = False,
) -> bool:
    """False when this was told before, or the attempt is settled: then nothing else may change either."""
    facts = _facts(exchange)
    touched = await tx.execute(
        _Q["close_attempt"],
        tenant_id=one.intent.row.due.tenant_id,
        token=one.intent.token,
        state=state,
        reason=reason.value,
        code=code,
        detail=detail[:1000],
        http_status=facts.status,
        elapsed_ms=facts.elapsed_ms,
        answer=facts.answer,
        soft=soft,
        no_id=no_id,
    )
    return touched > 0


async def _event(
    tx: Tx, now: datetime, one: Finished, kind: str, reason: Reason, code: int | None, **more: Any
) -> None:
    due = one.intent.row.due
    await tx.execute(
        _D["append_event"],
        tenant_id=due.tenant_id,
        message_id=due.message_id,
        conversation_id=due.conversation_id,
        kind=kind,
        at=now,
        key=None,
        ledger_id=None,
        data={"reason": reason.value, "code": code, "attempt": one.intent.n} | more,
    )


async def _record_rejected(tx: Tx, now: datetime, one: Finished, outcome: Rejected) -> None:
    due = one.intent.row.due
    detail, code = outcome.detail, outcome.code
    if not await _close(tx, one, "rejected", outcome.reason, detail, code, outcome.exchange):
        return
    await _event(tx, now, one, "provider.rejected", outcome.reason, outcome.code)
    if outcome.blame in {Blame.NUMBER, Blame.TOKEN}:
        # Not this message's fault: it stays queued and the whole number waits.
        await tx.execute(
            _Q["requeue"],
            tenant_id=due.tenant_id,
            message_id=due.message_id,
            token=one.intent.token,
            due_at=now,
        )
        await _pause_number(tx, now, one, outcome)
        return
    if outcome.reason in template_holds.HOLDING and due.tries < _TEMPLATE_TRIES:
        await _hold_for_template(tx, now, one, outcome)
        return
    await tx.execute(
        _Q["drop_outbox"],
        tenant_id=due.tenant_id,
        message_id=due.message_id,
        token=one.intent.token,
    )
    await _set_message(
        tx,
        now,
        one,
        "skipped" if outcome.skip else "rejected",
        outcome.reason,
        outcome.code,
        outcome.detail,
    )


async def _hold_for_template(tx: Tx, now: datetime, one: Finished, outcome: Rejected) -> None:
    """It may be let go again while the message still makes sense: comparing with the provider decides."""
    due = one.intent.row.due
    await tx.execute(
        _Q["hold_for_template"],
        tenant_id=due.tenant_id,
        message_id=due.message_id,
        token=one.intent.token,
        reason=outcome.reason.value,
        now=now,
    )
    later = now + _TEMPLATE_PATIENCE * due.tries
    await template_holds.ask(tx, now, due.tenant_id, due.number_id, later)


async def _pause_number(tx: Tx, now: datetime, one: Finished, outcome: Rejected) -> None:
    """Not for a token that was renewed while this was on the wire: the new one would wait for nothing."""
    due = one.intent.row.due
    if outcome.blame is Blame.TOKEN and await numbers.renewed_since(
        tx, due.tenant_id, due.number_id, one.intent.token
    ):
        return
    await numbers.pause_lane(
        tx,
        now,
        due.tenant_id,
        due.number_id,
        reason=outcome.reason,
        detail=outcome.detail,
        until=now + PROBE_EVERY,
    )


async def _set_message(
    tx: Tx, now: datetime, one: Finished, state: str, reason: Reason, code: int | None, detail: str
) -> None:
    due = one.intent.row.due
    await tx.execute(
        _Q["set_message"],
        tenant_id=due.tenant_id,
        message_id=due.message_id,
        state=state,
        reason=reason.value,
        code=code,
        detail=detail[:1000],
        now=now,
        attention=state == "rejected",
    )


async def _record_later(tx: Tx, now: datetime, one: Finished, outcome: Later) -> None:
    due = one.intent.row.due
    answered = outcome.exchange is not None and outcome.exchange.http_status is not None
    state = "rejected" if answered else "not_sent"
    if not await _close(tx, one, state, outcome.reason, outcome.detail, outcome.code, outcome.exchange):
        return
    wait = _wait(one, outcome)
    if outcome.scope is Scope.PAIR:
        await tx.execute(
            _Q["block_pair"],
            tenant_id=due.tenant_id,
            conversation_id=due.conversation_id,
            until=now + wait,
        )
    elif outcome.scope is Scope.NUMBER:
        if outcome.slow_down:
            until = now + max(SLOW_FOR, wait)
            await numbers.slow_lane(tx, now, due.tenant_id, due.number_id, until=until)
        if outcome.retry_after_s:
            await numbers.pause_lane(
                tx,
                now,
                due.tenant_id,
                due.number_id,
                reason=outcome.reason,
                detail=outcome.detail,
                until=now + wait,
            )
    await tx.execute(
        _Q["requeue"],
        tenant_id=due.tenant_id,
        message_id=due.message_id,
        token=one.intent.token,
        due_at=now + wait,
    )
    await _event(
        tx,
        now,
        one,
        "provider.later",
        outcome.reason,
        outcome.code,
        retry_in_s=round(wait.total_seconds(), 1),
    )


def _wait(one: Finished, outcome: Later) -> timedelta:
    if outcome.retry_after_s:
        return timedelta(seconds=min(outcome.retry_after_s, 3600.0))
    if outcome.scope is Scope.PAIR:
        return pair_backoff(one.intent.row.detail.pair_tries + 1)
    return retry_backoff(one.intent.row.due.tries, one.jitter)


async def _record_unknown(tx: Tx, now: datetime, one: Finished, outcome: Unknown) -> None:
    due = one.intent.row.due
    await _close(
        tx,
        one,
        "in_doubt",
        outcome.reason,
        outcome.detail,
        None,
        outcome.exchange,
        soft=outcome.soft,
        no_id=outcome.no_id,
    )
    kept = await tx.execute(
        _Q["keep_in_doubt"],
        tenant_id=due.tenant_id,
        message_id=due.message_id,
        token=one.intent.token,
    )
    if kept:
        await _set_message(tx, now, one, "in_doubt", outcome.reason, None, outcome.detail)
        await _event(tx, now, one, "provider.in_doubt", outcome.reason, None)


async def rescue(tx: Tx, now: datetime, *, lease_s: float = 30.0) -> int:
    """Intents whose worker vanished become `in_doubt`; never silently sent again. Returns how many.

    The lease is judged by the database clock. Event: provider.in_doubt.
    """
    reached("rescue.begin")
    rows = await tx.many(_Q["overdue"], Overdue)
    if rows:
        reached("rescue.marked")
        await tx.execute(
            _Q["doubt_overdue"],
            now=now,
            reason=Reason.IN_DOUBT_NO_ANSWER.value,
            tenant_ids=[row.tenant_id for row in rows],
            message_ids=[row.message_id for row in rows],
            tokens=[row.token for row in rows],
        )
    await tx.execute(_Q["orphan_intents"], reason=Reason.IN_DOUBT_NO_ANSWER.value, older_s=2 * lease_s)
    reached("rescue.before_commit")
    return len(rows)
