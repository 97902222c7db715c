"""Many messages taken up together: one transaction each, so that a person can stop it between any two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog

from recado.db.pool import RETRYABLE, UNAVAILABLE
from recado.kit.ids import MessageId, TenantId
from recado.messages import bulk
from recado.messages.bulk import BULK_JOB
from recado.queue.jobs import MAX_TRIES, Finish, Job, JobOutcome, enqueue
from recado.worker.ports import Handler, WorkerPorts

_log = structlog.get_logger("recado.worker")
_BITE = 200
_BREATH = timedelta(seconds=30)


class BulkJobs:
    def __init__(self, ports: Callable[[], WorkerPorts]) -> None:
        self._ports = ports

    def handlers(self) -> dict[str, Handler]:
        return {BULK_JOB: self.bulk}

    async def bulk(self, job: Job) -> JobOutcome:
        """May be repeated: every message remembers whether it was taken up."""
        ports = self._ports()
        job_id = UUID(hex=job.payload["job_id"])
        if job.tries >= MAX_TRIES:
            return await self._hand_over(job)
        while True:
            async with ports.engine() as tx:
                ids = await bulk.waiting(tx, job.tenant_id, job_id, _BITE)
                if not ids:
                    await bulk.finish(tx, ports.clock.now(), job.tenant_id, job_id)
                    return Finish()
            for message_id in ids:
                if not await self._one(job.tenant_id, job_id, message_id):
                    return Finish()

    async def _hand_over(self, job: Job) -> JobOutcome:
        """However often the database went away meanwhile: what a person began is not buried half done."""
        ports = self._ports()
        now = ports.clock.now()
        async with ports.engine() as tx:
            await enqueue(tx, now, job.tenant_id, BULK_JOB, job.payload, due_at=now + _BREATH)
        return Finish()

    async def _one(self, tenant_id: TenantId, job_id: UUID, message_id: MessageId) -> bool:
        """Losing a lock is no fault of the message; anything else is written down and the others go on."""
        ports = self._ports()
        try:
            async with ports.engine() as tx:
                goes_on = await bulk.take_up(tx, ports.clock.now(), tenant_id, job_id, message_id)
        except (*RETRYABLE, *UNAVAILABLE):
            raise
        except Exception as error:
            _log.error("bulk.fault", message_id=str(message_id), error=type(error).__name__)
            async with ports.engine() as tx:
                now = ports.clock.now()
                goes_on = await bulk.take_up(tx, now, tenant_id, job_id, message_id, fault=True)
        ports.changed((tenant_id,))
        return goes_on
