"""A seed becomes a house and everything that goes wrong in it; the plan can be printed and read."""

from __future__ import annotations

import random
from dataclasses import dataclass

# Longest pauses and slowest echoes stay inside what the promise covers (guarantees: a worker frozen longer
# than the waiting window may duplicate, and says so).
LONGEST_PAUSE_S = 75.0
SLOWEST_ECHO_S = 40.0

KINDS = (
    "worker crashes",
    "worker pauses",
    "door away",
    "provider unreachable",
    "provider answers 5xx",
    "provider says later",
    "token broken",
    "requests lost",
    "answers lost",
    "echoes slow",
    "kill switch",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """`share` of what happens between `at` and `until` (seconds) is hit."""

    kind: str
    at: float
    until: float
    share: float
    which: int

    def __str__(self) -> str:
        return (
            f"{self.at:9.1f} s  {self.kind} #{self.which} for {self.until - self.at:.1f} s, {self.share:.0%}"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    hours: float
    lanes: int
    workers: int
    people: int
    messages_per_hour: float
    rate_per_s: float
    burst: int
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        house = (
            f"seed {self.seed}: {self.hours:g} h, {self.lanes} numbers at {self.rate_per_s:g}/s, "
            f"{self.workers} workers, {self.people} people, {self.messages_per_hour:.0f} messages/h"
        )
        return "\n".join([house, *map(str, self.faults)])


def expand(seed: int, hours: float) -> Plan:
    """The same seed gives the same plan."""
    source = random.Random(seed)
    count = int(hours * source.uniform(0.5, 3)) + 2
    faults = sorted((_fault(source, hours * 3600) for _ in range(count)), key=lambda one: one.at)
    return Plan(
        seed=seed,
        hours=hours,
        lanes=source.randint(1, 3),
        workers=source.randint(1, 3),
        people=source.randint(2, 12),
        messages_per_hour=source.uniform(2, 12),
        rate_per_s=source.choice([0.5, 2.0, 80.0]),
        burst=source.choice([1, 5, 20]),
        faults=tuple(faults),
    )


def _fault(source: random.Random, end: float) -> Fault:
    kind = source.choice(KINDS)
    at = source.uniform(0, end)
    lasts = source.expovariate(1 / 300)
    match kind:
        case "worker pauses":
            lasts = min(lasts, LONGEST_PAUSE_S)
        case "worker crashes":
            lasts = min(lasts, 120.0)
        case "door away":
            lasts = source.choice([2.0, 20.0, 600.0, 7200.0])
    return Fault(
        kind=kind,
        at=at,
        until=at + lasts,
        share=source.choice([0.02, 0.2, 1.0]),
        which=source.randrange(3),
    )
