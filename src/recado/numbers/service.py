"""Use cases of WABAs, numbers and lanes."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Conflict, Invalid, NotFound
from recado.kit.ids import NumberId, TenantId, uuid7
from recado.kit.reasons import Reason
from recado.numbers.model import (
    LaneCounts,
    Leased,
    NumberRow,
    Route,
    RouteListed,
    SealedCredentials,
    StoredCredentials,
    WabaRow,
)
from recado.providers.contract import Credentials
from recado.tenants.model import TenantRow
from recado.tenants.service import ORDERINGS
from recado.tenants.vault import TenantKeys, Vault

_Q = sql.load("recado.numbers")


def _pack(credentials: Credentials) -> bytes:
    return json.dumps(
        {"access_token": credentials.access_token, "app_secret": credentials.app_secret}
    ).encode()


def _hint(credentials: Credentials) -> str | None:
    """The last four characters, for people to tell secrets apart; nothing of one too short to lose them."""
    return credentials.access_token[-4:] if len(credentials.access_token) >= 12 else None


async def _claim_route(
    tx: Tx, provider: str, kind: str, external_id: str, tenant_id: TenantId, target: UUID
) -> None:
    await tx.execute(
        _Q["claim_route"],
        provider=provider,
        kind=kind,
        external_id=external_id,
        tenant_id=tenant_id,
        target_id=target,
    )
    route = await tx.one(_Q["find_route"], Route, provider=provider, kind=kind, external_id=external_id)
    if route is None or route.tenant_id != tenant_id:
        raise Conflict(f"{kind}_taken", f"this {kind.replace('_', ' ')} belongs to another tenant")


async def _insert_number(
    tx: Tx,
    now: datetime,
    keys: TenantKeys,
    waba: WabaRow,
    number_id: NumberId,
    provider: str,
    external_id: str,
    credentials: Credentials,
    display_phone: str | None,
    verified_name: str | None,
) -> int:
    return await tx.execute(
        _Q["insert_number"],
        tenant_id=keys.tenant_id,
        number_id=number_id,
        waba_id=waba.waba_id,
        provider=provider,
        external_id=external_id,
        display_phone=display_phone,
        verified_name=verified_name,
        now=now,
        hint=_hint(credentials),
        credentials=keys.seal("phone_number", "credentials", number_id, _pack(credentials)),
    )


async def add_number(
    tx: Tx,
    now: datetime,
    vault: Vault,
    tenant: TenantRow,
    *,
    provider: str,
    waba_external_id: str,
    external_id: str,
    credentials: Credentials,
    display_phone: str | None = None,
    verified_name: str | None = None,
    rate_per_s: float = 80,
) -> NumberRow:
    """A WABA (created when new), the number, its lane and its routes. The first number is the default.

    Raises Conflict when the number or WABA belongs to another tenant. Needs the engine scope (routes).
    """
    keys = vault.keys(tenant.tenant_id, tenant.dek)
    waba = await tx.one(
        _Q["upsert_waba"],
        WabaRow,
        tenant_id=tenant.tenant_id,
        waba_id=uuid7(now),
        provider=provider,
        external_id=waba_external_id,
        name=None,
        now=now,
    )
    if waba is None:
        raise AssertionError("upsert returns a row")
    await _claim_route(tx, provider, "waba", waba_external_id, tenant.tenant_id, waba.waba_id)
    number_id = NumberId(uuid7(now))
    await _claim_route(tx, provider, "phone_number", external_id, tenant.tenant_id, number_id)
    inserted = await _insert_number(
        tx, now, keys, waba, number_id, provider, external_id, credentials, display_phone, verified_name
    )
    if not inserted:
        raise Conflict("number_exists", "this number is already registered here")
    await tx.execute(
        _Q["insert_lane"],
        tenant_id=tenant.tenant_id,
        number_id=number_id,
        rate_per_s=rate_per_s,
        burst=max(10, int(rate_per_s / 4)),
    )
    await audit.record(tx, now, tenant.tenant_id, actor="cli", action="number.added", target=str(number_id))
    return await get_number(tx, tenant.tenant_id, external_id)


async def list_numbers(tx: Tx, tenant_id: TenantId) -> list[NumberRow]:
    return await tx.many(_Q["list_numbers"], NumberRow, tenant_id=tenant_id)


async def get_number(tx: Tx, tenant_id: TenantId, external_id: str) -> NumberRow:
    """Raises NotFound; a number of another tenant is not found either."""
    for row in await list_numbers(tx, tenant_id):
        if row.external_id == external_id:
            return row
    raise NotFound("number_not_found", "this tenant has no such phone number")


async def replace_credentials(
    tx: Tx,
    now: datetime,
    keys: TenantKeys,
    number_id: NumberId,
    credentials: Credentials,
    *,
    expires_at: datetime | None = None,
    actor: str = "cli",
    origin: str | None = None,
) -> None:
    """Stores renewed credentials and lifts a pause that was about them: what waited leaves by itself.

    Raises NotFound for a number of somebody else. Audited.
    """
    stored = await tx.execute(
        _Q["replace_credentials"],
        tenant_id=keys.tenant_id,
        number_id=number_id,
        now=now,
        hint=_hint(credentials),
        expires_at=expires_at,
        credentials=keys.seal("phone_number", "credentials", number_id, _pack(credentials)),
    )
    if not stored:
        raise NotFound("number_not_found", "this tenant has no such phone number")
    await tx.execute(_Q["clear_token_pause"], tenant_id=keys.tenant_id, number_id=number_id)
    await audit.record(
        tx,
        now,
        keys.tenant_id,
        actor=actor,
        action="number.credentials_replaced",
        target=str(number_id),
        origin=origin,
    )


async def renewed_since(tx: Tx, tenant_id: TenantId, number_id: NumberId, token: UUID) -> bool:
    """Whether the number got new credentials after this attempt began: what it was told about the old ones says
    nothing about the new."""
    return bool(await tx.value(_Q["renewed_since"], tenant_id=tenant_id, number_id=number_id, token=token))


async def list_credentials(tx: Tx, tenant_id: TenantId) -> list[StoredCredentials]:
    """What may be shown of the numbers' secrets, by WABA."""
    return await tx.many(_Q["list_credentials"], StoredCredentials, tenant_id=tenant_id)


