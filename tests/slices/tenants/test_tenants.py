"""Companies, keys, settings, rotation of the master key."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.slices.world import Company, World

from recado.db.system import system
from recado.errors import Conflict, Invalid, NotFound
from recado.kit.crypto import KeyRing
from recado.tenants import service as tenants
from recado.tenants.model import ALL_SCOPES, KeyRefused, Mode, Principal, TenantRow
from recado.tenants.vault import Vault


async def change(world: World, company: Company, **fields: Any) -> TenantRow:
    tenant_id = company.tenant.tenant_id
    async with world.db.tenant(tenant_id) as tx:
        return await tenants.change_settings(tx, world.now, tenant_id, fields, actor="key:test")


async def test_a_new_company_starts_in_dry_run(world: World) -> None:
    async with system(world.db) as tx:
        tenant = await tenants.create_tenant(tx, world.now, world.vault, client_id="casa-bruma", name="Bruma")
        assert (tenant.mode, tenant.locale, tenant.kill_switch) == (Mode.DRY_RUN, "pt-BR", False)
        assert [row.client_id for row in await tenants.list_tenants(tx)] == ["casa-bruma"]
        assert await tenants.find_tenant(tx, "nobody") is None
        with pytest.raises(NotFound):
            await tenants.get_tenant(tx, "nobody")
        with pytest.raises(Conflict):
            await tenants.create_tenant(tx, world.now, world.vault, client_id="casa-bruma", name="Outra")


@pytest.mark.parametrize("client_id", ["", "a", "-ab", "Ab", "a b", "a" * 64, "ab\n"])
async def test_a_bad_client_id_is_refused_before_the_database(world: World, client_id: str) -> None:
    async with system(world.db) as tx:
        with pytest.raises(Invalid):
            await tenants.create_tenant(tx, world.now, world.vault, client_id=client_id, name="x")


async def test_only_the_given_settings_change_and_the_trail_names_them(world: World, aurora: Company) -> None:
    row = await change(world, aurora, name="Estúdio Aurora Centro", locale="en")
    assert (row.name, row.locale, row.mode, row.timezone) == (
        "Estúdio Aurora Centro",
        "en",
        "enabled",
        "America/Sao_Paulo",
    )
    entry = await world.row("select * from audit_entry where action = 'tenant.settings_changed'")
    assert (entry["actor"], entry["data"]) == ("key:test", {"fields": ["locale", "name"]})


async def test_letting_go_of_the_switch_forgets_its_reason(world: World, aurora: Company) -> None:
    row = await change(world, aurora, kill_switch=True, kill_reason="férias")
    assert (row.kill_switch, row.kill_reason) == (True, "férias")
    row = await change(world, aurora, kill_switch=False)
    assert (row.kill_switch, row.kill_reason) == (False, None)


BAD: list[tuple[str, Any]] = [
    ("mode", "on"),
    ("mode", None),
    ("mode", []),
    ("mode", {}),
    ("locale", "fr"),
    ("locale", ["en"]),
    ("name", ""),
    ("name", None),
    ("name", 5),
    ("name", "x" * 201),
    ("name", "a\u0000b"),
    ("name", "\ud800"),
    ("kill_reason", "a\u0000b"),
    ("kill_reason", 5),
    ("kill_switch", "yes"),
    ("kill_switch", None),
    ("timezone", "Brasilia"),
    ("timezone", "America"),
    ("timezone", ""),
    ("timezone", "."),
    ("timezone", "../../etc/passwd"),
    ("timezone", "a\u0000b"),
    ("timezone", None),
    ("timezone", 5),
    ("timezone", "x" * 5000),
    ("settings", None),
    ("settings", []),
    ("settings", {"unknown": 1}),
    ("settings", {"default_phone_number_id": 5}),
    ("settings", {"default_phone_number_id": "\u0000"}),
    ("client_id", "x"),
    ("dek", "x"),
    ("\u0000", "x"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
async def test_a_bad_setting_is_refused_by_name_and_nothing_changes(
    world: World, aurora: Company, field: str, value: Any
) -> None:
    before = await world.row("select * from tenant")
    with pytest.raises(Invalid) as refusal:
        await change(world, aurora, **({"name": "Novo"} | {field: value}))
    assert refusal.value.violations[0]["field"].startswith(field)
    assert await world.row("select * from tenant") == before


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["name", "mode", "timezone", "locale", "kill_switch", "kill_reason", "settings"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), json_values, max_size=3))
def test_no_json_makes_the_check_stumble(change: dict[str, Any]) -> None:
    with suppress(Invalid):
        tenants._checked(change)


# --------------------------------------------------------------------------- keys


async def judged(world: World, secret: str) -> Principal | KeyRefused:
    async with system(world.db) as tx:
        return await tenants.authenticate(tx, world.now, secret)


async def test_a_key_opens_until_it_is_revoked(world: World, aurora: Company) -> None:
    tenant_id = aurora.tenant.tenant_id
    async with system(world.db) as tx:
        key = await tenants.create_key(tx, world.now, tenant_id, name="site")
    assert key.secret not in repr(key)
    caller = await judged(world, key.secret)
    assert isinstance(caller, Principal)
    assert (caller.client_id, caller.scopes) == ("estudio-aurora", frozenset(ALL_SCOPES))
    assert key.secret not in str(await world.rows("select * from api_key"))
    async with system(world.db) as tx:
        assert await tenants.revoke_key(tx, world.now, tenant_id, str(key.key_id)) == 1
        assert await tenants.revoke_key(tx, world.now, tenant_id, str(key.key_id)) == 0
    assert await judged(world, key.secret) == KeyRefused(why="revoked", tenant_id=tenant_id)
    assert await judged(world, "rk_unknown") == KeyRefused(why="unknown")
    assert await judged(world, "é\u0000") == KeyRefused(why="unknown")


async def test_a_key_expires_on_time_and_remembers_its_use_by_the_minute(
    world: World, aurora: Company
) -> None:
    tenant_id = aurora.tenant.tenant_id
    until = world.now + timedelta(minutes=5)
    async with system(world.db) as tx:
        key = await tenants.create_key(
            tx, world.now, tenant_id, name="site", scopes=("media",), expires_at=until
        )
    first = world.now
    await judged(world, key.secret)
    world.clock.advance(seconds=30)
    await judged(world, key.secret)
    assert await world.value("select last_used_at from api_key") == first
    world.clock.advance(minutes=2)
    await judged(world, key.secret)
    assert await world.value("select last_used_at from api_key") == world.now
    world.clock.advance(minutes=3)
    assert await judged(world, key.secret) == KeyRefused(why="expired", tenant_id=tenant_id)
    async with system(world.db) as tx:
        (listed,) = await tenants.list_keys(tx, tenant_id)
    assert (listed.scopes, listed.prefix) == (["media"], key.prefix)


async def test_an_unknown_scope_is_refused(world: World, aurora: Company) -> None:
    async with system(world.db) as tx:
        with pytest.raises(Invalid, match="scopes"):
            await tenants.create_key(tx, world.now, aurora.tenant.tenant_id, name="x", scopes=("everything",))


# --------------------------------------------------------------------------- master key


async def test_rotation_rewraps_every_tenant_and_the_old_key_can_go(world: World, aurora: Company) -> None:
    await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    both = Vault(KeyRing({"k2": b"\x07" * 32} | world.vault.ring.keys))
    async with system(world.db) as tx:
        assert await tenants.rotate_master_key(tx, world.now, both) == 2
        assert await tenants.rotate_master_key(tx, world.now, both) == 0
    alone = Vault(KeyRing({"k2": b"\x07" * 32}))
    row = await world.row("select tenant_id, dek from tenant where client_id = 'estudio-aurora'")
    assert alone.keys(row["tenant_id"], row["dek"]).dek == aurora.keys.dek


async def test_the_installations_switch_keeps_its_reason_only_while_on(world: World) -> None:
    async with system(world.db) as tx:
        await tenants.set_kill_switch(tx, on=True, reason="incidente")
        assert (await tenants.kill_switch(tx)).kill_reason == "incidente"
        await tenants.set_kill_switch(tx, on=False, reason="x")
        assert (await tenants.kill_switch(tx)).kill_reason is None


async def test_a_rotated_key_goes_on_for_a_while_beside_its_successor(world: World, aurora: Company) -> None:
    tenant_id = aurora.tenant.tenant_id
    async with world.db.tenant(tenant_id) as tx:
        old = await tenants.create_key(tx, world.now, tenant_id, name="site", scopes=("media",))
        new = await tenants.rotate_key(
            tx, world.now, tenant_id, old.key_id, overlap=timedelta(hours=24), actor="person:7"
        )
    assert isinstance(await judged(world, old.secret), Principal)
    fresh = await judged(world, new.secret)
    assert isinstance(fresh, Principal)
    assert fresh.scopes == {"media"}
    world.clock.advance(hours=24)
    assert await judged(world, old.secret) == KeyRefused(why="expired", tenant_id=tenant_id)
    assert isinstance(await judged(world, new.secret), Principal)
    async with world.db.tenant(tenant_id) as tx:
        with pytest.raises(Conflict):
            await tenants.rotate_key(
                tx, world.now, tenant_id, old.key_id, overlap=timedelta(0), actor="person:7"
            )
    entry = await world.row("select * from audit_entry where action = 'key.rotated'")
    assert entry["data"] == {"by_key": str(new.key_id), "overlap_s": 86400}


async def test_changed_settings_tell_what_was_and_what_became(world: World, aurora: Company) -> None:
    await change(world, aurora, mode="dry_run", name="Aurora")
    entry = await world.row("select * from audit_entry where action = 'tenant.settings_changed'")
    assert entry["was"] == {"mode": "enabled", "name": "Estúdio Aurora"}
    assert entry["became"] == {"mode": "dry_run", "name": "Aurora"}


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x00"])
async def test_a_key_has_a_name(world: World, aurora: Company, name: str) -> None:
    async with system(world.db) as tx:
        with pytest.raises(Invalid, match="name"):
            await tenants.create_key(tx, world.now, aurora.tenant.tenant_id, name=name)
