"""PostgreSQL's LISTEN and NOTIFY: hints between processes, never facts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import asyncpg
import structlog

from recado.db.pool import ENGINE_ROLE, Database
from recado.db.sql import Statement

_log = structlog.get_logger("recado.db.notes")
# A hint that dies with the server is no loss, so its commit need not wait for the disk.
_BEGIN = f"BEGIN; SET LOCAL ROLE {ENGINE_ROLE}; SET LOCAL synchronous_commit = off"
_NOTIFY = Statement("notify", "select pg_notify($1, $2)", ("channel", "payload"), None)
_CHECK_S = 10.0


async def notify(db: Database, channel: str, payloads: Sequence[str]) -> None:
    """Each payload below 8,000 bytes. Raises the driver's errors."""
    async with db.transaction(_BEGIN, ENGINE_ROLE) as tx:
        for payload in payloads:
            await tx.execute(_NOTIFY, channel=channel, payload=payload)


async def listen(
    dsn: str, channel: str, heard: Callable[[str], None], connected: Callable[[bool], None]
) -> None:
    """Hears until cancelled, on one connection of its own that comes back after every fall.

    `connected(True)` after each LISTEN: what was said before was not heard, so look for yourself.
    """
    pause = 0.2
    while True:
        connection: asyncpg.Connection | None = None
        try:
            connection = await asyncpg.connect(dsn, timeout=10)
            gone = asyncio.Event()
            connection.add_termination_listener(lambda _c, gone=gone: gone.set())
            await connection.add_listener(channel, lambda _c, _p, _ch, payload: heard(str(payload)))
            connected(True)
            pause = 0.2
            while not gone.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_CHECK_S):
                        await gone.wait()
                # A dead network says nothing by itself.
                await connection.execute("select 1", timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            _log.warning("listen.lost", error=type(error).__name__)
        finally:
            connected(False)
            if connection is not None:
                with contextlib.suppress(Exception):
                    connection.terminate()
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5.0)
