"""Strict order: the next message to a person leaves when the one before has arrived, failed, or had its time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.slices.world import (
    MARINA,
    OTHER,
    TEMPLATE,
    Company,
    World,
    accepted,
    failed,
    later,
    rejected,
    status,
    statuses,
    unknown,
)

from recado.messages.claim import STRICT_WAIT_S, Intent


@pytest.fixture
async def strict(world: World, aurora: Company) -> Company:
    await world.do("update tenant set ordering = 'strict'")
    return aurora


async def two(world: World, company: Company, **more: Any) -> tuple[UUID, UUID]:
    first = await world.queue(company, **TEMPLATE, **more)
    world.clock.advance(seconds=1)
    return first, await world.queue(company, **TEMPLATE, **more)


async def leaves(world: World) -> list[UUID]:
    return [intent.row.due.message_id for intent in await look(world)]


async def look(world: World) -> list[Intent]:
    world.clock.advance(seconds=1)
    return await world.claim()


async def sent_first(world: World, company: Company) -> tuple[UUID, UUID]:
    first, second = await two(world, company)
    (intent,) = await look(world)
    assert intent.row.due.message_id == first
    await world.record(intent, accepted("wamid.FIRST"))
    return first, second


async def test_the_next_one_waits_until_the_first_has_arrived(world: World, strict: Company) -> None:
    _, second = await sent_first(world, strict)
    assert await leaves(world) == []
    await world.hear(statuses(strict, status("sent", "wamid.FIRST", world.now)))
    assert await leaves(world) == []
    await world.hear(statuses(strict, status("delivered", "wamid.FIRST", world.now)))
    assert await leaves(world) == [second]


@pytest.mark.parametrize("word", ["read", "failed"])
async def test_reading_or_failing_ends_the_waiting_too(world: World, strict: Company, word: str) -> None:
    _, second = await sent_first(world, strict)
    told = (
        failed("wamid.FIRST", world.now, 131026)
        if word == "failed"
        else status(word, "wamid.FIRST", world.now)
    )
    await world.hear(statuses(strict, told))
    assert await leaves(world) == [second]


async def test_a_phone_that_is_off_holds_the_next_one_for_half_a_minute(
    world: World, strict: Company
) -> None:
    _, second = await sent_first(world, strict)
    world.clock.advance(seconds=STRICT_WAIT_S - 3)
    assert await leaves(world) == []
    world.clock.advance(seconds=3)
    assert await leaves(world) == [second]


async def test_a_refusal_frees_the_next_one_at_once(world: World, strict: Company) -> None:
    _, second = await two(world, strict)
    (intent,) = await look(world)
    await world.record(intent, rejected())
    assert await leaves(world) == [second]


async def test_what_has_to_try_again_goes_first(world: World, strict: Company) -> None:
    first, second = await two(world, strict)
    (intent,) = await look(world)
    await world.record(intent, later())
    world.clock.advance(seconds=60)
    (again,) = await look(world)
    assert again.row.due.message_id == first
    await world.record(again, accepted("wamid.FIRST"))
    await world.hear(statuses(strict, status("delivered", "wamid.FIRST", world.now)))
    assert await leaves(world) == [second]


async def test_nobody_overtakes_a_message_in_doubt(world: World, strict: Company) -> None:
    await two(world, strict)
    (intent,) = await look(world)
    await world.record(intent, unknown())
    world.clock.advance(seconds=STRICT_WAIT_S + 1)
    assert await leaves(world) == []


async def test_other_people_do_not_wait(world: World, strict: Company) -> None:
    await sent_first(world, strict)
    other = await world.queue(strict, **TEMPLATE, to="+" + OTHER)
    assert await leaves(world) == [other]


async def test_a_code_does_not_stand_in_line(world: World, strict: Company) -> None:
    await sent_first(world, strict)
    code = await world.queue(strict, **TEMPLATE, **{"class": "authentication"})
    assert await leaves(world) == [code]


async def test_fast_order_waits_for_acceptance_only(world: World, aurora: Company) -> None:
    await world.open_window(aurora)
    await world.queue(aurora, text={"body": "um"})
    world.clock.advance(seconds=1)
    second = await world.queue(aurora, text={"body": "dois"})
    (intent,) = await look(world)
    assert await leaves(world) == []
    await world.record(intent, accepted("wamid.FIRST"))
    assert await leaves(world) == [second]
    assert await world.value("select count(*) from strict_turn") == 0


@pytest.mark.parametrize(
    ("tenant", "number", "is_strict"), [("fast", "strict", True), ("strict", "fast", False)]
)
async def test_a_number_may_differ_from_its_company(
    world: World, aurora: Company, tenant: str, number: str, is_strict: bool
) -> None:
    await world.do("update tenant set ordering = $1", tenant)
    await world.do("update lane set ordering = $1", number)
    first, _ = await two(world, aurora)
    row = await world.outbox(first)
    assert row is not None
    assert (row["strict"], row["ordered"]) == (is_strict, is_strict)


async def test_the_database_refuses_a_second_turn(world: World, strict: Company) -> None:
    """Whatever the code believes: while the first counts, nobody else can be given the turn."""
    _, second = await sent_first(world, strict)
    row = await world.outbox(second)
    assert row is not None
    with pytest.raises(asyncpg.UniqueViolationError):
        await world.do(
            "insert into strict_turn values ($1, $2, $3, now(), 30)",
            row["tenant_id"],
            row["conversation_id"],
            second,
        )


async def test_the_person_is_the_same_whatever_the_spelling(world: World, strict: Company) -> None:
    await sent_first(world, strict)
    await world.queue(strict, **TEMPLATE, to="+" + MARINA)
    assert await leaves(world) == []
