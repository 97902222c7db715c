"""What was told more than once. Kept only when a repetition comes, so that nothing else pays for it."""

from __future__ import annotations

from collections.abc import Sequence

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId

_Q = sql.load("recado.messages", "repeats.sql")

# Company, natural key of the event, the body that said it again.
Repeat = tuple[TenantId, bytes, int]


async def keep(tx: Tx, repeats: Sequence[Repeat]) -> None:
    """Notes which bodies repeated what is in the diary. Safe to repeat: a body counts once for each event, and the one
    that told it first does not count. Needs the engine scope."""
    if not repeats:
        return
    await tx.execute(
        _Q["keep_repeats"],
        tenant_ids=[one[0] for one in repeats],
        keys=[one[1] for one in repeats],
        ledger_ids=[one[2] for one in repeats],
    )
