"""A worker that only turns bulk jobs, as a process of its own: `python -m tests.slices.messages.bulk_worker DSN JOB`.

Started with RECADO_FAILPOINTS it dies in the middle, like a worker that is killed.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from recado.db.pool import Database
from recado.db.system import system
from recado.kit.clock import SystemClock
from recado.kit.ids import TenantId
from recado.messages.bulk import BULK_JOB
from recado.queue.jobs import Finish, Job
from recado.worker.bulk_jobs import BulkJobs
from recado.worker.ports import WorkerPorts


@dataclass(frozen=True, slots=True)
class Ports:
    """The three parts of WorkerPorts that a bulk job uses."""

    engine: Any
    clock: Any
    changed: Any


def ports_on(db: Database, clock: Any) -> WorkerPorts:
    return cast(WorkerPorts, Ports(engine=lambda: system(db), clock=clock, changed=lambda _tenants: None))


async def turn(ports: WorkerPorts, tenant_id: TenantId, job_id: UUID, *, tries: int = 1) -> None:
    job = Job(tenant_id=tenant_id, job_id=None, kind=BULK_JOB, payload={"job_id": job_id.hex}, tries=tries)
    assert await BulkJobs(lambda: ports).bulk(job) == Finish()


async def main(dsn: str, tenant_id: str, job_id: str) -> None:
    db = Database(dsn, app_size=1, engine_size=2)
    await db.open()
    try:
        await turn(ports_on(db, SystemClock()), TenantId(UUID(tenant_id)), UUID(job_id))
    finally:
        await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
