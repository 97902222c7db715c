"""A worker that renews its leases while one of its own claims is running keeps the lane."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

from tests.slices.world import Company, World

from recado.db.system import system

_WAITING = "select count(*) from pg_locks where not granted"


async def test_renewing_waits_for_the_own_claim_that_holds_the_lane(
    world: World, aurora: Company, eventually: Callable[..., Awaitable[object]]
) -> None:
    owner = uuid4()
    (first,) = await world.lease(owner)
    async with system(world.db) as claiming:
        await claiming.connection.execute("select 1 from lane for no key update")
        renewing = asyncio.ensure_future(world.lease(owner))
        await eventually(lambda: world.value(_WAITING))
    assert await renewing == [first]


async def test_a_free_lane_somebody_else_is_taking_is_left_to_them(world: World, aurora: Company) -> None:
    async with system(world.db) as other:
        await other.connection.execute("select 1 from lane for no key update")
        assert await world.lease(uuid4()) == []


async def test_a_fair_share_counts_own_lanes_first(world: World) -> None:
    for n in range(4):
        await world.company(external_id=f"10654035224293{n}")
    owner = uuid4()
    two = await world.lease(owner, most=2)
    again = await world.lease(owner, most=3)
    assert len(again) == 3
    assert {(lane.number_id, lane.fence) for lane in two} <= {(lane.number_id, lane.fence) for lane in again}
    assert len(await world.lease(owner, most=1)) == 1
