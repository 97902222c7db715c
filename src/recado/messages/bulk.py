"""Many messages at once: first a plan, then a named job that begins after a moment in which it can be undone.

The plan is kept item by item. A worker takes up one message in one transaction, together with the mark that it is
done: whatever falls in between, no message is touched twice and none is forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never
from uuid import UUID

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Conflict, NotFound
from recado.kit.ids import MessageId, TenantId, uuid7
from recado.messages import listing, reading, resending
from recado.messages.accept import (
    BadReference,
    KeyDead,
    KeyReused,
    Replayed,
    Taken,
    WindowClosed,
    accept_many,
)
from recado.messages.bulk_model import (
    Action,
    BulkFacts,
    BulkItem,
    BulkItemId,
    BulkRefusal,
    BulkRow,
    BulkWork,
    NumberPace,
    Plan,
    Refused,
    Selection,
    judge,
    seconds_needed,
)
from recado.messages.listing import Wanted
from recado.queue import jobs
from recado.tenants.vault import TenantKeys

_Q = sql.load("recado.messages", "bulk.sql")
BULK_JOB: Final = "messages.bulk"
MOST: Final = 5_000
UNDO: Final = timedelta(seconds=10)
_PLAN_LIFE = timedelta(hours=1)
_KEPT_FOR = timedelta(days=30)
_PAGE = 500
# How far back a filter that matches next to nothing is followed: so many pages or empty looks.
_LOOKS = 40
_LISTED = 20


# --------------------------------------------------------------------------- planning


async def plan(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    selection: Selection,
    action: Action,
    *,
    keys: TenantKeys,
    actor: str,
) -> Plan:
    """Keeps what would happen to each message of the selection, up to MOST, and says it in figures."""
    await tx.execute(_Q["forget_plans"], tenant_id=tenant_id, before=now - _PLAN_LIFE)
    ids, more = await _selected(tx, now, tenant_id, selection, keys)
    facts = {one.id: one for one in await tx.many(_Q["facts"], BulkFacts, tenant_id=tenant_id, ids=ids)}
    verdicts = {one: judge(action, facts.get(MessageId(one)), now) for one in ids}
    allowed = [facts[MessageId(one)] for one, reason in verdicts.items() if reason is None]
    seconds = await _seconds(tx, tenant_id, allowed) if action is Action.RESEND else None
    job_id = uuid7(now)
    await tx.execute(
        _Q["open_job"],
        tenant_id=tenant_id,
        job_id=job_id,
        action=action.value,
        actor=actor,
        matched=len(ids),
        allowed=len(allowed),
        more=more,
        seconds=seconds,
        refused=len(ids) - len(allowed),
        now=now,
    )
    await tx.execute(
        _Q["add_items"],
        tenant_id=tenant_id,
        job_id=job_id,
        ids=list(verdicts),
        reasons=[None if reason is None else reason.value for reason in verdicts.values()],
    )
    counted = Counter(reason.value for reason in verdicts.values() if reason is not None)
    refused = [BulkRefusal(reason=reason, messages=count) for reason, count in counted.most_common()]
    return Plan(row=await get(tx, tenant_id, job_id), refused=refused)


async def forget_old(tx: Tx, now: datetime, most: int) -> int:
    """Jobs that ended long ago, of every company: the messages and the trail go on telling what happened.

    Plans nobody began go much sooner. Returns how many jobs are gone; needs the engine's scope.
    """
    return await tx.execute(
        _Q["forget_jobs"], before=now - _KEPT_FOR, plans_before=now - _PLAN_LIFE, most=most
    )


async def _selected(
    tx: Tx, now: datetime, tenant_id: TenantId, selection: Selection, keys: TenantKeys
) -> tuple[list[UUID], bool]:
    """Ids, and whether there is more than one job takes."""
    if selection.wanted is None:
        unique = list(dict.fromkeys(selection.ids))
        return unique[:MOST], len(unique) > MOST
    return await _matching(tx, now, tenant_id, selection.wanted, keys)


async def _matching(
    tx: Tx, now: datetime, tenant_id: TenantId, wanted: Wanted, keys: TenantKeys
) -> tuple[list[UUID], bool]:
    found: list[UUID] = []
    before = listing.LAST
    for _ in range(_LOOKS):
        most = min(_PAGE, MOST - len(found))
        page = await listing.page(tx, now, tenant_id, wanted, keys=keys, before=before, most=most)
        found += [row.id for row in page.rows]
        if page.older is None:
            return found, False
        if len(found) >= MOST:
            return found, True
        before = page.older
    return found, True


async def _seconds(tx: Tx, tenant_id: TenantId, allowed: Sequence[BulkFacts]) -> float:
    rows = await tx.many(_Q["paces"], NumberPace, tenant_id=tenant_id)
    return seconds_needed(allowed, {row.number_id: row.rate_per_s for row in rows})


# --------------------------------------------------------------------------- a job's life


async def begin(
    tx: Tx, now: datetime, tenant_id: TenantId, job_id: UUID, *, name: str, why: str | None, actor: str
) -> BulkRow:
    """Under the name of the incident; the first message is taken up UNDO later. Asked twice it begins once.

    Raises NotFound, Conflict when nothing would happen. Audited. Job: messages.bulk.
    """
    planned = await get(tx, tenant_id, job_id)
    if planned.state != "planned":
        return planned
    if planned.allowed == 0:
        raise Conflict("nothing_to_do", "none of these messages allows this")
    begins_at = now + UNDO
    row = await tx.one(
        _Q["begin"],
        BulkRow,
        tenant_id=tenant_id,
        job_id=job_id,
        name=name,
        why=why,
        actor=actor,
        begins_at=begins_at,
    )
    if row is None:
        return await get(tx, tenant_id, job_id)
    await jobs.enqueue(tx, now, tenant_id, BULK_JOB, {"job_id": job_id.hex}, due_at=begins_at)
    data = {"name": name, "action": row.action, "messages": row.allowed}
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="messages.bulk_started",
        target=str(job_id),
        why=why,
        data=data,
    )
    return row


async def cancel(tx: Tx, now: datetime, tenant_id: TenantId, job_id: UUID, *, actor: str) -> BulkRow:
    """Before it begins nothing happens; later the rest stays as it is. Raises NotFound, Conflict when it is over.
    Audited."""
    await get(tx, tenant_id, job_id)
    row = await tx.one(_Q["call_off"], BulkRow, tenant_id=tenant_id, job_id=job_id, now=now)
    if row is None:
        raise Conflict("bulk_job_over", "this job is over; there is nothing to stop")
    data = {"done": row.done}
    await audit.record(
        tx, now, tenant_id, actor=actor, action="messages.bulk_cancelled", target=str(job_id), data=data
    )
    return row


async def get(tx: Tx, tenant_id: TenantId, job_id: UUID) -> BulkRow:
    """Raises NotFound."""
    row = await tx.one(_Q["job"], BulkRow, tenant_id=tenant_id, job_id=job_id)
    if row is None:
        raise NotFound("bulk_job_not_found", "no such job")
    return row


async def recent(tx: Tx, tenant_id: TenantId) -> list[BulkRow]:
    """The last ones that were begun, newest first."""
    return await tx.many(_Q["jobs"], BulkRow, tenant_id=tenant_id, most=_LISTED)


async def refusals(tx: Tx, tenant_id: TenantId, job_id: UUID) -> list[BulkRefusal]:
    return await tx.many(_Q["refusals"], BulkRefusal, tenant_id=tenant_id, job_id=job_id)


async def items(tx: Tx, tenant_id: TenantId, job_id: UUID, state: str | None, most: int) -> list[BulkItem]:
    """Messages of the job and what became of each, newest first."""
    return await tx.many(_Q["items"], BulkItem, tenant_id=tenant_id, job_id=job_id, state=state, most=most)


# --------------------------------------------------------------------------- doing


async def waiting(tx: Tx, tenant_id: TenantId, job_id: UUID, most: int) -> list[MessageId]:
    rows = await tx.many(_Q["waiting"], BulkItemId, tenant_id=tenant_id, job_id=job_id, most=most)
    return [row.message_id for row in rows]


async def take_up(
    tx: Tx, now: datetime, tenant_id: TenantId, job_id: UUID, message_id: MessageId, *, fault: bool = False
) -> bool:
    """One message of a job, done or refused, and noted in the same transaction. False when the job was cancelled or
    is over. With `fault` nothing is tried any more: it is only written down that it cannot be done."""
    where = {"tenant_id": tenant_id, "job_id": job_id}
    work = await tx.one(_Q["take_job"], BulkWork, **where)
    if work is None or work.state not in ("waiting", "running"):
        return False
    if await tx.one(_Q["take_item"], BulkItemId, **where, message_id=message_id) is None:
        return True
    reason = Refused.FAULT if fault else await _act(tx, now, tenant_id, message_id, work)
    said = None if reason is None else reason.value
    await tx.execute(_Q["settle_item"], **where, message_id=message_id, reason=said)
    await tx.execute(_Q["count_item"], **where, reason=said)
    return True


async def finish(tx: Tx, now: datetime, tenant_id: TenantId, job_id: UUID) -> None:
    """Nothing waits any more."""
    await tx.execute(_Q["finish"], tenant_id=tenant_id, job_id=job_id, now=now)


async def _act(
    tx: Tx, now: datetime, tenant_id: TenantId, message_id: MessageId, work: BulkWork
) -> Refused | None:
    """The world has moved on since the plan: every message is judged again."""
    action = Action(work.action)
    facts = await tx.one(_Q["facts"], BulkFacts, tenant_id=tenant_id, ids=[message_id])
    if (reason := judge(action, facts, now)) is not None:
        return reason
    match action:
        case Action.RESEND:
            return await _resend(tx, now, tenant_id, message_id, work.actor)
        case Action.CANCEL:
            try:
                await reading.cancel(tx, now, tenant_id, message_id, actor=work.actor)
            except Conflict:
                return Refused.LEFT
        case Action.DISCARD:
            try:
                await listing.dismiss(tx, now, tenant_id, message_id, actor=work.actor, why=work.why or "")
            except Conflict:
                return Refused.NOTHING
        case _:
            assert_never(action)
    return None


async def _resend(
    tx: Tx, now: datetime, tenant_id: TenantId, message_id: MessageId, actor: str
) -> Refused | None:
    row = await reading.get(tx, tenant_id, message_id)
    request = resending.request_for(row, now)
    if isinstance(request, list):
        return Refused.CONTENT
    (verdict,) = await accept_many(tx, now, tenant_id, [request])
    match verdict:
        case Taken(id=new_id):
            await resending.settle_old(tx, now, tenant_id, row, new_id, actor=actor)
            return None
        case Replayed(answer=answer):
            # Somebody asked before and was cut off before the old one was settled.
            await resending.settle_old(tx, now, tenant_id, row, UUID(str(answer["id"])), actor=actor)
            return Refused.RESENT
        case KeyReused():
            return Refused.RESENT
        case WindowClosed():
            return Refused.WINDOW
        case BadReference():
            return Refused.CONTENT
        case KeyDead():
            raise AssertionError("a request without an API key")
        case _:
            assert_never(verdict)
