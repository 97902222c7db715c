"""Durable jobs: one at a time, again after a crash, buried in sight."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.slices.world import Company, World

from recado.db.system import system
from recado.queue.jobs import Bury, Finish, Job, Retry, claim_jobs, enqueue, settle


async def ask(world: World, company: Company, *, dedupe: str | None = None, later_s: float = 0) -> None:
    tenant_id = company.tenant.tenant_id
    async with world.db.tenant(tenant_id) as tx:
        await enqueue(
            tx,
            world.now,
            tenant_id,
            "test.work",
            {"n": 1},
            dedupe=dedupe,
            due_at=world.now + timedelta(seconds=later_s),
        )


async def take(world: World, most: int = 10) -> list[Job]:
    async with system(world.db) as tx:
        return await claim_jobs(tx, world.now, most, kinds=["test.work"])


async def finish(world: World, job: Job, outcome: Finish | Retry | Bury) -> None:
    async with system(world.db) as tx:
        await settle(tx, world.now, job, outcome)


async def test_a_job_is_done_once(world: World, aurora: Company) -> None:
    await ask(world, aurora)
    (job,) = await take(world)
    assert (job.kind, job.payload, job.tries) == ("test.work", {"n": 1}, 1)
    assert await take(world) == []
    await finish(world, job, Finish())
    assert (await world.row("select state, finished_at from job")) == {
        "state": "done",
        "finished_at": world.now,
    }
    assert await take(world) == []


async def test_the_same_work_is_asked_for_once(world: World, aurora: Company) -> None:
    for _ in range(3):
        await ask(world, aurora, dedupe="same")
    await ask(world, aurora, dedupe="other")
    await ask(world, aurora)
    await ask(world, aurora)
    assert len(await take(world)) == 4


async def test_a_job_waits_for_its_time(world: World, aurora: Company) -> None:
    await ask(world, aurora, later_s=60)
    assert await take(world) == []
    world.clock.advance(seconds=60)
    assert len(await take(world)) == 1


async def test_a_vanished_workers_job_comes_back_when_its_lease_ends(world: World, aurora: Company) -> None:
    await ask(world, aurora)
    await take(world)
    assert await take(world) == []
    await world.do("update job set lease_until = clock_timestamp() - interval '1 second'")
    (again,) = await take(world)
    assert again.tries == 2


async def test_retry_waits_and_bury_stays_visible(world: World, aurora: Company) -> None:
    await ask(world, aurora)
    (job,) = await take(world)
    await finish(world, job, Retry(after=timedelta(seconds=30), error="x" * 900))
    assert len(await world.value("select error from job")) == 500
    assert await take(world) == []
    world.clock.advance(seconds=30)
    (job,) = await take(world)
    assert job.tries == 2
    await finish(world, job, Bury(error="no use"))
    assert (await world.row("select state, error from job")) == {"state": "dead", "error": "no use"}
    world.clock.advance(days=1)
    assert await take(world) == []


@pytest.mark.parametrize("word", [Finish(), Retry(after=timedelta(seconds=5), error="x"), Bury(error="x")])
async def test_a_zombies_word_about_a_finished_job_changes_nothing(
    world: World, aurora: Company, word: Finish | Retry | Bury
) -> None:
    await ask(world, aurora)
    (job,) = await take(world)
    await finish(world, job, Finish())
    before = await world.row("select * from job")
    world.clock.advance(seconds=9)
    await finish(world, job, word)
    assert await world.row("select * from job") == before


async def test_a_zombies_retry_does_not_free_a_job_its_successor_is_working_on(
    world: World, aurora: Company
) -> None:
    await ask(world, aurora)
    (first,) = await take(world)
    await world.do("update job set lease_until = clock_timestamp() - interval '1 second'")
    (second,) = await take(world)
    await finish(world, first, Retry(after=timedelta(0), error="late"))
    assert await take(world) == [], "the same job ran twice at once"
    await finish(world, second, Finish())


async def test_workers_side_by_side_take_different_jobs(world: World, aurora: Company) -> None:
    for _ in range(20):
        await ask(world, aurora)
    shares = await asyncio.gather(*(take(world, 6) for _ in range(4)))
    taken = [job.job_id for share in shares for job in share]
    assert len(taken) == len(set(taken)) == 20


@pytest.mark.parametrize("end", [Finish(), Bury(error="gone")])
async def test_work_that_ended_may_be_asked_for_again_one_at_a_time(
    world: World, aurora: Company, end: Finish | Bury
) -> None:
    tenant_id = aurora.tenant.tenant_id

    async def again(n: int) -> None:
        async with world.db.tenant(tenant_id) as tx:
            await enqueue(tx, world.now, tenant_id, "test.work", {"n": n}, dedupe="same", again=True)

    await again(1)
    await again(2)
    (first,) = await take(world)
    assert first.payload == {"n": 1}
    await again(3)
    assert await take(world) == []
    await finish(world, first, end)
    await again(4)
    (second,) = await take(world)
    assert (second.payload, second.tries) == ({"n": 4}, 1)
    assert second.job_id != first.job_id
    await finish(world, first, Finish())
    assert await world.value("select state from job") == "queued", "a leftover settled its successor"
