"""Migrations: applied once, in order, by whoever comes first; a changed history is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from tests.support.cluster import Dsns, for_login

from recado.db.migrate import (
    Migration,
    MigrationError,
    available,
    ensure_runtime_role,
    migrate,
)
from recado.db.pool import APP_ROLE, ENGINE_ROLE

ONE = Migration(version=1, name="0001_pre_one.sql", text="create table one (id bigint primary key);")
TWO = Migration(version=2, name="0002_post_two.sql", text="alter table one add column note text;")

# One conversation that somebody holds and settled, as it stood before version 16. Nobody else's rows are needed.
_FRONT_DESK = """
set session_replication_role = replica;
insert into contact (tenant_id, contact_id, name, created_at, updated_at) values
    ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 'Marina Azevedo', now(), now());
insert into conversation (tenant_id, conversation_id, number_id, contact_id, last_at, created_at) values
    ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000003',
     '00000000-0000-7000-8000-000000000004', '00000000-0000-7000-8000-000000000002', now(), now());
insert into conversation_desk (tenant_id, conversation_id, person_name, resolved_at) values
    ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000003', 'Joana Prado', now());
set session_replication_role = origin;
"""


@pytest.fixture
def empty(make_database: Callable[..., Dsns]) -> Dsns:
    return make_database(migrated=False)


async def value(dsn: str, question: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_the_second_run_has_nothing_to_do(empty: Dsns) -> None:
    assert await migrate(empty.owner) == [one.name for one in available()]
    assert await migrate(empty.owner) == []


async def test_only_what_is_missing_is_applied(empty: Dsns) -> None:
    assert await migrate(empty.owner, files=[ONE]) == [ONE.name]
    assert await migrate(empty.owner, files=[ONE, TWO]) == [TWO.name]


async def test_it_stops_at_the_version_asked_for(empty: Dsns) -> None:
    assert await migrate(empty.owner, files=[ONE, TWO], upto=1) == [ONE.name]
    assert await value(empty.owner, "select max(version) from schema_migration") == 1


async def test_a_changed_file_is_refused(empty: Dsns) -> None:
    await migrate(empty.owner, files=[ONE])
    changed = Migration(version=1, name=ONE.name, text=ONE.text + " -- later thought")
    with pytest.raises(MigrationError, match=r"0001_pre_one\.sql was changed"):
        await migrate(empty.owner, files=[changed, TWO])
    assert await value(empty.owner, "select max(version) from schema_migration") == 1


async def test_a_database_newer_than_the_program_is_refused(empty: Dsns) -> None:
    await migrate(empty.owner, files=[ONE, TWO])
    with pytest.raises(MigrationError, match=r"does not know: \[2\]"):
        await migrate(empty.owner, files=[ONE])


async def test_a_failing_file_leaves_nothing_behind(empty: Dsns) -> None:
    broken = Migration(version=2, name="0002_pre_broken.sql", text="create table two (); select 1/0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty.owner, files=[ONE, broken])
    assert await value(empty.owner, "select to_regclass('two') is null")
    assert await migrate(empty.owner, files=[ONE, TWO]) == [TWO.name]


async def test_a_file_may_ask_to_run_outside_a_transaction(empty: Dsns) -> None:
    index = Migration(
        version=2,
        name="0002_post_index.sql",
        text="-- no-transaction\nset lock_timeout = '5s';\ncreate index concurrently one_note on one (id);\n",
    )
    assert await migrate(empty.owner, files=[ONE, index]) == [ONE.name, index.name]
    assert await value(empty.owner, "select to_regclass('one_note') is not null")


async def test_two_programs_at_once_apply_each_file_once(empty: Dsns) -> None:
    both = await asyncio.gather(*(migrate(empty.owner, files=[ONE, TWO]) for _ in range(4)))
    assert sorted(both, key=len) == [[], [], [], [ONE.name, TWO.name]]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0001_pre_a.sql", "0003_pre_c.sql"], "gap or repeat"),
        (["0001_pre_a.sql", "0001_post_b.sql"], "gap or repeat"),
        (["0002_pre_b.sql"], "gap or repeat"),
        (["0001_a.sql"], "expected NNNN_pre_what.sql"),
        (["1_pre_a.sql"], "expected NNNN_pre_what.sql"),
    ],
)
def test_a_gap_a_repeat_or_a_wrong_name_is_refused(tmp_path: Path, names: list[str], message: str) -> None:
    for name in names:
        (tmp_path / name).write_text("select 1;")
    with pytest.raises(MigrationError, match=message):
        available(tmp_path)


def test_files_are_ordered_and_others_ignored(tmp_path: Path) -> None:
    for name in ("0002_post_b.sql", "0001_pre_a.sql", "README.md"):
        (tmp_path / name).write_text("select 1;")
    assert [one.version for one in available(tmp_path)] == [1, 2]


async def test_the_groups_cannot_log_in_and_own_nothing(database: Dsns) -> None:
    flaws = await value(
        database.owner,
        f"""select count(*) from pg_roles where rolname in ('{APP_ROLE}', '{ENGINE_ROLE}')
            and (rolcanlogin or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)""",
    )
    assert flaws == 0


async def test_an_owner_who_is_not_superuser_can_set_everything_up(
    make_database: Callable[..., Dsns], worker_id: str
) -> None:
    """As at hosted databases: a login that may create roles, and no more."""
    empty = make_database(migrated=False)
    chief, login = f"chief_{worker_id}", f"hosted_{worker_id}"
    administrator = await asyncpg.connect(empty.owner)
    try:
        await administrator.execute(
            f"""create role {chief} login createrole password 'x';
                grant {APP_ROLE}, {ENGINE_ROLE} to {chief} with admin option;
                grant create on schema public to {chief}"""
        )
        owner = for_login(empty.owner, chief, "x")
        assert await migrate(owner) == [one.name for one in available()]
        for password in ("first", "second"):
            connection = await asyncpg.connect(owner)
            try:
                await ensure_runtime_role(connection, login, password)
            finally:
                await connection.close()
        assert await value(for_login(empty.owner, login, "second"), "select current_user") == login
    finally:
        await administrator.execute(f"drop owned by {chief} cascade; drop role {login}; drop role {chief}")
        await administrator.close()


async def test_what_is_kept_survives_an_owner_who_is_no_superuser(empty: Dsns, worker_id: str) -> None:
    """Forced row security hides every row from the owner too: a migration that moves data has to step past it."""
    chief = f"mover_{worker_id}"
    administrator = await asyncpg.connect(empty.owner)
    try:
        await administrator.execute(
            f"""create role {chief} login createrole password 'x';
                grant {APP_ROLE}, {ENGINE_ROLE} to {chief} with admin option;
                grant create on schema public to {chief}"""
        )
        owner = for_login(empty.owner, chief, "x")
        await migrate(owner, files=available()[:15])
        await administrator.execute(_FRONT_DESK)
        await migrate(owner)
        desk = await administrator.fetchrow("select holder_name, settled_at from conversation")
        assert desk is not None
        assert (desk["holder_name"], desk["settled_at"] is not None) == ("Joana Prado", True)
        words = await administrator.fetch("select word from contact_word order by word")
        assert [row["word"] for row in words] == ["azevedo", "marina azevedo"]
        forced = (
            "select bool_and(relforcerowsecurity) from pg_class where relname in ('conversation', 'contact')"
        )
        assert await administrator.fetchval(forced)
    finally:
        await administrator.execute(f"drop owned by {chief} cascade; drop role {chief}")
        await administrator.close()


async def test_a_password_with_quotes_works(empty: Dsns, worker_id: str) -> None:
    login = f"o'd\"d_{worker_id}"
    connection = await asyncpg.connect(empty.owner)
    try:
        await migrate(empty.owner, files=[ONE])
        await ensure_runtime_role(connection, login, 'it\'s \\ "quoted"')
        mine = await asyncpg.connect(empty.owner, user=login, password='it\'s \\ "quoted"')
        assert await mine.fetchval("select current_user") == login
        await mine.close()
    finally:
        await connection.execute('drop role "' + login.replace('"', '""') + '"')
        await connection.close()


@pytest.mark.parametrize(("random", "rounds"), [(True, 1), (False, 4096)])
async def test_only_what_people_choose_is_stretched(
    empty: Dsns, worker_id: str, random: bool, rounds: int
) -> None:
    login = f"stretched_{worker_id}"
    connection = await asyncpg.connect(empty.owner)
    try:
        if connection.get_server_version().major < 16:
            pytest.skip("this PostgreSQL has one number of rounds")
        await migrate(empty.owner, files=[ONE])
        await ensure_runtime_role(connection, login, "x" * 32, random=random)
        kept = await connection.fetchval("select rolpassword from pg_authid where rolname = $1", login)
        assert kept.startswith(f"SCRAM-SHA-256${rounds}:")
        # What is set later, by anybody, is stretched as usual.
        assert await value(empty.owner, "show scram_iterations") == "4096"
    finally:
        await connection.execute(f"drop role {login}")
        await connection.close()
