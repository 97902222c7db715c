"""The tightest lease the settings allow: it still leaves time to send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.slices.graph import Graph
from tests.slices.world import Company, World

from recado.app.wiring import worker_config
from recado.settings import Settings
from recado.worker.loops import Worker
from recado.worker.ports import WorkerPorts


async def test_a_lease_barely_longer_than_the_send_sends(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts, eventually: Callable[..., Any]
) -> None:
    tight = Settings(send_connect_s=1, send_read_s=2, send_lease_s=3.2)  # type: ignore[call-arg]
    config = replace(worker_config(tight, world.owner), send_concurrency=20)
    await world.queue(aurora)
    worker = Worker(ports, config)
    running = asyncio.create_task(worker.run())
    try:
        await eventually(lambda: world.value("select count(*) = 1 from message where state = 'accepted'"), 5)
    finally:
        worker.stop()
        await asyncio.wait_for(running, 20)
    assert len(graph.sent()) == 1
