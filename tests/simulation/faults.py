"""What goes wrong now: the plan looked at from the running simulation."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.simulation.plan import Fault, Plan

T = TypeVar("T")


class Weather:
    """`calm` ends all faults: the liveness phase."""

    def __init__(self, plan: Plan, time: Callable[[], float]) -> None:
        self._plan = plan
        self._time = time
        self._source = random.Random(plan.seed + 1)
        self._until = plan.hours * 3600
        self._by_kind: dict[str, list[Fault]] = {}
        for fault in plan.faults:
            self._by_kind.setdefault(fault.kind, []).append(fault)

    @property
    def calm(self) -> bool:
        return self._time() >= self._until

    def active(self, kind: str) -> list[Fault]:
        now = self._time()
        if self.calm:
            return []
        return [one for one in self._by_kind.get(kind, ()) if one.at <= now < one.until]

    def hits(self, kind: str) -> bool:
        return any(self._source.random() < one.share for one in self.active(kind))

    def door_away(self) -> bool:
        return bool(self.active("door away"))

    def trusted_since(self) -> float | None:
        """When our door last came back; None while it is away."""
        if self.door_away():
            return None
        now = self._time()
        ends = [min(one.until, self._until) for one in self._by_kind.get("door away", ())]
        return max((end for end in ends if end <= now), default=-3600.0)

    def chance(self, share: float) -> bool:
        return self._source.random() < share

    def between(self, low: float, high: float) -> float:
        return self._source.uniform(low, high)

    def pause(self, mean: float) -> float:
        return self._source.expovariate(1 / mean)

    def pick(self, items: Sequence[T]) -> T:
        return items[self._source.randrange(len(items))]
