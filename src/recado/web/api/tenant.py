"""`/api/v1/tenant/settings` and the tenant's numbers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from recado.errors import Invalid
from recado.kit.ids import TenantId
from recado.numbers import service as numbers
from recado.numbers.model import NumberRow
from recado.tenants import service as tenants
from recado.tenants.model import ApiScope, TenantRow
from recado.web.api.views import reason_body, stamp
from recado.web.auth import Caller, Deps, need
from recado.web.body import read_json
from recado.web.services import Services

router = APIRouter(prefix="/api/v1/tenant", tags=["tenant"])
_EXAMPLE = {"mode": "enabled", "timezone": "America/Sao_Paulo", "locale": "pt-BR", "ordering": "strict"}


def _number(row: NumberRow) -> dict[str, Any]:
    return {
        "phone_number_id": row.external_id,
        "waba_id": row.waba_external_id,
        "provider": row.provider,
        "display_phone": row.display_phone,
        "verified_name": row.verified_name,
        "default": row.is_default,
        "quality": row.quality,
        "messages_per_second": row.rate_per_s,
        "ordering": row.ordering,
        "paused": reason_body(
            "kill_switch" if row.kill_switch or row.platform_stop else row.paused_reason, "pt-BR"
        ),
        "paused_until": stamp(row.paused_until),
    }


async def _body(deps: Services, tenant_id: TenantId, row: TenantRow) -> dict[str, Any]:
    async with deps.db.tenant(tenant_id) as tx:
        rows = await numbers.list_numbers(tx, tenant_id)
    return {
        "client_id": row.client_id,
        "name": row.name,
        "mode": row.mode,
        "timezone": row.timezone,
        "locale": row.locale,
        "ordering": row.ordering,
        "kill_switch": row.kill_switch,
        "kill_reason": row.kill_reason,
        "platform_stop": row.platform_stop,
        "settings": row.settings,
        "numbers": [_number(one) for one in rows],
    }


@router.get("/settings", summary="Settings of the tenant")
async def get_settings(deps: Deps, caller: Caller) -> dict[str, Any]:
    need(caller, ApiScope.SETTINGS)
    async with deps.db.tenant(caller.tenant_id) as tx:
        row = await tenants.tenant_by_id(tx, caller.tenant_id)
    return await _body(deps, caller.tenant_id, row)


@router.put(
    "/settings",
    summary="Change the given settings",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
        }
    },
)
async def put_settings(request: Request, deps: Deps, caller: Caller) -> dict[str, Any]:
    need(caller, ApiScope.SETTINGS)
    payload = await read_json(request)
    if not isinstance(payload, dict):
        raise Invalid("invalid_settings", "the body must be an object")
    change = {key: value for key, value in payload.items() if key not in _READ_ONLY}
    orderings = change.pop("number_ordering", {})
    if not isinstance(orderings, dict):
        raise Invalid("invalid_settings", "number_ordering: an object of phone number ids")
    actor, now = f"key:{caller.key_id}", deps.clock.now()
    async with deps.db.tenant(caller.tenant_id) as tx:
        for external_id, ordering in orderings.items():
            await numbers.set_ordering(tx, now, caller.tenant_id, external_id, ordering, actor=actor)
        row = await tenants.change_settings(tx, now, caller.tenant_id, change, actor=actor)
    return await _body(deps, caller.tenant_id, row)


# What GET shows may come back in PUT unchanged; it is not settable and does no harm.
_READ_ONLY = frozenset({"client_id", "numbers", "platform_stop"})
