"""Charts drawn on the server: shapes only, as SVG that stretches with the page. Words and numbers stand around them in
HTML, so they keep their size on a telephone; every chart has a table twin. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 1000
HEIGHT = 200
# Room between two columns, as a share of a column.
_GAP = 0.18


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One colour of a chart. `tone` is a class of charts.css; `values` go with the labels, None is a gap."""

    name: str
    tone: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    label: str
    value: float
    tone: str
    words: str


def _n(value: float) -> str:
    """Short and always with a point."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _svg(label: str, inside: str, *, height: int = HEIGHT, kind: str) -> Markup:
    return Markup(
        "<svg class='chart {kind}' viewBox='0 0 {width} {height}' preserveAspectRatio='none' role='img' "
        "aria-label='{label}'>{inside}</svg>"
    ).format(kind=kind, width=WIDTH, height=height, label=label, inside=Markup(inside))  # noqa: S704 - own shapes


def nice_top(highest: float) -> float:
    """The end of the scale: 1, 2 or 5 times a power of ten, never below what is shown."""
    if highest <= 0:
        return 1
    step = 1.0
    while step * 10 <= highest:
        step *= 10
    while step > highest:
        step /= 10
    return next(step * times for times in (1, 2, 5, 10) if step * times >= highest)


def stacked_top(series: Sequence[Series]) -> float:
    """The end of the scale of a stacked chart."""
    return nice_top(max((sum(each or 0 for each in column) for column in _columns(series)), default=0))


def _columns(series: Sequence[Series]) -> list[tuple[float | None, ...]]:
    return list(zip(*(one.values for one in series), strict=True))


def stacked(series: Sequence[Series], labels: Sequence[str], label: str) -> Markup:
    """One column for each label, the series on top of each other in their order."""
    top, parts = stacked_top(series), [_grid()]
    wide = WIDTH / max(1, len(labels))
    for index, column in enumerate(_columns(series)):
        floor = float(HEIGHT)
        for one, value in zip(series, column, strict=True):
            if not value:
                continue
            tall = HEIGHT * value / top
            floor -= tall
            parts.append(
                f"<rect class='fill {one.tone}' x='{_n(wide * (index + _GAP / 2))}' y='{_n(floor)}' "
                f"width='{_n(wide * (1 - _GAP))}' height='{_n(tall)}'>"
                f"<title>{escape(labels[index])} · {escape(one.name)}: {_n(value)}</title></rect>"
            )
    return _svg(label, "".join(parts), kind="stacked")


def line_top(series: Sequence[Series]) -> float:
    """The end of the scale of a line chart."""
    return nice_top(max((each for one in series for each in one.values if each is not None), default=0))


def line(series: Sequence[Series], label: str) -> Markup:
    """One line for each series; where nothing is known the line is interrupted, a lone point is a dot."""
    top, parts = line_top(series), [_grid()]
    for one in series:
        wide = WIDTH / max(1, len(one.values))
        for run in _runs(one.values):
            points = [(wide * (at + 0.5), HEIGHT - HEIGHT * value / top) for at, value in run]
            if len(points) == 1:
                ((x, y),) = points
                points = [(x - wide / 10, y), (x + wide / 10, y)]
            path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
            parts.append(f"<polyline class='stroke {one.tone}' points='{path}'></polyline>")
    return _svg(label, "".join(parts), kind="line")


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((at, value))
    return [run for run in runs if run]


def _grid() -> str:
    return "".join(
        f"<line class='grid' x1='0' x2='{WIDTH}' y1='{_n(HEIGHT * part)}' y2='{_n(HEIGHT * part)}'></line>"
        for part in (0, 0.25, 0.5, 0.75, 1)
    )


def bar(share: float, tone: str) -> Markup:
    """A flat bar for a row of a list; its words stand beside it."""
    filled = _n(WIDTH * min(1.0, max(0.0, share)))
    return Markup(
        "<svg class='chart flat' viewBox='0 0 {width} 10' preserveAspectRatio='none' aria-hidden='true'>"
        "<rect class='track' width='{width}' height='10'></rect>"
        "<rect class='fill {tone}' width='{filled}' height='10'></rect></svg>"
    ).format(width=WIDTH, tone=tone, filled=filled)


def bars(rows: Sequence[Bar]) -> list[tuple[Bar, Markup]]:
    """Each row with its bar, the longest one whole."""
    top = max((row.value for row in rows), default=0) or 1
    return [(row, bar(row.value / top, row.tone)) for row in rows]
