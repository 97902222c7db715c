"""What the panel leaves behind is thrown away in time, and not before."""

from __future__ import annotations

from datetime import timedelta

from tests.slices.world import Company, World, rejected

from recado.db.system import system
from recado.messages import bulk
from recado.messages.bulk_model import Action, Selection
from recado.people import entering, links, persons
from recado.worker.housekeeping import BULK_BITE, sweep


async def _jobs(world: World) -> list[str]:
    return [
        row["name"] or "plan" for row in await world.rows("select name from bulk_job order by created_at")
    ]


async def _sweep(world: World, days: float = 0) -> bool:
    async with system(world.db) as tx:
        return await sweep(tx, world.now + timedelta(days=days))


async def test_jobs_of_many_messages_are_forgotten_a_month_after_they_ended(
    world: World, aurora: Company
) -> None:
    tenant_id = aurora.tenant.tenant_id
    message = await world.queue(aurora)
    for intent in await world.claim():
        await world.record(intent, rejected())
    async with world.db.tenant(tenant_id) as tx:
        for name in ("running", "ended", None):
            plan = await bulk.plan(
                tx,
                world.now,
                tenant_id,
                Selection(ids=(message,)),
                Action.DISCARD,
                keys=aurora.keys,
                actor="test",
            )
            if name:
                await bulk.begin(
                    tx, world.now, tenant_id, plan.row.job_id, name=name, why="enough", actor="test"
                )
            if name == "ended":
                await bulk.cancel(tx, world.now, tenant_id, plan.row.job_id, actor="test")
    await _sweep(world)
    assert await _jobs(world) == ["running", "ended", "plan"]
    await _sweep(world, days=29)
    assert await _jobs(world) == ["running", "ended"]
    assert not await _sweep(world, days=31)
    assert await _jobs(world) == ["running"]
    assert await world.value("select count(*) from bulk_item") == 1
    # The trail remembers all of it.
    assert await world.value("select count(*) from audit_entry where action like 'messages.bulk%'") == 3


async def test_many_old_jobs_are_forgotten_bite_by_bite(world: World, aurora: Company) -> None:
    await world.do(
        f"insert into bulk_job (tenant_id, job_id, action, state, name, actor, matched, allowed, more, created_at,"
        f" begins_at, finished_at) select '{aurora.tenant.tenant_id}', md5('j' || n)::uuid, 'resend', 'done',"
        f" 'old one', 'test', 1, 1, false, now(), now(), now() from generate_series(1, {BULK_BITE + 1}) n"
    )
    assert await _sweep(world, days=40)
    assert not await _sweep(world, days=40)
    assert await _jobs(world) == []


async def test_sessions_and_links_that_open_nothing_any_more_are_forgotten(
    world: World, aurora: Company
) -> None:
    async with system(world.db) as tx:
        person = await persons.create_person(
            tx,
            world.now,
            login="luana@aurora.example",
            name="Luana Freitas",
            password_hash=None,
            actor="test",
        )
        await entering.enter(tx, world.now, person, agent="test", address="127.0.0.1")
        await links.new_password(tx, world.now, person.person_id, actor="test")
    count = "select (select count(*) from person_session) as sessions, (select count(*) from person_link) as links"
    await _sweep(world, days=6)
    assert await world.row(count) == {"sessions": 1, "links": 1}
    await _sweep(world, days=8)
    assert await world.row(count) == {"sessions": 1, "links": 0}
    await _sweep(world, days=15)
    assert await world.row(count) == {"sessions": 0, "links": 0}


async def test_repeats_are_forgotten_with_the_bodies_they_name(world: World, aurora: Company) -> None:
    tenant_id = aurora.tenant.tenant_id
    count = "select count(*) from event_repeat"
    await world.do("insert into event_repeat (tenant_id, key, ledger_id) values ($1, 'kk', 8)", tenant_id)
    await _sweep(world, days=29)
    assert await world.value(count) == 1
    await _sweep(world, days=31)
    assert await world.value(count) == 0
