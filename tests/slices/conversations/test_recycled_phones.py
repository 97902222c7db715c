"""A phone that changed hands: the new owner is somebody else, and the old one keeps the history."""

from __future__ import annotations

from typing import Any

import pytest
from tests.slices.world import MARINA, OTHER, Company, World, inbound, said, text

OLD = "BR.13491208655302741918"
NEW = "BR.99991208655302740000"


def wrote(
    company: Company, world: World, wamid: str, bsuid: str, phone: str | None = MARINA
) -> dict[str, Any]:
    return inbound(company, text(phone, wamid, world.now) | {"from_user_id": bsuid})


async def contact(world: World, bsuid: str) -> dict[str, Any]:
    return await world.row("select * from contact where bsuid = $1", bsuid)


async def names(world: World, bsuid: str) -> set[str]:
    rows = await world.rows(
        """select i.value from contact_identity i join contact k using (tenant_id, contact_id) where k.bsuid = $1""",
        bsuid,
    )
    return {row["value"] for row in rows}


async def recycled(world: World) -> list[dict[str, Any]]:
    return await world.rows("select * from event where kind = 'contact.phone_recycled'")


async def test_the_new_owner_of_a_phone_is_another_person(world: World, aurora: Company) -> None:
    await world.hear(wrote(aurora, world, "wamid.OLD", OLD))
    world.clock.advance(days=200)
    await world.hear(wrote(aurora, world, "wamid.NEW", NEW), wrote(aurora, world, "wamid.NEW2", NEW))
    before, after = await contact(world, OLD), await contact(world, NEW)
    assert before["contact_id"] != after["contact_id"]
    assert (before["phone"], after["phone"]) == (None, "+" + MARINA)
    assert (await names(world, OLD), await names(world, NEW)) == ({OLD}, {NEW, MARINA})
    owners = await world.rows("select contact_id, count(*) as messages from message group by contact_id")
    assert {row["contact_id"]: row["messages"] for row in owners} == {
        before["contact_id"]: 1,
        after["contact_id"]: 2,
    }
    assert await world.value("select count(*) from conversation") == 2
    (told,) = await recycled(world)
    assert told["data"] == {"former_contact": str(before["contact_id"]), "contact": str(after["contact_id"])}
    assert MARINA not in str(told)
    # What is sent to the number from now on is the new owner's.
    message_id = await world.queue(aurora)
    assert (await world.message(message_id))["contact_id"] == after["contact_id"]


async def test_the_former_owner_is_still_known_by_the_id(world: World, aurora: Company) -> None:
    await world.hear(wrote(aurora, world, "wamid.OLD", OLD))
    await world.hear(wrote(aurora, world, "wamid.NEW", NEW))
    await world.hear(wrote(aurora, world, "wamid.AGAIN", OLD, OTHER))
    before = await contact(world, OLD)
    assert before["phone"] == "+" + OTHER
    assert await world.value("select count(*) from message where contact_id = $1", before["contact_id"]) == 2
    assert len(await recycled(world)) == 1


async def test_the_other_spelling_of_the_phone_goes_along(world: World, aurora: Company) -> None:
    await world.hear(wrote(aurora, world, "wamid.OLD", OLD))
    await world.hear(wrote(aurora, world, "wamid.OLD2", OLD, "552055500111"))
    await world.hear(wrote(aurora, world, "wamid.NEW", NEW))
    assert await names(world, OLD) == {OLD}


async def test_a_phone_without_an_id_is_no_proof_of_another_person(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, text(MARINA, "wamid.1", world.now)))
    await world.hear(wrote(aurora, world, "wamid.2", NEW))
    assert await world.value("select count(*) from contact_identity") == 2
    assert await world.value("select count(distinct contact_id) from contact_identity") == 1
    assert await recycled(world) == []


async def test_ids_of_two_accounts_do_not_contradict_each_other(world: World, aurora: Company) -> None:
    """A BSUID belongs to a portfolio: another account may call the same person by another id."""
    second = await world.company(external_id="106540352242923", waba="102290129340399")
    await world.hear(wrote(aurora, world, "wamid.1", OLD))
    await world.hear(wrote(second, world, "wamid.2", NEW), wrote(aurora, world, "wamid.3", OLD))
    assert await world.value("select count(distinct contact_id) from contact_identity") == 1
    assert await world.value("select count(distinct contact_id) from message") == 1
    assert await recycled(world) == []


async def test_a_change_of_id_told_after_the_first_message_joins_them_again(
    world: World, aurora: Company
) -> None:
    await world.hear(wrote(aurora, world, "wamid.1", OLD))
    await world.hear(wrote(aurora, world, "wamid.2", NEW))
    assert await world.value("select count(distinct contact_id) from contact_identity") == 2
    change = {"type": "user_changed_user_id", "body": "changed", "user_id": NEW, "previous_user_id": OLD}
    await world.hear(inbound(aurora, said("system", "wamid.S", world.now, change) | {"from_user_id": OLD}))
    assert await world.value("select count(distinct contact_id) from contact_identity") == 1
    assert await world.value("select count(distinct contact_id) from message") == 1


@pytest.mark.parametrize("with_id", [True, False])
async def test_who_moves_to_a_recycled_number_does_not_become_its_former_owner(
    world: World, aurora: Company, with_id: bool
) -> None:
    await world.hear(wrote(aurora, world, "wamid.1", OLD, MARINA))
    await world.hear(wrote(aurora, world, "wamid.2", NEW, OTHER))
    change = {"type": "user_changed_number", "body": "changed", "wa_id": OTHER}
    change |= {"user_id": OLD, "previous_user_id": OLD} if with_id else {}
    system = said("system", "wamid.S", world.now, change) | {"from_user_id": OLD}
    await world.hear(inbound(aurora, system))
    assert (await contact(world, OLD))["contact_id"] != (await contact(world, NEW))["contact_id"]
    assert (await contact(world, OLD))["phone"] == "+" + OTHER
    assert (await contact(world, NEW))["phone"] is None
    assert len(await recycled(world)) == 1
