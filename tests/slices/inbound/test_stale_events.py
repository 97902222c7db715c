"""Old events count in full, and nobody reacts to them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.slices.world import MARINA, Company, World, accepted, inbound, said, status, statuses, text

from recado.inbound.reactions import may_react

OLD = timedelta(minutes=10, seconds=1)
STALE = "select coalesce((data ->> 'stale')::boolean, false) from event where kind = $1"


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age_s", "may"), [(-60, True), (0, True), (600, True), (600.001, False), (86_400 * 7, False)]
)
def test_ten_minutes_are_the_limit(age_s: float, may: bool) -> None:
    assert may_react(NOON - timedelta(seconds=age_s), NOON) is may


def test_the_limit_can_be_another() -> None:
    assert not may_react(NOON - timedelta(seconds=61), NOON, timedelta(minutes=1))


@pytest.mark.parametrize(("age", "stale"), [(timedelta(0), False), (OLD, True)])
async def test_a_message_says_whether_it_came_too_late_to_be_answered(
    world: World, aurora: Company, age: timedelta, stale: bool
) -> None:
    image = said("image", "wamid.F", world.now - age, {"id": "7788", "mime_type": "image/png"})
    await world.hear(inbound(aurora, image))
    assert await world.value(STALE, "message.received") is stale
    assert await world.value("select state from message") == "received"
    assert await world.value("select window_until from conversation") > world.now
    # Its file is part of what was received.
    assert await world.value("select count(*) from job where kind = 'media.fetch'") == 1


async def test_an_event_that_waited_here_is_old_too(world: World, aurora: Company) -> None:
    await world.ledger.append(json.dumps(inbound(aurora, text(MARINA, "wamid.T", world.now))).encode())
    world.clock.advance(minutes=11)
    await world.project()
    assert await world.value(STALE, "message.received") is True


async def test_a_late_status_counts_and_is_marked(world: World, aurora: Company) -> None:
    await world.open_window(aurora)
    message_id = await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, accepted("wamid.OUT"))
    await world.hear(statuses(aurora, status("delivered", "wamid.OUT", world.now - OLD)))
    await world.hear(statuses(aurora, status("read", "wamid.OUT", world.now)))
    assert (await world.message(message_id))["state"] == "read"
    assert await world.value(STALE, "status.delivered") is True
    assert await world.value(STALE, "status.read") is False


async def test_the_setting_reaches_the_projector(world: World, aurora: Company) -> None:
    world.projection = replace(world.projection, stale_after=timedelta(hours=1))
    await world.hear(inbound(aurora, text(MARINA, "wamid.T", world.now - OLD)))
    assert await world.value(STALE, "message.received") is False
