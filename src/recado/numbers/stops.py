"""What keeps a number from sending beside its own trouble: the platform's stop, and templates nobody may send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import NotFound
from recado.kit.ids import NumberId, TenantId

_Q = sql.load("recado.numbers", "stops.sql")


async def stop_by_platform(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    number_id: NumberId,
    *,
    on: bool,
    reason: str | None,
    actor: str,
    origin: str | None = None,
) -> None:
    """The platform's stop of one number: the company's own people and keys cannot lift it. Waits for claims under
    way; no later claim can miss it. Engine scope. Audited. Raises NotFound."""
    touched = await tx.execute(
        _Q["set_platform_stop"],
        tenant_id=tenant_id,
        number_id=number_id,
        on=on,
        reason=reason if on else None,
    )
    if not touched:
        raise NotFound("number_not_found", "this tenant has no such phone number")
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="number.stopped_by_platform" if on else "number.freed_by_platform",
        target=str(number_id),
        why=reason,
        origin=origin,
    )


async def set_template_stops(tx: Tx, tenant_id: TenantId, waba_id: UUID, stops: Mapping[str, str]) -> int:
    """What the numbers of a WABA may not send now. Waits for claims under way. Returns how many lanes changed."""
    return await tx.execute(_Q["set_template_stops"], tenant_id=tenant_id, waba_id=waba_id, stops=dict(stops))
