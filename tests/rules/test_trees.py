"""Whatever was received can be looked at, as far as it is JSON."""

from __future__ import annotations

from typing import Any

import pytest

from recado.inbound.trees import covered_tree, tree_of


@pytest.mark.parametrize(
    ("body", "tree"),
    [
        (b'{"a":["Ol\xc3\xa1"]}', {"a": ["Olá"]}),
        (b'{"a":"half \\ud83d"}', {"a": "half ?"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a":"\xff"}', {"a": "\ufffd"}),
        (b'{"a":"\\u0000"}', {"a": "\x00"}),
        (b"7", 7),
        (b"", None),
        (b"{", None),
        (b"<html>", None),
        (b'{"a":NaN}', None),
        (b"[" * 100_000, None),
    ],
)
def test_a_body_becomes_a_tree(body: bytes, tree: Any) -> None:
    assert tree_of(body) == tree


def test_a_covered_tree_keeps_its_shape_and_nobodys_words() -> None:
    body = b'{"from":"5520955500111","text":{"body":"half \\ud83d of it"},"timestamp":"1790416800"}'
    covered = covered_tree(body)
    assert set(covered) == {"from", "text", "timestamp"}
    assert covered["timestamp"] == "1790416800"
    assert "5520955500111" not in str(covered)
    assert "half" not in str(covered)


@pytest.mark.parametrize(("depth", "shown"), [(50, True), (100_000, False)])
def test_what_is_too_deep_to_walk_is_no_tree(depth: int, shown: bool) -> None:
    assert (covered_tree(b'{"a":' * depth + b"1" + b"}" * depth) is not None) == shown


def test_a_part_that_is_not_there_is_nothing() -> None:
    assert covered_tree(b"{}", lambda whole: None) is None
