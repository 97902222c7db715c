"""Transactions: what is committed, what is not, and what must not leak to the next one."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.support.cluster import Dsns
from tests.support.waiting import eventually

from recado.db.pool import APP_ROLE, ENGINE_ROLE, UNAVAILABLE, Database, records
from recado.db.sql import Statement, parse
from recado.db.system import system
from recado.kit.clock import ManualClock
from recado.kit.ids import TenantId

SQL = parse("""
-- :add -> Added
insert into tenant (tenant_id, client_id, name, settings, dek, created_at, updated_at)
values (@tenant_id, @client_id, 'Estúdio Aurora', @settings, 'k', @now, @now)
returning client_id, settings;

-- :names
select client_id from tenant order by client_id;

-- :rename
update tenant set name = @name;

-- :scope
select current_setting('recado.tenant_id', true) as tenant, current_user::text as role,
    current_setting('transaction_isolation') as isolation;

-- :wait
select pg_sleep(@seconds);

-- :nonsense
select 1 / @zero::integer;
""")


class Added:
    def __init__(self, *, client_id: str, settings: dict[str, str]) -> None:
        self.client_id = client_id
        self.settings = settings


@pytest.fixture
def row(clock: ManualClock) -> dict[str, UUID | datetime | dict[str, str]]:
    return {"tenant_id": uuid4(), "now": clock.now(), "settings": {}}


@pytest.fixture
async def narrow(database: Dsns) -> Database:
    """One connection for each role, so the next transaction certainly gets the same one."""
    opened = Database(database.runtime, app_size=1, engine_size=1)
    await opened.open()
    yield opened
    await opened.close()


async def names(db: Database) -> list[str]:
    async with system(db) as tx:
        return [record["client_id"] for record in await tx.fetch(SQL["names"])]


async def test_a_finished_block_is_committed(db: Database, row: dict[str, object]) -> None:
    async with system(db) as tx:
        assert await tx.execute(SQL["add"], client_id="aurora", **row) == 1
    assert await names(db) == ["aurora"]


async def test_an_exception_rolls_back(db: Database, row: dict[str, object]) -> None:
    async def work() -> None:
        async with system(db) as tx:
            await tx.execute(SQL["add"], client_id="aurora", **row)
            raise LookupError

    with pytest.raises(LookupError):
        await work()
    assert await names(db) == []


async def test_a_cancelled_task_rolls_back_and_frees_its_connection(
    narrow: Database, row: dict[str, object]
) -> None:
    inserted = asyncio.Event()

    async def work() -> None:
        async with system(narrow) as tx:
            await tx.execute(SQL["add"], client_id="aurora", **row)
            inserted.set()
            await tx.execute(SQL["wait"], seconds=20.0)

    task = asyncio.create_task(work())
    await inserted.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await names(narrow) == []


async def test_a_swallowed_error_is_not_taken_for_a_commit(db: Database, row: dict[str, object]) -> None:
    async def work() -> None:
        async with system(db) as tx:
            await tx.execute(SQL["add"], client_id="aurora", **row)
            with suppress(asyncpg.DivisionByZeroError):
                await tx.execute(SQL["nonsense"], zero=0)

    with pytest.raises(RuntimeError, match="nothing was committed"):
        await work()
    assert await names(db) == []


async def test_a_savepoint_fails_alone(db: Database, row: dict[str, object]) -> None:
    async with system(db) as tx:
        await tx.execute(SQL["add"], client_id="aurora", **row)
        for _ in range(2):
            with pytest.raises(asyncpg.UniqueViolationError):
                async with tx.savepoint():
                    await tx.execute(SQL["add"], client_id="aurora", **row)
        async with tx.savepoint():
            await tx.execute(SQL["add"], client_id="horizonte", **{**row, "tenant_id": uuid4()})
    assert await names(db) == ["aurora", "horizonte"]


async def test_savepoints_nest(db: Database, row: dict[str, object]) -> None:
    async with system(db) as tx, tx.savepoint():
        await tx.execute(SQL["add"], client_id="aurora", **row)
        with suppress(LookupError):
            async with tx.savepoint():
                await tx.execute(SQL["add"], client_id="dois", **{**row, "tenant_id": uuid4()})
                raise LookupError
    assert await names(db) == ["aurora"]


async def test_the_scope_does_not_leak_to_the_next_transaction(narrow: Database) -> None:
    tenant = TenantId(uuid4())
    async with narrow.tenant(tenant) as tx:
        inside = await tx.row(SQL["scope"])
        pid = await tx.connection.fetchval("select pg_backend_pid()")
    assert inside is not None
    assert (UUID(inside["tenant"]), inside["role"]) == (tenant, APP_ROLE)
    async with narrow.transaction("begin", APP_ROLE) as tx:
        outside = await tx.row(SQL["scope"])
        assert await tx.connection.fetchval("select pg_backend_pid()") == pid
    assert outside is not None
    assert (outside["tenant"], outside["role"]) == ("", "recado_runtime")


async def test_the_scope_does_not_survive_a_failure(narrow: Database) -> None:
    with pytest.raises(LookupError):
        async with narrow.tenant(TenantId(uuid4())):
            raise LookupError
    async with narrow.transaction("begin", APP_ROLE) as tx:
        outside = await tx.row(SQL["scope"])
    assert outside is not None
    assert (outside["tenant"], outside["role"]) == ("", "recado_runtime")


async def test_a_transaction_that_cannot_begin_leaves_nothing_open(narrow: Database) -> None:
    with pytest.raises(asyncpg.InvalidParameterValueError):
        async with narrow.transaction("begin; set local role nobody_at_all", APP_ROLE):
            raise AssertionError("must not get here")
    async with narrow.tenant(TenantId(uuid4())) as tx:
        assert await tx.value(SQL["names"]) is None


async def test_one_role_being_busy_does_not_stop_the_other(narrow: Database) -> None:
    async with system(narrow), narrow.tenant(TenantId(uuid4())) as tx:
        assert await tx.value(SQL["names"]) is None


async def test_who_is_cut_off_in_the_middle_is_told_just_that(narrow: Database, database: Dsns) -> None:
    """And not that rolling back was impossible."""

    def gone(connection: asyncpg.Connection) -> bool:
        try:
            return connection.is_closed()
        except asyncpg.InterfaceError:
            return True

    async def is_cut(owner: asyncpg.Connection) -> None:
        async with system(narrow) as tx:
            cut = tx.connection
            await owner.fetch("select pg_terminate_backend($1, 5000)", cut.get_server_pid())
            assert await eventually(lambda: gone(cut))
            raise asyncpg.ConnectionDoesNotExistError("as a statement would")

    owner = await asyncpg.connect(database.owner)
    try:
        with pytest.raises(asyncpg.PostgresConnectionError):
            await is_cut(owner)
    finally:
        await owner.close()


async def test_a_pool_serves_again_after_its_connections_were_cut(narrow: Database, database: Dsns) -> None:
    assert await names(narrow) == []
    owner = await asyncpg.connect(database.owner)
    try:
        await owner.fetch(
            # Only in this database: another worker of the test run has pools of the same name.
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = $1 and datname = current_database()",
            ENGINE_ROLE,
        )
    finally:
        await owner.close()

    async def serves() -> bool:
        try:
            return await names(narrow) == []
        except UNAVAILABLE:
            return False

    assert await eventually(serves)


async def test_rows_arrive_as_the_class_asked_for(db: Database, row: dict[str, object]) -> None:
    row["settings"] = {"saudação": "Olá, Marina"}
    async with system(db) as tx:
        added = await tx.one(SQL["add"], Added, client_id="aurora", **row)
        none = await tx.one(Statement("none", "select 1 where false", (), None), Added)
        listed = await tx.many(SQL["names"], dict)
    assert added is not None
    assert (added.client_id, added.settings) == ("aurora", {"saudação": "Olá, Marina"})
    assert none is None
    assert listed == [{"client_id": "aurora"}]
    assert records([], Added) == []


async def test_jsonb_keeps_text_readable_in_the_database(
    db: Database, database: Dsns, row: dict[str, object]
) -> None:
    row["settings"] = {"nome": "Açaí", "lista": [1, None, True, 2.5]}
    async with system(db) as tx:
        await tx.execute(SQL["add"], client_id="aurora", **row)
    owner = await asyncpg.connect(database.owner)
    try:
        stored = await owner.fetchval("select settings::text from tenant")
    finally:
        await owner.close()
    assert json.loads(stored) == row["settings"]


async def test_a_missing_parameter_names_itself(db: Database) -> None:
    async with system(db) as tx:
        with pytest.raises(KeyError, match="name"):
            await tx.execute(SQL["rename"])


async def test_the_sessions_of_both_pools_are_bounded(db: Database) -> None:
    """A statement, a lock wait and a forgotten transaction all end by themselves."""
    async with system(db) as tx, db.tenant(TenantId(uuid4())) as other:
        for connection in (tx.connection, other.connection):
            settings = [
                await connection.fetchval("select current_setting($1)", name)
                for name in (
                    "statement_timeout",
                    "lock_timeout",
                    "idle_in_transaction_session_timeout",
                    "timezone",
                )
            ]
            assert settings == ["25s", "5s", "30s", "UTC"]


async def test_opening_fails_whole_when_the_login_is_refused(database: Dsns) -> None:
    wrong = Database(database.runtime.replace("only-for-tests", "x"), app_size=1, engine_size=1)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await wrong.open()
    await wrong.close()


async def test_what_is_appended_is_durable_without_a_transaction_around_it(
    db: Database, row: dict[str, object]
) -> None:
    await db.append(SQL["add"], client_id="estudio-aurora", **row)
    assert await names(db) == ["estudio-aurora"]


async def test_appending_goes_on_while_everybody_else_is_busy(
    narrow: Database, row: dict[str, object]
) -> None:
    async with system(narrow), narrow.tenant(TenantId(uuid4())):
        await asyncio.wait_for(narrow.append(SQL["add"], client_id="estudio-aurora", **row), 5)
    assert await names(narrow) == ["estudio-aurora"]


async def test_appending_that_breaks_a_rule_stores_nothing(db: Database, row: dict[str, object]) -> None:
    await db.append(SQL["add"], client_id="estudio-aurora", **row)
    with pytest.raises(asyncpg.UniqueViolationError):
        await db.append(SQL["add"], client_id="estudio-aurora", **row)
    assert await names(db) == ["estudio-aurora"]


async def test_appending_after_closing_says_that_the_database_is_away(
    db: Database, row: dict[str, object]
) -> None:
    await db.close()
    with pytest.raises(UNAVAILABLE):
        await db.append(SQL["add"], client_id="estudio-aurora", **row)