async def sealed_credentials(tx: Tx, tenant_id: TenantId, number_id: NumberId) -> SealedCredentials | None:
    return await tx.one(_Q["sealed_credentials"], SealedCredentials, tenant_id=tenant_id, number_id=number_id)


def open_credentials(vault: Vault, row: SealedCredentials) -> Credentials:
    """Raises SecretUnreadable."""
    keys = vault.keys(row.tenant_id, row.dek)
    data = json.loads(keys.unseal("phone_number", "credentials", row.number_id, row.credentials))
    return Credentials(access_token=data["access_token"], app_secret=data["app_secret"])


async def all_routes(tx: Tx) -> list[RouteListed]:
    return await tx.many(_Q["all_routes"], RouteListed)


# --------------------------------------------------------------------------- lanes


async def lease_lanes(tx: Tx, owner: UUID, *, lease_s: float, most: int) -> list[Leased]:
    """Renews own lanes and takes free ones, `most` in all. A lane that changes hands gets a new fence."""
    return await tx.many(_Q["lease_lanes"], Leased, owner=owner, lease_s=lease_s, most=most)


async def release_lanes(tx: Tx, owner: UUID) -> None:
    await tx.execute(_Q["release_lanes"], owner=owner)


async def lane_counts(tx: Tx) -> LaneCounts:
    """How many lanes there are, how many workers hold some, and what time the database has."""
    row = await tx.one(_Q["lane_counts"], LaneCounts)
    assert row is not None
    return row


async def pause_lane(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    number_id: NumberId,
    *,
    reason: Reason,
    detail: str,
    until: datetime | None,
) -> None:
    """Nothing leaves by this number until `until`, or until somebody resumes it (None). Messages stay queued.

    A pause without end stays as it is when one with an end comes along.
    """
    await tx.execute(
        _Q["pause_lane"],
        tenant_id=tenant_id,
        number_id=number_id,
        reason=reason.value,
        detail=detail[:500],
        until=until,
        now=now,
    )


async def resume_lane(tx: Tx, now: datetime, tenant_id: TenantId, number_id: NumberId, *, actor: str) -> None:
    await tx.execute(_Q["resume_lane"], tenant_id=tenant_id, number_id=number_id)
    await audit.record(tx, now, tenant_id, actor=actor, action="number.resumed", target=str(number_id))


async def set_kill_switch(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    number_id: NumberId,
    *,
    on: bool,
    actor: str,
    why: str | None = None,
    origin: str | None = None,
) -> None:
    """Stops or frees one number. Waits for claims under way; no later claim can miss it. Audited."""
    await tx.execute(_Q["set_lane_kill"], tenant_id=tenant_id, number_id=number_id, on=on)
    action = "number.stopped" if on else "number.freed"
    await audit.record(
        tx, now, tenant_id, actor=actor, action=action, target=str(number_id), why=why, origin=origin
    )


async def set_ordering(
    tx: Tx, now: datetime, tenant_id: TenantId, external_id: str, ordering: str | None, *, actor: str
) -> None:
    """`fast`, `strict`, or None: as the tenant says. For messages asked for from now on. Raises Invalid, NotFound.
    Audited."""
    if ordering is not None and not (isinstance(ordering, str) and ordering in ORDERINGS):
        raise Invalid("invalid_settings", "number_ordering: fast, strict or null")
    row = await get_number(tx, tenant_id, external_id)
    await tx.execute(_Q["set_ordering"], tenant_id=tenant_id, number_id=row.number_id, ordering=ordering)
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="number.ordering_changed",
        target=str(row.number_id),
        was={"ordering": row.ordering},
        became={"ordering": ordering},
    )


async def slow_lane(
    tx: Tx, now: datetime, tenant_id: TenantId, number_id: NumberId, *, until: datetime
) -> None:
    """Halves the pace until `until`; it then climbs back by itself.

    What was on the wire together is refused together: within five seconds only the first halves.
    """
    await tx.execute(_Q["slow_lane"], now=now, tenant_id=tenant_id, number_id=number_id, until=until)


async def set_pace(
    tx: Tx,
    tenant_id: TenantId,
    number_id: NumberId,
    *,
    rate_per_s: float,
    burst: int,
    pair_interval_s: float,
    pair_burst: int,
) -> None:
    await tx.execute(
        _Q["set_pace"],
        tenant_id=tenant_id,
        number_id=number_id,
        rate_per_s=rate_per_s,
        burst=burst,
        pair_interval_s=pair_interval_s,
        pair_burst=pair_burst,
    )
