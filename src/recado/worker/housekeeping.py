"""Throwing away what has served: idempotency keys after a week, raw bodies after a month."""

from __future__ import annotations

from datetime import datetime, timedelta

from recado.db import sql
from recado.db.pool import Tx

_Q = sql.load("recado.worker", "housekeeping.sql")
IDEMPOTENCY_FOR = timedelta(days=7)
LEDGER_FOR = timedelta(days=30)
JOBS_FOR = timedelta(days=7)


async def sweep(tx: Tx, now: datetime) -> None:
    """Small bites; what is left goes next time."""
    await tx.execute(_Q["old_idempotency"], before=now - IDEMPOTENCY_FOR)
    await tx.execute(_Q["old_ledger"], before=now - LEDGER_FOR)
    await tx.execute(_Q["old_jobs"], before=now - JOBS_FOR)
