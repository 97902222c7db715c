"""The writer's side: after a commit somebody says which company changed; a task of its own tells everybody.

NOTIFY takes one lock for the whole server at COMMIT, so the transactions that matter never use it: hints gather here
and leave a few times a second, in a transaction of their own. A hint lost in a crash is allowed: who listens also
looks at the diary by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

import structlog

from recado.db.notes import notify
from recado.db.pool import Database
from recado.live.model import Change, note_of
from recado.live.tasks import end

_log = structlog.get_logger("recado.live")
CHANNEL = "recado_live"
EVERY_S = 0.2
_MOST_TENANTS = 5000


class Changed(Protocol):
    def __call__(
        self,
        tenants: Iterable[UUID],
        *,
        messages: Iterable[UUID] = (),
        conversations: Iterable[UUID] = (),
        topics: Iterable[str] = (),
    ) -> None:
        """See `Notifier.changed`."""


class Notifier:
    """One per process. `changed` may be called from anywhere on the event loop and never waits."""

    def __init__(self, db: Database, *, every_s: float = EVERY_S) -> None:
        self._db = db
        self._every_s = every_s
        self._waiting: dict[UUID, Change] = {}
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def changed(
        self,
        tenants: Iterable[UUID],
        *,
        messages: Iterable[UUID] = (),
        conversations: Iterable[UUID] = (),
        topics: Iterable[str] = (),
    ) -> None:
        """Call after the commit. What has an entry in the diary needs only the company; ids and topics are for
        changes that leave none (notes, assignments, progress of a job)."""
        change = Change(dict.fromkeys(messages), set(conversations), set(topics))
        for tenant_id in tenants:
            if len(self._waiting) < _MOST_TENANTS or tenant_id in self._waiting:
                self._waiting.setdefault(tenant_id, Change()).merge(change)
        if self._waiting:
            self._something.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            await end([self._task])
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.flush(), 1)

    async def flush(self) -> None:
        """Tells what has gathered. Raises the database's errors; what was not told is dropped."""
        self._something.clear()
        entries, self._waiting = self._waiting, {}
        if entries:
            await notify(self._db, CHANNEL, [one.decode() for one in note_of(entries)])

    async def _run(self) -> None:
        while True:
            await self._something.wait()
            try:
                await self.flush()
            except Exception as error:
                _log.warning("live.not_told", error=type(error).__name__)
            await asyncio.sleep(self._every_s)
