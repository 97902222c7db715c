"""Recording: every outcome leaves one story, told once, whatever is repeated or late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.slices.world import (
    MARINA,
    OTHER,
    Company,
    World,
    accepted,
    later,
    rejected,
    unknown,
)

from recado.db.system import system
from recado.kit.reasons import Reason
from recado.messages.claim import Intent
from recado.messages.record import Finished, rescue
from recado.providers.contract import Accepted, Blame, Scope, SendOutcome


async def claimed(world: World, company: Company, **payload: Any) -> Intent:
    await world.queue(company, **payload)
    (intent,) = await world.claim()
    return intent


async def rescued(world: World) -> int:
    await world.do("update outbox set lease_until = clock_timestamp() - interval '1 second' where state = 1")
    async with system(world.db) as tx:
        return await rescue(tx, world.now)


async def test_accepted_closes_the_outbox_and_keeps_the_wamid(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    message_id = intent.row.due.message_id
    await world.record(intent, accepted("wamid.A"))
    message = await world.message(message_id)
    assert (message["state"], message["rank"], message["wamid"]) == ("accepted", 1, "wamid.A")
    assert message["wamid_hash"] == aurora.keys.hash("wamid.A")
    assert message["accepted_at"] == world.now
    assert await world.outbox(message_id) is None
    (attempt,) = await world.attempts(message_id)
    assert (attempt["state"], attempt["http_status"]) == ("accepted", 200)
    assert await world.diary(message_id) == ["message.accepted", "provider.accepted"]


async def test_a_held_template_is_noted_and_accepted(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    held = Accepted(
        wamid="wamid.H",
        message_status="held_for_quality_assessment",
        wa_id=None,
        user_id=None,
        exchange=accepted().exchange,
    )
    await world.record(intent, held)
    event = await world.row("select data from event where kind = 'provider.accepted'")
    assert event["data"] == {"message_status": "held_for_quality_assessment"}


async def test_a_refused_message_fails_with_its_reason(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    message_id = intent.row.due.message_id
    await world.record(intent, rejected())
    message = await world.message(message_id)
    assert (message["state"], message["reason"], message["reason_code"]) == (
        "rejected",
        "undeliverable",
        131026,
    )
    assert message["attention"]
    assert message["failed_at"] == world.now
    assert await world.outbox(message_id) is None
    assert (await world.attempts(message_id))[0]["state"] == "rejected"
    assert (await world.row("select * from lane"))["paused_reason"] is None


async def test_a_window_that_closed_meanwhile_is_a_skip(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    await world.record(intent, rejected(Reason.WINDOW_CLOSED, code=131047, skip=True))
    message = await world.message(intent.row.due.message_id)
    assert (message["state"], message["attention"], message["failed_at"]) == ("skipped", False, None)


@pytest.mark.parametrize("blame", [Blame.TOKEN, Blame.NUMBER])
async def test_a_broken_token_or_number_pauses_the_lane_and_keeps_the_message(
    world: World, aurora: Company, blame: Blame
) -> None:
    intent = await claimed(world, aurora)
    message_id = intent.row.due.message_id
    await world.record(intent, rejected(Reason.TOKEN_EXPIRED, blame, code=190))
    outbox = await world.outbox(message_id)
    assert outbox is not None
    assert (outbox["state"], outbox["token"]) == (0, None)
    assert (await world.message(message_id))["state"] == "queued"
    lane = await world.row("select * from lane")
    assert (lane["paused_reason"], lane["paused_until"]) == (
        "token_expired",
        world.now + timedelta(minutes=5),
    )
    assert await world.claim() == []


async def test_a_pair_limit_holds_only_that_person_and_four_times_longer_each_time(
    world: World, aurora: Company
) -> None:
    intent = await claimed(world, aurora)
    for tries, wait in enumerate((4, 16, 64), start=1):
        await world.record(intent, later(Scope.PAIR, code=131056))
        pair = await world.row("select * from conversation")
        assert (pair["pair_tries"], pair["pair_blocked_until"]) == (
            tries,
            world.now + timedelta(seconds=wait),
        )
        world.clock.advance(seconds=wait - 0.1)
        assert await world.claim() == []
        world.clock.advance(seconds=0.2)
        (intent,) = await world.claim()
    assert intent.n == 4
    await world.record(intent, accepted())
    pair = await world.row("select * from conversation")
    assert (pair["pair_tries"], pair["pair_blocked_until"]) == (0, None)


async def test_a_blocked_pair_does_not_hold_other_people(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    await world.record(intent, later(Scope.PAIR, code=131056))
    await world.queue(aurora)
    await world.queue(aurora, to="+" + OTHER)
    assert [one.row.detail.recipient for one in await world.claim()] == ["+" + OTHER]


async def test_too_fast_halves_the_lane_for_a_minute_once_for_each_burst(
    world: World, aurora: Company
) -> None:
    for phone in (MARINA, OTHER, "5520955500133", "5520955500144"):
        await world.queue(aurora, to="+" + phone)
    one, other, another, third = await world.claim()
    await world.record(one, later(Scope.NUMBER, code=130429, slow_down=True))
    lane = await world.row("select * from lane")
    assert (lane["slow_factor"], lane["slow_until"]) == (0.5, world.now + timedelta(seconds=60))
    assert lane["paused_reason"] is None
    for straggler in (other, another):
        world.clock.advance(seconds=2)
        await world.record(straggler, later(Scope.NUMBER, code=130429, slow_down=True))
        assert (await world.row("select * from lane"))["slow_factor"] == 0.5, "one burst was punished twice"
    world.clock.advance(seconds=2)
    await world.record(third, later(Scope.NUMBER, code=130429, slow_down=True))
    assert (await world.row("select * from lane"))["slow_factor"] == 0.25
    world.clock.advance(minutes=2)
    (fourth, *_) = await world.claim()
    assert (await world.row("select * from lane"))["slow_factor"] == 1
    await world.record(fourth, later(Scope.NUMBER, code=130429, slow_down=True))
    assert (await world.row("select * from lane"))["slow_factor"] == 0.5


async def test_retry_after_of_a_number_pauses_it(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    await world.record(intent, later(Scope.NUMBER, code=131057, retry_after_s=30))
    lane = await world.row("select * from lane")
    assert lane["paused_until"] == world.now + timedelta(seconds=30)
    outbox = await world.outbox(intent.row.due.message_id)
    assert outbox is not None
    assert outbox["due_at"] == world.now + timedelta(seconds=30)


async def test_what_was_never_sent_is_tried_again_with_backoff(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    message_id = intent.row.due.message_id
    waits = []
    for _ in range(4):
        await world.record(intent, later(sent=False))
        outbox = await world.outbox(message_id)
        assert outbox is not None
        waits.append((outbox["due_at"] - world.now).total_seconds())
        world.clock.advance(seconds=waits[-1])
        (intent,) = await world.claim()
    assert waits == [1, 2, 4, 8]
    states = [attempt["state"] for attempt in await world.attempts(message_id)]
    assert states == ["not_sent"] * 4 + ["intent"]
    assert (await world.diary(message_id)).count("provider.later") == 4


async def test_silence_is_in_doubt_and_never_sent_again_by_itself(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    message_id = intent.row.due.message_id
    await world.record(intent, unknown())
    outbox = await world.outbox(message_id)
    assert outbox is not None
    assert outbox["state"] == 2
    message = await world.message(message_id)
    assert (message["state"], message["reason"]) == ("in_doubt", "in_doubt_no_answer")
    assert (await world.attempts(message_id))[0]["state"] == "in_doubt"
    world.clock.advance(hours=1)
    assert await world.claim() == []


async def test_an_answered_spelling_becomes_a_name_of_the_person(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora, to="+16505550111")
    await world.record(intent, accepted(wa_id="16505550112"))
    known = await world.rows("select value from contact_identity order by value")
    assert [row["value"] for row in known] == ["16505550111", "16505550112"]


# --------------------------------------------------------------------------- repeats and zombies

OUTCOMES: list[SendOutcome] = [
    accepted("wamid.R"),
    rejected(),
    rejected(Reason.WINDOW_CLOSED, code=131047, skip=True),
    rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190),
    later(sent=False),
    later(Scope.PAIR, code=131056),
    later(Scope.NUMBER, code=130429, slow_down=True),
    later(Scope.NUMBER, code=131057, retry_after_s=30),
    unknown(),
]
STORY = (
    "select state, rank, reason, wamid, attention, failed_at from message",
    "select state, token, due_at, tries from outbox",
    "select state, reason, code, http_status from attempt order by n",
    "select kind, data from event order by seq",
    "select slow_factor, slow_until, paused_reason, paused_until from lane",
    "select pair_tries, pair_blocked_until from conversation",
)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda one: f"{type(one).__name__}")
async def test_recording_twice_tells_the_story_once(
    world: World, aurora: Company, outcome: SendOutcome
) -> None:
    """A COMMIT whose answer was lost is repeated; so is one whose worker believes it failed."""
    intent = await claimed(world, aurora)
    finished = await world.record(intent, outcome)
    story = [await world.rows(text) for text in STORY]
    await world.record_again(finished)
    await world.record_again(finished, finished)
    assert [await world.rows(text) for text in STORY] == story


async def test_a_vanished_workers_message_is_in_doubt_once(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    message_id = intent.row.due.message_id
    async with system(world.db) as tx:
        assert await rescue(tx, world.now) == 0
    assert await rescued(world) == 1
    assert await rescued(world) == 0
    assert (await world.message(message_id))["state"] == "in_doubt"
    assert (await world.attempts(message_id))[0]["state"] == "in_doubt"
    assert (await world.diary(message_id)).count("provider.in_doubt") == 1


async def test_a_zombies_late_acceptance_settles_the_doubt(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    message_id = intent.row.due.message_id
    await rescued(world)
    await world.record(intent, accepted("wamid.LATE"))
    message = await world.message(message_id)
    assert (message["state"], message["wamid"], message["reason"]) == ("accepted", "wamid.LATE", None)
    assert await world.outbox(message_id) is None
    assert (await world.attempts(message_id))[0]["state"] == "accepted"


async def test_a_zombies_late_refusal_settles_the_doubt_too(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    await rescued(world)
    await world.record(intent, rejected())
    assert (await world.message(intent.row.due.message_id))["state"] == "rejected"
    assert await world.outbox(intent.row.due.message_id) is None


async def resent(world: World, intent: Intent) -> Intent:
    """What the resolver does with proof: the first try is presumed lost, a second one leaves."""
    message_id = intent.row.due.message_id
    await world.do("update attempt set state = 'presumed_lost' where token = $1", intent.token)
    await world.do(
        "update outbox set state = 0, token = null, lease_until = null where message_id = $1", message_id
    )
    (second,) = await world.claim()
    return second


@pytest.mark.parametrize("word", [rejected(), later(sent=False), unknown()])
async def test_a_zombies_late_word_does_not_disturb_its_successor(
    world: World, aurora: Company, word: SendOutcome
) -> None:
    first = await claimed(world, aurora)
    message_id = first.row.due.message_id
    await rescued(world)
    second = await resent(world, first)
    before = await world.message(message_id)
    await world.record(first, word)
    outbox = await world.outbox(message_id)
    assert outbox is not None
    assert (outbox["state"], outbox["token"]) == (1, second.token)
    after = await world.message(message_id)
    assert (after["state"], after["attention"]) == (before["state"], before["attention"])
    await world.record(second, accepted("wamid.SECOND"))
    assert (await world.message(message_id))["state"] == "accepted"


async def test_a_batch_of_every_outcome_is_recorded_whole(world: World, aurora: Company) -> None:
    phones = [f"+55209555{n:05d}" for n in range(6)]
    for phone in phones:
        await world.queue(aurora, to=phone)
    intents = await world.claim()
    outcomes: list[SendOutcome] = [
        accepted("wamid.1"),
        rejected(),
        later(sent=False),
        unknown(),
        accepted("wamid.2"),
        later(Scope.PAIR),
    ]
    batch = [
        Finished(intent=intent, outcome=outcome, wamid_hash=b"%d" % n, jitter=0.5)
        for n, (intent, outcome) in enumerate(zip(intents, outcomes, strict=True))
    ]
    await world.record_again(*batch)
    states = [(await world.message(one.row.due.message_id))["state"] for one in intents]
    assert states == ["accepted", "rejected", "queued", "in_doubt", "accepted", "queued"]
