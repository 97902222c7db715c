"""People: BSUID first, phone maybe, one person however they are named."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.slices.world import (
    MARINA,
    OTHER,
    TEMPLATE,
    Company,
    World,
    accepted,
    inbound,
    said,
    text,
    unknown,
)

from recado.conversations import service as conversations
from recado.db.system import system
from recado.kit.ids import ContactId
from recado.providers.contract import Person

BSUID = "BR.13491208655302741918"


def contacts(phone: str | None, bsuid: str | None, name: str = "Marina Azevedo") -> list[dict[str, Any]]:
    card: dict[str, Any] = {"profile": {"name": name}}
    return [card | ({"wa_id": phone} if phone else {}) | ({"user_id": bsuid} if bsuid else {})]


def by_bsuid(wamid: str, world: World, phone: str | None = None, bsuid: str = BSUID) -> dict[str, Any]:
    return text(phone, wamid, world.now) | {"from_user_id": bsuid}


async def people(world: World) -> list[dict[str, Any]]:
    return await world.rows(
        """select k.contact_id, k.phone, k.bsuid, k.name, array_agg(i.value order by i.value) as names
           from contact k join contact_identity i using (tenant_id, contact_id)
           group by k.tenant_id, k.contact_id, k.phone, k.bsuid, k.name order by min(i.value)"""
    )


async def meet(world: World, company: Company, person: Person) -> ContactId | None:
    async with system(world.db) as tx:
        met = await conversations.meet(tx, world.now, company.tenant.tenant_id, person)
        return met.contact_id if met else None


async def test_a_person_without_a_phone_is_a_person(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, by_bsuid("wamid.1", world), contacts=contacts(None, BSUID)))
    (one,) = await people(world)
    assert (one["phone"], one["bsuid"], one["name"]) == (None, BSUID, "Marina Azevedo")
    await world.hear(inbound(aurora, by_bsuid("wamid.2", world)))
    assert await world.value("select count(*) from conversation") == 1


async def test_phone_and_bsuid_in_one_event_are_one_person(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, by_bsuid("wamid.1", world, MARINA)))
    await world.hear(inbound(aurora, text(MARINA, "wamid.2", world.now)))
    await world.hear(inbound(aurora, by_bsuid("wamid.3", world)))
    (one,) = await people(world)
    assert one["names"] == [MARINA, BSUID]
    assert await world.value("select count(*) from conversation") == 1


@pytest.mark.parametrize(("first", "second"), [(MARINA, "552055500111"), ("552055500111", MARINA)])
async def test_the_ninth_digit_is_the_same_person(
    world: World, aurora: Company, first: str, second: str
) -> None:
    message_id = await world.queue(aurora, to="+" + first)
    await world.hear(inbound(aurora, text(second, "wamid.1", world.now)))
    (one,) = await people(world)
    assert one["names"] == sorted([first, second])
    conversation = (await world.message(message_id))["conversation_id"]
    assert await world.value("select conversation_id from message where direction = 'in'") == conversation
    await world.queue(aurora, text={"body": "Dentro da janela"}, to="+" + first)


async def test_two_contacts_that_turn_out_to_be_one_are_merged(world: World, aurora: Company) -> None:
    queued = await world.queue(aurora)
    await world.hear(inbound(aurora, text(MARINA, "wamid.P", world.now)))
    world.clock.advance(minutes=30)
    await world.hear(inbound(aurora, by_bsuid("wamid.B", world)))
    assert len(await people(world)) == 2
    world.clock.advance(minutes=1)
    await world.hear(inbound(aurora, by_bsuid("wamid.BOTH", world, MARINA)))
    (one,) = await people(world)
    assert (one["phone"], one["bsuid"]) == ("+" + MARINA, BSUID)
    home = await world.value("select distinct conversation_id from message")
    rows = await world.rows("select distinct conversation_id, contact_id from message")
    assert rows == [{"conversation_id": home, "contact_id": one["contact_id"]}]
    outbox = await world.outbox(queued)
    assert outbox is not None
    assert outbox["conversation_id"] == home
    kept = await world.row("select * from conversation where conversation_id = $1", home)
    assert kept["unread"] == 3
    assert kept["window_until"] > world.now + timedelta(hours=23)
    assert len(await world.claim()) == 1


async def test_a_merge_keeps_conversations_with_other_numbers(world: World, aurora: Company) -> None:
    second = await world.company(external_id="106540352242923")
    await world.hear(inbound(aurora, text(MARINA, "wamid.P", world.now)))
    await world.hear(inbound(second, by_bsuid("wamid.B", world)))
    await world.hear(inbound(aurora, by_bsuid("wamid.BOTH", world, MARINA)))
    (one,) = await people(world)
    owners = await world.rows("select distinct contact_id from conversation")
    assert owners == [{"contact_id": one["contact_id"]}]
    assert await world.value("select count(distinct conversation_id) from message") == 2


async def test_a_merge_while_both_sides_have_a_message_in_flight_goes_through(
    world: World, aurora: Company
) -> None:
    """Ordered messages: only one of a conversation may be on the wire, but two conversations become one."""
    await world.hear(inbound(aurora, text(MARINA, "wamid.P", world.now), by_bsuid("wamid.B", world)))
    await world.queue(aurora, text={"body": "um"})
    await world.queue(aurora, text={"body": "dois"}, recipient=BSUID)
    intents = await world.claim()
    assert len(intents) == 2
    await world.hear(inbound(aurora, by_bsuid("wamid.BOTH", world, MARINA)))
    assert await world.value("select count(*) from ledger_work") == 0
    assert await world.value("select count(distinct conversation_id) from outbox") == 1
    await world.record(intents[0], accepted("wamid.1"))
    await world.record(intents[1], unknown())
    assert await world.value("select count(*) from outbox where state = 2") == 1


async def test_a_merge_keeps_the_slower_pace_of_the_pair(world: World, aurora: Company) -> None:
    await world.do("update lane set pair_interval_s = 60, pair_burst = 1")
    await world.hear(inbound(aurora, by_bsuid("wamid.B", world)))
    await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, accepted())
    await world.hear(inbound(aurora, by_bsuid("wamid.BOTH", world, MARINA)))
    await world.queue(aurora)
    assert await world.claim() == [], "the merged pair forgot what had just been sent"
    world.clock.advance(seconds=61)
    assert len(await world.claim()) == 1


async def test_who_changes_the_number_stays_the_same_person(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, text(MARINA, "wamid.1", world.now)))
    (before,) = await people(world)
    system_message = {"type": "user_changed_number", "body": "changed", "wa_id": OTHER}
    body = inbound(aurora, said("system", "wamid.S", world.now, system_message))
    await world.hear(body, body)
    await world.hear(inbound(aurora, text(OTHER, "wamid.2", world.now)))
    (after,) = await people(world)
    assert after["contact_id"] == before["contact_id"]
    assert after["phone"] == "+" + OTHER
    assert await world.value("select count(*) from conversation") == 1
    assert await world.value("select count(*) from event where kind = 'contact.identity_changed'") == 1


async def test_a_change_of_number_seen_late_joins_both(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, text(MARINA, "wamid.1", world.now)))
    await world.hear(inbound(aurora, text(OTHER, "wamid.2", world.now)))
    assert len(await people(world)) == 2
    system_message = {"type": "user_changed_number", "body": "changed", "wa_id": OTHER}
    await world.hear(inbound(aurora, said("system", "wamid.S", world.now, system_message)))
    (one,) = await people(world)
    assert one["names"] == sorted([MARINA, OTHER])


async def test_a_name_is_learned_and_never_forgotten(world: World, aurora: Company) -> None:
    await meet(world, aurora, Person(phone=MARINA, name="Marina Azevedo", username="marina"))
    await meet(world, aurora, Person(phone=MARINA))
    row = await world.row("select name, username from contact")
    assert row == {"name": "Marina Azevedo", "username": "marina"}


async def test_nobody_is_nobody(world: World, aurora: Company) -> None:
    assert await meet(world, aurora, Person()) is None
    assert await meet(world, aurora, Person(parent_bsuid="BR.ENT.1")) is None
    assert await world.value("select count(*) from contact") == 0


async def test_two_projectors_meeting_somebody_new_create_one_person(world: World, aurora: Company) -> None:
    met = await asyncio.gather(*(meet(world, aurora, Person(phone=MARINA)) for _ in range(4)))
    assert len(set(met)) == 1
    assert await world.value("select count(*) from contact") == 1


async def test_people_of_two_tenants_are_strangers(world: World, aurora: Company) -> None:
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    await world.hear(inbound(aurora, text(MARINA, "wamid.1", world.now)))
    await world.hear(inbound(bruma, text(MARINA, "wamid.2", world.now)))
    assert await world.value("select count(*) from contact") == 2
    verdicts = await world.accept(bruma, world.request(bruma, **TEMPLATE))
    assert len(verdicts) == 1
    assert await world.value("select count(*) from contact") == 2
