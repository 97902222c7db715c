"""Keeping the sums up to date, and putting a report together from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

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


async def keep(engine: EngineScope, now: datetime, *, most_events: int, most_hours: int) -> Kept:
    """Follows the diary of every company and counts the changed hours again. Every step commits alone and may
    be repeated; what the limits leave over is done by the next run."""
    async with engine() as tx:
        tenants = [one.tenant_id for one in await tx.many(_Q["tenants"], TenantSeen)]
    events = hours = 0
    more = False
    for tenant_id in tenants:
        read = await _follow(engine, now, tenant_id, max(_BITE, most_events - events))
        events += read
        while hours < most_hours and await _count_one(engine, tenant_id):
            hours += 1
        more = more or read >= _BITE or hours >= most_hours
    return Kept(events=events, hours=hours, more=more)


async def _follow(engine: EngineScope, now: datetime, tenant_id: TenantId, most: int) -> int:
    async with engine() as tx:
        await tx.execute(_Q["first_mark"], tenant_id=tenant_id)
        mark = await tx.one(_Q["take_mark"], Mark, tenant_id=tenant_id)
        if mark is None:
            return 0
        if now - mark.swept_at >= _SWEEP_EVERY:
            await _sweep(tx, now, tenant_id)
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


async def _count_one(engine: EngineScope, tenant_id: TenantId) -> bool:
    """The newest hour that is behind, written whole. What changes meanwhile is marked again by the diary."""
    async with engine() as tx:
        due = await tx.one(_Q["take_due"], Due, tenant_id=tenant_id)
        if due is None:
            return False
        await count_hour(tx, tenant_id, due.hour)
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


async def report(tx: Tx, tenant_id: TenantId, asked: Asked) -> Report:
    """Reads only sums: as many rows as hours, numbers and templates, however many messages there were."""
    scope = {
        "tenant_id": tenant_id,
        "since": asked.since,
        "until": asked.until,
        "number_id": asked.number_id,
        "template": asked.template,
    }
    times = await tx.many(_Q["by_time"], TimeSum, step=asked.step, zone=asked.zone, **scope)
    sources = await tx.many(_Q["by_source"], SourceSum, **scope)
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


async def known_templates(tx: Tx, tenant_id: TenantId, since: datetime) -> list[str]:
    """Names of templates that were used since then, for a filter."""
    rows = await tx.many(_Q["known_templates"], TemplateSeen, tenant_id=tenant_id, since=since)
    return [row.template for row in rows]


def _largest(lines: dict[object, Line]) -> list[Line]:
    return sorted(lines.values(), key=lambda line: (-line.of("asked"), str(line.key)))
