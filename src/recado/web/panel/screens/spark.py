"""A row of small bars: how much, over time, at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

_WIDE, _TALL = 10, 38


def spark(values: Sequence[int], label: str, *, running: bool = False) -> Markup:
    """Bars as high as the values, the highest fills the height. `running`: the last one is not over yet. Numbers
    only: nothing of anybody's goes into the markup but the label, which is escaped."""
    most = max(values, default=0)
    parts = []
    for place, value in enumerate(values):
        height = round((_TALL - 2) * value / most, 1) if most and value else 0
        kind = "" if height else "zero"
        if running and place == len(values) - 1:
            kind = f"{kind} now".strip()
        named = f' class="{kind}"' if kind else ""
        tall = max(height, 1.5)
        parts.append(
            f'<rect{named} x="{place * _WIDE}" y="{_TALL - tall}" width="{_WIDE - 2}" height="{tall}"></rect>'
        )
    inside = Markup("".join(parts))  # noqa: S704 - numbers only
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(max(len(values), 1) * _WIDE, _TALL, label, inside)
