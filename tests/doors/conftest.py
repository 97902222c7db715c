"""The real doors on a real database, spoken to through ASGI: no port, no process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx2
import pytest
from pydantic import SecretStr
from tests.doors.street import HOOK_TOKEN, SECRET, STAGING_TOKEN, VERIFY_TOKEN, Street
from tests.slices.graph import Graph
from tests.slices.world import RING, World
from tests.support.cluster import Dsns

from recado.app.install import Installation
from recado.app.wiring import House
from recado.kit.clock import ManualClock, SystemClock
from recado.settings import Settings


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with Graph() as standing:
        yield standing


@pytest.fixture
async def eye(database: Dsns) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner)
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def installed(database: Dsns, tmp_path: Path, graph: Graph) -> Settings:
    return Settings(
        environment="demo",
        data_dir=tmp_path,
        database_url=database.runtime,
        meta_base_url=graph.url,
        meta_app_secret=SecretStr(SECRET),
        meta_app_secret_previous=SecretStr("the-old-secret"),
        meta_verify_token=SecretStr(VERIFY_TOKEN),
        staging_token=SecretStr(STAGING_TOKEN),
        web_connections=4,
        engine_connections=4,
    )


@pytest.fixture
async def house(installed: Settings) -> AsyncIterator[House]:
    start = SystemClock().now().replace(microsecond=0) + timedelta(seconds=20)
    installation = Installation(
        dsn=installed.database_url or "", ring=RING, hook_token=HOOK_TOKEN, running=None
    )
    made = House(installed, installation, web=True, clock=ManualClock(start))
    await made.open()
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def street(house: House, eye: asyncpg.Connection, graph: Graph) -> AsyncIterator[Street]:
    assert isinstance(house.clock, ManualClock)
    world = World(house.db, eye, house.clock)
    built = Street(house, world, graph)
    try:
        yield built
    finally:
        await built.aclose()


@pytest.fixture
async def client(street: Street) -> httpx2.AsyncClient:
    """Estúdio Aurora's software, with a key that may do everything."""
    return await street.client_of(await street.world.company())
