"""Charts: what the shapes say is what the numbers say, and nothing in them can run or break out."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.web.panel.charts import HEIGHT, WIDTH, Bar, Series, bars, line, nice_top, stacked, stacked_top

HOSTILE = "<script>alert('\"&</script>"
AMOUNTS = st.lists(st.integers(0, 10**7), min_size=1, max_size=40)


def shapes(markup: str, name: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(markup).iter(name))


def filled(markup: str) -> list[ElementTree.Element]:
    return [one for one in shapes(markup, "rect") if "fill" in (one.get("class") or "")]


@given(AMOUNTS, AMOUNTS)
def test_columns_are_as_tall_as_their_sums(one: list[int], other: list[int]) -> None:
    size = min(len(one), len(other))
    series = [
        Series(name="a", tone="read", values=one[:size]),
        Series(name="b", tone="failed", values=other[:size]),
    ]
    markup = stacked(series, [str(n) for n in range(size)], "x")
    drawn = sum(float(rect.get("height") or 0) for rect in filled(markup))
    whole = sum(one[:size]) + sum(other[:size])
    assert drawn == pytest.approx(HEIGHT * whole / stacked_top(series), abs=0.01 * 2 * size)
    for rect in filled(markup):
        assert float(rect.get("y") or 0) >= -0.01
        assert float(rect.get("x") or 0) + float(rect.get("width") or 0) <= WIDTH


@given(st.floats(0.001, 1e9))
def test_the_scale_ends_at_a_round_number_not_far_above(highest: float) -> None:
    top = nice_top(highest)
    assert highest <= top <= highest * 2.5 + 1e-9 or top == pytest.approx(highest)
    assert f"{top:e}"[0] in "125"


def test_a_gap_interrupts_the_line_and_a_lone_point_is_seen() -> None:
    markup = line([Series(name="p50", tone="read", values=[1, 2, None, 4, None])], "x")
    runs = [one.get("points") or "" for one in shapes(markup, "polyline")]
    assert [len(run.split()) for run in runs] == [2, 2]


def test_nothing_to_draw_is_an_empty_chart() -> None:
    for markup in (
        stacked([], [], "x"),
        line([], "x"),
        line([Series(name="a", tone="t", values=[None])], "x"),
    ):
        assert shapes(markup, "polyline") == []
        assert filled(markup) == []
    assert bars([]) == []


def test_names_from_outside_stay_text() -> None:
    markup = stacked([Series(name=HOSTILE, tone="read", values=[3])], [HOSTILE], HOSTILE)
    (rect,) = filled(markup)
    assert rect[0].text == f"{HOSTILE} · {HOSTILE}: 3"
    assert "<script" not in markup
    assert "style" not in markup


def test_the_longest_bar_is_whole() -> None:
    rows = [
        Bar(label="a", value=10, tone="failed", words="10"),
        Bar(label="b", value=5, tone="failed", words="5"),
    ]
    widths = [float(filled(markup)[0].get("width") or 0) for _, markup in bars(rows)]
    assert widths == [WIDTH, WIDTH / 2]
