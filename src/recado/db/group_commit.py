"""Natural batching of durable writes.

An item that arrives while nothing is being written goes at once; those that arrive during a commit share
the next one. No timer, so an idle system adds no delay. Only a flusher that has just committed a handful, with
others waiting already, takes a short breath: a commit costs about the same for one item and for twenty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from recado.errors import NotReady

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Told = TypeVar("Told", contravariant=True)


class Waiter(Protocol[Told]):
    """Who is told what became of an item: a future is one. Must not raise."""

    def done(self) -> bool:
        """Nobody is there any more."""
        ...

    def set_result(self, result: Told, /) -> None: ...

    def set_exception(self, exception: Exception, /) -> None: ...


@dataclass(slots=True)
class _Waiting(Generic[Item, Answer]):
    item: Item
    waiter: Waiter[Answer]


class GroupCommit(Generic[Item, Answer]):
    """Collects items and hands them to `flush` in batches; each caller waits for its own answer.

    `flush` must return one answer for each item, in order, and only when they are durable. With a full
    queue callers get NotReady at once: better an honest 503 than a promise nobody can keep.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        flushers: int = 2,
        most: int = 256,
        join_at: int = 1,
        handful: int = 8,
        breath_s: float = 0.002,
        queue_limit: int = 5000,
    ) -> None:
        """A flusher beside the first starts only when `join_at` items wait, and one that has just committed less
        than a `handful` while others were waiting lets `breath_s` pass: small batches cost the most."""
        self._flush = flush
        self._join_at = join_at
        self._handful = handful
        self._breath_s = breath_s
        self._flushers = flushers
        self._most = most
        self._limit = queue_limit
        self._queue: list[_Waiting[Item, Answer]] = []
        self._idle = flushers
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, item: Item) -> Answer:
        """Waits until the item is durable. Raises NotReady, or whatever `flush` raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.submit(item, future)
        return await future

    def submit(self, item: Item, waiter: Waiter[Answer]) -> None:
        """As `add`, for callers that would rather be told than wait. Raises NotReady at once when it is full."""
        if len(self._queue) >= self._limit:
            raise NotReady("overloaded", "too many requests are waiting", retry_after_s=1)
        self._queue.append(_Waiting(item, waiter))
        if self._idle and (self._idle == self._flushers or len(self._queue) >= self._join_at):
            self._idle -= 1
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _drain(self) -> None:
        try:
            while self._queue:
                batch, self._queue = self._queue[: self._most], self._queue[self._most :]
                await self._one(batch)
                if self._queue and len(batch) < self._handful:
                    await asyncio.sleep(self._breath_s)
        finally:
            self._idle += 1

    async def _one(self, batch: list[_Waiting[Item, Answer]]) -> None:
        try:
            answers = await self._flush([waiting.item for waiting in batch])
        except BaseException as error:
            for waiting in batch:
                if not waiting.waiter.done():
                    waiting.waiter.set_exception(
                        error if isinstance(error, Exception) else NotReady("stopping", "stopping")
                    )
            if not isinstance(error, Exception):
                raise
            return
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.waiter.done():
                waiting.waiter.set_result(answer)

    async def close(self) -> None:
        """Waits for what was already handed over."""
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
