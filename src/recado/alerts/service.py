"""Use cases of alerts. Who is told, and how, is not decided here: an open row is what there is to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId

_Q = sql.load("recado.alerts")
# Matters of the installation, for whoever runs it.
INSTALLATION = TenantId(UUID(int=0))


class Severity(StrEnum):
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`times` counts how often it was seen since `raised_at`; `data` holds ids and counts, nothing personal."""

    tenant_id: TenantId
    alert_id: int
    kind: str
    subject: str
    severity: str
    raised_at: datetime
    last_seen_at: datetime
    times: int
    data: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    alert_id: int
    times: int


async def raise_alert(
    tx: Tx,
    now: datetime,
    kind: str,
    subject: str,
    severity: Severity,
    data: Mapping[str, Any],
    *,
    tenant_id: TenantId = INSTALLATION,
) -> bool:
    """True when nobody knew yet. The same matter again is counted, not raised a second time."""
    row = await tx.one(
        _Q["raise_alert"],
        Raised,
        tenant_id=tenant_id,
        kind=kind,
        subject=subject,
        severity=severity.value,
        data=dict(data),
        now=now,
    )
    return row is not None and row.times == 1


async def resolve(
    tx: Tx, now: datetime, kind: str, subjects: Sequence[str], *, tenant_id: TenantId = INSTALLATION
) -> int:
    """These matters are over. Returns how many were open."""
    return await tx.execute(
        _Q["resolve_alerts"], tenant_id=tenant_id, kind=kind, subjects=list(subjects), now=now
    )


async def open_alerts(tx: Tx, most: int = 100) -> list[Alert]:
    """What is open: of everybody for the engine, of one company in its own scope."""
    return await tx.many(_Q["open_alerts"], Alert, most=most)
