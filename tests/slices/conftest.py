"""`world`: a company's life in a real database."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from tests.slices.world import Company, World
from tests.support.cluster import Dsns

from recado.db.pool import Database
from recado.kit.clock import ManualClock, SystemClock


@pytest.fixture
async def eye(database: Dsns) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection: sees every tenant, used for looking and for what only time does."""
    connection = await asyncpg.connect(database.owner)
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def moving() -> ManualClock:
    """Stands a little after the database's own clock: `ledger` and `lane` are stamped by the database.

    Far enough for a slow machine, near enough for a worker, which stops claiming at a skew of 30 s.
    """
    start = SystemClock().now().replace(microsecond=0)
    return ManualClock(start + timedelta(seconds=20))


@pytest.fixture
async def world(db: Database, eye: asyncpg.Connection, moving: ManualClock) -> World:
    return World(db, eye, moving)


@pytest.fixture
async def aurora(world: World) -> Company:
    return await world.company()
