"""Throwing away what has served: idempotency keys after a week, raw bodies after a month, what the panel left behind.

The audit trail keeps what people did; nothing here touches it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from recado.db import sql
from recado.db.pool import Tx
from recado.inbound import receivers
from recado.messages import bulk
from recado.people import entering

_Q = sql.load("recado.worker", "housekeeping.sql")
IDEMPOTENCY_FOR = timedelta(days=7)
LEDGER_FOR = timedelta(days=30)
JOBS_FOR = timedelta(days=7)
# Meta repeats for seven days what was not taken.
LOOSE_ENDS_FOR = timedelta(days=7)
# Longer than any doubt can last (Meta repeats webhooks for seven days).
RECEIVERS_FOR = timedelta(days=9)
BITE = 5000
BULK_BITE = 50


async def sweep(tx: Tx, now: datetime) -> bool:
    """One small bite of everything. True when a bite was full: there is more to do right away."""
    counts = [
        await tx.execute(_Q["old_idempotency"], before=now - IDEMPOTENCY_FOR),
        await tx.execute(_Q["old_ledger"], before=now - LEDGER_FOR),
        await tx.execute(_Q["old_jobs"], before=now - JOBS_FOR),
        await tx.execute(_Q["old_loose_ends"], before=now - LOOSE_ENDS_FOR),
        await tx.execute(_Q["old_repeats"], before=now - LEDGER_FOR),
    ]
    await receivers.forget(tx, now - RECEIVERS_FOR)
    await entering.forget_old(tx, now)
    jobs = await bulk.forget_old(tx, now, BULK_BITE)
    return max(counts) >= BITE or jobs >= BULK_BITE
