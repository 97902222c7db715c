"""The short profile of every machine. `make stateful STEPS=500000` is the long one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.stateful.idempotency import IdempotencyMachine
from tests.stateful.inbox import InboxMachine
from tests.stateful.jobs import JobMachine
from tests.stateful.machine import Machine, explore
from tests.stateful.pacing import PacingMachine
from tests.stateful.rig import Rig
from tests.stateful.send import SendMachine
from tests.support.cluster import Dsns

# Few seconds each; the same examples every time.
EXAMPLES: dict[type[Machine], int] = {
    SendMachine: 16,
    InboxMachine: 8,
    JobMachine: 12,
    IdempotencyMachine: 5,
    PacingMachine: 7,
}


@pytest.fixture
def rig(database: Dsns) -> Iterator[Rig]:
    with Rig(database) as opened:
        yield opened


@pytest.mark.parametrize(
    "kind",
    [SendMachine, JobMachine, InboxMachine, IdempotencyMachine, PacingMachine],
    ids=lambda kind: kind.__name__,
)
def test_the_model_and_the_database_agree_after_every_step(rig: Rig, kind: type[Machine]) -> None:
    explore(kind, rig, examples=EXAMPLES[kind], steps=40)
