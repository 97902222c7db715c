"""Many messages in doubt: everybody's turn comes, and the past is not asked for longer than it can tell."""

from __future__ import annotations

from datetime import timedelta

from tests.slices.world import TEMPLATE, Company, World, accepted, unknown

from recado.db import sql
from recado.db.system import system
from recado.messages.doubt import EchoDelay, PassResult, resolve
from recado.messages.doubt_rules import DoubtRules
from recado.numbers.model import Leased

_Q = sql.load("recado.messages", "doubt.sql")


async def doubts(world: World, company: Company, count: int) -> None:
    for n in range(count):
        await world.queue(company, **TEMPLATE, to=f"+55209555{n:05d}")
    lanes: list[Leased] = await world.lease()
    for intent in await world.claim(lanes=lanes):
        await world.record(intent, unknown())
    assert await world.value("select count(*) from outbox where state = 2") == count


async def look(world: World, most: int, again_s: float = 0.0) -> PassResult:
    async with system(world.db) as tx:
        return await resolve(tx, DoubtRules(), None, most=most, again_s=again_s)


async def test_nobody_is_looked_at_twice_before_everybody_was_once(world: World, aurora: Company) -> None:
    await doubts(world, aurora, 7)
    seen = []
    for _ in range(4):
        done = await look(world, 2)
        assert (done.looked, done.waiting) == (2, 2)
        rows = await world.rows("select message_id from outbox order by looked_at desc limit 2")
        seen += [row["message_id"] for row in rows]
    assert len(set(seen[:6])) == 6
    assert len(set(seen)) == 7, "somebody's turn never came"


async def test_one_that_can_be_decided_is_not_behind_many_that_cannot(world: World, aurora: Company) -> None:
    await doubts(world, aurora, 6)
    (last,) = await world.rows("select message_id from outbox order by message_id desc limit 1")
    await world.do(
        "update outbox set expires_at = clock_timestamp() where message_id = $1", last["message_id"]
    )
    ended = [(await look(world, 2)).expired for _ in range(3)]
    assert sum(ended) == 1, "those that sort first were looked at again and again"


async def test_a_pass_leaves_alone_what_was_just_looked_at(world: World, aurora: Company) -> None:
    await doubts(world, aurora, 3)
    assert [(await look(world, 2, again_s=60)).looked for _ in range(3)] == [2, 1, 0]


async def test_the_delay_of_echoes_is_that_of_the_last_days(world: World, aurora: Company) -> None:
    await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, accepted())

    async def slowest() -> float:
        tenant_id, number_id = aurora.lane
        async with system(world.db) as tx:
            row = await tx.one(_Q["echo_delay"], EchoDelay, tenant_id=tenant_id, number_id=number_id)
        assert row is not None
        return row.p999_s

    slow = """update attempt set started_at = clock_timestamp() - $1::interval,
        echo_at = clock_timestamp() - $2::interval"""
    await world.do(slow, timedelta(days=6), timedelta(days=6) - timedelta(hours=3))
    assert round(await slowest()) == 3 * 3600
    await world.do(slow, timedelta(days=8), timedelta(days=8) - timedelta(hours=3))
    assert await slowest() == 0
