"""Looking after the embedded PostgreSQL while we run: started again when it dies, given room when it has none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from recado.app.disk import Ballast, ballast_of, with_room
from recado.app.install import Installation
from recado.db.embedded import EmbeddedError, Running
from recado.settings import Settings

_log = structlog.get_logger("recado.tending")
# Death to noticing: part of the five seconds in which service must be back.
EVERY_S = 0.5
_LONGEST_PAUSE_S = 5.0
_BALLAST_EVERY_S = 5.0


@asynccontextmanager
async def tending(settings: Settings, installation: Installation) -> AsyncIterator[None]:
    """For the time of the block. Does nothing where PostgreSQL is somebody else's."""
    if installation.running is None:
        yield
        return
    stop = asyncio.Event()
    task = asyncio.create_task(_tend(installation.running, ballast_of(settings), stop))
    try:
        yield
    finally:
        # A start under way is finished before anybody stops the server.
        stop.set()
        await task


async def _tend(running: Running, ballast: Ballast, stop: asyncio.Event) -> None:
    pause = EVERY_S
    until_ballast = 0.0
    while not stop.is_set():
        ok = await asyncio.to_thread(_look, running, ballast)
        pause = EVERY_S if ok else min(pause * 2, _LONGEST_PAUSE_S)
        until_ballast -= pause
        if ok and until_ballast <= 0:
            await asyncio.to_thread(ballast.keep)
            until_ballast = _BALLAST_EVERY_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


def _look(running: Running, ballast: Ballast) -> bool:
    """True when the server runs, or runs again."""
    try:
        if with_room(running.ensure, ballast):
            _log.error("postgres.started_again", pid=running.pid)
    except (EmbeddedError, OSError) as error:
        _log.error("postgres.does_not_start", error=str(error)[-500:])
        return False
    return True
