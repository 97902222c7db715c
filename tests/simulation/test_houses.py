"""The short profile: `make simulate SEEDS=1000 HOURS=24` is the long one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.simulation.house import House, Violation, simulate
from tests.simulation.plan import KINDS, expand
from tests.simulation.virtual_time import run

HOURS = 3.0


@pytest.mark.parametrize("block", range(4))
def test_no_fault_breaks_a_promise_and_everything_settles(block: int) -> None:
    for seed in range(block * 6, block * 6 + 6):
        outcome = simulate(seed, HOURS)
        asked = outcome.counts["asked"]
        ended = sum(count for what, count in outcome.counts.items() if what.startswith("end: "))
        assert asked == ended, "a message got lost"


def test_the_same_seed_tells_the_same_story() -> None:
    first, again, other = simulate(11, HOURS), simulate(11, HOURS), simulate(12, HOURS)
    assert first.hash == again.hash
    assert first.hash != other.hash


def test_the_plans_hold_every_kind_of_fault() -> None:
    seen = {fault.kind for seed in range(60) for fault in expand(seed, 24).faults}
    assert seen == set(KINDS)


async def _live(kind: type[House], seed: int) -> None:
    await kind(seed).live()  # type: ignore[arg-type]


def test_a_resend_without_proof_is_noticed() -> None:
    """The simulation has to be able to fail: here the resolver believes every silence."""

    class Hasty(House):
        def __init__(self, seed: int) -> None:
            super().__init__(expand(seed, 24))
            self.store.case = self._credulous  # type: ignore[method-assign]

        def _credulous(self, attempt, rules, trusted_since, now):  # type: ignore[no-untyped-def]
            case = type(self.store).case(self.store, attempt, rules, trusted_since, now)
            return replace(case, echoes_proven=True, trusted_since=attempt.started_at.replace(year=2020))

    def live(*seeds: int) -> None:
        for seed in seeds:
            run(_live(Hasty, seed))

    with pytest.raises(Violation, match="taken twice"):
        live(*range(40))
