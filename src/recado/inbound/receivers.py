"""Proof that our webhook door was answering.

The absence of an echo says nothing if the echo may have knocked while we were away: Meta retries with
growing pauses, so it may come hours later although newer ones already flow. The doubt resolver therefore
asks for the moment since which *every* webhook was provably answered.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import structlog

from recado.db import sql
from recado.db.pool import Database, Tx
from recado.db.system import system
from recado.kit.failpoints import reached

_Q = sql.load("recado.inbound", "receivers.sql")
_log = structlog.get_logger("recado.receiver")
# A beat a second; longer silence than this is a gap.
BEAT_S = 1.0
TOLERANCE_S = 3.0
BACKLOG_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanAlive:
    span_id: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """`since` is None when no receiver ever beat. `now` is the database's clock."""

    now: datetime
    since: datetime | None
    alive: bool
    lag_s: float

    def healthy_since(self, backlog_s: float = BACKLOG_S) -> datetime | None:
        """None while nobody can vouch for the door: no live receiver, or bodies waiting to be projected."""
        if not self.alive or self.lag_s >= backlog_s:
            return None
        return self.since


async def trust(tx: Tx, *, tolerance_s: float = TOLERANCE_S) -> Trust:
    row = await tx.one(_Q["trust"], Trust, tolerance_s=tolerance_s)
    assert row is not None
    return row


async def taint(tx: Tx, *reasons: str) -> None:
    """From now on everything older is untrusted."""
    await tx.execute(_Q["taint"], reasons=list(reasons))


async def forget(tx: Tx, before: datetime) -> None:
    await tx.execute(_Q["forget_old"], before=before)


class Pulse:
    """One receiver's heartbeat. `taint` may be called from anywhere; it is written with the next beat, and
    if that beat never comes the missing beat itself is the gap."""

    def __init__(
        self,
        db: Database,
        *,
        new_id: Callable[[], UUID] = uuid4,
        beat_s: float = BEAT_S,
        tolerance_s: float = TOLERANCE_S,
    ) -> None:
        self._db = db
        self._new_id = new_id
        self._beat_s = beat_s
        self._tolerance_s = tolerance_s
        self._span: UUID | None = None
        self._reasons: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    def taint(self, reason: str) -> None:
        self._reasons.add(reason)

    async def beat(self) -> None:
        """Writes pending taints and one beat; starts a new span when the old one may not be continued."""
        reasons, self._reasons = self._reasons, set()
        try:
            async with system(self._db) as tx:
                if reasons:
                    await tx.execute(_Q["taint"], reasons=sorted(reasons))
                if self._span is not None and await self._continue(tx):
                    return
                span = self._new_id()
                await tx.execute(_Q["begin_span"], span_id=span)
                reached("beat.before_commit")
            reached("beat.after_commit")
            self._span = span
        except BaseException:
            self._reasons |= reasons
            raise

    async def _continue(self, tx: Tx) -> bool:
        row = await tx.one(_Q["beat"], SpanAlive, span_id=self._span, tolerance_s=self._tolerance_s)
        return row is not None

    async def start(self) -> None:
        """Beats once before the door opens, then for as long as the process lives."""
        await self.beat()
        self._task = asyncio.create_task(self._loop())

    async def _loop(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._beat_s)
            try:
                await self.beat()
            except Exception as error:  # the missing beat is the message
                _log.warning("receiver.no_beat", error=type(error).__name__)

    def closing(self) -> None:
        """The door is about to shut: from here on nobody vouches for it."""
        self._stop.set()

    async def stop(self) -> None:
        """A clean end: no request was cut off."""
        self._stop.set()
        if self._task is not None:
            await self._task
        with contextlib.suppress(Exception):
            async with system(self._db) as tx:
                if self._reasons:
                    await tx.execute(_Q["taint"], reasons=sorted(self._reasons))
                await tx.execute(_Q["end_span"], span_id=self._span, tolerance_s=self._tolerance_s)
