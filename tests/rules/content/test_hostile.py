"""Payloads from strangers: an answer, never an exception, and never a flood."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recado.messages.content import Draft, Kind, parse_draft, parse_mark_read, preview
from recado.messages.content.examples import EXAMPLES

TO = "+5520955500111"
ROUTES = [None, "media", *(kind.value for kind in Kind)]


def refused(payload: Any) -> list[tuple[str, str]]:
    result = parse_draft(payload, None)
    assert isinstance(result, list)
    json.dumps([item.message for item in result]).encode()
    for item in result:
        item.field.encode()
        item.message.encode()
    return [(item.field, item.rule) for item in result]


@pytest.mark.parametrize("payload", [None, [], "texto", 1, 1.5, True])
def test_a_payload_that_is_no_object_is_told(payload: Any) -> None:
    assert refused(payload) == [("", "wrong_type")]


@pytest.mark.parametrize("payload", [object(), {"to": b"x"}, {1: "x"}, {"to": {1, 2}}])
def test_what_is_not_json_is_told(payload: Any) -> None:
    assert [rule for _, rule in refused(payload)] == ["wrong_type"]


def test_deep_nesting_is_told_without_walking_down() -> None:
    deep: Any = "fundo"
    for _ in range(50_000):
        deep = [deep]
    payload = {"to": TO, "type": "text", "text": deep}
    assert refused(payload) == [("text[0][0][0]", "too_deep")]
    # Dismantled here, because freeing it in one go is recursive.
    while isinstance(deep, list):
        deep = deep.pop()


def test_a_payload_over_the_limit_is_told() -> None:
    assert refused({"to": TO, "text": {"body": "x" * 300_000}}) == [("", "too_large")]
    assert refused({"to": TO, "contacts": [0] * 300_000}) == [("", "too_large")]
    assert refused({"to": TO, "x" * 300_000: 1}) == [("", "too_large")]


def test_a_huge_list_yields_a_bounded_answer() -> None:
    found = refused({"to": TO, "type": "contacts", "contacts": [0] * 20_000})
    assert found[0] == ("contacts", "too_many")
    assert len(found) == 100
    assert len(refused({"to": TO, "text": {"body": "x"}} | {f"k{n}": n for n in range(5_000)})) == 100


@pytest.mark.parametrize("bad", ["Oi\x00", "Oi \ud83d", "\udc00"])
def test_text_no_database_can_hold_is_told_once(bad: str) -> None:
    assert refused({"to": TO, "text": {"body": bad}}) == [("text.body", "bad_format")]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_json_does_not_have_are_told_once(number: float) -> None:
    place = {"latitude": number, "longitude": 1.0}
    payload = {"to": TO, "type": "location", "location": place}
    assert refused(payload) == [("location.latitude", "bad_format")]


def test_giant_integers_are_told() -> None:
    payload = {"to": TO, "text": {"body": "x"}, "priority": 10**5000}
    assert refused(payload) == [("priority", "out_of_range")]


def test_bad_characters_do_not_hide_other_broken_rules() -> None:
    payload = {"to": "errado", "text": {"body": "a\x00"}, "client_reference": "x" * 257}
    assert refused(payload) == [
        ("text.body", "bad_format"),
        ("to", "bad_format"),
        ("client_reference", "too_long"),
    ]


def test_names_from_outside_are_cut_and_cleaned() -> None:
    (field, rule), *_ = refused({"to": TO, "text": {"body": "x", "n" * 10_000: 1}})
    assert (len(field), rule) == (len("text.") + 64, "unknown_field")
    assert refused({"to": TO, "text": {"body": "x", "a\x00\ud800": 1}})[0][1] == "bad_format"


def test_the_payload_is_left_as_it_was() -> None:
    for payload in EXAMPLES.values():
        before = copy.deepcopy(payload)
        draft = parse_draft(payload, None)
        assert payload == before
        assert isinstance(draft, Draft)


ANY_TEXT = st.text(st.characters(), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.sampled_from(ROUTES)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payload=ANY_JSON, route=st.sampled_from(ROUTES))
def test_no_json_whatsoever_raises(payload: Any, route: str | None) -> None:
    assert parse_draft(payload, route)
    assert parse_mark_read(payload)


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A documented example with one or two of its values replaced by anything."""
    payload = copy.deepcopy(draw(st.sampled_from(list(EXAMPLES.values()))))
    for _ in range(draw(st.integers(1, 2))):
        target: Any = payload
        while True:
            keys: list[Any] = list(target) if isinstance(target, dict) else list(range(len(target)))
            key = draw(st.sampled_from(keys))
            child = target[key]
            if not child or not isinstance(child, dict | list) or draw(st.booleans()):
                target[key] = draw(ANY_JSON)
                break
            target = child
    return payload


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payload=damaged(), route=st.sampled_from(ROUTES))
def test_no_damaged_example_raises(payload: dict[str, Any], route: str | None) -> None:
    result = parse_draft(payload, route)
    if isinstance(result, Draft):
        json.dumps(result.content, allow_nan=False, ensure_ascii=False).encode()
        assert preview(result.content, "pt-BR")
        assert (result.phone is None) != (result.bsuid is None)
    else:
        assert result
        for item in result:
            item.message.encode()
