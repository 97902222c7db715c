"""Row-Level Security on the migrated schema: nobody forgets it on a new table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.support.cluster import Dsns

from recado.db.pool import APP_ROLE, ENGINE_ROLE

# Names of applied files, nothing of anybody's.
OUTSIDE = {"schema_migration"}
ANY_RIGHT = "select, insert, update, references"


@pytest.fixture
async def owner(database: Dsns) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database.owner)
    yield opened
    await opened.close()


async def tables(owner: asyncpg.Connection) -> list[asyncpg.Record]:
    found = await owner.fetch(
        """select c.oid, c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
                  exists (select from pg_attribute a where a.attrelid = c.oid
                          and a.attname = 'tenant_id' and not a.attisdropped) as of_tenants,
                  has_any_column_privilege($1, c.oid, $2) as reachable
           from pg_class c
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')""",
        APP_ROLE,
        ANY_RIGHT,
    )
    assert len(found) > 15
    return [row for row in found if row["name"] not in OUTSIDE]


async def policies(owner: asyncpg.Connection, role: str) -> dict[str, asyncpg.Record]:
    found = await owner.fetch(
        "select tablename, cmd, qual, with_check from pg_policies where $1 = any(roles)", role
    )
    return {row["tablename"]: row for row in found}


async def test_every_table_forces_row_security(owner: asyncpg.Connection) -> None:
    assert [row["name"] for row in await tables(owner) if not row["forced"]] == []


async def test_what_tenants_reach_is_limited_to_their_rows(owner: asyncpg.Connection) -> None:
    limits = await policies(owner, APP_ROLE)
    for row in await tables(owner):
        if not row["reachable"]:
            assert row["name"] not in limits
            continue
        assert row["of_tenants"], f"{row['name']} has no tenant_id, but tenants may reach it"
        limit = limits[row["name"]]
        assert limit["cmd"] == "ALL"
        for rule in (limit["qual"], limit["with_check"]):
            assert "tenant_id = " in rule
            assert "current_setting('recado.tenant_id'" in rule


async def test_the_engine_has_a_policy_for_every_table(owner: asyncpg.Connection) -> None:
    assert set(await policies(owner, ENGINE_ROLE)) == {row["name"] for row in await tables(owner)}


async def test_policies_name_their_role(owner: asyncpg.Connection) -> None:
    loose = await owner.fetch("select tablename from pg_policies where 'public' = any(roles)")
    assert loose == []


async def test_nothing_is_open_to_everybody(owner: asyncpg.Connection) -> None:
    """Grantee 0 is PUBLIC: every login of the server."""
    open_to_all = await owner.fetch(
        """select c.relname from pg_class c, aclexplode(c.relacl) g
           where c.relnamespace = 'public'::regnamespace and g.grantee = 0
           union all
           select a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid,
                  aclexplode(a.attacl) g
           where c.relnamespace = 'public'::regnamespace and g.grantee = 0"""
    )
    assert open_to_all == []
    assert not await owner.fetchval("select has_schema_privilege('public', 'public', 'create')")


async def test_nobody_can_step_around_the_policies(owner: asyncpg.Connection) -> None:
    """TRUNCATE and REFERENCES ignore row security; views and definer functions borrow rights."""
    for row in await tables(owner):
        for role in (APP_ROLE, ENGINE_ROLE):
            allowed = await owner.fetchval(
                "select has_table_privilege($1, $2::oid, 'truncate, references, trigger')",
                role,
                row["oid"],
            )
            assert not allowed, f"{role} on {row['name']}"
    borrowed = await owner.fetch(
        """select relname::text from pg_class
           where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
             and not coalesce(reloptions @> array['security_invoker=true'], false)
           union all
           select proname from pg_proc
           where pronamespace = 'public'::regnamespace and prosecdef"""
    )
    assert borrowed == []


async def test_keys_of_tenants_tables_lead_with_the_tenant(owner: asyncpg.Connection) -> None:
    others = await owner.fetch(
        """select c.relname, k.contype from pg_constraint k
           join pg_class c on c.oid = k.conrelid
           join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id'
           where c.relnamespace = 'public'::regnamespace and k.contype in ('p', 'f')
             and has_any_column_privilege($1, c.oid, $2) and k.conkey[1] <> t.attnum""",
        APP_ROLE,
        ANY_RIGHT,
    )
    assert others == []


async def test_nobody_counts_how_much_each_company_has(owner: asyncpg.Connection) -> None:
    """A company that came after the sample would be taken for one row (decision 0033). A new table needs
    `alter table ... alter column tenant_id set statistics 0`."""
    counted = await owner.fetch(
        """select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
             and a.attname = 'tenant_id' and not a.attisdropped and a.attstattarget is distinct from 0"""
    )
    assert [row["relname"] for row in counted] == []
