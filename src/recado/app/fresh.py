"""Answers that may be a moment old: one caller looks up, the others share, and nobody waits while it is kept warm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from recado.kit.clock import Clock

Key = TypeVar("Key")
Value = TypeVar("Value")


class Fresh(Generic[Key, Value]):
    """Keeps the answer to each key for `fresh_s` seconds after it was asked for.

    An answer that ran out would otherwise be looked up by everybody who came before the first of them was told:
    a hundred callers in line for a handful of connections, every two seconds.
    """

    def __init__(
        self,
        clock: Clock,
        fresh_s: float,
        *,
        keep: Callable[[Value], bool] = lambda _: True,
        most: int = 5000,
    ) -> None:
        """Only answers that `keep` agrees to are kept; another one makes the key unknown again. With `most` of them
        all are forgotten."""
        self._clock = clock
        self._fresh_s = fresh_s
        self._keep = keep
        self._most = most
        self._kept: dict[Key, tuple[float, Value]] = {}
        self._flights: dict[Key, asyncio.Task[Value]] = {}

    def __contains__(self, key: Key) -> bool:
        """Whether there was an answer before, however old."""
        return key in self._kept

    async def now(self, key: Key, look: Callable[[], Awaitable[Value]]) -> Value:
        """Looked up after this call, by this caller. Raises what `look` raises."""
        asked_at = self._clock.monotonic()
        value = await look()
        if not self._keep(value):
            self._kept.pop(key, None)
            return value
        if len(self._kept) >= self._most and key not in self._kept:
            self._kept.clear()
        self._kept[key] = (asked_at, value)
        return value

    async def lately(self, key: Key, look: Callable[[], Awaitable[Value]]) -> Value:
        """At most `fresh_s` old, or looked up by one for all who ask meanwhile. Raises what `look` raises."""
        known = self._kept.get(key)
        age = self._fresh_s if known is None else self._clock.monotonic() - known[0]
        if known is None or age >= self._fresh_s:
            # Shielded: the one who asked first may hang up, the others still want to know.
            return await asyncio.shield(self._flight(key, look))
        if age > self._fresh_s / 2:
            self._flight(key, look)
        return known[1]

    def _flight(self, key: Key, look: Callable[[], Awaitable[Value]]) -> asyncio.Task[Value]:
        if (task := self._flights.get(key)) is None:
            task = self._flights[key] = asyncio.create_task(self.now(key, look))
            task.add_done_callback(lambda done: self._landed(key, done))
        return task

    def _landed(self, key: Key, task: asyncio.Task[Value]) -> None:
        del self._flights[key]
        if not task.cancelled():
            # Whoever waits is told; a look ahead of time that failed is repeated when somebody needs it.
            task.exception()
