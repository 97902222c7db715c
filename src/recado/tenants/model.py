"""Rows and decisions about tenants and keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from recado.kit.ids import TenantId


class Mode(StrEnum):
    DISABLED = "disabled"
    DRY_RUN = "dry_run"
    ENABLED = "enabled"


class ApiScope(StrEnum):
    MESSAGES_WRITE = "messages:write"
    MESSAGES_READ = "messages:read"
    MEDIA = "media"
    SETTINGS = "settings"


# What a message can be; the names are the API's. The slice of messages is above and has the rules of each.
STOPPABLE_KINDS: tuple[str, ...] = (
    "template",
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "reaction",
)
ALL_SCOPES: tuple[str, ...] = tuple(scope.value for scope in ApiScope)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRow:
    tenant_id: TenantId
    client_id: str
    name: str
    mode: str
    kill_switch: bool
    kill_reason: str | None
    platform_stop: bool
    platform_reason: str | None
    kind_stops: dict[str, str]
    timezone: str
    locale: str
    # fast | strict: whether the next message to a person waits for the delivery of the one before.
    ordering: str
    settings: dict[str, Any]
    dek: bytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    tenant_id: TenantId
    dek: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    tenant_id: TenantId
    key_id: Any
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyListed:
    key_id: Any
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitch:
    """The installation's stop. `forced` is `restore` or `clone` while sending is restricted after one."""

    kill_switch: bool
    kill_reason: str | None
    forced: str | None = None
    forced_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is calling, proved by the API key alone."""

    tenant_id: TenantId
    client_id: str
    key_id: Any
    scopes: frozenset[str]
    hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRefused:
    """Why a key does not open the door. `tenant_id` is set when the key itself was real."""

    why: str  # unknown | revoked | expired
    tenant_id: TenantId | None = None


def judge_key(row: KeyRow | None, hashed: bytes, now: datetime) -> Principal | KeyRefused:
    if row is None:
        return KeyRefused(why="unknown")
    if row.revoked_at is not None:
        return KeyRefused(why="revoked", tenant_id=row.tenant_id)
    if row.expires_at is not None and row.expires_at <= now:
        return KeyRefused(why="expired", tenant_id=row.tenant_id)
    return Principal(
        tenant_id=row.tenant_id,
        client_id=row.client_id,
        key_id=row.key_id,
        scopes=frozenset(row.scopes),
        hash=hashed,
    )
