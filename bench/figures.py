"""Numbers people can read: percentiles, tables, and what was measured as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie; 0 for no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99, p99.9 and the worst of durations given in seconds."""
    return {
        "p50_ms": round(percentile(seconds, 0.50) * 1e3, 2),
        "p99_ms": round(percentile(seconds, 0.99) * 1e3, 2),
        "p999_ms": round(percentile(seconds, 0.999) * 1e3, 2),
        "max_ms": round(max(seconds, default=0.0) * 1e3, 2),
    }


def ratio(one: float, other: float) -> float:
    return round(one / other, 3) if other else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `reach` is the budget of the design, as words."""

    name: str
    value: str
    reach: str = ""


@dataclass(slots=True)
class Report:
    """What one scenario found: `lines` and `tables` to read, `data` for machines."""

    title: str
    lines: list[Line] = field(default_factory=list)
    tables: list[tuple[Sequence[str], Sequence[Sequence[Any]]]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def say(self, name: str, value: object, reach: str = "") -> None:
        self.lines.append(Line(name, str(value), reach))

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self.tables.append((header, rows))

    def text(self) -> str:
        parts = [f"\n{self.title}\n{'=' * len(self.title)}"]
        parts += [_grid(header, rows) for header, rows in self.tables]
        if self.lines:
            parts.append(_grid(("", "measured", "budget"), [(x.name, x.value, x.reach) for x in self.lines]))
        return "\n\n".join(parts)

    def json(self) -> str:
        return json.dumps({"title": self.title} | self.data)


def _grid(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    table = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join("  " + line.rstrip() for line in lines)


def columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Sequence[str], list[Sequence[Any]]]:
    """Header and cells of rows that all have the same keys."""
    header = list(rows[0]) if rows else []
    return header, [list(row.values()) for row in rows]
