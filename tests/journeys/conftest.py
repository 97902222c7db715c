"""One demo for each test file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from tests.support.demo import CALM_ENVIRON, Demo, start_demo, stop_demo


@pytest.fixture(scope="module")
def running_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], int, Path]]:
    data_dir = tmp_path_factory.mktemp("demo") / "data"
    process, addresses, log = start_demo(data_dir, CALM_ENVIRON)
    yield addresses, process.pid, log
    stop_demo(process)


@pytest.fixture
async def demo(running_demo: tuple[dict[str, str], int, Path]) -> AsyncIterator[Demo]:
    addresses, pid, log = running_demo
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session:
        one = Demo(**addresses, pid=pid, log=log, session=session)
        await one.sim("DELETE", "/_sim/faults")
        yield one
