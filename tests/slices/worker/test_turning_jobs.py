"""How a worker turns jobs: side by side, under leases that last as long as the work, given back at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.slices.world import Company, World

from recado.db.system import system
from recado.queue.jobs import Finish, Job, JobOutcome, claim_jobs, enqueue
from recado.worker.jobs import JobRunner
from recado.worker.loops import Worker
from recado.worker.ports import Handler, WorkerConfig, WorkerPorts


async def ask(world: World, company: Company, kind: str, n: int = 1) -> None:
    tenant_id = company.tenant.tenant_id
    async with system(world.db) as tx:
        await enqueue(tx, world.now, tenant_id, kind, {"n": n})


def done(world: World, kind: str) -> Callable[[], Any]:
    return lambda: world.value("select count(*) from job where kind = $1 and state = 'done'", kind)


class Slow:
    """A handler that does not end before `gate` is opened; counts how often it began."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.begun = 0
        self.stopped = 0

    async def __call__(self, job: Job) -> JobOutcome:
        self.begun += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return Finish()


async def quick(job: Job) -> JobOutcome:
    return Finish()


@asynccontextmanager
async def turning(
    ports: WorkerPorts, handlers: dict[str, Handler], *, lease_s: float = 120
) -> AsyncIterator[None]:
    runner = JobRunner(replace(ports, handlers=handlers), "jobs", sorted(handlers), lease_s=lease_s)
    task = asyncio.create_task(runner.run(asyncio.Event()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_one_slow_job_does_not_hold_the_others(
    world: World, aurora: Company, ports: WorkerPorts, eventually: Callable[..., Any]
) -> None:
    slow = Slow()
    await ask(world, aurora, "slow")
    await ask(world, aurora, "quick")
    async with turning(ports, {"slow": slow, "quick": quick}):
        await eventually(done(world, "quick"))
        await ask(world, aurora, "quick")
        await eventually(
            lambda: world.value("select count(*) = 2 from job where kind = 'quick' and state = 'done'")
        )
        assert slow.begun == 1
        slow.gate.set()
        await eventually(done(world, "slow"))


async def test_any_number_of_transfers_leaves_room_for_the_rest(
    world: World,
    aurora: Company,
    ports: WorkerPorts,
    config: WorkerConfig,
    eventually: Callable[..., Any],
) -> None:
    slow = Slow()
    for n in range(12):
        await ask(world, aurora, "transfer", n)
    parts = replace(ports, handlers={"transfer": slow, "quick": quick}, transfers=frozenset({"transfer"}))
    worker = Worker(parts, config)
    running = asyncio.create_task(worker.run())
    try:
        await eventually(lambda: slow.begun == 8)
        await ask(world, aurora, "quick")
        await eventually(done(world, "quick"))
        assert slow.begun == 8, "more at once than there are slots"
    finally:
        slow.gate.set()
        worker.stop()
        await asyncio.wait_for(running, 20)


async def test_a_job_that_takes_longer_than_its_lease_stays_its_workers(
    world: World, aurora: Company, ports: WorkerPorts, eventually: Callable[..., Any]
) -> None:
    slow = Slow()
    await ask(world, aurora, "slow")
    async with turning(ports, {"slow": slow}, lease_s=0.6):
        await eventually(lambda: slow.begun == 1)
        first = await world.value("select lease_until from job")
        later = first + timedelta(seconds=0.6)
        await eventually(lambda: world.value("select clock_timestamp() > $1", later))
        async with system(world.db) as tx:
            assert await claim_jobs(tx, world.now, 5, kinds=["slow"]) == []
        slow.gate.set()
        await eventually(done(world, "slow"))
    assert (slow.begun, await world.value("select tries from job")) == (1, 1)


async def test_a_worker_that_lost_its_lease_stops_working(
    world: World, aurora: Company, ports: WorkerPorts, eventually: Callable[..., Any]
) -> None:
    slow = Slow()
    await ask(world, aurora, "slow")
    async with turning(ports, {"slow": slow}, lease_s=0.3):
        await eventually(lambda: slow.begun == 1)
        await world.do(
            "update job set tries = tries + 1, lease_until = clock_timestamp() + interval '1 hour'"
        )
        await eventually(lambda: slow.stopped == 1)
    assert await world.value("select state from job") == "queued"


async def test_what_a_stopping_worker_cannot_finish_is_free_at_once(
    world: World, aurora: Company, ports: WorkerPorts, eventually: Callable[..., Any]
) -> None:
    slow = Slow()
    await ask(world, aurora, "slow")
    async with turning(ports, {"slow": slow}):
        await eventually(lambda: slow.begun == 1)
    async with system(world.db) as tx:
        (again,) = await claim_jobs(tx, world.now, 5, kinds=["slow"])
    assert again.tries == 2


async def test_kinds_a_worker_does_not_know_wait_for_one_that_does(
    world: World, aurora: Company, ports: WorkerPorts, eventually: Callable[..., Any]
) -> None:
    await ask(world, aurora, "of.tomorrow")
    await ask(world, aurora, "quick")
    async with turning(ports, {"quick": quick}):
        await eventually(done(world, "quick"))
    assert await world.value("select state from job where kind = 'of.tomorrow'") == "queued"
