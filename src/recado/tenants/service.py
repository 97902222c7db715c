"""Use cases of tenants and keys."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Conflict, Invalid, NotFound
from recado.kit.crypto import api_key_hash
from recado.kit.ids import RandomBytes, TenantId, uuid7
from recado.tenants.model import (
    ALL_SCOPES,
    KeyListed,
    KeyRefused,
    KeyRow,
    KillSwitch,
    Mode,
    Principal,
    TenantRow,
    WrappedKey,
    judge_key,
)
from recado.tenants.vault import Vault

_Q = sql.load("recado.tenants")
_CLIENT_ID = re.compile(r"^[a-z0-9][a-z0-9-]{1,62}$")
_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """`secret` is shown once; only its hash is stored."""

    key_id: Any
    prefix: str
    secret: str = field(repr=False)


def _broken(field_name: str, rule: str, message: str) -> Invalid:
    violation = {"field": field_name, "rule": rule, "message": message}
    return Invalid("invalid_settings", message, violations=[violation])


async def create_tenant(
    tx: Tx,
    now: datetime,
    vault: Vault,
    *,
    client_id: str,
    name: str,
    mode: Mode = Mode.DRY_RUN,
    timezone: str = "America/Sao_Paulo",
    locale: str = "pt-BR",
    random_bytes: RandomBytes = secrets.token_bytes,
    actor: str = "cli",
    origin: str | None = None,
) -> TenantRow:
    """A new company; it starts in dry run unless told otherwise. Raises Invalid or Conflict."""
    _check_one("name", name)
    if not _CLIENT_ID.fullmatch(client_id):
        raise _broken("client_id", "bad_format", "client_id: 2 to 63 of a-z, 0-9 and -, not starting with -")
    _check_zone(timezone)
    tenant_id = TenantId(uuid7(now, random_bytes))
    inserted = await tx.execute(
        _Q["insert_tenant"],
        tenant_id=tenant_id,
        client_id=client_id,
        name=name,
        mode=mode.value,
        timezone=timezone,
        locale=locale,
        dek=vault.new_dek(tenant_id, random_bytes),
        now=now,
    )
    if not inserted:
        raise Conflict("client_id_taken", f"there is already a tenant {client_id!r}")
    await audit.record(
        tx, now, tenant_id, actor=actor, action="tenant.created", target=client_id, origin=origin
    )
    return await get_tenant(tx, client_id)


async def get_tenant(tx: Tx, client_id: str) -> TenantRow:
    """Raises NotFound."""
    row = await tx.one(_Q["tenant_by_client_id"], TenantRow, client_id=client_id)
    if row is None:
        raise NotFound("tenant_not_found", f"no tenant {client_id!r}")
    return row


async def find_tenant(tx: Tx, client_id: str) -> TenantRow | None:
    """`client_id` may come from anywhere: what no tenant can be called does not reach the database."""
    if not _CLIENT_ID.fullmatch(client_id):
        return None
    return await tx.one(_Q["tenant_by_client_id"], TenantRow, client_id=client_id)


async def tenant_by_id(tx: Tx, tenant_id: TenantId) -> TenantRow:
    """Raises NotFound."""
    row = await tx.one(_Q["tenant_by_id"], TenantRow, tenant_id=tenant_id)
    if row is None:
        raise NotFound("tenant_not_found", "no such tenant")
    return row


async def list_tenants(tx: Tx) -> list[TenantRow]:
    return await tx.many(_Q["list_tenants"], TenantRow)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _broken("timezone", "bad_format", f"timezone: {name!r} is not an IANA zone") from error


ORDERINGS = frozenset({"fast", "strict"})
_EDITABLE = {"name", "mode", "timezone", "locale", "kill_switch", "kill_reason", "ordering", "settings"}
# The texts a tenant may keep here, and how long each may be.
_TENANT_SETTINGS: Mapping[str, int] = {"default_phone_number_id": 64}


def _is_text(value: Any, most: int) -> bool:
    """A text PostgreSQL can keep: U+0000 and lone surrogates come through JSON and cannot be stored."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= most
        and not any(one == "\x00" or "\ud800" <= one <= "\udfff" for one in value)
    )


