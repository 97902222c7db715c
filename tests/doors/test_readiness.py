"""What readiness forgives: a data directory that is not there, and a schema that is ahead of this version."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from tests.doors.street import Street

from recado.db.checks import inspect

NEWER = "insert into schema_migration (version, name, digest) values ($1, $2, '')"


@pytest.fixture(autouse=True)
async def _schema_as_it_was(eye: asyncpg.Connection) -> AsyncIterator[None]:
    """The database is shared by the tests of this process; what was applied to it is not."""
    rows = await eye.fetch("select version, name, digest from schema_migration")
    yield
    await eye.execute("delete from schema_migration")
    await eye.executemany(NEWER.replace("''", "$3"), [tuple(row) for row in rows])


async def checks(street: Street) -> dict[str, Any]:
    answer = await street.client().get("/health")
    body: dict[str, Any] = answer.json()
    assert (answer.status_code == 200) is body["ready"]
    assert (await street.client().get("/health/ready")).status_code == answer.status_code
    return dict(body["checks"])


async def complaints(street: Street) -> list[str]:
    found = await inspect(street.house.installation.dsn, embedded=False)
    return [f"{one.found} {one.fix}" for one in found if one.name == "schema version" and not one.ok]


async def test_without_a_data_directory_the_disk_above_it_counts(street: Street) -> None:
    shutil.rmtree(street.house.settings.data_dir)
    found = await checks(street)
    assert found["disk"]["ok"] is True
    assert found["disk"]["detail"].endswith("MiB free")


async def test_older_code_goes_on_while_newer_code_only_added_to_the_schema(street: Street) -> None:
    await street.world.do(NEWER, 9001, "9001_pre_more.sql")
    assert (await checks(street))["schema"]["ok"] is True
    assert await complaints(street) == []


async def test_older_code_is_not_ready_once_something_was_taken_away(street: Street) -> None:
    await street.world.do(NEWER, 9001, "9001_pre_more.sql")
    await street.world.do(NEWER, 9002, "9002_post_less.sql")
    schema = (await checks(street))["schema"]
    assert schema["ok"] is False
    assert "9002_post_less.sql" in schema["detail"]
    (said,) = await complaints(street)
    assert "9002_post_less.sql" in said


async def test_a_schema_that_is_behind_is_not_ready(street: Street) -> None:
    await street.world.do(
        "delete from schema_migration where version = (select max(version) from schema_migration)"
    )
    assert (await checks(street))["schema"]["ok"] is False
    (said,) = await complaints(street)
    assert "recado migrate" in said
