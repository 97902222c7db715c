"""Dead letters taken up together: bite by bite, so that a person can stop it and the projector keeps up."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from recado.inbound.letters import BATCH_JOB, run_bite
from recado.queue.jobs import Finish, Job, JobOutcome
from recado.worker.ports import Handler, WorkerPorts


class LetterJobs:
    def __init__(self, ports: Callable[[], WorkerPorts]) -> None:
        self._ports = ports

    def handlers(self) -> dict[str, Handler]:
        return {BATCH_JOB: self.batch}

    async def batch(self, job: Job) -> JobOutcome:
        """May be repeated: the batch remembers how far it came."""
        ports = self._ports()
        batch_id = UUID(hex=job.payload["batch_id"])
        while True:
            async with ports.engine() as tx:
                if not await run_bite(tx, ports.clock.now(), job.tenant_id, batch_id):
                    return Finish()
