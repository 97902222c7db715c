"""Tenants cannot see or touch each other: for every table of the catalogue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest
from tests.support.cluster import Dsns
from tests.support.rows import Shape, shape_of, tenant_tables

from recado.db.pool import APP_ROLE, Database
from recado.db.system import system
from recado.kit.ids import TenantId

AURORA = TenantId(UUID("0192aaaa-0000-7000-8000-000000000001"))
HORIZONTE = TenantId(UUID("0192bbbb-0000-7000-8000-000000000002"))

Attack = Callable[[asyncpg.Connection, Shape], Awaitable[object]]


@pytest.fixture
async def shapes(database: Dsns) -> list[Shape]:
    """Every table a tenant can reach, with one row for each of two tenants."""
    owner = await asyncpg.connect(database.owner)
    try:
        # One row for each table on its own: what it would refer to does not matter here.
        await owner.execute("set session_replication_role = replica")
        found = [await shape_of(owner, name) for name in await tenant_tables(owner, for_role=APP_ROLE)]
        for shape in found:
            await owner.execute(shape.insert(AURORA, 1))
            await owner.execute(shape.insert(HORIZONTE, 2))
    finally:
        await owner.close()
    assert len(found) > 10
    return found


async def count(connection: asyncpg.Connection, table: str) -> dict[str, int]:
    rows = await connection.fetch(f"select tenant_id::text as id, count(*) from {table} group by 1")
    return {row["id"]: row["count"] for row in rows}


async def test_a_tenant_reads_only_its_own_rows(db: Database, shapes: list[Shape]) -> None:
    for tenant in (AURORA, HORIZONTE):
        async with db.tenant(tenant) as tx:
            for shape in shapes:
                assert await count(tx.connection, shape.table) == {str(tenant): 1}, shape.table


async def test_without_a_tenant_the_role_sees_nothing(db: Database, shapes: list[Shape]) -> None:
    async with db.transaction(f"begin; set local role {APP_ROLE}", APP_ROLE) as tx:
        for shape in shapes:
            assert await count(tx.connection, shape.table) == {}, shape.table


async def test_an_empty_tenant_setting_means_nobody(db: Database, shapes: list[Shape]) -> None:
    begin = f"begin; set local role {APP_ROLE}; set local recado.tenant_id = ''"
    async with db.transaction(begin, APP_ROLE) as tx:
        for shape in shapes:
            assert await count(tx.connection, shape.table) == {}, shape.table


async def _insert(connection: asyncpg.Connection, shape: Shape) -> object:
    return await connection.execute(shape.insert(HORIZONTE, 3))


async def _update(connection: asyncpg.Connection, shape: Shape) -> object:
    column = shape.columns[-1]
    return await connection.execute(
        f"update {shape.table} set {column} = {column} where tenant_id = '{HORIZONTE}'"
    )


async def _delete(connection: asyncpg.Connection, shape: Shape) -> object:
    return await connection.execute(f"delete from {shape.table} where tenant_id = '{HORIZONTE}'")


async def _give_away(connection: asyncpg.Connection, shape: Shape) -> object:
    return await connection.execute(f"update {shape.table} set tenant_id = '{HORIZONTE}'")


async def _lock(connection: asyncpg.Connection, shape: Shape) -> object:
    rows = await connection.fetch(f"select from {shape.table} where tenant_id = '{HORIZONTE}' for update")
    return f"SELECT {len(rows)}"


@pytest.mark.parametrize("attack", [_insert, _update, _delete, _give_away, _lock])
async def test_a_tenant_cannot_touch_the_rows_of_another(
    db: Database, shapes: list[Shape], attack: Attack
) -> None:
    for shape in shapes:
        async with db.tenant(AURORA) as tx:
            try:
                async with tx.savepoint():
                    tag = await attack(tx.connection, shape)
            except asyncpg.InsufficientPrivilegeError:
                continue
            # Allowed on one's own rows, so the statement runs, but it finds none of the other's.
            assert tag in {"UPDATE 0", "DELETE 0", "SELECT 0"}, (shape.table, tag)


async def test_no_role_reaches_into_other_roles(db: Database, shapes: list[Shape]) -> None:
    """Inside a tenant's transaction nothing but the door's own code could name the engine role."""
    async with db.tenant(AURORA) as tx:
        assert await tx.connection.fetchval("select current_user") == APP_ROLE


async def test_the_login_alone_sees_nothing(database: Dsns, shapes: list[Shape]) -> None:
    connection = await asyncpg.connect(database.runtime)
    try:
        for shape in shapes:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"select from {shape.table}")
    finally:
        await connection.close()


async def test_the_engine_sees_every_tenant(db: Database, shapes: list[Shape]) -> None:
    async with system(db) as tx:
        for shape in shapes:
            assert await count(tx.connection, shape.table) == {str(AURORA): 1, str(HORIZONTE): 1}


@pytest.mark.parametrize("table", ["event", "audit_entry"])
async def test_the_diary_is_append_only_even_for_the_engine(
    db: Database, shapes: list[Shape], table: str
) -> None:
    for command in (f"delete from {table}", f"update {table} set at = at", f"truncate {table}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with system(db) as tx:
                await tx.connection.execute(command)
