"""A token is renewed while a message is on the wire with the old one."""

from __future__ import annotations

from tests.slices.world import Company, World, accepted, rejected

from recado.kit.reasons import Reason
from recado.numbers import service as numbers
from recado.providers.contract import Blame, Credentials


async def renew(world: World, company: Company) -> None:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        await numbers.replace_credentials(
            tx, world.now, company.keys, company.number.number_id, Credentials(access_token="fresh-for-tests")
        )


async def test_the_old_tokens_refusal_does_not_stop_the_new_one(world: World, aurora: Company) -> None:
    message_id = await world.queue(aurora)
    (intent,) = await world.claim()
    await renew(world, aurora)
    await world.record(intent, rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190))
    assert await world.value("select paused_reason from lane") is None
    (again,) = await world.claim()
    assert again.row.due.message_id == message_id
    await world.record(again, accepted())


async def test_a_refusal_of_the_present_token_stops_the_number_and_renewing_frees_it(
    world: World, aurora: Company
) -> None:
    await renew(world, aurora)
    await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190))
    assert await world.claim() == []
    await renew(world, aurora)
    assert len(await world.claim()) == 1
