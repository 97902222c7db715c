"""Simulated time, and the one heap of things that are due.

Simulated time is the computer's time plus a shift that `POST /_sim/clock` grows. Everything that
waits (statuses, template reviews, webhook retries, held events) waits in simulated time, so moving
the clock a day ahead makes a day's worth of them happen now.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Any

# Waking for every single timer costs more than the timers; 4 ms is far below any delay we play.
GRAIN_S = 0.004
BURST = 512


class Clock:
    """Seconds since 1970 as the simulated world sees them."""

    def __init__(self, wall: Callable[[], float], shift_s: float = 0.0) -> None:
        self._wall = wall
        self.shift_s = shift_s

    def now(self) -> float:
        """Simulated seconds since 1970."""
        return self._wall() + self.shift_s


class Timers:
    """One heap, one wake-up: calls `action(subject)` when simulated time reaches `due`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._order = itertools.count()
        self._handle: asyncio.TimerHandle | None = None
        self._armed_for = float("inf")
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to run what is due; before this, timers only pile up."""
        self._loop = loop
        self._arm()

    def stop(self) -> None:
        """Nothing runs afterwards; what was waiting stays waiting."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._loop, self._armed_for = None, None, float("inf")

    def at(self, due: float, action: Callable[[Any], None], subject: Any = None) -> None:
        """Call `action(subject)` once at simulated second `due` (soon, if it has passed)."""
        heapq.heappush(self._heap, (due, next(self._order), action, subject))
        if due < self._armed_for:
            self._arm()

    def clear(self) -> None:
        """Forget everything that waits."""
        self._heap.clear()
        self._arm()

    def shift(self, seconds: float) -> None:
        """Move simulated time. Backwards, what waits keeps its distance instead of waiting longer."""
        self._clock.shift_s += seconds
        if seconds < 0:
            self._heap = [(due + seconds, n, act, about) for due, n, act, about in self._heap]
            heapq.heapify(self._heap)
        self._arm()

    def __len__(self) -> int:
        return len(self._heap)

    def _arm(self) -> None:
        if self._loop is None:
            return
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._armed_for = float("inf")
        if self._heap:
            self._armed_for = self._heap[0][0]
            wait = max(GRAIN_S, self._armed_for - self._clock.now())
            self._handle = self._loop.call_later(wait, self._run)

    def _run(self) -> None:
        self._handle, self._armed_for = None, float("-inf")  # no arming while we pop
        now = self._clock.now()
        for _ in range(BURST):
            if not self._heap or self._heap[0][0] > now:
                break
            _, _, action, subject = heapq.heappop(self._heap)
            action(subject)
        self._arm()
