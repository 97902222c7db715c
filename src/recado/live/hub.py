"""One per web process: reads each watched company's diary once and tells everybody who looks at it.

Hints arrive by LISTEN; without them (a lost connection, a pooler that cannot listen, a writer that fell before it
told) the diary is looked at every few seconds anyway. So a hint only makes news faster, it never makes it true.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from recado.db.pool import UNAVAILABLE, Database
from recado.kit.clock import Clock
from recado.kit.ids import TenantId
from recado.live.model import Change, Horizon, change_of, read_note
from recado.live.reading import lately, read, since
from recado.live.tasks import end

_log = structlog.get_logger("recado.live")
# Seconds.
SOONEST_S = 0.2
# A company that fills a whole reading gains nothing from being read more often: everybody looks for themselves.
BUSY_S = 1.0
POLL_S = 3.0
LATELY_S = 30.0
_IDLE_S = 60.0
Listen = Callable[[Callable[[str], None], Callable[[bool], None]], Awaitable[None]]


class Full(Exception):
    """More streams than this process or this person may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    streams: int = 1000
    streams_of_one: int = 12


@dataclass(slots=True, eq=False)
class Looker:
    """One open stream. However slowly it reads, it holds one bounded `Change`."""

    tenant_id: TenantId
    owner: UUID
    cursor: Callable[[], int | None]
    pending: Change = field(default_factory=Change)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def tell(self, change: Change) -> None:
        self.pending.merge(change)
        self.woken.set()

    def end(self) -> None:
        self.closed = True
        self.woken.set()

    async def next(self, patience_s: float) -> Change | None:
        """What is new; an empty change when nothing was for so long; None when the stream is over."""
        if not self.pending and not self.closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self.woken.wait()
        self.woken.clear()
        if self.closed:
            return None
        change, self.pending = self.pending, Change()
        return change


@dataclass(slots=True)
class _Feed:
    """One company somebody looks at."""

    tenant_id: TenantId
    used_at: float
    lookers: set[Looker] = field(default_factory=set)
    horizon: Horizon | None = None
    # The first reading did not reach the beginning: until the horizon moves, something may be missing below it.
    uncertain: bool = False
    seen: frozenset[int] = frozenset()
    hinted: bool = True
    busy: bool = False
    read_at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def cursor(self) -> int | None:
        return None if self.horizon is None or self.uncertain else self.horizon.settled

    def tell(self, change: Change) -> None:
        if change:
            for looker in self.lookers:
                looker.tell(change)