def _check_settings(settings: Any) -> None:
    if not isinstance(settings, dict):
        raise _broken("settings", "wrong_type", "settings: must be an object")
    for key, value in settings.items():
        if key not in _TENANT_SETTINGS:
            known = ", ".join(sorted(_TENANT_SETTINGS))
            raise _broken(f"settings.{key}", "unknown_field", f"settings.{key}: not known (known: {known})")
        if not _is_text(value, _TENANT_SETTINGS[key]):
            limit = _TENANT_SETTINGS[key]
            raise _broken(f"settings.{key}", "wrong_type", f"settings.{key}: text of 1 to {limit} characters")


def _check_one(field_name: str, value: Any) -> None:
    """Raises Invalid. Values come from JSON: anything at all may stand anywhere."""
    match field_name:
        case "name" if not _is_text(value, 200):
            raise _broken("name", "too_long", "name: text of 1 to 200 characters")
        case "kill_reason" if value is not None and not _is_text(value, 500):
            raise _broken("kill_reason", "too_long", "kill_reason: text of 1 to 500 characters")
        case "mode" if not isinstance(value, str) or value not in set(Mode):
            raise _broken("mode", "not_allowed", "mode: one of disabled, dry_run, enabled")
        case "locale" if not isinstance(value, str) or value not in {"pt-BR", "en"}:
            raise _broken("locale", "not_allowed", "locale: one of pt-BR, en")
        case "ordering" if not isinstance(value, str) or value not in ORDERINGS:
            raise _broken("ordering", "not_allowed", "ordering: one of fast, strict")
        case "kill_switch" if not isinstance(value, bool):
            raise _broken("kill_switch", "wrong_type", "kill_switch: true or false")
        case "timezone":
            _check_zone(str(value))
        case "settings":
            _check_settings(value)


def _checked(change: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(change) - _EDITABLE):
        raise _broken(unknown[0], "unknown_field", f"{unknown[0]}: this field cannot be set")
    for field_name, value in change.items():
        _check_one(field_name, value)
    return dict(change)


async def change_settings(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    change: Mapping[str, Any],
    *,
    actor: str,
    why: str | None = None,
    origin: str | None = None,
) -> TenantRow:
    """Changes only the given fields. Raises Invalid naming field and rule. Audited with what was and became."""
    checked = _checked(change)
    before = await tx.one(_Q["lock_tenant"], TenantRow, tenant_id=tenant_id)
    if before is None:
        raise NotFound("tenant_not_found", "no such tenant")
    row = replace(before, **checked)
    await tx.execute(
        _Q["update_tenant"],
        tenant_id=tenant_id,
        name=row.name,
        mode=str(row.mode),
        timezone=row.timezone,
        locale=row.locale,
        ordering=row.ordering,
        settings=row.settings,
        kill_switch=row.kill_switch,
        kill_reason=row.kill_reason if row.kill_switch else None,
        now=now,
    )
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="tenant.settings_changed",
        data={"fields": sorted(checked)},
        was={name: getattr(before, name) for name in checked},
        became={name: _plain(getattr(row, name)) for name in checked},
        why=why or (row.kill_reason if checked.get("kill_switch") else None),
        origin=origin,
    )
    return await tenant_by_id(tx, tenant_id)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Mode) else value


async def create_key(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    *,
    name: str,
    scopes: tuple[str, ...] = ALL_SCOPES,
    expires_at: datetime | None = None,
    secret: str | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
    actor: str = "cli",
    origin: str | None = None,
) -> NewKey:
    """A key with 256 random bits. Raises Invalid for a bad name or an unknown scope. `secret` only re-creates a
    seeded key."""
    if not _is_text(name.strip(), 100):
        raise _broken("name", "too_long", "name: text of 1 to 100 characters")
    if not scopes:
        raise _broken("scopes", "required", "scopes: at least one")
    for scope in scopes:
        if scope not in ALL_SCOPES:
            raise _broken("scopes", "not_allowed", f"scopes: {scope!r} is not one of {', '.join(ALL_SCOPES)}")
    if secret is None:
        secret = "rk_" + base64.urlsafe_b64encode(random_bytes(32)).rstrip(b"=").decode()
    key_id = uuid7(now, random_bytes)
    prefix = secret[:9]
    await tx.execute(
        _Q["insert_key"],
        tenant_id=tenant_id,
        key_id=key_id,
        name=name,
        prefix=prefix,
        hash=api_key_hash(secret),
        scopes=list(scopes),
        now=now,
        expires_at=expires_at,
    )
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="key.created",
        target=str(key_id),
        data={"scopes": list(scopes)},
        origin=origin,
    )
    return NewKey(key_id=key_id, prefix=prefix, secret=secret)


