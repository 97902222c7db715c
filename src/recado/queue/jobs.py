"""Jobs: enqueue in the transaction of the fact, claim with a lease, finish, retry or bury."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId, uuid7

_Q = sql.load("recado.queue")
LEASE_S = 120.0
# A job that asks for another try after this one is buried.
MAX_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    tenant_id: TenantId
    job_id: Any
    kind: str
    payload: dict[str, Any] = field(repr=False)
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """Done, or nothing left to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try again after `after`; `error` names what went wrong, without personal data."""

    after: timedelta
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bury:
    """Give up, keep it visible."""

    error: str


JobOutcome = Finish | Retry | Bury


async def enqueue(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    kind: str,
    payload: dict[str, Any],
    *,
    dedupe: str | None = None,
    due_at: datetime | None = None,
    again: bool = False,
) -> None:
    """At most one job for each (tenant, kind, dedupe): one ever, or with `again` one at a time, so that a job
    that ended, well or badly, may be asked for anew."""
    await tx.execute(
        _Q["enqueue_again" if again else "enqueue"],
        tenant_id=tenant_id,
        job_id=uuid7(now),
        kind=kind,
        payload=payload,
        dedupe=dedupe,
        due_at=due_at or now,
        now=now,
    )


async def claim_jobs(
    tx: Tx, now: datetime, most: int, *, kinds: Collection[str], lease_s: float = LEASE_S
) -> list[Job]:
    """Only kinds the caller can handle: a worker of an older version leaves the others alone."""
    return await tx.many(_Q["claim_jobs"], Job, now=now, most=most, kinds=list(kinds), lease_s=lease_s)


async def renew_lease(tx: Tx, job: Job, lease_s: float) -> bool:
    """False when the job is somebody else's by now, or settled."""
    touched = await tx.execute(
        _Q["renew_lease"], tenant_id=job.tenant_id, job_id=job.job_id, tries=job.tries, lease_s=lease_s
    )
    return touched > 0


async def settle(tx: Tx, now: datetime, job: Job, outcome: JobOutcome) -> None:
    """Writes what the handler decided."""
    match outcome:
        case Finish():
            await tx.execute(_Q["finish_job"], tenant_id=job.tenant_id, job_id=job.job_id, now=now)
        case Retry(after=after, error=error):
            await tx.execute(
                _Q["retry_job"],
                tenant_id=job.tenant_id,
                job_id=job.job_id,
                tries=job.tries,
                due_at=now + after,
                error=error[:500],
            )
        case Bury(error=error):
            await tx.execute(
                _Q["bury_job"],
                tenant_id=job.tenant_id,
                job_id=job.job_id,
                tries=job.tries,
                error=error[:500],
                now=now,
            )
