"""One simulator for each test file; levers released and settings restored after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sim.stage import Sim, running


@pytest.fixture(scope="module")
def running_sim() -> Iterator[Sim]:
    with running() as sim:
        yield sim


@pytest.fixture
def sim(running_sim: Sim) -> Iterator[Sim]:
    before = running_sim.ask("GET", "/_sim/hooks/settings").json
    yield running_sim
    running_sim.sink.answers.clear()
    running_sim.ask("DELETE", "/_sim/faults")
    running_sim.settings(**{**before, "callback_url": running_sim.sink.url})
