"""Ending what runs in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels until they are over. Once is not enough: before Python 3.12 `wait_for` loses a cancellation that comes
    together with what it waited for, and drivers wait that way."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)
