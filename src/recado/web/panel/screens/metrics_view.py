"""What Métricas shows: one report, as charts, as tables, and as the files people take away. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from recado.kit.reason_texts import reason_text
from recado.kit.reasons import Reason
from recado.reports.model import HOUR, Asked, Line, Report, hour_of
from recado.web.panel.charts import Bar, Series
from recado.web.panel.words import _, mark, number, percent, span, speech

# How far each choice goes back, in days of the company's calendar; today is the first of them.
PERIODS: Mapping[str, int] = {"hoje": 1, "7d": 7, "30d": 30, "90d": 90}
TABLES = ("tempo", "numeros", "modelos", "causas")
# Of the messages asked for each one is in exactly one of these, in the order in which they are stacked.
OUTCOMES: tuple[tuple[str, str, str], ...] = (
    ("read", mark("Lidas"), "read"),
    ("reached", mark("Entregues"), "delivered"),
    ("left", mark("Enviadas"), "sent"),
    ("waiting", mark("Na fila"), "pending"),
    ("skipped", mark("Não enviadas"), "skipped"),
    ("other", mark("Simuladas e canceladas"), "dry"),
    ("failed", mark("Falharam"), "failed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The twin of a chart: what is shown is what the files hold."""

    key: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]


def bounds(now: datetime, zone: str, period: str) -> tuple[datetime, datetime]:
    """From the first midnight of the period to the end of this hour, whole hours in UTC."""
    there = ZoneInfo(zone)
    first = now.astimezone(there).date() - timedelta(days=PERIODS[period] - 1)
    since = datetime.combine(first, time(), there).astimezone(now.tzinfo)
    return hour_of(since), hour_of(now) + HOUR


def starts(asked: Asked) -> list[datetime]:
    """Every day or hour of the range on the company's clock, so that quiet ones are seen too."""
    there = ZoneInfo(asked.zone)
    if asked.step == "hour":
        hours = int((asked.until - asked.since) / HOUR)
        found = [
            (asked.since + HOUR * index).astimezone(there).replace(tzinfo=None) for index in range(hours)
        ]
        return list(dict.fromkeys(hour_of(one) for one in found))
    day: date = asked.since.astimezone(there).date()
    last = (asked.until - timedelta(microseconds=1)).astimezone(there).date()
    return [datetime.combine(day + timedelta(days=n), time()) for n in range((last - day).days + 1)]


def outcome(line: Line) -> dict[str, int]:
    """One line's messages, each in exactly one place."""
    found = {
        "read": line.of("read"),
        "reached": line.of("delivered") - line.of("read"),
        "waiting": line.of("waiting"),
        "skipped": line.of("skipped"),
        "other": line.of("simulated") + line.of("cancelled"),
        "failed": line.of("failed"),
    }
    return found | {"left": max(0, line.of("asked") - sum(found.values()))}


def moment_words(start: datetime, step: str) -> str:
    """14 h, or 25/11."""
    if step == "hour":
        return f"{start:%H} h"
    return f"{start:%d/%m}" if speech().language == "pt-BR" else f"{start:%b} {start.day}"


