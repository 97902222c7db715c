"""Events that were nobody's when they came: projected once their number, or their account, has an owner."""

from __future__ import annotations

from recado.db import sql
from recado.db.pool import Tx

_Q = sql.load("recado.inbound")
BITE = 1000


async def adopt(tx: Tx, most: int = BITE) -> int:
    """Puts the bodies of events that have an owner by now back in line. Returns how many; needs the engine scope.

    A projector that has not seen the new route yet keeps them once more, and the next call finds them again.
    """
    return await tx.execute(_Q["adopt_orphans"], most=most)
