"""One database for thousands of examples: one event loop, one pool, emptied in a millisecond.

Time moves by making everything stored older. So the database's own clock, which judges leases and
doubts, sees the same time as the code under test.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

import asyncpg
from tests.slices.world import World
from tests.support.cluster import Dsns

from recado.db.pool import Database, Tx
from recado.db.system import system
from recado.kit.clock import ManualClock, SystemClock

T = TypeVar("T")

_TABLES = """
    select format('%I', c.relname) as name,
        (select string_agg(format('%1$I = %1$I - make_interval(secs => {s})', a.attname), ', ')
         from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           and a.atttypid = 'timestamptz'::regtype) as older
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'schema_migration'
    order by c.relname"""


class AgeingClock(ManualClock):
    """A little ahead of the database's clock, as `World.project` wants it; `monotonic` counts what `age` added."""

    def __init__(self) -> None:
        self._real = SystemClock()
        super().__init__(datetime.fromtimestamp(0, UTC))

    def now(self) -> datetime:
        return self._real.now() + timedelta(milliseconds=200)

    def monotonic(self) -> float:
        return self._real.monotonic() + super().monotonic()


class Dropped(Exception):
    """Leaves a transaction the way a killed process does: nothing of it stays."""


class Rig:
    """`run` anything; `fresh` gives an empty world; `age` lets time pass."""

    def __init__(self, dsns: Dsns) -> None:
        self._runner = asyncio.Runner()
        self._dsns = dsns
        self.steps = 0
        self.examples = 0

    def __enter__(self) -> Self:
        self.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._close())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def _open(self) -> None:
        self._db = Database(self._dsns.runtime, app_size=6, engine_size=6)
        await self._db.open()
        self._eye = await asyncpg.connect(self._dsns.owner, statement_cache_size=0)
        await self._eye.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        rows = await self._eye.fetch(_TABLES)
        filled = {
            row["name"]: await self._eye.fetchval(f"select exists (select from {row['name']})")
            for row in rows
        }
        deletes = [f"delete from {name}" for name, full in filled.items() if not full]
        # Replica: without the foreign keys' triggers the order does not matter.
        self._emptying = "; ".join(
            [
                "begin; set local session_replication_role = replica",
                *deletes,
                "update installation set kill_switch = false, kill_reason = null",
                "commit",
            ]
        )
        self._ageing = [
            (row["name"], row["older"]) for row in rows if row["older"] and not filled[row["name"]]
        ]

    async def _close(self) -> None:
        await self._db.close()
        await self._eye.execute(self._emptying)
        await self._eye.close()

    def fresh(self) -> World:
        """The freshly migrated state, and a world in it."""
        self.examples += 1
        self.run(self._empty())
        return World(self._db, self._eye, AgeingClock())

    async def _empty(self) -> None:
        await self._eye.execute(self._emptying)

    def age(self, world: World, seconds: float) -> None:
        """Everything stored becomes older, which is what the passing of time looks like from inside."""
        world.clock.advance(seconds=seconds)
        self.run(self._age(seconds))

    async def _age(self, seconds: float) -> None:
        text = "; ".join(f"update {name} set {older.format(s=seconds)}" for name, older in self._ageing)
        await self._eye.execute(f"begin; set local session_replication_role = replica; {text}; commit")

    def crash(self, world: World, work: Callable[[Tx], Awaitable[object]]) -> None:
        """Does everything, then dies before COMMIT."""
        self.run(self._crash(world, work))

    async def _crash(self, world: World, work: Callable[[Tx], Awaitable[object]]) -> None:
        with suppress(Dropped):
            async with system(world.db) as tx:
                await work(tx)
                raise Dropped
