"""Claiming: only what may leave, only by whom it belongs to, committed before the first byte."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.slices.world import MARINA, OTHER, TEMPLATE, Company, World, accepted, later, rejected

from recado.db.system import system
from recado.kit.reasons import Reason
from recado.messages.claim import claim
from recado.numbers import service as numbers
from recado.providers.contract import Blame, Scope
from recado.tenants import service as tenants

HELLO: dict[str, Any] = {"text": {"body": "Bom dia!"}}


def people(count: int) -> list[str]:
    return [f"+55209555{n:05d}" for n in range(count)]


async def test_an_intent_is_written_before_anything_leaves(world: World, aurora: Company) -> None:
    message_id = await world.queue(aurora)
    (intent,) = await world.claim()
    (attempt,) = await world.attempts(message_id)
    outbox = await world.outbox(message_id)
    assert outbox is not None
    assert (attempt["state"], attempt["n"], attempt["token"]) == ("intent", 1, intent.token)
    assert (outbox["state"], outbox["tries"], outbox["token"]) == (1, 1, intent.token)
    assert outbox["lease_until"] is not None
    assert await world.claim() == []


async def test_the_switches_stop_everything_and_letting_go_resumes(world: World, aurora: Company) -> None:
    await world.queue(aurora)
    tenant_id, number_id = aurora.lane
    async with system(world.db) as tx:
        await tenants.set_kill_switch(tx, on=True, reason="teste")
    assert await world.claim() == []
    async with system(world.db) as tx:
        await tenants.set_kill_switch(tx, on=False, reason=None)
        await tenants.change_settings(tx, world.now, tenant_id, {"kill_switch": True}, actor="t")
    assert await world.claim() == []
    async with system(world.db) as tx:
        await tenants.change_settings(tx, world.now, tenant_id, {"kill_switch": False}, actor="t")
    await world.do("update lane set kill_switch = true where number_id = $1", number_id)
    assert await world.claim() == []
    await world.do("update lane set kill_switch = false")
    assert len(await world.claim()) == 1


async def test_a_stop_waits_for_a_running_claim_and_no_later_claim_misses_it(
    world: World, aurora: Company
) -> None:
    await world.queue(aurora)
    lanes = await world.lease()
    async with system(world.db) as tx:
        intents = await claim(
            tx, world.now, owner=world.owner, lanes=lanes, most=9, lease_s=30, new_token=_token
        )
        stopping = asyncio.create_task(_stop(world))
        done, _ = await asyncio.wait([stopping], timeout=0.2)
        assert not done
    await stopping
    assert len(intents) == 1
    await world.queue(aurora, to="+" + OTHER)
    assert await world.claim(lanes=lanes) == []


def _token() -> Any:
    return uuid4()


async def _stop(world: World) -> None:
    async with system(world.db) as tx:
        await tenants.set_kill_switch(tx, on=True, reason="teste")


async def test_a_disabled_tenant_skips_and_a_dry_run_simulates(world: World, aurora: Company) -> None:
    for mode, state, reason in (
        ("disabled", "skipped", "tenant_disabled"),
        ("dry_run", "simulated", "dry_run"),
    ):
        message_id = await world.queue(aurora)
        await world.do("update tenant set mode = $1", mode)
        assert await world.claim() == []
        message = await world.message(message_id)
        assert (message["state"], message["reason"]) == (state, reason)
        assert await world.outbox(message_id) is None
        assert await world.attempts(message_id) == []
        assert (await world.diary(message_id))[-1] == f"message.{state}"
        await world.do("update tenant set mode = 'enabled'")


async def test_what_is_too_late_expires_and_asks_for_attention(world: World, aurora: Company) -> None:
    expires = (world.now + timedelta(minutes=5)).isoformat()
    message_id = await world.queue(aurora, **TEMPLATE, expires_at=expires)
    world.clock.advance(minutes=5)
    assert await world.claim() == []
    message = await world.message(message_id)
    assert (message["state"], message["reason"]) == ("expired", "expired")
    assert message["attention"]
    assert message["failed_at"] == world.now


async def test_a_pair_waits_without_holding_its_neighbours(world: World, aurora: Company) -> None:
    await world.do("update lane set pair_interval_s = 6, pair_burst = 2")
    for _ in range(3):
        await world.queue(aurora)
    await world.queue(aurora, to="+" + OTHER)
    first = await world.claim()
    assert sorted(intent.row.detail.recipient or "" for intent in first) == sorted(
        ["+" + MARINA, "+" + MARINA, "+" + OTHER]
    )
    world.clock.advance(seconds=5.9)
    assert await world.claim() == []
    world.clock.advance(seconds=0.2)
    assert len(await world.claim()) == 1


async def test_a_lane_never_leaves_faster_than_its_rate(world: World, aurora: Company) -> None:
    await world.do("update lane set rate_per_s = 20, burst = 10")
    for phone in people(40):
        await world.queue(aurora, to=phone)
    assert len(await world.claim()) == 10
    assert await world.claim() == []
    world.clock.advance(seconds=0.25)
    assert len(await world.claim()) == 5
    world.clock.advance(seconds=60)
    assert len(await world.claim()) == 10


async def test_urgent_first_then_by_due_time(world: World, aurora: Company) -> None:
    names = {}
    for priority, phone in zip(("low", "normal", "high", "normal"), people(4), strict=True):
        names[await world.queue(aurora, to=phone, priority=priority)] = (priority, phone)
        world.clock.advance(milliseconds=5)
    order = [names[(await world.claim(most=1))[0].row.due.message_id] for _ in range(4)]
    assert [priority for priority, _ in order] == ["high", "normal", "normal", "low"]
    assert order[1][1] < order[2][1]


async def test_replies_of_one_conversation_leave_one_after_the_other(world: World, aurora: Company) -> None:
    await world.open_window(aurora)
    first = await world.queue(aurora, **HELLO)
    world.clock.advance(seconds=1)
    second = await world.queue(aurora, **HELLO)
    (intent,) = await world.claim()
    assert intent.row.due.message_id == first
    world.clock.advance(seconds=1)
    assert await world.claim() == []
    await world.record(intent, accepted("wamid.1"))
    world.clock.advance(seconds=1)
    assert [one.row.due.message_id for one in await world.claim()] == [second]


# --------------------------------------------------------------------------- leases


async def test_without_a_lease_or_with_an_old_fence_nothing_is_claimed(world: World, aurora: Company) -> None:
    await world.queue(aurora)
    old = await world.lease()
    await world.do("update lane set lease_until = '-infinity'")
    thief = uuid4()
    stolen = await world.lease(thief)
    assert stolen[0].fence == old[0].fence + 1
    assert await world.claim(lanes=old) == []
    assert await world.claim(owner=thief, lanes=old) == []
    assert await world.claim(owner=uuid4(), lanes=stolen) == []
    assert len(await world.claim(owner=thief, lanes=stolen)) == 1


async def test_an_expired_lease_claims_nothing_even_if_nobody_took_the_lane(
    world: World, aurora: Company
) -> None:
    await world.queue(aurora)
    lanes = await world.lease()
    await world.do("update lane set lease_until = clock_timestamp() - interval '1 second'")
    assert await world.claim(lanes=lanes) == []


async def test_two_claimers_never_take_the_same_message(world: World, aurora: Company) -> None:
    await world.do("update lane set rate_per_s = 1000, burst = 1000")
    for phone in people(30):
        await world.queue(aurora, to=phone)
    lanes = await world.lease()
    batches = await asyncio.gather(*(world.claim(lanes=lanes, most=7) for _ in range(4)))
    taken = [intent.row.due.message_id for batch in batches for intent in batch]
    assert len(taken) == len(set(taken)) == 28
    assert await world.value("select count(*) from attempt where state = 'intent'") == 28


async def test_lanes_share_a_claim_fairly(world: World, aurora: Company) -> None:
    second = await world.company(external_id="106540352242923")
    for company in (aurora, second):
        for phone in people(10):
            await world.queue(company, to=phone)
    intents = await world.claim(most=6)
    counted = [intent.row.due.number_id for intent in intents]
    assert counted.count(aurora.number.number_id) == counted.count(second.number.number_id) == 3


# --------------------------------------------------------------------------- pauses


async def test_a_paused_lane_is_probed_with_one_message_until_its_answer_is_known(
    world: World, aurora: Company
) -> None:
    for phone in people(5):
        await world.queue(aurora, to=phone)
    (first, *rest) = await world.claim(most=1)
    assert rest == []
    await world.record(first, rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190))
    assert await world.claim() == []
    world.clock.advance(minutes=5)
    probes = await world.claim()
    assert len(probes) == 1
    world.clock.advance(milliseconds=50)
    assert await world.claim() == [], "a second message left before the probe was answered"
    await world.record(probes[0], accepted("wamid.PROBE"))
    world.clock.advance(seconds=1)
    assert len(await world.claim()) == 4


async def test_a_probe_that_vanished_does_not_stop_the_lane_for_good(world: World, aurora: Company) -> None:
    for phone in people(3):
        await world.queue(aurora, to=phone)
    (first,) = await world.claim(most=1)
    await world.record(first, rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190))
    world.clock.advance(minutes=5)
    assert len(await world.claim()) == 1
    world.clock.advance(minutes=1)
    assert len(await world.claim()) == 1


async def test_what_left_before_a_pause_does_not_lift_it(world: World, aurora: Company) -> None:
    for phone in people(4):
        await world.queue(aurora, to=phone)
    one, other, third = await world.claim(most=3)
    await world.record(one, later(Scope.NUMBER, code=131057, retry_after_s=600))
    await world.record(other, accepted("wamid.BEFORE"))
    lane = await world.row("select * from lane")
    assert lane["paused_until"] == world.now + timedelta(seconds=600)
    world.clock.advance(minutes=9)
    assert await world.claim() == []
    await world.record(third, accepted("wamid.LATE"))
    assert (await world.row("select * from lane"))["paused_reason"] is not None


async def test_an_operators_pause_is_not_shortened_by_the_provider(world: World, aurora: Company) -> None:
    await world.queue(aurora)
    (intent,) = await world.claim()
    tenant_id, number_id = aurora.lane
    async with system(world.db) as tx:
        await numbers.pause_lane(
            tx, world.now, tenant_id, number_id, reason=Reason.NUMBER_PAUSED, detail="férias", until=None
        )
    await world.record(intent, rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190))
    world.clock.advance(days=1)
    lane = await world.row("select * from lane")
    assert (lane["paused_reason"], lane["paused_until"]) == ("number_paused", None)
    assert await world.claim() == []
    async with system(world.db) as tx:
        await numbers.resume_lane(tx, world.now, tenant_id, number_id, actor="t")
    assert len(await world.claim()) == 0  # its deadline passed meanwhile
    assert (await world.message(intent.row.due.message_id))["state"] == "expired"
