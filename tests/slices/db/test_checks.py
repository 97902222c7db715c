"""What `inspect` says about servers and logins, good and bad."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.support.cluster import RUNTIME_PASSWORD, RUNTIME_ROLE, Dsns, make_place

from recado.db.checks import Finding, inspect
from recado.db.embedded import EmbeddedConfig, Running, start
from recado.db.migrate import ensure_runtime_role, migrate

ROLE_CHECKS = {
    "role is not superuser",
    "role does not bypass row security",
    "role owns no table",
    "role may act for tenants and engine",
}


def failed(findings: list[Finding]) -> dict[str, Finding]:
    return {one.name: one for one in findings if not one.ok}


@pytest.fixture
def durable() -> Iterator[Running]:
    """A server with the product's own settings."""
    place = make_place()
    with start(EmbeddedConfig(data_dir=place / "pg", die_with_parent=True)) as running:
        yield running
    shutil.rmtree(place)


async def test_nothing_to_complain_about_the_products_own_set_up(durable: Running) -> None:
    await migrate(durable.dsn())
    owner = await asyncpg.connect(durable.dsn())
    await ensure_runtime_role(owner, RUNTIME_ROLE, RUNTIME_PASSWORD)
    await owner.close()
    findings = await inspect(durable.dsn(RUNTIME_ROLE, RUNTIME_PASSWORD), embedded=True)
    assert failed(findings) == {}
    assert len(findings) >= 10
    assert {one.fix for one in findings} == {""}


async def test_a_server_that_may_lose_commits_is_reported(database: Dsns) -> None:
    bad = failed(await inspect(database.runtime, embedded=True))
    assert set(bad) == {"fsync", "full_page_writes", "synchronous_commit"}
    assert bad["fsync"].found == "off"
    assert "an acknowledged message can be lost" in bad["fsync"].fix


async def test_the_superuser_is_refused(database: Dsns) -> None:
    bad = failed(await inspect(database.owner, embedded=True))
    assert {"role is not superuser", "role owns no table"} <= set(bad)
    assert "recado migrate" in bad["role is not superuser"].fix


async def test_an_owner_of_tables_is_refused(make_database: Callable[..., Dsns]) -> None:
    own = make_database()
    owner = await asyncpg.connect(own.owner)
    try:
        await owner.execute(f"alter table tenant owner to {RUNTIME_ROLE}")
    finally:
        await owner.close()
    assert ROLE_CHECKS & set(failed(await inspect(own.runtime, embedded=True))) == {"role owns no table"}


async def test_a_login_outside_the_groups_is_refused(
    make_database: Callable[..., Dsns], worker_id: str
) -> None:
    own, login = make_database(), f"stranger_{worker_id}"
    owner = await asyncpg.connect(own.owner)
    try:
        await owner.execute(f"create role {login} login bypassrls password 'x'")
        stranger = own.runtime.replace(f"{RUNTIME_ROLE}:{RUNTIME_PASSWORD}", f"{login}:x")
        bad = failed(await inspect(stranger, embedded=True))
    finally:
        await owner.execute(f"drop role {login}")
        await owner.close()
    assert ROLE_CHECKS & set(bad) == {
        "role may act for tenants and engine",
        "role does not bypass row security",
    }
    assert not next(one for one in bad.values() if one.name == "schema version").ok


async def test_an_unmigrated_database_says_what_to_run(make_database: Callable[..., Dsns]) -> None:
    bad = failed(await inspect(make_database(migrated=False).runtime, embedded=True))
    assert bad["schema version"].found == "none"
    assert "recado migrate" in bad["schema version"].fix


async def test_an_older_schema_is_reported(make_database: Callable[..., Dsns]) -> None:
    own = make_database()
    owner = await asyncpg.connect(own.owner)
    try:
        await owner.execute("update schema_migration set version = 0 where version = 1")
        await owner.execute("delete from schema_migration where version > 1")
    finally:
        await owner.close()
    assert failed(await inspect(own.runtime, embedded=True))["schema version"].found == "0"


async def test_a_table_without_forced_row_security_is_named(
    make_database: Callable[..., Dsns],
) -> None:
    own = make_database()
    owner = await asyncpg.connect(own.owner)
    try:
        await owner.execute("create table forgotten (id bigint primary key)")
        await owner.execute("alter table contact no force row level security")
    finally:
        await owner.close()
    bad = failed(await inspect(own.runtime, embedded=True))
    assert bad["row security forced on every table"].found == "contact, forgotten"


async def test_an_unreachable_server_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await inspect(f"postgresql://nobody@/postgres?host={tmp_path}", embedded=True)