async def rotate_key(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    key_id: UUID,
    *,
    overlap: timedelta,
    actor: str,
    origin: str | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> NewKey:
    """A new key with the same name, scopes and length of life; the old one goes on for `overlap` and no longer.

    Raises NotFound, and Conflict for a key that is no longer valid. Audited.
    """
    old = await tx.one(_Q["key_by_id"], KeyListed, tenant_id=tenant_id, key_id=key_id)
    if old is None:
        raise NotFound("key_not_found", "no such key")
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
        raise Conflict("key_over", "this key is not valid any more; create a new one")
    life = old.expires_at - old.created_at if old.expires_at else None
    fresh = await create_key(
        tx,
        now,
        tenant_id,
        name=old.name,
        scopes=tuple(old.scopes),
        expires_at=now + life if life else None,
        random_bytes=random_bytes,
        actor=actor,
        origin=origin,
    )
    await tx.execute(_Q["end_key_at"], tenant_id=tenant_id, key_id=key_id, expires_at=now + overlap)
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="key.rotated",
        target=str(key_id),
        data={"by_key": str(fresh.key_id), "overlap_s": int(overlap.total_seconds())},
        origin=origin,
    )
    return fresh


async def revoke_key(
    tx: Tx, now: datetime, tenant_id: TenantId, which: str, *, actor: str = "cli", origin: str | None = None
) -> int:
    """By key id or shown prefix. Returns how many were revoked now."""
    count = await tx.execute(_Q["revoke_key"], tenant_id=tenant_id, now=now, which=which)
    if count:
        await audit.record(tx, now, tenant_id, actor=actor, action="key.revoked", target=which, origin=origin)
    return count


async def list_keys(tx: Tx, tenant_id: TenantId) -> list[KeyListed]:
    return await tx.many(_Q["list_keys"], KeyListed, tenant_id=tenant_id)


async def authenticate(tx: Tx, now: datetime, secret: str) -> Principal | KeyRefused:
    """Needs a transaction that sees every tenant: the tenant is not known before the key is."""
    hashed = api_key_hash(secret)
    row = await tx.one(_Q["key_by_hash"], KeyRow, hash=hashed)
    verdict = judge_key(row, hashed, now)
    if row and isinstance(verdict, Principal) and _stale(row.last_used_at, now):
        await tx.execute(_Q["touch_key"], tenant_id=row.tenant_id, key_id=row.key_id, now=now)
    return verdict


def _stale(last_used_at: datetime | None, now: datetime) -> bool:
    return last_used_at is None or now - last_used_at > _TOUCH_EVERY


async def rotate_master_key(tx: Tx, now: datetime, vault: Vault) -> int:
    """Re-wraps every tenant's data key under the current master key. Returns how many changed."""
    changed = 0
    for row in await tx.many(_Q["all_deks"], WrappedKey):
        fresh = vault.rewrap(row.tenant_id, row.dek)
        if fresh is not None:
            await tx.execute(_Q["replace_dek"], tenant_id=row.tenant_id, dek=fresh, now=now)
            changed += 1
    return changed


async def kill_switch(tx: Tx) -> KillSwitch:
    """The installation-wide stop."""
    row = await tx.one(_Q["kill_switch"], KillSwitch)
    return row or KillSwitch(kill_switch=False, kill_reason=None)


async def set_kill_switch(tx: Tx, *, on: bool, reason: str | None) -> None:
    """Only the switch. People use `switches.switch_installation`, which leaves a line in the trail."""
    await tx.execute(_Q["set_kill_switch"], on=on, reason=reason if on else None)
