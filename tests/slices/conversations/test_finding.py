"""Finding people: by the beginning of any word of a name, by a phone or its end, as long as anybody has it."""

from __future__ import annotations

import pytest
from tests.slices.world import Company, World

from recado.conversations import finding
from recado.conversations.finding import People


async def meant(world: World, company: Company, words: str) -> People:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await finding.meant(tx, company.tenant.tenant_id, words)


@pytest.fixture
async def iris(world: World, aurora: Company) -> Company:
    await world.queue(aurora)
    await world.do("update contact set name = 'Íris d’Ávila  Çelik', username = 'iris_da_praia'")
    return aurora


@pytest.mark.parametrize(
    "words",
    ["Íris", "iris", "IRI", "ávila", "avila celik", "çel", "Praia", "da praia", "@iris_da", "0111", "5500111",
     "+5520955500111", "20 95550-0111", "20 5550-0111"],
)  # fmt: skip
async def test_who_is_found(world: World, iris: Company, words: str) -> None:
    assert len((await meant(world, iris, words)).conversations) == 1


@pytest.mark.parametrize(
    "words", ["ris", "vila", "9555", "0112", "celik iris", "%", "_", "", "--", "x" * 500, "\x00"]
)
async def test_who_is_not(world: World, iris: Company, words: str) -> None:
    assert await meant(world, iris, words) == People()


async def test_a_new_name_replaces_the_old_one(world: World, iris: Company) -> None:
    await world.do("update contact set name = 'Marina Azevedo', username = null")
    assert await meant(world, iris, "iris") == People()
    assert len((await meant(world, iris, "azevedo")).conversations) == 1
    await world.do("update contact set phone = null")
    assert await meant(world, iris, "0111") == People()


async def test_nobody_of_another_company_is_found(world: World, iris: Company) -> None:
    other = await world.company(client_id="outra", external_id="106540352242999", waba="102290129340999")
    assert await meant(world, other, "iris") == People()
    assert await meant(world, other, "0111") == People()


async def test_a_crowd_is_recognised_by_its_words(
    world: World, aurora: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    for last in range(3):
        await world.queue(aurora, to=f"+552095550012{last}")
    await world.do("update contact set name = 'Marina Azevedo'")
    monkeypatch.setattr(finding, "MOST", 2)
    found = await meant(world, aurora, "Azev")
    assert found.conversations == ()
    assert found.span is not None
    assert found.span.first <= "azevedo" < found.span.last
