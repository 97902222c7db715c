"""Many callers, few commits: nobody waits for nothing, everybody gets their own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.support.waiting import eventually

from recado.db.group_commit import GroupCommit
from recado.errors import NotReady


class Disk:
    """Commits when told to, and remembers what came together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.broken: Exception | None = None
        self._gate = asyncio.Event()

    async def flush(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self._gate.wait()
        if self.broken is not None:
            raise self.broken
        return [item * 10 for item in items]

    def turn(self) -> None:
        self._gate.set()


async def ask(group: GroupCommit[int, int], items: Sequence[int]) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(group.add(item)) for item in items]
    await asyncio.sleep(0)
    return tasks


async def test_the_first_goes_at_once_and_the_rest_share_the_next_commit() -> None:
    disk = Disk()
    group: GroupCommit[int, int] = GroupCommit(disk.flush, flushers=1)
    first = await ask(group, [1])
    await eventually(lambda: disk.batches == [[1]])
    rest = await ask(group, [2, 3, 4])
    disk.turn()
    assert await asyncio.gather(*first, *rest) == [10, 20, 30, 40]
    assert disk.batches == [[1], [2, 3, 4]]


async def test_no_batch_is_larger_than_allowed() -> None:
    disk = Disk()
    disk.turn()
    group: GroupCommit[int, int] = GroupCommit(disk.flush, flushers=1, most=3)
    answers = await asyncio.gather(*await ask(group, range(8)))
    assert answers == [item * 10 for item in range(8)]
    assert [len(batch) for batch in disk.batches] == [3, 3, 2]


async def test_a_second_flusher_starts_only_when_enough_wait() -> None:
    disk = Disk()
    group: GroupCommit[int, int] = GroupCommit(disk.flush, flushers=2, join_at=3)
    tasks = await ask(group, [1])
    await eventually(lambda: len(disk.batches) == 1)
    tasks += await ask(group, [2, 3])
    assert len(disk.batches) == 1, "two are not worth a commit of their own"
    tasks += await ask(group, [4])
    await eventually(lambda: len(disk.batches) == 2)
    tasks += await ask(group, [5, 6, 7])
    assert len(disk.batches) == 2, "there are two flushers, not three"
    disk.turn()
    assert await asyncio.gather(*tasks) == [10, 20, 30, 40, 50, 60, 70]


async def test_a_failure_reaches_everybody_of_its_batch_and_nobody_else() -> None:
    disk = Disk()
    group: GroupCommit[int, int] = GroupCommit(disk.flush, flushers=1)
    disk.broken = OSError("the disk is gone")
    disk.turn()
    failed = await asyncio.gather(*await ask(group, [1, 2]), return_exceptions=True)
    assert [type(one) for one in failed] == [OSError, OSError]
    disk.broken = None
    assert await group.add(3) == 30


async def test_a_full_queue_is_refused_at_once() -> None:
    disk = Disk()
    group: GroupCommit[int, int] = GroupCommit(disk.flush, flushers=1, queue_limit=2)
    first = await ask(group, [1])
    await eventually(lambda: disk.batches == [[1]])
    waiting = await ask(group, [2, 3])
    with pytest.raises(NotReady):
        await group.add(4)
    disk.turn()
    assert await asyncio.gather(*first, *waiting) == [10, 20, 30]


async def test_a_caller_that_gives_up_does_not_disturb_the_others() -> None:
    disk = Disk()
    group: GroupCommit[int, int] = GroupCommit(disk.flush, flushers=1)
    tasks = await ask(group, [1, 2])
    tasks[0].cancel()
    disk.turn()
    assert await tasks[1] == 20
    await group.close()
