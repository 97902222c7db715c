"""Answers that may be a moment old: who looks, who shares, who waits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from recado.app.fresh import Fresh
from recado.kit.clock import ManualClock

FRESH_S = 2.0


class Source:
    """Answers 1, 2, 3, ... when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> int:
        self.asked += 1
        mine = self.asked
        await self.gate.wait()
        return mine


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_looks_for_all_who_come_meanwhile(clock: ManualClock) -> None:
    source, fresh = Source(), Fresh[str, int](clock, FRESH_S)
    source.gate.clear()
    asking = [asyncio.create_task(fresh.lately("a", source)) for _ in range(100)]
    await settle()
    source.gate.set()
    assert set(await asyncio.gather(*asking)) == {1}
    assert source.asked == 1


async def test_an_answer_is_refreshed_before_it_runs_out_and_nobody_waits(clock: ManualClock) -> None:
    source, fresh = Source(), Fresh[str, int](clock, FRESH_S)
    assert await fresh.lately("a", source) == 1
    clock.advance(seconds=0.9)
    assert await fresh.lately("a", source) == 1
    assert source.asked == 1
    source.gate.clear()
    clock.advance(seconds=0.2)
    for _ in range(10):
        async with asyncio.timeout(1):
            assert await fresh.lately("a", source) == 1
    await settle()
    assert source.asked == 2
    source.gate.set()
    await settle()
    assert await fresh.lately("a", source) == 2


async def test_an_answer_that_ran_out_is_never_given(clock: ManualClock) -> None:
    source, fresh = Source(), Fresh[str, int](clock, FRESH_S)
    await fresh.lately("a", source)
    clock.advance(seconds=FRESH_S)
    assert await fresh.lately("a", source) == 2


async def test_age_counts_from_the_question_not_from_the_answer(clock: ManualClock) -> None:
    source, fresh = Source(), Fresh[str, int](clock, FRESH_S)
    source.gate.clear()
    asking = asyncio.create_task(fresh.lately("a", source))
    await settle()
    clock.advance(seconds=FRESH_S)
    source.gate.set()
    assert await asking == 1
    assert await fresh.lately("a", source) == 2


async def test_who_asks_for_now_does_not_share_an_older_look(clock: ManualClock) -> None:
    source, fresh = Source(), Fresh[str, int](clock, FRESH_S)
    source.gate.clear()
    before = asyncio.create_task(fresh.lately("a", source))
    await settle()
    now = asyncio.create_task(fresh.now("a", source))
    await settle()
    source.gate.set()
    assert (await before, await now) == (1, 2)


async def test_the_first_may_hang_up_and_the_others_are_told(clock: ManualClock) -> None:
    source, fresh = Source(), Fresh[str, int](clock, FRESH_S)
    source.gate.clear()
    first, second = (asyncio.create_task(fresh.lately("a", source)) for _ in range(2))
    await settle()
    first.cancel()
    await settle()
    source.gate.set()
    assert await second == 1
    assert first.cancelled()


async def test_what_is_not_to_be_kept_makes_the_key_unknown_again(clock: ManualClock) -> None:
    source = Source()
    fresh = Fresh[str, int](clock, FRESH_S, keep=lambda answer: answer == 1)
    assert await fresh.lately("a", source) == 1
    assert "a" in fresh
    clock.advance(seconds=FRESH_S)
    assert await fresh.lately("a", source) == 2
    assert "a" not in fresh


async def test_a_failed_look_reaches_all_who_wait_and_the_next_one_looks_again(clock: ManualClock) -> None:
    fresh = Fresh[str, int](clock, FRESH_S)

    async def away() -> int:
        raise OSError("away")

    told = await asyncio.gather(*(fresh.lately("a", away) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(one, OSError) for one in told)
    assert await fresh.lately("a", Source()) == 1


async def test_a_refresh_that_fails_disturbs_nobody_until_the_answer_runs_out(clock: ManualClock) -> None:
    source, fresh = Source(), Fresh[str, int](clock, FRESH_S)
    await fresh.lately("a", source)
    clock.advance(seconds=1.5)

    async def away() -> int:
        raise OSError("away")

    assert await fresh.lately("a", away) == 1
    await settle()
    assert await fresh.lately("a", away) == 1
    clock.advance(seconds=0.5)
    with pytest.raises(OSError, match="away"):
        await fresh.lately("a", away)


async def test_many_keys_do_not_grow_for_ever(clock: ManualClock) -> None:
    fresh = Fresh[str, int](clock, FRESH_S, most=3)
    source = Source()
    for key in "abcd":
        await fresh.lately(key, source)
    assert [key in fresh for key in "abcd"] == [False, False, False, True]
