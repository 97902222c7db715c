"""What a report shows, and how it is put together from small sums. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from recado.kit.ids import NumberId, TenantId

HOUR = timedelta(hours=1)
# Growth of the steps in which delays are counted; the same as in queries.sql.
STEP = 1.1
# In the order in which they are shown.
MEASURES = (
    "asked",
    "accepted",
    "delivered",
    "read",
    "failed",
    "skipped",
    "waiting",
    "simulated",
    "cancelled",
    "received",
)


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def first_id(moment: datetime) -> UUID:
    """The smallest message id of this millisecond: ids sort by the time at which they were asked for."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSeen:
    tenant_id: TenantId
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSeen:
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    seq: int
    swept_at: datetime
    zone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    events: int
    last_seq: int | None
    settled: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    tenant_id: TenantId
    hour: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    number_id: NumberId
    template: str
    measure: str
    detail: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSum:
    """`start` is local time of the tenant, without a zone."""

    start: datetime
    measure: str
    detail: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSum:
    number_id: NumberId
    template: str
    measure: str
    detail: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to see. `since` and `until` are whole hours, UTC; `step` is hour or day in `zone`."""

    since: datetime
    until: datetime
    zone: str
    step: str = "day"
    number_id: NumberId | None = None
    template: str | None = None

    def days(self) -> tuple[date | None, date]:
        """First and last day on the company's clock; no first one when the range begins within a day."""
        there = ZoneInfo(self.zone)
        begin = self.since.astimezone(there)
        last = (self.until - timedelta(microseconds=1)).astimezone(there).date()
        return (begin.date() if begin.time() == time() else None), last


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Counts of one row: a day, a number, a template. Delays in seconds, None when nothing was delivered."""

    key: Any
    counts: Mapping[str, int]
    p50_s: float | None
    p99_s: float | None

    def of(self, measure: str) -> int:
        return self.counts.get(measure, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """`measure` is failed or skipped; `reason` a value of kit.reasons, empty when none was kept."""

    measure: str
    reason: str
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`behind` hours of the range are being counted again right now."""

    asked: Asked
    total: Line
    times: Sequence[Line]
    numbers: Sequence[Line]
    templates: Sequence[Line]
    causes: Sequence[Cause]
    kinds: Mapping[str, int]
    behind: int


def percentile(steps: Mapping[int, int], share: float) -> float | None:
    """The delay in seconds below which `share` of the messages lie, within 5 %. None without messages."""
    whole = sum(steps.values())
    if not whole:
        return None
    # The nearest rank, so that one message of one hundred is the p99 of a hundred.
    left = max(1, -int(-whole * share // 1))
    for step in sorted(steps):
        left -= steps[step]
        if left <= 0:
            return 1.0 if step == 0 else STEP ** (step - 0.5)
    raise AssertionError("the steps add up to the whole")


@dataclass(slots=True)
class _Gathering:
    counts: Counter[str] = field(default_factory=Counter)
    delays: Counter[int] = field(default_factory=Counter)

    def add(self, row: TimeSum | SourceSum) -> None:
        if row.measure == "delay":
            self.delays[int(row.detail)] += row.messages
        else:
            self.counts[row.measure] += row.messages

    def line(self, key: Any) -> Line:
        return Line(
            key=key,
            counts=dict(self.counts),
            p50_s=percentile(self.delays, 0.5),
            p99_s=percentile(self.delays, 0.99),
        )


def gather(rows: Iterable[TimeSum | SourceSum], key: Callable[[Any], Any]) -> dict[Any, Line]:
    """One line for each key, in the order in which keys come."""
    found: dict[Any, _Gathering] = {}
    for row in rows:
        found.setdefault(key(row), _Gathering()).add(row)
    return {each: one.line(each) for each, one in found.items()}


def causes(rows: Iterable[SourceSum]) -> list[Cause]:
    """Most frequent first."""
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.measure in {"failed", "skipped"}:
            found[(row.measure, row.detail)] += row.messages
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Cause(measure=key[0], reason=key[1], messages=count) for key, count in ordered]
