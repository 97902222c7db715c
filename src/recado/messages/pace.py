"""Pace as arithmetic: the generic cell rate algorithm (GCRA), for lanes and for pairs. Pure.

A lane keeps one instant, the theoretical arrival time (TAT). Sending moves it forward by one interval;
it may run ahead of now by at most `(burst - 1) * interval`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`interval_s` between two sends in the long run; up to `burst` at once after a pause."""

    interval_s: float
    burst: int

    @property
    def tolerance(self) -> timedelta:
        return timedelta(seconds=(self.burst - 1) * self.interval_s)

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=self.interval_s)


def room(pace: Pace, tat: datetime, now: datetime, most: int) -> int:
    """How many may leave right now, at most `most`."""
    if most <= 0:
        return 0
    if pace.interval_s <= 0:
        return most
    if tat <= now:
        return min(pace.burst, most)
    left = now + pace.tolerance - tat
    if left < timedelta(0):
        return 0
    return min(int(left / pace.interval) + 1, most)


def spend(pace: Pace, tat: datetime, now: datetime, count: int) -> datetime:
    """The TAT after `count` sends now."""
    if count == 0:
        return tat
    return max(tat, now) + pace.interval * count


def next_slot(pace: Pace, tat: datetime, now: datetime) -> datetime:
    """The first instant at which one more may leave."""
    if tat <= now:
        return now
    return max(now, tat - pace.tolerance)


def slowed(rate_per_s: float, factor: float, until: datetime | None, now: datetime) -> float:
    """The rate after a provider said "too fast": `factor` while `until` lies ahead, then full again.

    Recovery is additive over the last half of the pause, so that a lane does not jump back at once.
    """
    if until is None or until <= now or factor >= 1:
        return rate_per_s
    remaining = (until - now).total_seconds()
    if remaining >= RECOVERY_S:
        return rate_per_s * factor
    return rate_per_s * (factor + (1 - factor) * (1 - remaining / RECOVERY_S))


SLOW_FOR = timedelta(seconds=60)
RECOVERY_S = 30.0


def pair_backoff(tries: int) -> timedelta:
    """Meta's own advice for 131056: wait 4^n seconds, for this recipient only. Capped at about 17 minutes."""
    return timedelta(seconds=4 ** min(max(tries, 1), 5))


def retry_backoff(tries: int, jitter: float) -> timedelta:
    """2^n seconds with ±25 % jitter (`jitter` in 0..1), capped at five minutes."""
    base = min(2.0 ** min(tries, 9), 300.0)
    return timedelta(seconds=base * (0.75 + 0.5 * jitter))
