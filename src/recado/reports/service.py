"""Keeping the sums up to date, and putting a report together from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId
from recado.reports.model import (
    HOUR,
    Asked,
    Counted,
    Due,
    Followed,
    Line,
    Mark,
    Report,
    SourceSum,
    TemplateSeen,
    TenantSeen,
    TimeSum,
    causes,
    first_id,
    gather,
    hour_of,
)

_Q = sql.load("recado.reports")
EngineScope = Callable[[], AbstractAsyncContextManager[Tx]]
# An hour is read in stretches: at a thousand messages a second one of them is 300,000 rows.
_SLICE = timedelta(minutes=5)
_BITE = 50_000
_SWEEP_EVERY = timedelta(hours=24)
_SWEEP_BACK = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one run did. `more`: it stopped at its limit and hours are left."""

    events: int
    hours: int
    more: bool


async def keep(
    engine: EngineScope,
    now: datetime,
    *,
    most_events: int,
    most_hours: int,
    spent: Callable[[], bool] = lambda: False,
) -> Kept:
    """Follows the diary of every company and counts the changed hours again. Every step commits alone and may
    be repeated; what the limits leave over is done by the next run. `spent` says that enough time was used up."""
    async with engine() as tx:
        tenants = await tx.many(_Q["tenants"], TenantSeen)
    events = hours = 0
    more = False
    for tenant in tenants:
        read = await _follow(engine, now, tenant, max(_BITE, most_events - events))
        events += read
        while hours < most_hours and not spent() and await _count_one(engine, tenant):
            hours += 1
        more = more or read >= _BITE or hours >= most_hours or spent()
    return Kept(events=events, hours=hours, more=more)


async def _follow(engine: EngineScope, now: datetime, tenant: TenantSeen, most: int) -> int:
    tenant_id = tenant.tenant_id
    async with engine() as tx:
        await tx.execute(_Q["first_mark"], tenant_id=tenant_id)
        mark = await tx.one(_Q["take_mark"], Mark, tenant_id=tenant_id)
        if mark is None:
            return 0
        if now - mark.swept_at >= _SWEEP_EVERY:
            await _sweep(tx, now, tenant_id)
        if mark.zone != tenant.timezone:
            await tx.execute(_Q["new_zone"], tenant_id=tenant_id, zone=tenant.timezone)
        seq, settled, read = mark.seq, mark.seq, 0
        while read < most:
            found = await tx.one(_Q["follow"], Followed, tenant_id=tenant_id, seq=seq, most=_BITE)
            if found is None or found.last_seq is None or found.settled is None:
                break
            if settled == seq:
                settled = found.settled
            seq = found.last_seq
            read += found.events
            if found.events < _BITE:
                break
        await tx.execute(_Q["move_mark"], tenant_id=tenant_id, seq=settled)
    return read


async def _sweep(tx: Tx, now: datetime, tenant_id: TenantId) -> None:
    hours = [hour_of(now) - HOUR * back for back in range(_SWEEP_BACK)]
    await tx.execute(
        _Q["sweep"],
        now=now,
        tenant_id=tenant_id,
        hours=hours,
        from_ids=[first_id(hour) for hour in hours],
        to_ids=[first_id(hour + HOUR) for hour in hours],
    )


async def _count_one(engine: EngineScope, tenant: TenantSeen) -> bool:
    """The newest hour that is behind, written whole. What changes meanwhile is marked again by the diary."""
    async with engine() as tx:
        tenant_id = tenant.tenant_id
        due = await tx.one(_Q["take_due"], Due, tenant_id=tenant_id)
        if due is None:
            return False
        await count_hour(tx, tenant_id, due.hour)
        await count_day(tx, tenant_id, tenant.timezone, due.hour)
        await tx.execute(_Q["done"], tenant_id=tenant_id, hour=due.hour)
    return True


async def count_hour(tx: Tx, tenant_id: TenantId, hour: datetime) -> None:
    """Rewrites the sums of one hour from the messages themselves. Idempotent."""
    sums: Counter[tuple[object, str, str, str]] = Counter()
    start = hour
    while start < hour + HOUR:
        rows = await tx.many(
            _Q["count_slice"],
            Counted,
            tenant_id=tenant_id,
            from_id=first_id(start),
            to_id=first_id(start + _SLICE),
        )
        for row in rows:
            sums[(row.number_id, row.template, row.measure, row.detail)] += row.messages
        start += _SLICE
    await tx.execute(_Q["clear_hour"], tenant_id=tenant_id, hour=hour)
    if not sums:
        return
    await tx.execute(
        _Q["write_hour"],
        tenant_id=tenant_id,
        hour=hour,
        number_ids=[key[0] for key in sums],
        templates=[key[1] for key in sums],
        measures=[key[2] for key in sums],
        details=[key[3] for key in sums],
        counts=list(sums.values()),
    )


async def count_day(tx: Tx, tenant_id: TenantId, zone: str, hour: datetime) -> None:
    """Rewrites the day this hour belongs to from its hours. Two workers that count hours of one day at the same
    time leave one after the other: the later one sees both."""
    await tx.value(_Q["alone_with_days"], tenant_id=tenant_id)
    await tx.execute(_Q["clear_day"], tenant_id=tenant_id, zone=zone, hour=hour)
    await tx.execute(_Q["write_day"], tenant_id=tenant_id, zone=zone, hour=hour)


async def report(tx: Tx, tenant_id: TenantId, asked: Asked) -> Report:
    """Reads only sums: as many rows as days or hours, numbers and templates, however many messages there were."""
    times, sources = await _sums(tx, tenant_id, asked)
    behind = await tx.value(_Q["still_due"], tenant_id=tenant_id, since=asked.since, until=asked.until)
    kinds: Counter[str] = Counter()
    for row in sources:
        if row.measure == "asked":
            kinds[row.detail] += row.messages
    nothing = Line(key=None, counts={}, p50_s=None, p99_s=None)
    return Report(
        asked=asked,
        total=gather(sources, lambda row: None).get(None, nothing),
        times=list(gather(times, lambda row: row.start).values()),
        numbers=_largest(gather(sources, lambda row: row.number_id)),
        templates=_largest(gather(sources, lambda row: row.template)),
        causes=causes(sources),
        kinds=dict(kinds),
        behind=behind,
    )


async def _sums(tx: Tx, tenant_id: TenantId, asked: Asked) -> tuple[list[TimeSum], list[SourceSum]]:
    scope = {"tenant_id": tenant_id, "number_id": asked.number_id, "template": asked.template}
    first, last = asked.days()
    if asked.step == "day" and first is not None:
        days = scope | {"first": first, "last": last, "zone": asked.zone}
        return (
            await tx.many(_Q["days_by_time"], TimeSum, **days),
            await tx.many(_Q["days_by_source"], SourceSum, **days),
        )
    hours = scope | {"since": asked.since, "until": asked.until}
    return (
        await tx.many(_Q["by_time"], TimeSum, step=asked.step, zone=asked.zone, **hours),
        await tx.many(_Q["by_source"], SourceSum, **hours),
    )


async def known_templates(tx: Tx, tenant_id: TenantId, since: date) -> list[str]:
    """Names of templates that were used since that day, for a filter."""
    rows = await tx.many(_Q["known_templates"], TemplateSeen, tenant_id=tenant_id, first=since)
    return [row.template for row in rows]


def _largest(lines: dict[object, Line]) -> list[Line]:
    return sorted(lines.values(), key=lambda line: (-line.of("asked"), str(line.key)))
