"""What waits behind a stop, what of it would still leave, and letting go of what a stopped kind held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import NumberId, TenantId

_Q = sql.load("recado.messages", "backlog.sql")
_BITE = 5000
# Where counting ends.
MANY = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a stop is about; None is "all of them". Without a tenant it needs the engine scope."""

    tenant_id: TenantId | None = None
    number_id: NumberId | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """`expired`: their time is over. `closed`: free messages whose window closed. `future`: due later."""

    messages: int
    expired: int
    closed: int
    future: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    rate_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KindWaiting:
    kind: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberWaiting:
    number_id: NumberId
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantWaiting:
    tenant_id: TenantId
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What letting go would mean: `leave` of `waiting` leave, of these `future` at their own time; the others end
    with the reason beside them. `seconds` is the time the pace needs. `more`: there are more than were counted."""

    waiting: int
    leave: int
    expired: int
    closed: int
    future: int
    seconds: float
    more: bool


async def plan(tx: Tx, now: datetime, scope: Scope) -> Plan:
    """What would happen if everything in `scope` could leave now."""
    where = {"tenant_id": scope.tenant_id, "number_id": scope.number_id}
    row = await tx.one(_Q["waiting"], Waiting, now=now, kind=scope.kind, **where)
    pace = await tx.one(_Q["pace"], Pace, **where)
    assert row is not None
    assert pace is not None
    leave = row.messages - row.expired - row.closed
    at_once = max(0, leave - row.future)
    return Plan(
        waiting=row.messages,
        leave=leave,
        expired=row.expired,
        closed=row.closed,
        future=row.future,
        seconds=at_once / pace.rate_per_s if pace.rate_per_s else 0.0,
        more=row.messages > MANY,
    )


async def by_kind(tx: Tx, tenant_id: TenantId) -> dict[str, int]:
    """How many of each kind a stop would hold now."""
    return {one.kind: one.messages for one in await tx.many(_Q["by_kind"], KindWaiting, tenant_id=tenant_id)}


async def by_number(tx: Tx, tenant_id: TenantId) -> dict[NumberId, int]:
    """How many of each number a stop would hold now."""
    rows = await tx.many(_Q["by_number"], NumberWaiting, tenant_id=tenant_id)
    return {one.number_id: one.messages for one in rows}


async def by_tenant(tx: Tx) -> dict[TenantId, int]:
    """How many of each company a stop would hold now. Engine scope."""
    return {one.tenant_id: one.messages for one in await tx.many(_Q["by_tenant"], TenantWaiting)}


async def free_kinds(tx: Tx, now: datetime, tenant_id: TenantId | None = None) -> int:
    """One bite of what was held by a kind that may leave again: back in line. Repeat until it returns 0.

    Events: message.released. Also a chore, so that a person who closed the page left nothing behind.
    """
    return await tx.execute(_Q["free_kinds"], now=now, tenant_id=tenant_id, most=_BITE)