def cause_words(reason: str) -> str:
    """The sentence people read for a cause."""
    try:
        return reason_text(Reason(reason), speech().language).text
    except ValueError:
        return _("Sem motivo anotado")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A report with the names people use. `times` has a line for every day or hour of the range."""

    report: Report
    times: Sequence[Line]
    numbers: Sequence[tuple[str, Line]]
    templates: Sequence[tuple[str, Line]]
    # The sum of the period before, as long as this one; None when nothing was asked for in it.
    before: Line | None = None

    @property
    def labels(self) -> list[str]:
        return [moment_words(line.key, self.report.asked.step) for line in self.times]

    def outcomes(self) -> list[Series]:
        """For the stacked chart; what never happened gets no colour."""
        columns = [outcome(line) for line in self.times]
        return [
            Series(name=_(name), tone=tone, values=[column[key] for column in columns])
            for key, name, tone in OUTCOMES
            if any(column[key] for column in columns)
        ]

    def delays(self) -> list[Series]:
        return [
            Series(name="p50", tone="read", values=[line.p50_s for line in self.times]),
            Series(name="p99", tone="doubt", values=[line.p99_s for line in self.times]),
        ]

    def causes(self) -> list[Bar]:
        return [
            Bar(
                label=cause_words(one.reason),
                value=one.messages,
                tone="failed" if one.measure == "failed" else "skipped",
                words=number(one.messages),
            )
            for one in self.report.causes
        ]

    def figures(self) -> list[tuple[str, str, str]]:
        """Value, label and note of the numbers on top."""
        total = self.report.total
        left = total.of("accepted")
        return [
            (number(total.of("asked")), _("pedidas"), ""),
            (
                share(total.of("delivered"), left),
                _("entregues das que saíram"),
                number(total.of("delivered")),
            ),
            (share(total.of("read"), left), _("lidas das que saíram"), number(total.of("read"))),
            (share(total.of("failed"), total.of("asked")), _("falharam"), number(total.of("failed"))),
            (span(total.p50_s), _("até entregar, metade"), _("p99: %(span)s", span=span(total.p99_s))),
            (number(total.of("received")), _("recebidas"), ""),
        ]

    def compared(self) -> list[str]:
        """What each of the figures was in the period before; empty without one."""
        was = self.before
        if was is None:
            return []
        left = was.of("accepted")
        values = [
            number(was.of("asked")),
            share(was.of("delivered"), left),
            share(was.of("read"), left),
            share(was.of("failed"), was.of("asked")),
            span(was.p50_s),
            number(was.of("received")),
        ]
        return [_("antes: %(value)s", value=one) for one in values]

    def tables(self) -> list[Table]:
        """Every table of the page; the files are made from the same rows."""
        times = [(_moment(line.key, self.report.asked.step), line) for line in self.times]
        return [
            _table(
                "tempo",
                _("Por hora") if self.report.asked.step == "hour" else _("Por dia"),
                _("quando"),
                times,
            ),
            _table("numeros", _("Por número"), _("número"), self.numbers),
            _table("modelos", _("Por modelo"), _("modelo"), self.templates),
            Table(
                key="causas",
                title=_("Por causa"),
                head=[_("situação"), _("causa"), _("código"), _("mensagens")],
                rows=[
                    [
                        _("Falhou") if one.measure == "failed" else _("Não enviada"),
                        cause_words(one.reason),
                        one.reason,
                        one.messages,
                    ]
                    for one in self.report.causes
                ],
            ),
        ]


def _moment(start: datetime, step: str) -> str:
    return f"{start:%Y-%m-%d %H:%M}" if step == "hour" else f"{start:%Y-%m-%d}"


def _table(key: str, title: str, first: str, lines: Sequence[tuple[str, Line]]) -> Table:
    head = [
        first,
        _("pedidas"),
        _("saíram"),
        _("entregues"),
        _("lidas"),
        _("falharam"),
        _("não enviadas"),
        _("na fila"),
        _("recebidas"),
        _("p50 (s)"),
        _("p99 (s)"),
    ]
    measures = ("asked", "accepted", "delivered", "read", "failed", "skipped", "waiting", "received")
    rows = [
        [name, *(line.of(one) for one in measures), _seconds(line.p50_s), _seconds(line.p99_s)]
        for name, line in lines
    ]
    return Table(key=key, title=title, head=head, rows=rows)


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def share(part: int, whole: int) -> str:
    return percent(part / whole) if whole else "—"


def earlier(asked: Asked) -> Asked:
    """As much time right before, in whole days of the company's calendar."""
    there = ZoneInfo(asked.zone)
    days = -(-(asked.until - asked.since) // timedelta(days=1))

    def back(moment: datetime) -> datetime:
        return (moment.astimezone(there) - timedelta(days=days)).astimezone(moment.tzinfo)

    return replace(asked, since=back(asked.since), until=back(asked.until))


def shown(report: Report, names: Mapping[Any, str], before: Line | None = None) -> Shown:
    """Puts names to numbers and fills the quiet days or hours."""
    known = {line.key: line for line in report.times}
    return Shown(
        report=report,
        before=before if before is not None and any(before.counts.values()) else None,
        times=[
            known.get(start) or Line(key=start, counts={}, p50_s=None, p99_s=None)
            for start in starts(report.asked)
        ],
        numbers=[(names.get(line.key, _("Número removido")), line) for line in report.numbers],
        templates=[
            (line.key or _("Mensagens livres"), line) for line in report.templates if line.of("asked")
        ],
    )
