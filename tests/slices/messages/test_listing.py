"""Finding messages: what somebody types narrows the list they look at, and nothing is left out without saying so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.slices.world import Company, World, rejected

from recado.kit.ids import MessageId
from recado.messages import listing
from recado.messages.listing import Page, Wanted


async def look(
    world: World, company: Company, *, before: UUID = listing.LAST, most: int = 50, **wanted: Any
) -> Page:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await listing.page(
            tx,
            world.now,
            company.tenant.tenant_id,
            Wanted(**wanted),
            keys=company.keys,
            before=before,
            most=most,
        )


async def ids(world: World, company: Company, **wanted: Any) -> set[UUID]:
    return {row.id for row in (await look(world, company, **wanted)).rows}


async def whole(world: World, company: Company, most: int, **wanted: Any) -> list[UUID]:
    """Page after page, as an export or a bulk plan goes."""
    found: list[UUID] = []
    page = await look(world, company, most=most, **wanted)
    found += [row.id for row in page.rows]
    while page.older is not None:
        page = await look(world, company, before=page.older, most=most, **wanted)
        found += [row.id for row in page.rows]
    return found


async def refused(world: World, company: Company, **payload: Any) -> MessageId:
    message_id = await world.queue(company, **payload)
    for intent in await world.claim():
        await world.record(intent, rejected())
    return message_id


@pytest.mark.parametrize("words", ["5520955500111", "Marina", "agd-8231", "id"])
async def test_what_is_typed_narrows_the_tab_one_looks_at(world: World, aurora: Company, words: str) -> None:
    failed = await refused(world, aurora, client_reference="agd-8231")
    waits = await world.queue(aurora, client_reference="agd-8231")
    await world.do("update contact set name = 'Marina Azevedo'")
    typed = str(failed) if words == "id" else words
    assert await ids(world, aurora, words=typed) >= {failed}
    assert await ids(world, aurora, words=typed, tab="voce") == {failed}
    assert await ids(world, aurora, words=typed, tab="fila") == (set() if words == "id" else {waits})
    assert await ids(world, aurora, words=typed, states=("delivered",)) == set()
    assert await ids(world, aurora, words=typed, tab="voce", reason="window_closed") == set()


async def test_a_person_is_found_within_the_chosen_number(world: World, aurora: Company) -> None:
    second = await world.company(external_id="106540352242999")
    mine, theirs = await world.queue(aurora), await world.queue(second)
    found = await ids(world, aurora, words="5520955500111", number_id=aurora.number.number_id)
    assert (mine in found, theirs in found) == (True, False)


async def test_a_reference_used_often_is_listed_to_its_end(world: World, aurora: Company) -> None:
    sent = [await world.queue(aurora, client_reference="campanha") for _ in range(7)]
    assert sorted(await whole(world, aurora, 3, words="campanha")) == sorted(sent)


async def test_a_person_written_to_often_is_listed_to_the_end(world: World, aurora: Company) -> None:
    sent = [await world.queue(aurora) for _ in range(7)]
    assert sorted(await whole(world, aurora, 3, words="+5520955500111")) == sorted(sent)


async def test_fresh_rows_of_an_id_nobody_has(world: World, aurora: Company) -> None:
    one = await world.queue(aurora)
    wanted = Wanted(words=str(uuid4()))
    low = Wanted(words=str(UUID(int=5)))
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        for each in (wanted, low):
            assert not await listing.among(
                tx, world.now, aurora.tenant.tenant_id, each, [one], keys=aurora.keys
            )


@pytest.mark.parametrize("tab", ["voce", "nao-enviadas", "todas"])
async def test_a_rare_one_behind_many_others_is_reached(
    world: World, aurora: Company, tab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await refused(
        world, aurora, type="template", template={"name": "raro", "language": {"code": "pt_BR"}}
    )
    for _ in range(6):
        world.clock.advance(seconds=61)
        await refused(world, aurora)
    monkeypatch.setattr(listing, "LOOK", 3)
    assert await whole(world, aurora, 2, tab=tab, template="raro") == [first]


async def test_what_waits_now_is_reached_behind_what_is_for_later(
    world: World, aurora: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = await world.queue(aurora)
    later = (world.now + timedelta(days=3)).isoformat()
    for _ in range(6):
        await world.queue(aurora, scheduled_at=later)
    monkeypatch.setattr(listing, "LOOK", 3)
    assert await whole(world, aurora, 2, tab="fila") == [now]
