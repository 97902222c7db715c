"""Fixtures of the Meta provider: raw servers that end with the test, clients that are closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from tests.providers.meta.raw_graph import Behaviour, Graph

from recado.providers.meta.client import MetaSender
from recado.providers.meta.http import Budget, GraphHttp


@pytest.fixture
async def graph() -> AsyncIterator[Callable[[Behaviour], Awaitable[Graph]]]:
    servers: list[asyncio.Server] = []
    tasks: set[asyncio.Task[None]] = set()

    async def start(behaviour: Behaviour) -> Graph:
        made = Graph(behaviour)

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(made.serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        servers.append(server)
        made.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return made

    yield start
    for server in servers:
        server.close()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def open_http() -> AsyncIterator[Callable[..., GraphHttp]]:
    opened: list[GraphHttp] = []

    def make(base_url: str, *, read_s: float = 5.0, total_s: float = 8.0, **more: Any) -> GraphHttp:
        budget = Budget(connect_s=min(1.0, total_s / 2), read_s=read_s, total_s=total_s)
        opened.append(GraphHttp(base_url, "v25.0", budget=budget, **more))
        return opened[-1]

    yield make
    for each in opened:
        await each.aclose()


@pytest.fixture
def sender(open_http: Callable[..., GraphHttp]) -> Callable[..., MetaSender]:
    return lambda base_url, **more: MetaSender(open_http(base_url, **more))
