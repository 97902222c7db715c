"""The simulation's store and PostgreSQL are the same machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.simulation.twins import Twins
from tests.stateful.rig import Rig
from tests.support.cluster import Dsns


@pytest.fixture
def rig(database: Dsns) -> Iterator[Rig]:
    with Rig(database) as opened:
        yield opened


def test_the_same_history_leads_to_the_same_states(rig: Rig) -> None:
    for seed in range(10):
        twins = Twins(rig, seed)
        story = []
        for _ in range(50):
            story.append(twins.step())
            try:
                twins.compare()
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, after {story}: {error}") from error
