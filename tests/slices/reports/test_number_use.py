"""What a number is doing now: line, last hour, incidents; and when templates were used."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.slices.world import Company, World, accepted, rejected

from recado.db.system import system
from recado.kit.reasons import Reason
from recado.numbers import service as numbers
from recado.numbers import stops
from recado.reports import number_use
from recado.reports.service import count_hour

ZONE = "America/Sao_Paulo"


async def seen(world: World, company: Company) -> number_use.Number:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        (one,) = await number_use.numbers_in_use(tx, world.now, company.tenant.tenant_id, ZONE)
    return one


async def test_the_line_the_last_hour_and_the_pace_are_counted(world: World, aurora: Company) -> None:
    await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, accepted())
    await world.queue(aurora)
    one = await seen(world, aurora)
    assert (one.line.waiting, one.line.due, one.line.held) == (1, 1, 0)
    assert len(one.hour) == 12
    assert sum(bar.tries for bar in one.hour) == 1
    assert one.rate(world.now) == 80
    assert one.facts.leased
    async with system(world.db) as tx:
        until = world.now + timedelta(minutes=1)
        await numbers.slow_lane(tx, world.now, *aurora.lane, until=until)
    assert (await seen(world, aurora)).rate(world.now) == 40


async def test_stops_and_pauses_are_a_numbers_incidents(world: World, aurora: Company) -> None:
    tenant, number = aurora.lane
    async with system(world.db) as tx:
        await numbers.set_kill_switch(tx, world.now, tenant, number, on=True, actor="person:1")
        await numbers.set_kill_switch(tx, world.now, tenant, number, on=False, actor="person:1")
        await stops.stop_by_platform(tx, world.now, tenant, number, on=True, reason="x", actor="cli")
        await numbers.pause_lane(
            tx, world.now, tenant, number, reason=Reason.TOKEN_EXPIRED, detail="190", until=None
        )
    async with world.db.tenant(tenant) as tx:
        told = await number_use.incidents(tx, tenant, number)
    assert [(one.what, one.stops) for one in told] == [
        ("paused_reason", False),
        ("platform_stop", True),
        ("kill_switch", False),
        ("kill_switch", True),
    ]
    assert (await seen(world, aurora)).stopped


async def test_nobody_at_an_open_lane_is_noticed(world: World, aurora: Company) -> None:
    await world.queue(aurora)
    world.clock.advance(seconds=90)
    one = await seen(world, aurora)
    assert one.stuck(world.now)
    await world.lease()
    assert not (await seen(world, aurora)).stuck(world.now)


async def test_a_company_sees_its_own_numbers_only(world: World, aurora: Company) -> None:
    other = await world.company("clinica-sol", external_id="106540352242923", waba="102290129340399")
    assert (await seen(world, other)).facts.external_id == "106540352242923"
    async with world.db.tenant(other.tenant.tenant_id) as tx:
        assert await number_use.incidents(tx, *aurora.lane) == []


async def test_when_a_template_was_used_last_is_known_from_the_sums(world: World, aurora: Company) -> None:
    await world.queue(aurora)
    hour = world.now.replace(minute=0, second=0, microsecond=0)
    async with system(world.db) as tx:
        await count_hour(tx, aurora.tenant.tenant_id, hour)
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        used = await number_use.templates_used(tx, aurora.tenant.tenant_id, hour - timedelta(days=1))
    assert {name: (one.last_hour, one.messages) for name, one in used.items()} == {
        "lembrete_consulta": (hour, 1)
    }


async def test_customers_a_template_left_for_are_counted_once_each(world: World, aurora: Company) -> None:
    for to in ("+5520955500111", "+5520955500111", "+5520955500122"):
        await world.queue(aurora, to=to)
        world.clock.advance(seconds=10)
        for intent in await world.claim():
            await world.record(intent, accepted(f"wamid.{to}.{world.now}"))
    await world.queue(aurora, to="+5520955500133")

    async def reached() -> dict[str, int]:
        async with world.db.tenant(aurora.tenant.tenant_id) as tx:
            return await number_use.reached(tx, world.now, aurora.tenant.tenant_id)

    assert list((await reached()).values()) == [2]
    world.clock.advance(hours=25)
    assert await reached() == {}


async def test_the_flow_of_all_numbers(world: World, aurora: Company) -> None:
    """What left counts today at once, before the sums of the hours know it; what was only tried does not."""
    tenant_id = aurora.tenant.tenant_id
    other = await world.company(external_id="106540352242933")
    for company, outcome in (
        (aurora, accepted("wamid.A")),
        (other, accepted("wamid.B")),
        (aurora, rejected()),
    ):
        await world.queue(company)
        (intent,) = await world.claim()
        await world.record(intent, outcome)
    started = await world.value("select max(started_at) from attempt")
    now = started + timedelta(milliseconds=1)
    # All of them in one half hour and one day, whenever this runs.
    await world.do("update attempt set started_at = $1", started)

    async def flow(at: datetime) -> number_use.Flow:
        async with world.db.tenant(tenant_id) as tx:
            return await number_use.flow(tx, at, tenant_id, ZONE)

    found = await flow(now)
    assert found.half_hours == [0] * 15 + [3]
    assert (found.per_minute, found.today) == (3 / 5, 2)
    # Five minutes and half an hour later it is the past.
    later = await flow(now + timedelta(minutes=35))
    assert later.per_minute == 0
    assert sum(later.half_hours[:-1]) == 3
    # Once the hour is over its sum is what counts, and until then nothing counts twice.
    hour = world.now.replace(minute=0, second=0, microsecond=0)
    async with system(world.db) as tx:
        await count_hour(tx, tenant_id, hour)
    assert (await flow(now)).today == 2
    over = hour + timedelta(hours=1)
    new_day = over.astimezone(ZoneInfo(ZONE)).hour == 0
    assert (await flow(over)).today == (0 if new_day else 2)
    async with world.db.tenant(tenant_id) as tx:
        assert await number_use.limits(tx, tenant_id) == {}
        await world.do("update phone_number set messaging_limit = 'TIER_2K'")
        assert await number_use.limits(tx, tenant_id) == {"102290129340398": "TIER_2K"}
