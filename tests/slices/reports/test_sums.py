"""Sums by hour: always what a direct count says, however late the news."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.slices.world import (
    OTHER,
    TEMPLATE,
    Company,
    World,
    accepted,
    failed,
    inbound,
    rejected,
    status,
    statuses,
    text,
)

from recado.db.system import system
from recado.kit.ids import TenantId
from recado.reports import service as reports
from recado.reports.model import Asked, Report, first_id, hour_of, percentile
from recado.tenants import service as tenants

HOUR = timedelta(hours=1)


async def keep(world: World, **limits: int) -> reports.Kept:
    return await reports.keep(
        lambda: system(world.db), world.now, **({"most_events": 10**6, "most_hours": 1000} | limits)
    )


async def report(world: World, company: Company, **more: Any) -> Report:
    asked = Asked(
        since=hour_of(world.now) - timedelta(days=3),
        until=hour_of(world.now) + HOUR,
        zone="America/Sao_Paulo",
        **more,
    )
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await reports.report(tx, company.tenant.tenant_id, asked)


async def directly(world: World, tenant_id: TenantId) -> Counter[tuple[datetime, str, str]]:
    """The truth, counted one by one in Python from the messages themselves."""
    found: Counter[tuple[datetime, str, str]] = Counter()
    rows = await world.rows("select * from message where tenant_id = $1", tenant_id)
    for row in rows:
        hour = hour_of(datetime.fromtimestamp((row["id"].int >> 80) / 1000, world.now.tzinfo))
        for measure, detail in facts(row):
            found[(hour, measure, detail)] += 1
    return found


def facts(row: dict[str, Any]) -> list[tuple[str, str]]:
    if row["direction"] == "in":
        return [("received", row["kind"])]
    ends = {"rejected": "failed", "failed": "failed", "expired": "failed", "skipped": "skipped"}
    other = {"simulated": "simulated", "cancelled": "cancelled", "queued": "waiting", "sending": "waiting"}
    found = [("asked", row["kind"])]
    if row["rank"] >= 1 or row["accepted_at"]:
        found.append(("accepted", ""))
    found += [("delivered", "")] if row["rank"] >= 3 else []
    found += [("read", "")] if row["rank"] >= 4 else []
    if row["state"] in ends:
        found.append((ends[row["state"]], row["reason"] or ""))
    if row["state"] in other:
        found.append((other[row["state"]], ""))
    return found


async def kept(world: World, tenant_id: TenantId) -> Counter[tuple[datetime, str, str]]:
    rows = await world.rows(
        "select * from report_hour where tenant_id = $1 and measure <> 'delay'", tenant_id
    )
    found: Counter[tuple[datetime, str, str]] = Counter()
    for row in rows:
        found[(row["hour"], row["measure"], row["detail"])] += row["messages"]
    return found


async def test_the_sums_are_what_a_direct_count_says_after_any_life(world: World, aurora: Company) -> None:
    """Three companies' worth of luck in one: sends, refusals, statuses in any order and very late."""
    chance = random.Random(7)
    tenant_id = aurora.tenant.tenant_id
    late: list[tuple[str, str]] = []
    for turn in range(6):
        await world.open_window(aurora)
        for index in range(4):
            to = f"+55209555{turn:02d}{index:03d}"
            await world.queue(aurora, to=to, **TEMPLATE)
        await world.queue(aurora, text={"body": "Bom dia!"})
        for intent in await world.claim():
            wamid = f"wamid.{intent.token.hex}"
            if chance.random() < 0.2:
                await world.record(intent, rejected())
                continue
            await world.record(intent, accepted(wamid))
            late += [(wamid, word) for word in ("sent", "delivered", "read")[: chance.randrange(4)]]
        if turn == 2:
            await keep(world)
        world.clock.advance(minutes=25)
    chance.shuffle(late)
    half = len(late) // 2
    for wamid, word in late[:half]:
        await world.hear(statuses(aurora, status(word, wamid, world.now)))
    await keep(world)
    assert await kept(world, tenant_id) == await directly(world, tenant_id)
    world.clock.advance(hours=30)
    for wamid, word in late[half:]:
        await world.hear(statuses(aurora, status(word, wamid, world.now)))
    await world.hear(statuses(aurora, failed("wamid.unknown", world.now, 131026)))
    await keep(world)
    truth = await directly(world, tenant_id)
    assert await kept(world, tenant_id) == truth
    assert len({hour for hour, _, _ in truth}) > 2
    delivered = await world.value("select count(*) from message where delivered_at is not null")
    assert await world.value("select sum(messages) from report_hour where measure = 'delay'") == delivered > 0
    # Doing it again changes nothing.
    await world.do("insert into report_due select distinct tenant_id, hour, now() from report_hour")
    assert (await keep(world)).hours == len({hour for hour, _, _ in truth})
    assert await kept(world, tenant_id) == truth
    shown = await report(world, aurora)
    assert shown.total.of("asked") == sum(n for (_, what, _), n in truth.items() if what == "asked")
    assert sum(line.of("read") for line in shown.times) == shown.total.of("read")
    assert sum(line.of("asked") for line in shown.templates) == shown.total.of("asked")
    assert sum(one.messages for one in shown.causes if one.measure == "failed") == shown.total.of("failed")


