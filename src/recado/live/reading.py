"""What the diary says changed. Everything here may say too much and never too little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId
from recado.live.model import Change, ChangeRow, Snapshot, change_of

_Q = sql.load("recado.live")
# One reading costs a few milliseconds at most; a company busier than this is told to look for itself.
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TopSeq:
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Newest first; `cut` when there was more than one reading takes. The snapshot is from just before."""

    snapshot: Snapshot
    rows: Sequence[ChangeRow]

    @property
    def cut(self) -> bool:
        return len(self.rows) >= MOST_ROWS

    @property
    def top(self) -> int:
        return self.rows[0].seq if self.rows else 0


async def read(tx: Tx, tenant_id: TenantId, after: int) -> Reading:
    """Everything above `after` that is visible now."""
    snapshot = await tx.one(_Q["snapshot"], Snapshot)
    assert snapshot is not None  # the function always answers
    rows = await tx.many(_Q["changes"], ChangeRow, tenant_id=tenant_id, after=after, most=MOST_ROWS)
    return Reading(snapshot=snapshot, rows=rows)


async def since(tx: Tx, tenant_id: TenantId, cursor: int) -> Change:
    """What happened after a cursor this product gave out, for somebody who was away."""
    top = await tx.one(_Q["top"], TopSeq, tenant_id=tenant_id)
    assert top is not None  # an aggregate always answers
    if cursor > top.seq:
        # The database is an older copy than the one that gave this cursor out.
        return Change(everything=True)
    reading = await read(tx, tenant_id, cursor)
    return Change(everything=True) if reading.cut else change_of(reading.rows)


async def lately(tx: Tx, tenant_id: TenantId, seconds: float) -> Change:
    """What happened in the last seconds, for a page that was drawn a moment ago."""
    rows = await tx.many(_Q["recent"], ChangeRow, tenant_id=tenant_id, seconds=seconds, most=MOST_ROWS)
    return Change(everything=True) if len(rows) >= MOST_ROWS else change_of(rows)
