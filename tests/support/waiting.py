"""Waiting for conditions, never for time to pass."""

from __future__ import annotations

import asyncio
import inspect
import socket
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    condition: Callable[[], T | Awaitable[T]], within_s: float = 10.0, every_s: float = 0.01
) -> T:
    """The condition's first true value. Fails with its last value when time is up."""
    deadline = time.monotonic() + within_s
    while True:
        value = condition()
        found = await value if inspect.isawaitable(value) else value
        if found:
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(f"still {found!r} after {within_s} s")
        await asyncio.sleep(every_s)


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on now. Where the program takes port 0, prefer that."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
