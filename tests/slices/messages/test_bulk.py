"""Many messages at once: planned, begun under a name, stoppable, and never twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.slices.messages.bulk_worker import ports_on, turn
from tests.slices.world import OTHER, Company, World, rejected
from tests.support.cluster import Dsns
from tests.support.repository import ROOT

from recado.errors import Conflict, NotFound
from recado.kit.ids import MessageId
from recado.messages import bulk, reading
from recado.messages.bulk_model import Action, BulkRow, Plan, Selection
from recado.messages.listing import Wanted
from recado.queue.jobs import MAX_TRIES

ANA = "person:ana"


async def plan(world: World, company: Company, action: Action, selection: Selection) -> Plan:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await bulk.plan(
            tx, world.now, company.tenant.tenant_id, selection, action, keys=company.keys, actor=ANA
        )


async def plan_of(world: World, company: Company, action: Action, *ids: UUID) -> Plan:
    return await plan(world, company, action, Selection(ids=ids))


async def begin(world: World, company: Company, made: Plan, why: str | None = None) -> BulkRow:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await bulk.begin(
            tx,
            world.now,
            company.tenant.tenant_id,
            made.row.job_id,
            name="Queda da manhã",
            why=why,
            actor=ANA,
        )


async def stop(world: World, company: Company, job_id: UUID) -> BulkRow:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await bulk.cancel(tx, world.now, company.tenant.tenant_id, job_id, actor=ANA)


async def work(world: World, company: Company, made: Plan) -> BulkRow:
    await turn(ports_on(world.db, world.clock), company.tenant.tenant_id, made.row.job_id)
    return await get(world, company, made)


async def get(world: World, company: Company, made: Plan) -> BulkRow:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await bulk.get(tx, company.tenant.tenant_id, made.row.job_id)


def reasons(made: Plan) -> dict[str, int]:
    return {one.reason: one.messages for one in made.refused}


async def failed(world: World, company: Company, count: int) -> list[MessageId]:
    """Messages the provider refused."""
    await world.do("update lane set burst = 1000, rate_per_s = least(rate_per_s, 1000)")
    ids = [await world.queue(company, to=f"+552095550{n:04}") for n in range(count)]
    for intent in await world.claim():
        await world.record(intent, rejected())
    return ids


async def refusals(world: World, company: Company, made: Plan) -> dict[str, int]:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        found = await bulk.refusals(tx, company.tenant.tenant_id, made.row.job_id)
    return {one.reason: one.messages for one in found}


async def resent(world: World) -> Counter[str]:
    rows = await world.rows("select key from idempotency where key like 'resend:%'")
    return Counter(row["key"].removeprefix("resend:") for row in rows)


async def test_a_plan_says_what_would_happen_and_changes_nothing(world: World, aurora: Company) -> None:
    await world.do("update lane set rate_per_s = 2")
    ended = await failed(world, aurora, 4)
    waiting = await world.queue(aurora)
    before = await world.value("select count(*) from message")
    made = await plan_of(world, aurora, Action.RESEND, *ended, waiting, uuid4())
    assert (made.row.matched, made.row.allowed, made.row.state) == (6, 4, "planned")
    assert reasons(made) == {"not_ended": 1, "not_found": 1}
    assert made.row.seconds == pytest.approx(2.0)
    assert await world.value("select count(*) from message") == before
    assert await world.value("select count(*) from job where kind = 'messages.bulk'") == 0


async def test_resending_makes_one_new_message_each_and_settles_the_old(
    world: World, aurora: Company
) -> None:
    ended = await failed(world, aurora, 3)
    made = await plan_of(world, aurora, Action.RESEND, *ended)
    begun = await begin(world, aurora, made)
    assert (begun.state, begun.begins_at) == ("waiting", world.now + timedelta(seconds=10))
    due = await world.value("select due_at from job where kind = 'messages.bulk'")
    assert due == begun.begins_at
    done = await work(world, aurora, made)
    assert (done.state, done.done, done.refused) == ("done", 3, 0)
    assert await resent(world) == Counter(str(one) for one in ended)
    assert await world.value("select count(*) from outbox where state = 0") == 3
    for one in ended:
        assert (await world.message(one))["attention"] is False
        assert (await world.diary(one))[-1] == "message.resent"
    actions = await world.rows("select action, actor from audit_entry where actor = $1", ANA)
    assert Counter(row["action"] for row in actions) == {"messages.bulk_started": 1, "message.resent": 3}


async def test_a_second_job_does_not_send_again(world: World, aurora: Company) -> None:
    ended = await failed(world, aurora, 2)
    first = await plan_of(world, aurora, Action.RESEND, *ended)
    second = await plan_of(world, aurora, Action.RESEND, *ended)
    for made in (first, second):
        await begin(world, aurora, made)
    await work(world, aurora, first)
    done = await work(world, aurora, second)
    assert (done.done, done.refused) == (0, 2)
    assert await refusals(world, aurora, second) == {"already_resent": 2}
    assert await world.value("select count(*) from message") == 4
    assert reasons(await plan_of(world, aurora, Action.RESEND, *ended)) == {"already_resent": 2}


async def test_what_is_in_doubt_is_never_resent_by_a_job(world: World, aurora: Company) -> None:
    (one,) = await failed(world, aurora, 1)
    await world.do("update message set state = 'expired_in_doubt' where id = $1", one)
    assert reasons(await plan_of(world, aurora, Action.RESEND, one)) == {"in_doubt": 1}


async def test_free_text_waits_for_the_person_to_write(world: World, aurora: Company) -> None:
    await world.open_window(aurora)
    one = await world.queue(aurora, text={"body": "Bom dia!"})
    for intent in await world.claim():
        await world.record(intent, rejected())
    made = await plan_of(world, aurora, Action.RESEND, one)
    assert made.row.allowed == 1
    await begin(world, aurora, made)
    world.clock.advance(hours=25)
    await work(world, aurora, made)
    assert await refusals(world, aurora, made) == {"window_closed": 1}


async def test_cancelling_takes_only_what_has_not_left(world: World, aurora: Company) -> None:
    first, second = await world.queue(aurora), await world.queue(aurora, to="+" + OTHER)
    made = await plan_of(world, aurora, Action.CANCEL, first, second)
    assert made.row.allowed == 2
    assert made.row.seconds is None
    await begin(world, aurora, made)
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        await reading.cancel(tx, world.now, aurora.tenant.tenant_id, first, actor="person:other")
    done = await work(world, aurora, made)
    assert (done.done, done.refused) == (1, 1)
    assert await refusals(world, aurora, made) == {"already_left": 1}
    assert (await world.message(second))["state"] == "cancelled"


async def test_discarding_keeps_the_reason(world: World, aurora: Company) -> None:
    ended = await failed(world, aurora, 2)
    made = await plan_of(world, aurora, Action.DISCARD, *ended)
    await begin(world, aurora, made, why="Avisado por telefone")
    assert (await work(world, aurora, made)).done == 2
    why = await world.rows("select distinct why from audit_entry where action = 'message.dismissed'")
    assert why == [{"why": "Avisado por telefone"}]
    assert await world.value("select count(*) from message where attention") == 0


async def test_undone_before_it_began_nothing_happens(world: World, aurora: Company) -> None:
    ended = await failed(world, aurora, 2)
    made = await plan_of(world, aurora, Action.RESEND, *ended)
    await begin(world, aurora, made)
    assert (await stop(world, aurora, made.row.job_id)).state == "cancelled"
    after = await work(world, aurora, made)
    assert (after.state, after.done) == ("cancelled", 0)
    assert not await resent(world)
    with pytest.raises(Conflict):
        await stop(world, aurora, made.row.job_id)


async def test_cancelled_later_the_rest_stays(world: World, aurora: Company) -> None:
    ended = await failed(world, aurora, 3)
    made = await plan_of(world, aurora, Action.RESEND, *ended)
    await begin(world, aurora, made)
    tenant_id, job_id = aurora.tenant.tenant_id, made.row.job_id
    async with ports_on(world.db, world.clock).engine() as tx:
        (first,) = await bulk.waiting(tx, tenant_id, job_id, 1)
        assert await bulk.take_up(tx, world.now, tenant_id, job_id, first)
    await stop(world, aurora, job_id)
    after = await work(world, aurora, made)
    assert (after.state, after.done) == ("cancelled", 1)
    assert sum((await resent(world)).values()) == 1


async def test_begun_twice_it_is_one_job(world: World, aurora: Company) -> None:
    made = await plan_of(world, aurora, Action.RESEND, *await failed(world, aurora, 1))
    await begin(world, aurora, made)
    await begin(world, aurora, made)
    assert await world.value("select count(*) from job where kind = 'messages.bulk'") == 1


async def test_with_nothing_to_do_nothing_begins(world: World, aurora: Company) -> None:
    made = await plan_of(world, aurora, Action.RESEND, await world.queue(aurora))
    with pytest.raises(Conflict):
        await begin(world, aurora, made)


async def test_a_filter_is_followed_to_its_end(world: World, aurora: Company) -> None:
    await failed(world, aurora, 3)
    await world.queue(aurora)
    everything = Selection(wanted=Wanted(tab="voce"))
    made = await plan(world, aurora, Action.DISCARD, everything)
    assert (made.row.matched, made.row.allowed, made.row.more) == (3, 3, False)
    made = await plan(world, aurora, Action.CANCEL, Selection(wanted=Wanted(tab="todas")))
    assert (made.row.matched, made.row.allowed) == (4, 1)


async def test_one_job_takes_only_so_many(
    world: World, aurora: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    await failed(world, aurora, 3)
    made = await plan(world, aurora, Action.DISCARD, Selection(wanted=Wanted(tab="voce")))
    assert (made.row.matched, made.row.more) == (2, True)


async def test_other_companies_see_and_touch_nothing(world: World, aurora: Company) -> None:
    other = await world.company("casa-lume", external_id="106540352242933", waba="102290129340399")
    ended = await failed(world, aurora, 1)
    assert reasons(await plan_of(world, other, Action.RESEND, *ended)) == {"not_found": 1}
    made = await plan_of(world, aurora, Action.RESEND, *ended)
    await begin(world, aurora, made)
    with pytest.raises(NotFound):
        await stop(world, other, made.row.job_id)
    async with world.db.tenant(other.tenant.tenant_id) as tx:
        assert await bulk.recent(tx, other.tenant.tenant_id) == []
        assert await bulk.items(tx, other.tenant.tenant_id, made.row.job_id, None, 10) == []


async def test_a_plan_nobody_began_is_forgotten(world: World, aurora: Company) -> None:
    ended = await failed(world, aurora, 1)
    made = await plan_of(world, aurora, Action.RESEND, *ended)
    world.clock.advance(hours=2)
    await plan_of(world, aurora, Action.RESEND, *ended)
    with pytest.raises(NotFound):
        await get(world, aurora, made)


async def test_a_message_that_breaks_is_written_down_and_the_others_go_on(
    world: World, aurora: Company
) -> None:
    bad, good = await failed(world, aurora, 2)
    made = await plan_of(world, aurora, Action.RESEND, bad, good)
    await begin(world, aurora, made)
    await world.do("update message set content = '[]' where id = $1", bad)
    done = await work(world, aurora, made)
    assert (done.state, done.done, done.refused) == ("done", 1, 1)
    assert await refusals(world, aurora, made) == {"internal_fault": 1}


async def test_a_job_that_used_up_its_tries_is_handed_over(world: World, aurora: Company) -> None:
    made = await plan_of(world, aurora, Action.RESEND, *await failed(world, aurora, 1))
    await begin(world, aurora, made)
    ports = ports_on(world.db, world.clock)
    await turn(ports, aurora.tenant.tenant_id, made.row.job_id, tries=MAX_TRIES)
    assert await world.value("select count(*) from job where kind = 'messages.bulk'") == 2
    assert (await work(world, aurora, made)).state == "done"


async def test_killed_again_and_again_it_sends_each_once(
    world: World, aurora: Company, database: Dsns
) -> None:
    ended = await failed(world, aurora, 40)
    made = await plan_of(world, aurora, Action.RESEND, *ended)
    await begin(world, aurora, made)
    ends = [await _killed_worker(database, aurora, made) for _ in range(3)]
    assert -signal.SIGKILL in ends
    between = await get(world, aurora, made)
    assert sum((await resent(world)).values()) == between.done
    done = await work(world, aurora, made)
    assert (done.state, done.done, done.refused) == ("done", len(ended), 0)
    assert await resent(world) == Counter(str(one) for one in ended)
    assert await world.value("select count(*) from message") == 2 * len(ended)


async def _killed_worker(database: Dsns, company: Company, made: Plan) -> int:
    """Its return code. Killed at the last moment before a COMMIT, at one message of three or four."""
    arguments = [database.runtime, str(company.tenant.tenant_id), str(made.row.job_id)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.slices.messages.bulk_worker",
        *arguments,
        cwd=ROOT,
        env={"RECADO_FAILPOINTS": "accept.before_commit=0.3"},
    )
    return await asyncio.wait_for(process.wait(), 60)


async def test_what_was_sent_again_long_ago_stays_refused(world: World, aurora: Company) -> None:
    """Keys of requests are forgotten after a week; the diary is not."""
    old = await world.queue(aurora)
    for intent in await world.claim():
        await world.record(intent, rejected())
    made = await plan_of(world, aurora, Action.RESEND, old)
    await begin(world, aurora, made)
    world.clock.advance(seconds=11)
    assert (await work(world, aurora, made)).done == 1
    await world.do("delete from idempotency")
    again = await plan_of(world, aurora, Action.RESEND, old)
    assert [one.reason for one in again.refused] == ["already_resent"]
    assert again.row.allowed == 0
