"""Facts about messages that nobody knows yet, kept until their message arrives.

Webhooks come in any order: a status before the echo it belongs to, an edit before the original. The diary has the fact
already; here is what it would have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId

_Q = sql.load("recado.messages", "loose_ends.sql")
STATUS, EDIT, REVOKE = "status", "edit", "revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseEnd:
    """`key` is the natural key of the event that told it."""

    key: bytes
    kind: str
    at: datetime
    data: dict[str, Any] = field(repr=False)


async def keep(tx: Tx, ends: Sequence[tuple[TenantId, bytes, LooseEnd]]) -> None:
    """For (tenant, hash of the wamid). Repetitions change nothing."""
    await tx.execute(
        _Q["keep_loose_ends"],
        tenant_ids=[tenant for tenant, _, _ in ends],
        hashes=[wamid_hash for _, wamid_hash, _ in ends],
        keys=[end.key for _, _, end in ends],
        kinds=[end.kind for _, _, end in ends],
        ats=[end.at for _, _, end in ends],
        datas=[end.data for _, _, end in ends],
    )
