"""Statuses as they really come: early, twice, shuffled, foreign, by token and by wamid."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import permutations
from typing import Any

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
    unknown,
)

from recado.kit.ids import MessageId
from recado.messages.claim import Intent


async def claimed(world: World, company: Company, **payload: Any) -> Intent:
    await world.queue(company, **payload)
    (intent,) = await world.claim()
    return intent


def token(company: Company, intent: Intent) -> str:
    return company.keys.write_token(intent.token)


async def settled(world: World, message_id: MessageId) -> tuple[str, int]:
    message = await world.message(message_id)
    assert await world.outbox(message_id) is None
    return message["state"], message["rank"]


async def test_the_whole_life_of_a_message(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    message_id = intent.row.due.message_id
    await world.record(intent, accepted("wamid.A"))
    start = world.now
    for seconds, word in enumerate(("sent", "delivered", "read"), start=1):
        await world.hear(statuses(aurora, status(word, "wamid.A", start + timedelta(seconds=seconds))))
    message = await world.message(message_id)
    assert (message["state"], message["rank"]) == ("read", 4)
    times = [message[f"{word}_at"] for word in ("sent", "delivered", "read")]
    assert times == [start + timedelta(seconds=n) for n in (1, 2, 3)]
    kinds = ["message.accepted", "provider.accepted", "status.sent", "status.delivered", "status.read"]
    assert await world.diary(message_id) == kinds


async def test_a_status_before_the_http_answer_finds_its_message_by_the_token(
    world: World, aurora: Company
) -> None:
    intent = await claimed(world, aurora)
    message_id = intent.row.due.message_id
    mark = token(aurora, intent)
    await world.hear(
        statuses(
            aurora,
            status("sent", "wamid.EARLY", world.now, mark),
            status("delivered", "wamid.EARLY", world.now, mark),
        )
    )
    assert await settled(world, message_id) == ("delivered", 3)
    (attempt,) = await world.attempts(message_id)
    assert (attempt["state"], attempt["wamid_hash"]) == ("accepted", aurora.keys.hash("wamid.EARLY"))
    assert attempt["echo_at"] is not None
    await world.record(intent, accepted("wamid.EARLY"))
    assert await settled(world, message_id) == ("delivered", 3)
    assert (await world.message(message_id))["wamid"] == "wamid.EARLY"
    assert await world.value("select count(*) from attempt") == 1


async def test_a_failure_before_the_http_answer_stays_a_failure(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    await world.hear(statuses(aurora, failed("wamid.F", world.now, 131026, token(aurora, intent))))
    await world.record(intent, accepted("wamid.F"))
    state, _ = await settled(world, intent.row.due.message_id)
    assert state == "failed"
    assert (await world.message(intent.row.due.message_id))["reason"] == "undeliverable"


@pytest.mark.parametrize("word", ["sent", "delivered", "failed"])
async def test_an_echo_settles_a_doubt_and_closes_the_outbox(
    world: World, aurora: Company, word: str
) -> None:
    intent = await claimed(world, aurora)
    await world.record(intent, unknown())
    mark = token(aurora, intent)
    one = failed("wamid.D", world.now, 131026, mark) if word == "failed" else None
    await world.hear(statuses(aurora, one or status(word, "wamid.D", world.now, mark)))
    state, _ = await settled(world, intent.row.due.message_id)
    assert state == word
    assert (await world.attempts(intent.row.due.message_id))[0]["state"] == "accepted"
    await world.record(intent, unknown())
    await world.record(intent, rejected())
    assert (await settled(world, intent.row.due.message_id))[0] == word


async def test_every_order_and_every_repetition_ends_the_same(world: World, aurora: Company) -> None:
    words = ("sent", "delivered", "read", "failed")
    orders = list(permutations(words))
    phones = [f"+55209555{n:05d}" for n in range(len(orders))]
    await world.do("update lane set rate_per_s = 1000, burst = 1000")
    for phone in phones:
        await world.queue(aurora, to=phone)
    intents = await world.claim()
    source = random.Random(7)
    told: list[dict[str, Any]] = []
    for intent, order in zip(intents, orders, strict=True):
        wamid = f"wamid.{intent.token.hex}"
        await world.record(intent, accepted(wamid))
        for word in order:
            one = status(word, wamid, world.now)
            if word == "failed":
                one = failed(wamid, world.now, 131026)
            told += [one] * source.randint(1, 3)
    # Per message in its order, in batches of any size.
    while told:
        size = source.randint(1, 9)
        await world.hear(statuses(aurora, *told[:size]))
        told = told[size:]
    ends = await world.rows("select distinct state, rank, reason, attention from message")
    assert ends == [{"state": "read", "rank": 4, "reason": None, "attention": False}]
    assert await world.value("select count(*) from event where kind like 'status.%'") == 24 * 4


async def test_a_repeated_webhook_changes_nothing(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    await world.record(intent, accepted("wamid.A"))
    body = statuses(aurora, status("sent", "wamid.A", world.now), status("delivered", "wamid.A", world.now))
    await world.hear(body)
    before = await world.counts()
    message = await world.message(intent.row.due.message_id)
    await world.hear(body, body)
    after = await world.counts()
    before["ledger"] += 2
    # Two facts, each told twice more; reading a body again is no repetition.
    before["event_repeat"] += 4
    assert after == before
    assert await world.message(intent.row.due.message_id) == message
    assert world.tally.applied[-1].repeated == 4


async def test_131047_reported_late_is_a_skip(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    await world.record(intent, accepted("wamid.A"))
    await world.hear(statuses(aurora, failed("wamid.A", world.now, 131047)))
    message = await world.message(intent.row.due.message_id)
    assert (message["state"], message["reason"], message["reason_code"]) == (
        "skipped",
        "window_closed",
        131047,
    )
    assert not message["attention"]
    await world.hear(statuses(aurora, status("sent", "wamid.A", world.now)))
    assert (await world.message(intent.row.due.message_id))["state"] == "skipped"


async def test_a_status_of_another_application_is_kept_as_foreign(world: World, aurora: Company) -> None:
    await world.hear(
        statuses(
            aurora,
            status("sent", "wamid.NOTOURS", world.now, "their-own-data"),
            status("delivered", "wamid.NOTOURS", world.now),
        )
    )
    assert world.tally.applied[-1].foreign == 2
    kinds = await world.rows("select kind, message_id from event")
    assert kinds == [{"kind": "status.foreign", "message_id": None}] * 2
    assert await world.value("select count(*) from orphan_event") == 0


async def test_a_token_of_another_tenant_opens_nothing(world: World, aurora: Company) -> None:
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    intent = await claimed(world, bruma)
    stolen = bruma.keys.write_token(intent.token)
    await world.hear(statuses(aurora, status("read", "wamid.X", world.now, stolen)))
    outbox = await world.outbox(intent.row.due.message_id)
    assert outbox is not None
    assert outbox["state"] == 1
    assert world.tally.applied[-1].foreign == 1


async def test_a_token_decides_even_when_the_wamid_is_unknown_or_of_another_try(
    world: World, aurora: Company
) -> None:
    intent = await claimed(world, aurora)
    await world.record(intent, accepted("wamid.ONE"))
    await world.hear(statuses(aurora, status("delivered", "wamid.TWO", world.now, token(aurora, intent))))
    message = await world.message(intent.row.due.message_id)
    assert (message["state"], message["wamid"]) == ("delivered", "wamid.ONE")


async def test_statuses_of_two_tenants_in_one_body(world: World, aurora: Company) -> None:
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    one, other = await claimed(world, aurora), await claimed(world, bruma, to="+" + OTHER)
    await world.record(one, accepted("wamid.A"))
    await world.record(other, accepted("wamid.B"))
    body = statuses(aurora, status("sent", "wamid.A", world.now))
    body["entry"] += statuses(bruma, status("read", "wamid.B", world.now))["entry"]
    await world.hear(body)
    assert (await world.message(one.row.due.message_id))["state"] == "sent"
    assert (await world.message(other.row.due.message_id))["state"] == "read"


async def test_a_status_from_the_future_is_dated_by_us(world: World, aurora: Company) -> None:
    intent = await claimed(world, aurora)
    await world.record(intent, accepted("wamid.A"))
    await world.hear(statuses(aurora, status("sent", "wamid.A", world.now + timedelta(days=3))))
    sent_at = (await world.message(intent.row.due.message_id))["sent_at"]
    assert sent_at < world.now + timedelta(minutes=1)


async def test_a_delivery_is_shown_even_when_somebody_cancelled_meanwhile(
    world: World, aurora: Company
) -> None:
    message_id = await world.queue(aurora, **TEMPLATE)
    await world.do("update message set state = 'cancelled', wamid_hash = $1", aurora.keys.hash("wamid.A"))
    await world.do("delete from outbox")
    await world.hear(statuses(aurora, status("sent", "wamid.A", world.now)))
    assert (await world.message(message_id))["state"] == "sent"


# --------------------------------------------------------------------------- quotes as proof


LONG_OURS = "update phone_number set created_at = now() - interval '90 days'"


async def test_quoting_a_message_we_never_learned_of_proves_that_it_arrived(
    world: World, aurora: Company
) -> None:
    await world.do(LONG_OURS)
    intent = await claimed(world, aurora)
    await world.record(intent, unknown())
    quote = {"id": "wamid.NEVERLEARNED", "from": "16505550100"}
    await world.hear(inbound(aurora, text("5520955500111", "wamid.IN", world.now, context=quote)))
    assert (await settled(world, intent.row.due.message_id))[0] == "delivered"
    (attempt,) = await world.attempts(intent.row.due.message_id)
    assert attempt["state"] == "accepted"


async def test_a_quote_of_a_young_number_may_be_older_than_we_are(world: World, aurora: Company) -> None:
    await world.record(await claimed(world, aurora), unknown())
    quote = {"id": "wamid.BEFOREUS", "from": "16505550100"}
    await world.hear(inbound(aurora, text("5520955500111", "wamid.IN", world.now, context=quote)))
    assert await world.value("select count(*) from outbox where state = 2") == 1


async def test_a_quote_proves_nothing_where_others_send_too(world: World, aurora: Company) -> None:
    await world.do(LONG_OURS)
    await world.hear(statuses(aurora, status("sent", "wamid.OFANOTHER", world.now)))
    await world.record(await claimed(world, aurora), unknown())
    quote = {"id": "wamid.OFANOTHERTOO", "from": "16505550100"}
    await world.hear(inbound(aurora, text("5520955500111", "wamid.IN", world.now, context=quote)))
    assert await world.value("select count(*) from outbox where state = 2") == 1


async def test_a_quote_proves_nothing_when_two_messages_are_in_doubt(world: World, aurora: Company) -> None:
    await world.do(LONG_OURS)
    for _ in range(2):
        await world.record(await claimed(world, aurora), unknown())
    quote = {"id": "wamid.NEVERLEARNED", "from": "16505550100"}
    await world.hear(inbound(aurora, text("5520955500111", "wamid.IN", world.now, context=quote)))
    assert await world.value("select count(*) from outbox where state = 2") == 2


async def test_quoting_a_message_we_know_proves_nothing_about_another(world: World, aurora: Company) -> None:
    first = await claimed(world, aurora)
    await world.record(first, accepted("wamid.KNOWN"))
    await world.record(await claimed(world, aurora), unknown())
    quote = {"id": "wamid.KNOWN", "from": "16505550100"}
    await world.hear(inbound(aurora, text("5520955500111", "wamid.IN", world.now, context=quote)))
    assert await world.value("select count(*) from outbox where state = 2") == 1
