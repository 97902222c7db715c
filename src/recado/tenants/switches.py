"""Stops that are not the company's own: of the whole installation, of one company by the platform, of one kind."""

from __future__ import annotations

from datetime import datetime

from recado.audit import service as audit
from recado.audit.model import INSTALLATION
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Invalid, NotFound
from recado.kit.ids import TenantId
from recado.tenants.model import STOPPABLE_KINDS, TenantRow
from recado.tenants.service import set_kill_switch

_Q = sql.load("recado.tenants")


def checked_reason(reason: str | None) -> str:
    """What a person wrote about a stop. Raises Invalid when it says nothing or too much."""
    said = (reason or "").strip()
    if not 3 <= len(said) <= 500 or "\x00" in said:
        message = "reason: text of 3 to 500 characters"
        violation = {"field": "reason", "rule": "required", "message": message}
        raise Invalid("reason_missing", message, violations=[violation])
    return said


async def switch_installation(
    tx: Tx, now: datetime, *, on: bool, reason: str | None, actor: str, origin: str | None = None
) -> None:
    """Stops or frees everything. Waits for claims under way; no later claim can miss it. Engine scope. Audited."""
    await set_kill_switch(tx, on=on, reason=reason)
    await audit.record(
        tx,
        now,
        INSTALLATION,
        actor=actor,
        action="installation.stopped" if on else "installation.freed",
        why=reason,
        origin=origin,
    )


async def _locked(tx: Tx, tenant_id: TenantId) -> TenantRow:
    row = await tx.one(_Q["lock_tenant"], TenantRow, tenant_id=tenant_id)
    if row is None:
        raise NotFound("tenant_not_found", "no such tenant")
    return row


async def switch_tenant(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    *,
    on: bool,
    reason: str | None,
    actor: str,
    origin: str | None = None,
) -> None:
    """The platform's stop of a company: its own people and keys cannot lift it. Engine scope. Audited."""
    await _locked(tx, tenant_id)
    await tx.execute(_Q["set_platform_stop"], tenant_id=tenant_id, on=on, reason=reason if on else None)
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="tenant.stopped_by_platform" if on else "tenant.freed_by_platform",
        why=reason,
        origin=origin,
    )


async def switch_kind(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    kind: str,
    *,
    on: bool,
    reason: str | None,
    actor: str,
    origin: str | None = None,
) -> None:
    """Stops or frees one kind of message of a company. Stopped ones are held when their turn comes; after freeing
    call `messages.backlog.free_kinds` until it returns 0. Raises Invalid for an unknown kind. Audited."""
    if kind not in STOPPABLE_KINDS:
        message = f"kind: one of {', '.join(STOPPABLE_KINDS)}"
        violation = {"field": "kind", "rule": "not_allowed", "message": message}
        raise Invalid("invalid_kind", message, violations=[violation])
    row = await _locked(tx, tenant_id)
    stops = {name: why for name, why in row.kind_stops.items() if name != kind}
    if on:
        stops[kind] = reason or ""
    await tx.execute(_Q["set_kind_stops"], tenant_id=tenant_id, stops=stops)
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="kind.stopped" if on else "kind.freed",
        target=kind,
        was={"stopped": sorted(row.kind_stops)},
        became={"stopped": sorted(stops)},
        why=reason,
        origin=origin,
    )
