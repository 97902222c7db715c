"""The audit trail: append-only, chained, and able to tell what was touched."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from tests.slices.world import Company, World

from recado.audit import service as audit
from recado.audit.model import INSTALLATION, Broken, Verdict, Wanted, Whole
from recado.db.pool import APP_ROLE, ENGINE_ROLE
from recado.db.system import system
from recado.kit.ids import TenantId


async def write(world: World, tenant_id: TenantId, *actions: str, **more: Any) -> None:
    async with system(world.db) as tx:
        for action in actions:
            await audit.record(tx, world.now, tenant_id, actor="person:7", action=action, **more)


async def verified(world: World, tenant_id: TenantId, head: str | None = None) -> Verdict:
    async with system(world.db) as tx:
        return await audit.verify(tx, tenant_id, head=head)


@pytest.fixture
async def chain(world: World, aurora: Company) -> TenantId:
    """Five entries: two of the company's own beginning and three more."""
    await write(world, aurora.tenant.tenant_id, "a.one", "a.two", "a.three")
    return aurora.tenant.tenant_id


async def test_a_trail_that_nobody_touched_is_whole(world: World, chain: TenantId) -> None:
    verdict = await verified(world, chain)
    assert isinstance(verdict, Whole)
    assert (verdict.entries, verdict.head.split(":")[0]) == (5, "5")
    async with world.db.tenant(chain) as tx:
        assert await audit.verify(tx, chain) == verdict


async def test_tenants_and_the_installation_have_chains_of_their_own(world: World, chain: TenantId) -> None:
    other = (await world.company("casa-bruma", external_id="1065", waba="1022")).tenant.tenant_id
    await write(world, INSTALLATION, "installation.stopped", why="incidente")
    for tenant_id, entries in ((chain, 5), (other, 2), (INSTALLATION, 1)):
        verdict = await verified(world, tenant_id)
        assert isinstance(verdict, Whole)
        assert verdict.entries == entries
    async with system(world.db) as tx:
        assert set(await audit.chains(tx)) == {chain, other, INSTALLATION}
    async with world.db.tenant(chain) as tx:
        assert await audit.chains(tx) == [chain]


@pytest.mark.parametrize(
    "change",
    [
        "update audit_entry set actor = 'nobody' where action = 'a.two'",
        "update audit_entry set data = '{\"messages\": 0}' where action = 'a.two'",
        "update audit_entry set at = at - interval '1 microsecond' where action = 'a.two'",
        "update audit_entry set why = 'outra coisa' where action = 'a.two'",
        "update audit_link set hash = sha256('x') where n = 4",
    ],
)
async def test_the_first_changed_entry_is_named(world: World, chain: TenantId, change: str) -> None:
    await world.do(change)
    verdict = await verified(world, chain)
    assert isinstance(verdict, Broken)
    assert (verdict.n, verdict.why, verdict.action) == (4, "changed", "a.two")


async def test_a_removed_entry_is_named(world: World, chain: TenantId) -> None:
    await world.do("delete from audit_link where n = 3")
    assert await verified(world, chain) == Broken(n=3, why="removed")


async def test_entries_that_changed_places_are_named(world: World, chain: TenantId) -> None:
    await world.do("alter table audit_link drop constraint if exists audit_link_tenant_id_seq_key")
    try:
        await world.do("update audit_link set prev = sha256('x') where n = 4")
        verdict = await verified(world, chain)
        assert isinstance(verdict, Broken)
        assert (verdict.n, verdict.why) == (4, "reordered")
    finally:
        await world.do("alter table audit_link add unique (tenant_id, seq)")


async def test_cutting_the_end_off_shows_beside_a_head_kept_elsewhere(world: World, chain: TenantId) -> None:
    before = await verified(world, chain)
    assert isinstance(before, Whole)
    assert isinstance(await verified(world, chain, before.head), Whole)
    await world.do("delete from audit_link where n = 5")
    assert (await verified(world, chain)) == Broken(n=None, why="unlinked", at=world.now, action="a.three")
    await world.do("delete from audit_entry where action = 'a.three'")
    assert isinstance(await verified(world, chain), Whole)
    assert await verified(world, chain, before.head) == Broken(n=5, why="shortened")
    assert isinstance(await verified(world, chain, "nonsense"), Broken)


@pytest.mark.parametrize("role", [APP_ROLE, ENGINE_ROLE])
@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
@pytest.mark.parametrize("command", ["update {} set tenant_id = tenant_id", "delete from {}", "truncate {}"])
async def test_no_role_of_the_product_can_change_or_remove(
    world: World, role: str, table: str, command: str
) -> None:
    async with world.eye.transaction():
        await world.do(f"set local role {role}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with world.eye.transaction():
                await world.do(command.format(table))


async def test_writers_of_one_tenant_at_the_same_time_leave_one_chain(world: World, aurora: Company) -> None:
    tenant_id = aurora.tenant.tenant_id
    await asyncio.gather(*(write(world, tenant_id, f"b.{index}", f"c.{index}") for index in range(12)))
    verdict = await verified(world, tenant_id)
    assert isinstance(verdict, Whole)
    assert verdict.entries == 2 + 24


async def test_an_open_transaction_does_not_hold_the_chain(world: World, aurora: Company) -> None:
    """Whoever waits for a row after its entry keeps nobody else from writing one."""
    tenant_id = aurora.tenant.tenant_id
    async with system(world.db) as slow:
        await audit.record(slow, world.now, tenant_id, actor="cli", action="slow")
        await asyncio.wait_for(write(world, tenant_id, "fast"), 5)
    async with system(world.db) as tx:
        rows = await audit.page(tx, tenant_id, Wanted(), most=2)
    assert [row.action for row in rows] == ["slow", "fast"]


async def test_what_was_undone_leaves_no_entry(world: World, aurora: Company) -> None:
    async def undone() -> None:
        async with system(world.db) as tx:
            await audit.record(tx, world.now, aurora.tenant.tenant_id, actor="cli", action="never")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert isinstance(await verified(world, aurora.tenant.tenant_id), Whole)
    assert await world.value("select count(*) from audit_entry where action = 'never'") == 0


async def test_the_list_is_paged_and_filtered(world: World, chain: TenantId) -> None:
    world.clock.advance(hours=1)
    await write(
        world,
        chain,
        "tenant.settings_changed",
        was={"mode": "dry_run"},
        became={"mode": "enabled"},
        why="cliente pronto",
        origin="203.0.113.9",
        target="estudio-aurora",
    )

    async def listed(wanted: Wanted, **more: Any) -> list[int]:
        async with world.db.tenant(chain) as tx:
            return [row.n for row in await audit.page(tx, chain, wanted, **more)]

    assert await listed(Wanted(), most=4) == [6, 5, 4, 3]
    assert await listed(Wanted(), before=3) == [2, 1]
    assert await listed(Wanted(actions=["a.one", "a.two"])) == [4, 3]
    assert await listed(Wanted(actor="cli")) == [2, 1]
    assert await listed(Wanted(since=world.now)) == [6]
    assert await listed(Wanted(until=world.now), most=1) == [5]
    assert await listed(Wanted(target="estudio-aurora")) == [6, 1]
    async with world.db.tenant(chain) as tx:
        (row,) = await audit.page(tx, chain, Wanted(since=world.now))
        assert (row.was, row.became) == ({"mode": "dry_run"}, {"mode": "enabled"})
        assert (row.why, row.origin) == ("cliente pronto", "203.0.113.9")
        assert await audit.known_actors(tx, chain) == ["cli", "person:7"]
        assert "a.two" in await audit.known_actions(tx, chain)