class Hub:
    """`join` and `leave` are for streams, `catch_up` for those who ask now and then. `close` ends everything."""

    def __init__(self, db: Database, clock: Clock, listen: Listen, limits: Limits | None = None) -> None:
        self._db = db
        self._clock = clock
        self._listen = listen
        self._limits = limits or Limits()
        self._feeds: dict[TenantId, _Feed] = {}
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    @property
    def streams(self) -> int:
        return sum(len(feed.lookers) for feed in self._feeds.values())

    async def join(self, tenant_id: TenantId, owner: UUID, cursor: int | None) -> Looker:
        """A stream of this company's changes that begins with what was missed since `cursor`.

        Raises Full; raises the database's errors when it is away.
        """
        feed = self._feed(tenant_id)
        mine = sum(one.owner == owner for other in self._feeds.values() for one in other.lookers)
        if self._closed or self.streams >= self._limits.streams or mine >= self._limits.streams_of_one:
            raise Full
        looker = Looker(tenant_id=tenant_id, owner=owner, cursor=feed.cursor)
        # First among those who are told, then what was before: twice is harmless, never is not.
        feed.lookers.add(looker)
        try:
            await self._prime(feed)
            looker.tell(await self._missed(tenant_id, cursor))
        except BaseException:
            feed.lookers.discard(looker)
            raise
        return looker

    def leave(self, looker: Looker) -> None:
        if (feed := self._feeds.get(looker.tenant_id)) is not None:
            feed.lookers.discard(looker)
            feed.used_at = self._clock.monotonic()

    async def catch_up(self, tenant_id: TenantId, cursor: int | None) -> tuple[Change, int | None]:
        """What changed since `cursor`, and the next one to ask with. Raises the database's errors."""
        feed = self._feed(tenant_id)
        await self._prime(feed)
        after = feed.cursor()
        return await self._missed(tenant_id, cursor), after

    async def _prime(self, feed: _Feed) -> None:
        """The first reading of a company tells nobody anything: what it finds, everybody reads after it."""
        if feed.horizon is None:
            async with feed.lock:
                if feed.horizon is None:
                    await self._news(feed)

    async def _missed(self, tenant_id: TenantId, cursor: int | None) -> Change:
        async with self._db.tenant(tenant_id) as tx:
            if cursor is None:
                return await lately(tx, tenant_id, LATELY_S)
            return await since(tx, tenant_id, cursor)

    def _feed(self, tenant_id: TenantId) -> _Feed:
        now = self._clock.monotonic()
        if not self._tasks and not self._closed:
            self._tasks = [
                asyncio.create_task(self._run()),
                asyncio.create_task(self._hear()),
            ]
        feed = self._feeds.get(tenant_id)
        if feed is None:
            feed = self._feeds[tenant_id] = _Feed(tenant_id=tenant_id, used_at=now)
            self._wake.set()
        feed.used_at = now
        return feed

    async def close(self) -> None:
        """Ends all streams at once, so that stopping the server waits for none of them."""
        self.hang_up()
        await end(self._tasks)
        self._tasks = []

    def hang_up(self) -> None:
        """No new streams; the open ones end with their next breath. Safe in a signal handler of the loop."""
        self._closed = True
        for feed in self._feeds.values():
            for looker in feed.lookers:
                looker.end()

    # ------------------------------------------------------------------ hearing

    async def _hear(self) -> None:
        await self._listen(self._heard, self._connected)

    def _heard(self, payload: str) -> None:
        for tenant_id, change in read_note(payload).items():
            if (feed := self._feeds.get(TenantId(tenant_id))) is not None:
                feed.tell(change)
                feed.hinted = True
                self._wake.set()

    def _connected(self, here: bool) -> None:
        if here:
            for feed in self._feeds.values():
                feed.hinted = True
            self._wake.set()

    # ------------------------------------------------------------------ reading

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            now = self._clock.monotonic()
            wait = POLL_S
            for feed in list(self._feeds.values()):
                if not feed.lookers and now - feed.used_at > _IDLE_S:
                    del self._feeds[feed.tenant_id]
                    continue
                soonest = BUSY_S if feed.busy else SOONEST_S
                due_in = feed.read_at + (soonest if feed.hinted else POLL_S) - now
                if due_in <= 0:
                    await self._look(feed)
                else:
                    wait = min(wait, due_in)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(wait, 0.01)):
                    await self._wake.wait()

    async def _look(self, feed: _Feed) -> None:
        feed.hinted = False
        feed.read_at = self._clock.monotonic()
        try:
            await self._prime(feed)
            feed.tell(await self._news(feed))
        except UNAVAILABLE as error:
            _log.warning("live.database_away", error=type(error).__name__)
        except Exception as error:
            _log.error("live.failed", error=type(error).__name__, exc_info=error)

    async def _news(self, feed: _Feed) -> Change:
        async with self._db.tenant(feed.tenant_id) as tx:
            reading = await read(tx, feed.tenant_id, 0 if feed.horizon is None else feed.horizon.settled)
        first = feed.horizon is None
        if feed.horizon is None:
            feed.uncertain = reading.cut
            feed.horizon = Horizon(reading.rows[-1].seq - 1 if reading.cut else 0)
        feed.busy = reading.cut
        fresh = [row for row in reading.rows if row.seq not in feed.seen]
        feed.seen = frozenset(row.seq for row in reading.rows)
        moved = feed.horizon.observe(reading.snapshot, reading.top, self._clock.monotonic())
        if first:
            return Change()
        if (fresh and reading.cut) or (moved and feed.uncertain):
            feed.uncertain = feed.uncertain and not moved
            return Change(everything=True)
        return change_of(fresh)
