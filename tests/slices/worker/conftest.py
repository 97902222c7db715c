"""A worker's parts around a real provider translator that talks to a stand-in on loopback."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.slices.graph import Graph
from tests.slices.world import World

from recado.adapters.blobs import DirectoryBlobs
from recado.db.system import system
from recado.kit.ids import AttemptToken
from recado.providers.contract import Provider
from recado.providers.meta.provider import build
from recado.worker.media_jobs import TRANSFERS, MediaJobs
from recado.worker.ports import SendMeter, WorkerConfig, WorkerPorts


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with Graph() as standing:
        yield standing


@pytest.fixture
async def meta(graph: Graph) -> AsyncIterator[Provider]:
    provider = build(graph.url, "v25.0", connect_s=2, read_s=5)
    try:
        yield provider
    finally:
        await provider.sender.aclose()


@pytest.fixture
def blobs(tmp_path: Path) -> DirectoryBlobs:
    return DirectoryBlobs(tmp_path / "media")


@pytest.fixture
def ports(world: World, meta: Provider, blobs: DirectoryBlobs) -> WorkerPorts:
    jobs = MediaJobs(lambda: made, 1024 * 1024)
    made = WorkerPorts(
        engine=lambda: system(world.db),
        providers={"meta": meta},
        vault=world.vault,
        clock=world.clock,
        new_token=lambda: AttemptToken(uuid4()),
        random=random.Random(7),
        blobs=blobs,
        projection=world.projection,
        meter=SendMeter(),
        handlers=jobs.handlers(),
        transfers=TRANSFERS,
    )
    return made


@pytest.fixture
def config(world: World) -> WorkerConfig:
    return WorkerConfig(
        owner=world.owner,
        send_concurrency=20,
        send_lease_s=30,
        lane_lease_s=15,
        claim_interval_s=0.02,
        drain_s=5,
    )
