"""An event loop that never sleeps: when nothing is ready it jumps to the next timer. No real I/O."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Deaf(selectors.SelectSelector):
    """Nothing outside this process is listened to."""

    def select(self, timeout: float | None = None) -> list[Any]:
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is seconds since the start of the simulation."""

    def __init__(self) -> None:
        self._virtual = 0.0
        super().__init__(_Deaf())

    def time(self) -> float:
        return self._virtual

    def _run_once(self) -> None:
        if not self._ready:
            if not self._scheduled:
                raise RuntimeError("everybody waits for somebody else")
            self._virtual = max(self._virtual, self._scheduled[0]._when)
        super()._run_once()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs in virtual time; whatever is still running afterwards is cancelled."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
