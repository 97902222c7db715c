"""Accepting, claiming, recording and projecting the same people at once, without waiting in a circle."""

from __future__ import annotations

import asyncio
import random

from tests.slices.world import TEMPLATE, Company, World, accepted, inbound, status, statuses, text

from recado.db.pool import RETRYABLE


async def test_everything_at_once_over_the_same_people(world: World, aurora: Company) -> None:
    await world.do("update lane set rate_per_s = 1000, burst = 1000, pair_interval_s = 0")
    phones = [f"55209555{n:05d}" for n in range(12)]
    lanes = await world.lease()
    source = random.Random(3)
    collisions: list[str] = []

    async def turn(name: str, times: int) -> None:
        for n in range(times):
            try:
                await {"accept": accept, "claim": send, "hear": hear}[name](n)
            except RETRYABLE as error:
                collisions.append(f"{name}: {type(error).__name__}")

    async def accept(n: int) -> None:
        asked = source.sample(phones, 6)
        await world.accept(aurora, *(world.request(aurora, **TEMPLATE, to="+" + one) for one in asked))

    async def send(n: int) -> None:
        intents = await world.claim(lanes=lanes, most=10)
        for intent in intents:
            await world.record(intent, accepted(f"wamid.{intent.token.hex}"))
        if intents:
            body = [status("sent", f"wamid.{intent.token.hex}", world.now) for intent in intents]
            await world.hear(statuses(aurora, *body))

    async def hear(n: int) -> None:
        order = source.sample(phones, 6)
        marks = [f"wamid.{n}.{source.random()}" for _ in order]
        await world.hear(
            inbound(
                aurora,
                *(text(one, mark, world.now) for one, mark in zip(order, marks, strict=True)),
            )
        )

    await asyncio.gather(
        turn("accept", 25), turn("accept", 25), turn("claim", 30), turn("claim", 30), turn("hear", 20)
    )
    assert not collisions, collisions
    world.clock.advance(minutes=1)
    await world.project()
    assert await world.value("select count(*) from ledger_work") == 0
