"""Turning jobs: a bounded number at a time, each under a lease that is renewed for as long as it works.

Long transfers have a runner of their own, so that eight slow downloads are never in the way of anything else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta

import structlog

from recado.db.pool import UNAVAILABLE
from recado.kit.failpoints import reached
from recado.queue.jobs import (
    LEASE_S,
    MAX_TRIES,
    Bury,
    Finish,
    Job,
    JobOutcome,
    Retry,
    claim_jobs,
    renew_lease,
    settle,
)
from recado.worker.ports import WorkerPorts

_log = structlog.get_logger("recado.worker")
_IDLE_S = 0.2


class JobRunner:
    """Works on jobs of `kinds`, at most `most` at once. Durations in seconds."""

    def __init__(
        self, ports: WorkerPorts, name: str, kinds: Sequence[str], *, most: int = 8, lease_s: float = LEASE_S
    ) -> None:
        self.name = name
        self._ports = ports
        self._kinds = sorted(kinds)
        self._most = most
        self._lease_s = lease_s
        self._running: dict[asyncio.Task[None], Job] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then waits for what it has begun. When cancelled it gives back what is unfinished."""
        try:
            while not stop.is_set():
                await self._turn(stop)
            if self._running:
                await asyncio.wait(self._running)
        except asyncio.CancelledError:
            await self._give_back()
            raise

    async def _turn(self, stop: asyncio.Event) -> None:
        jobs: list[Job] = []
        if (free := self._most - len(self._running)) > 0 and self._kinds:
            async with self._ports.engine() as tx:
                jobs = await claim_jobs(
                    tx, self._ports.clock.now(), free, kinds=self._kinds, lease_s=self._lease_s
                )
        self._ports.meter.beat(self.name)
        if jobs:
            reached("job.claimed")
        for job in jobs:
            task = asyncio.create_task(self._one(job))
            self._running[task] = job
            task.add_done_callback(self._running.pop)
        if len(jobs) < free or free <= 0:
            await self._pause(stop)

    async def _pause(self, stop: asyncio.Event) -> None:
        """Until there is room again, or for the moment in which new jobs come."""
        if len(self._running) >= self._most:
            await asyncio.wait(self._running, timeout=_IDLE_S, return_when=asyncio.FIRST_COMPLETED)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _IDLE_S)

    async def _give_back(self) -> None:
        """A stopping worker's unfinished jobs are free at once, not when their leases end."""
        unfinished = dict(self._running)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        for task, job in unfinished.items():
            if task.cancelled():
                with contextlib.suppress(*UNAVAILABLE):
                    await self._settle(job, Retry(after=timedelta(0), error="the worker stopped"))

    # ------------------------------------------------------------------ one job

    async def _one(self, job: Job) -> None:
        try:
            outcome = await self._leased(job)
            if outcome is None:
                _log.warning("job.lease_lost", kind=job.kind, job_id=str(job.job_id))
                return
            reached("job.handled")
            if isinstance(outcome, Retry) and job.tries >= MAX_TRIES:
                outcome = Bury(error=f"gave up after {job.tries} tries: {outcome.error}")
            await self._settle(job, outcome)
            reached("job.after_commit")
        except UNAVAILABLE as error:
            # The lease ends and somebody does it again: handlers may be repeated.
            _log.warning("job.not_settled", kind=job.kind, error=type(error).__name__)
            return
        if not isinstance(outcome, Finish):
            _log.warning(
                "job.unfinished", kind=job.kind, job_id=str(job.job_id), outcome=type(outcome).__name__
            )

    async def _settle(self, job: Job, outcome: JobOutcome) -> None:
        async with self._ports.engine() as tx:
            await settle(tx, self._ports.clock.now(), job, outcome)
            reached("job.before_commit")

    async def _leased(self, job: Job) -> JobOutcome | None:
        """What the handler decided; None when another worker has the job by now, then ours was stopped."""
        work = asyncio.create_task(self._handle(job))
        keeping = asyncio.create_task(self._keep(job))
        try:
            await asyncio.wait({work, keeping}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else None
        finally:
            for task in (work, keeping):
                task.cancel()
            await asyncio.gather(work, keeping, return_exceptions=True)

    async def _keep(self, job: Job) -> None:
        """Renews the lease until it is lost. A database that is away for a moment is no reason to stop."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            with contextlib.suppress(*UNAVAILABLE):
                async with self._ports.engine() as tx:
                    if not await renew_lease(tx, job, self._lease_s):
                        return

    async def _handle(self, job: Job) -> JobOutcome:
        try:
            return await self._ports.handlers[job.kind](job)
        except Exception as error:
            _log.error("job.failed", kind=job.kind, job_id=str(job.job_id), error=type(error).__name__)
            wait = timedelta(seconds=min(2.0**job.tries, 300))
            return Retry(after=wait, error=type(error).__name__)
