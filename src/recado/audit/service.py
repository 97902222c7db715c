"""Writing the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId

_Q = sql.load("recado.audit")


async def record(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    *,
    actor: str,
    action: str,
    target: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """One line: `actor` did `action` to `target`. Only identifiers in `data`, never content or names."""
    await tx.execute(
        _Q["append"],
        tenant_id=tenant_id,
        at=now,
        actor=actor,
        action=action,
        target=target,
        data=data or {},
    )
