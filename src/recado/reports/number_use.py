"""What numbers are doing now: line, pace, use of the day and of the last hour, incidents; what templates are used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import NumberId, TenantId

_Q = sql.load("recado.reports", "number_use.sql")
# Something due for so long behind a free lane that nobody holds: no worker is there.
STUCK = timedelta(seconds=60)
REACH_LOOK = 10_000
# What the strip above the messages shows: eight hours in half hours, and the pace of the last five minutes.
HALF_HOUR = timedelta(minutes=30)
HALF_HOURS = 16
_FIVE_MINUTES = timedelta(minutes=5)
# Where a step stops counting. Meta's usual 80 a second are 24,000 in five minutes: the pace must not be cut short.
TRIES_MOST = 25_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberInUse:
    """A number with its lane. `leased`: a worker holds it now. Words of the provider are the provider's own."""

    number_id: NumberId
    external_id: str
    display_phone: str | None
    verified_name: str | None
    provider: str
    is_default: bool
    quality: str | None
    provider_status: str | None
    throughput: str | None
    messaging_limit: str | None
    name_status: str | None
    checked_at: datetime | None
    waba_external_id: str
    waba_name: str | None
    rate_per_s: float
    burst: int
    pair_interval_s: float
    slow_factor: float
    slow_until: datetime | None
    kill_switch: bool
    platform_stop: bool
    stop_reason: str | None
    paused_reason: str | None
    paused_detail: str | None
    paused_until: datetime | None
    paused_at: datetime | None
    leased: bool
    templates_stopped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLine:
    """Capped at 10,000 for each priority. `held` counts doubts, decisions and what a stop holds."""

    number_id: NumberId
    waiting: int
    due: int
    oldest_due: datetime | None
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedSince:
    number_id: NumberId
    measure: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    number_id: NumberId
    start: datetime
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLimit:
    waba_external_id: str
    messaging_limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How a company sends now: messages a minute over the last five, half hours with the oldest first (the last one
    still runs), and how many were accepted since midnight."""

    per_minute: float
    half_hours: Sequence[int]
    today: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    waba_external_id: str
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberIncident:
    """`what` is kill_switch, platform_stop, paused_reason or a setting of the pace; `was` what it was before."""

    seq: int
    what: str
    stops: bool
    was: Any
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateUsed:
    template: str
    last_hour: datetime
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Everything about one number. `today` by measure; `hour` twelve bars of five minutes, the oldest first."""

    facts: NumberInUse
    line: NumberLine
    today: Mapping[str, int]
    hour: Sequence[Bar]

    @property
    def stopped(self) -> bool:
        return self.facts.kill_switch or self.facts.platform_stop

    def slowed(self, now: datetime) -> bool:
        until = self.facts.slow_until
        return self.facts.slow_factor < 1 and until is not None and until > now

    def rate(self, now: datetime) -> float:
        """Messages a second it may send now."""
        return self.facts.rate_per_s * (self.facts.slow_factor if self.slowed(now) else 1)

    def stuck(self, now: datetime) -> bool:
        """Something is due, nothing forbids it, and no worker has the lane."""
        oldest = self.line.oldest_due
        free = not self.stopped and self.facts.paused_reason is None
        return free and not self.facts.leased and oldest is not None and now - oldest > STUCK


async def numbers_in_use(
    tx: Tx, now: datetime, tenant_id: TenantId, zone: str, number_id: NumberId | None = None
) -> list[Number]:
    """All numbers of a company, or one; today begins at midnight of `zone`."""
    facts = await tx.many(_Q["numbers_in_use"], NumberInUse, tenant_id=tenant_id, number_id=number_id)
    lines = {
        one.number_id: one for one in await tx.many(_Q["line"], NumberLine, tenant_id=tenant_id, now=now)
    }
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    used = await tx.many(_Q["used_since"], UsedSince, tenant_id=tenant_id, since=midnight)
    bars = await _tries(tx, tenant_id, now - timedelta(hours=1), now, _FIVE_MINUTES)
    return [
        Number(
            facts=one,
            line=lines[one.number_id],
            today={row.measure: row.messages for row in used if row.number_id == one.number_id},
            hour=[bar for bar in bars if bar.number_id == one.number_id],
        )
        for one in facts
    ]


async def reached(tx: Tx, now: datetime, tenant_id: TenantId) -> dict[str, int]:
    """By account: to how many customers a template left in the last 24 hours. Whoever was in conversation anyway is
    counted too, so the provider's own figure is at most this."""
    since = now - timedelta(hours=24)
    rows = await tx.many(_Q["reached"], Reached, tenant_id=tenant_id, since=since, look=REACH_LOOK)
    return {row.waba_external_id: row.customers for row in rows}


async def limits(tx: Tx, tenant_id: TenantId) -> dict[str, str]:
    """By account: the provider's tier, where it told one."""
    rows = await tx.many(_Q["limits"], AccountLimit, tenant_id=tenant_id)
    return {row.waba_external_id: row.messaging_limit for row in rows}


async def flow(tx: Tx, now: datetime, tenant_id: TenantId, zone: str) -> Flow:
    """Pace, half hours and the day, over all numbers; the day begins at midnight of `zone`."""
    half = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    halves: Counter[datetime] = Counter()
    for bar in await _tries(tx, tenant_id, half - HALF_HOUR * (HALF_HOURS - 1), now, HALF_HOUR):
        halves[bar.start] += bar.tries
    pace = sum(bar.tries for bar in await _tries(tx, tenant_id, now - _FIVE_MINUTES, now, _FIVE_MINUTES))
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = now.replace(minute=0, second=0, microsecond=0)
    today = int(await tx.value(_Q["left_since"], tenant_id=tenant_id, since=midnight, this_hour=hour))
    return Flow(
        per_minute=pace / 5,
        half_hours=[halves[half - HALF_HOUR * n] for n in reversed(range(HALF_HOURS))],
        today=today,
    )


async def _tries(
    tx: Tx, tenant_id: TenantId, since: datetime, now: datetime, step: timedelta
) -> Sequence[Bar]:
    """By number and step, the oldest first."""
    asked = {"tenant_id": tenant_id, "since": since, "now": now}
    return await tx.many(_Q["tries"], Bar, **asked, step=step.total_seconds(), most=TRIES_MOST)


async def incidents(tx: Tx, tenant_id: TenantId, number_id: NumberId) -> list[NumberIncident]:
    """The newest first, at most 30."""
    return await tx.many(_Q["incidents"], NumberIncident, tenant_id=tenant_id, number_id=number_id)


async def templates_used(tx: Tx, tenant_id: TenantId, since: datetime) -> dict[str, TemplateUsed]:
    """By name: how often since then, and in which hour last."""
    rows = await tx.many(_Q["templates_used"], TemplateUsed, tenant_id=tenant_id, since=since)
    return {row.template: row for row in rows}
