"""Rows about WABAs, numbers and lanes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recado.kit.ids import NumberId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class WabaRow:
    waba_id: Any
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    tenant_id: TenantId
    target_id: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteListed:
    provider: str
    kind: str
    external_id: str
    tenant_id: TenantId
    target_id: Any
    dek: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRow:
    tenant_id: TenantId
    number_id: NumberId
    waba_id: Any
    waba_external_id: str
    provider: str
    external_id: str
    display_phone: str | None
    verified_name: str | None
    is_default: bool
    quality: str | None
    rate_per_s: float
    kill_switch: bool
    # The platform's own stop, which the company's people and keys cannot lift.
    platform_stop: bool
    stop_reason: str | None
    paused_reason: str | None
    paused_until: datetime | None
    # fast | strict | None: as the tenant says.
    ordering: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredentials:
    """What people may know of a number's secret: how it ends, since when it is here, until when it is good."""

    number_id: NumberId
    external_id: str
    display_phone: str | None
    verified_name: str | None
    provider: str
    waba_external_id: str
    waba_name: str | None
    credential_hint: str | None
    credentials_at: datetime | None
    credentials_expire_at: datetime | None
    paused_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCredentials:
    tenant_id: TenantId
    number_id: NumberId
    provider: str
    external_id: str
    credentials: bytes = field(repr=False)
    updated_at: datetime
    dek: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    tenant_id: TenantId
    number_id: NumberId
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneCounts:
    lanes: int
    owners: int
    database_now: datetime
