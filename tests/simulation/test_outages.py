"""The short profile of `make crash-outage`, and proof that it can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.simulation.house import Violation
from tests.simulation.outages import LENGTHS_S, Unattended, outage_plan, survive
from tests.simulation.virtual_time import run


@pytest.mark.parametrize("lasts_s", LENGTHS_S)
def test_nothing_is_taken_twice_and_every_question_has_its_reason(lasts_s: float) -> None:
    counts = survive(1, lasts_s, hours=2.0).counts
    assert counts["asked"] > 50
    assert counts["AskPerson"] > 0


class Trusting(Unattended):
    """Believes in a door that was away: the rule that others have."""

    def __init__(self, seed: int) -> None:
        super().__init__(outage_plan(seed, 600.0, hours=2.0))
        self.store.case = self._trusting  # type: ignore[method-assign]

    def _trusting(self, attempt, rules, trusted_since, now):  # type: ignore[no-untyped-def]
        case = type(self.store).case(self.store, attempt, rules, trusted_since, now)
        return replace(case, trusted_since=attempt.started_at.replace(year=2020))


async def _live(seed: int) -> None:
    await Trusting(seed).live()


def test_a_door_that_is_believed_blindly_is_noticed() -> None:
    def live(*seeds: int) -> None:
        for seed in seeds:
            run(_live(seed))

    with pytest.raises(Violation, match=r"twice|duplicated"):
        live(*range(12))
