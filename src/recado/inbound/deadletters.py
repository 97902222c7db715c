"""Bodies that could not be projected: list them, count what waits, run them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recado.db import sql
from recado.db.pool import Tx

_Q = sql.load("recado.inbound")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    ledger_id: int
    provider: str
    received_at: datetime
    tries: int
    error: str | None
    dead_at: datetime
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """`waiting` is capped at 10,000; `lag_s` is the age of the oldest body that is due."""

    waiting: int
    lag_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadCount:
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadId:
    ledger_id: int


async def list_dead(tx: Tx, most: int = 200) -> list[DeadLetter]:
    return await tx.many(_Q["dead_letters"], DeadLetter, most=most)


async def all_dead(tx: Tx, ids: Sequence[int] | None = None) -> list[int]:
    """The dead letters among `ids`, or every one: the oldest first."""
    rows = await tx.many(_Q["dead_ids_of"], DeadId, ids=list(ids) if ids is not None else None)
    return [row.ledger_id for row in rows]


async def replay(tx: Tx, ids: Sequence[int] | None) -> int:
    """Puts dead letters back in line, all of them when `ids` is None. Natural keys make this harmless."""
    return await tx.execute(_Q["replay_dead"], ids=list(ids) if ids is not None else None)


async def backlog(tx: Tx) -> Backlog:
    return await tx.one(_Q["backlog"], Backlog) or Backlog(waiting=0, lag_s=0.0)


async def dead_count(tx: Tx) -> int:
    row = await tx.one(_Q["dead_count"], DeadCount)
    return row.dead if row else 0