async def test_a_report_has_days_of_the_company_numbers_templates_and_delays(
    world: World, aurora: Company
) -> None:
    message_id = await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, accepted("wamid.A"))
    asked_at = (await world.message(message_id))["created_at"]
    delivered = asked_at + timedelta(seconds=40)
    await world.hear(statuses(aurora, status("delivered", "wamid.A", delivered)))
    await world.hear(inbound(aurora, text(OTHER, "wamid.IN", world.now)))
    await keep(world)
    shown = await report(world, aurora)
    (day,) = shown.times
    assert day.key.hour == 0
    assert day.p50_s == pytest.approx(40, rel=0.08)
    (number,) = [line for line in shown.numbers if line.of("asked")]
    assert (number.key, number.of("delivered")) == (aurora.number.number_id, 1)
    assert shown.templates[0].key == "lembrete_consulta"
    assert (shown.total.of("received"), shown.kinds, shown.behind) == (1, {"template": 1}, 0)
    (hour,) = (await report(world, aurora, step="hour")).times
    assert hour.key.minute == 0
    assert (await report(world, aurora, template="outro")).total.of("asked") == 0
    assert (await report(world, aurora, template="outro")).times == []
    only = await report(world, aurora, number_id=aurora.number.number_id)
    assert only.total.of("asked") == 1


async def test_limits_leave_the_rest_for_the_next_run_newest_first(world: World, aurora: Company) -> None:
    for _ in range(3):
        await world.queue(aurora)
        world.clock.advance(hours=1)
    first = await keep(world, most_hours=1)
    assert (first.hours, first.more) == (1, True)
    newest = await world.value("select max(hour) from report_hour")
    assert newest == hour_of(world.now - HOUR)
    assert (await report(world, aurora)).behind == 2
    assert (await keep(world)).hours >= 2
    assert await kept(world, aurora.tenant.tenant_id) == await directly(world, aurora.tenant.tenant_id)


async def test_what_the_diary_missed_is_found_by_the_daily_sweep(world: World, aurora: Company) -> None:
    message_id = await world.queue(aurora)
    await keep(world)
    await world.do("update message set state = 'cancelled' where id = $1", message_id)
    await world.do("update report_mark set seq = 10000000")
    await keep(world)
    assert (await report(world, aurora)).total.of("cancelled") == 0
    world.clock.advance(hours=25)
    await keep(world)
    assert (await report(world, aurora)).total.of("cancelled") == 1


async def test_companies_do_not_see_each_others_sums(world: World, aurora: Company) -> None:
    other = await world.company("casa-bruma", external_id="1065", waba="1022")
    await world.queue(aurora)
    await keep(world)
    assert (await report(world, other)).total.of("asked") == 0
    async with world.db.tenant(other.tenant.tenant_id) as tx:
        shown = await reports.report(
            tx,
            aurora.tenant.tenant_id,
            Asked(since=hour_of(world.now), until=hour_of(world.now) + HOUR, zone="UTC"),
        )
    assert shown.total.of("asked") == 0


def test_percentiles_are_those_of_the_list_within_five_hundredths() -> None:
    chance = random.Random(3)
    for size in (1, 2, 10, 99, 100, 5000):
        delays = sorted(chance.lognormvariate(2, 1.5) + 1.01 for _ in range(size))
        steps: Counter[int] = Counter()
        for delay in delays:
            step = 0
            while 1.1**step < delay:
                step += 1
            steps[step] += 1
        for share in (0.5, 0.99):
            exact = delays[max(1, -int(-size * share // 1)) - 1]
            assert percentile(steps, share) == pytest.approx(exact, rel=0.051)
    assert percentile({}, 0.5) is None
    assert percentile({0: 3}, 0.99) == 1.0


def test_ids_sort_with_the_clock(world: World) -> None:
    assert first_id(world.now) < first_id(world.now + timedelta(milliseconds=1))


async def test_days_are_the_sums_of_their_hours_also_after_the_company_moved(
    world: World, aurora: Company
) -> None:
    tenant_id = aurora.tenant.tenant_id
    for _ in range(12):
        await world.queue(aurora)
        world.clock.advance(hours=5)

    async def days(zone: str) -> dict[str, int]:
        midnight = world.now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0)
        asked = Asked(since=midnight - timedelta(days=4), until=hour_of(world.now) + HOUR, zone=zone)
        assert asked.days()[0] is not None
        async with world.db.tenant(tenant_id) as tx:
            shown = await reports.report(tx, tenant_id, asked)
            assert await reports.known_templates(tx, tenant_id, asked.since.date()) == ["lembrete_consulta"]
        return {f"{line.key:%d}": line.of("asked") for line in shown.times}

    async def truth(zone: str) -> dict[str, int]:
        rows = await world.rows(
            """select to_char(to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint
                  / 1000) at time zone $1, 'DD') as day, count(*) as n from message group by 1""",
            zone,
        )
        return {row["day"]: row["n"] for row in rows}

    await keep(world)
    assert await days("America/Sao_Paulo") == await truth("America/Sao_Paulo")
    async with world.db.tenant(tenant_id) as tx:
        await tenants.change_settings(tx, world.now, tenant_id, {"timezone": "Pacific/Auckland"}, actor="t")
    await keep(world)
    moved = await days("Pacific/Auckland")
    assert moved == await truth("Pacific/Auckland")
    assert await world.value("select count(*) from report_day where zone <> 'Pacific/Auckland'") == 0


async def test_a_run_stops_when_its_time_is_spent(world: World, aurora: Company) -> None:
    await world.queue(aurora)
    done = await reports.keep(
        lambda: system(world.db), world.now, most_events=1, most_hours=10, spent=lambda: True
    )
    assert (done.hours, done.more) == (0, True)
