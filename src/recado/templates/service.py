"""What there is: templates of a company, those that may be sent, their history."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from recado.db import sql
from recado.db.pool import Tx
from recado.errors import NotFound
from recado.kit.ids import NumberId, TenantId
from recado.templates.model import SyncState, TemplateChange, TemplateRow

_Q = sql.load("recado.templates")


async def list_all(tx: Tx, tenant_id: TenantId, *, gone: bool = False) -> list[TemplateRow]:
    """All of a company, by name and language; with `gone` also those the provider no longer lists."""
    return await tx.many(_Q["list_templates"], TemplateRow, tenant_id=tenant_id, gone=gone)


async def list_named(tx: Tx, tenant_id: TenantId, names: Sequence[str]) -> list[TemplateRow]:
    """All languages of these names, those the provider no longer lists last."""
    if not names:
        return []
    return await tx.many(_Q["list_named"], TemplateRow, tenant_id=tenant_id, names=list(names))


async def list_approved(tx: Tx, tenant_id: TenantId, number_id: NumberId | None = None) -> list[TemplateRow]:
    """What may be sent now, by this number (its WABA's templates) or by any number of the company."""
    rows = await tx.many(_Q["list_of_number"], TemplateRow, tenant_id=tenant_id, number_id=number_id)
    return [one for one in rows if one.sendable]


async def get(tx: Tx, tenant_id: TenantId, template_id: UUID) -> TemplateRow:
    """Raises NotFound; somebody else's template is not found either."""
    row = await tx.one(_Q["get_template"], TemplateRow, tenant_id=tenant_id, template_id=template_id)
    if row is None:
        raise NotFound("template_not_found", "this tenant has no such template")
    return row


async def changes_of(tx: Tx, tenant_id: TenantId, template_id: UUID) -> list[TemplateChange]:
    """The newest first, at most 200."""
    return await tx.many(_Q["changes_of"], TemplateChange, tenant_id=tenant_id, template_id=template_id)


async def sync_states(tx: Tx, tenant_id: TenantId | None = None) -> list[SyncState]:
    """One for each WABA of the company; all WABAs without one (engine scope)."""
    return await tx.many(_Q["sync_states"], SyncState, tenant_id=tenant_id)
