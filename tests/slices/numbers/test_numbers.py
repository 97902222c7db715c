"""Numbers, their credentials, and lanes shared by workers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.slices.world import Company, World

from recado.db.system import system
from recado.errors import Conflict, NotFound
from recado.kit.crypto import SecretUnreadable
from recado.kit.reasons import Reason
from recado.numbers import service as numbers
from recado.providers.contract import Credentials


async def test_the_first_number_is_the_default(world: World, aurora: Company) -> None:
    second = await world.company(external_id="106540352242923")
    assert (aurora.number.is_default, second.number.is_default) == (True, False)
    assert aurora.number.waba_id == second.number.waba_id
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        rows = await numbers.list_numbers(tx, aurora.tenant.tenant_id)
    assert [row.external_id for row in rows] == [aurora.number.external_id, second.number.external_id]


async def test_a_number_or_waba_of_somebody_else_cannot_be_taken(world: World, aurora: Company) -> None:
    before = await world.counts()
    with pytest.raises(Conflict, match="phone number"):
        await world.company("casa-bruma", waba="102290129340399")
    with pytest.raises(Conflict, match="waba"):
        await world.company("casa-bruma", external_id="106540352242923")
    with pytest.raises(Conflict, match="already"):
        await world.company()
    assert await world.counts() == before


async def test_two_tenants_reaching_for_one_number_and_one_gets_it(world: World) -> None:
    results = await asyncio.gather(
        world.company("casa-bruma", waba="1"), world.company("casa-clara", waba="2"), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Company", "Conflict"]
    assert await world.value("select count(*) from phone_number") == 1
    assert await world.value("select count(*) from tenant") == 1


async def test_another_tenants_number_is_not_found(world: World, aurora: Company) -> None:
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    async with world.db.tenant(bruma.tenant.tenant_id) as tx:
        with pytest.raises(NotFound):
            await numbers.get_number(tx, bruma.tenant.tenant_id, aurora.number.external_id)


async def test_credentials_are_sealed_and_only_open_where_they_belong(world: World, aurora: Company) -> None:
    second = await world.company(external_id="106540352242923")
    tenant_id, number_id = aurora.lane
    async with system(world.db) as tx:
        row = await numbers.sealed_credentials(tx, tenant_id, number_id)
        assert row is not None
        assert await numbers.sealed_credentials(tx, tenant_id, uuid4()) is None  # type: ignore[arg-type]
    assert b"only-for-tests" not in row.credentials
    assert numbers.open_credentials(world.vault, row).access_token == "only-for-tests"
    await world.do(
        "update phone_number set credentials = $1 where number_id = $2",
        row.credentials,
        second.number.number_id,
    )
    async with system(world.db) as tx:
        moved = await numbers.sealed_credentials(tx, tenant_id, second.number.number_id)
    assert moved is not None
    with pytest.raises(SecretUnreadable):
        numbers.open_credentials(world.vault, moved)


async def test_renewed_credentials_lift_a_pause_about_them_and_no_other(
    world: World, aurora: Company
) -> None:
    tenant_id, number_id = aurora.lane
    for reason, lifted in ((Reason.TOKEN_EXPIRED, True), (Reason.SPAM_LIMIT, False)):
        async with system(world.db) as tx:
            await numbers.pause_lane(
                tx,
                world.now,
                tenant_id,
                number_id,
                reason=reason,
                detail="",
                until=world.now + timedelta(minutes=5),
            )
            await numbers.replace_credentials(
                tx, world.now, aurora.keys, number_id, Credentials(access_token="new", app_secret="s")
            )
            row = await numbers.sealed_credentials(tx, tenant_id, number_id)
        assert row is not None
        assert numbers.open_credentials(world.vault, row) == Credentials(access_token="new", app_secret="s")
        assert ((await world.row("select * from lane"))["paused_reason"] is None) == lifted


# --------------------------------------------------------------------------- leases


async def test_a_lane_has_one_owner_and_a_new_fence_for_each_new_one(world: World, aurora: Company) -> None:
    one, other = uuid4(), uuid4()
    (first,) = await world.lease(one)
    assert await world.lease(other) == []
    (again,) = await world.lease(one)
    assert again.fence == first.fence
    await world.do("update lane set lease_until = clock_timestamp() - interval '1 second'")
    (taken,) = await world.lease(other)
    assert taken.fence == first.fence + 1
    assert await world.lease(one) == []
    async with system(world.db) as tx:
        await numbers.release_lanes(tx, one)
        assert (await numbers.lane_counts(tx)).owners == 1
        await numbers.release_lanes(tx, other)
        assert (await numbers.lane_counts(tx)).owners == 0
    (back,) = await world.lease(one)
    assert back.fence == first.fence + 2


async def test_workers_leasing_at_once_share_without_overlap(world: World) -> None:
    for n in range(6):
        await world.company(external_id=f"10654035224292{n}")
    owners = [uuid4() for _ in range(4)]
    shares = await asyncio.gather(*(world.lease(owner, most=2) for owner in owners))
    taken = [lane.number_id for share in shares for lane in share]
    assert len(taken) == len(set(taken)) == 6
    assert max(len(share) for share in shares) == 2


async def test_a_worker_told_to_hold_fewer_lanes_lets_the_others_run_out(world: World) -> None:
    for n in range(4):
        await world.company(external_id=f"10654035224292{n}")
    one, other = uuid4(), uuid4()
    assert len(await world.lease(one)) == 4
    kept = await world.lease(one, most=2)
    assert len(kept) == 2
    await world.do(
        "update lane set lease_until = clock_timestamp() - interval '1 second' where number_id <> all($1)",
        [lane.number_id for lane in kept],
    )
    assert len(await world.lease(other, most=2)) == 2
    assert {lane.number_id for lane in await world.lease(one, most=2)} == {lane.number_id for lane in kept}


async def test_a_company_renews_its_token_itself_and_sees_only_how_it_ends(
    world: World, aurora: Company
) -> None:
    tenant_id, number_id = aurora.lane
    async with system(world.db) as tx:
        await numbers.pause_lane(
            tx,
            world.now,
            tenant_id,
            number_id,
            reason=Reason.TOKEN_EXPIRED,
            detail="190",
            until=world.now + timedelta(minutes=5),
        )
    until = world.now + timedelta(days=60)
    async with world.db.tenant(tenant_id) as tx:
        await numbers.replace_credentials(
            tx,
            world.now,
            aurora.keys,
            number_id,
            Credentials(access_token="only-for-tests-wxyz"),
            expires_at=until,
            actor="person:7",
            origin="203.0.113.9",
        )
        (row,) = await numbers.list_credentials(tx, tenant_id)
    assert (row.credential_hint, row.credentials_expire_at) == ("wxyz", until)
    assert row.credentials_at == await world.value("select credentials_at from phone_number")
    assert row.paused_reason is None
    entry = await world.row("select * from audit_entry where action = 'number.credentials_replaced'")
    assert (entry["actor"], entry["origin"]) == ("person:7", "203.0.113.9")
    assert "wxyz" not in str(entry)


async def test_a_token_for_a_number_of_somebody_else_is_not_stored(world: World, aurora: Company) -> None:
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    async with world.db.tenant(bruma.tenant.tenant_id) as tx:
        with pytest.raises(NotFound):
            await numbers.replace_credentials(
                tx, world.now, bruma.keys, aurora.number.number_id, Credentials(access_token="stolen-token-1")
            )
