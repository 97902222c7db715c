"""What `make mutation` changes, and what it leaves alone: a mutant that is none would make the score worth nothing."""

from __future__ import annotations

import ast

import pytest
from tests.mutation.mutants import mutants, unchanged
from tests.mutation.stage import path_of
from tests.mutation.targets import TARGETS, Target

SOURCE = '''
"""A rule."""
LIMIT: int = 3

def judge(age, name="x"):
    """Words about it."""
    if not name:
        return None
    if age > LIMIT and name:
        return max(age, 1) + 2
    return [] if name else None

class Rule:
    def holds(self):
        return True
'''


def told(*only: str) -> list[str]:
    return [one.what for one in mutants(SOURCE, only)]


def test_each_mutant_differs_from_the_source_and_from_the_others() -> None:
    found = [one.source for one in mutants(SOURCE)]
    assert len({*found, unchanged(SOURCE).source}) == len(found) + 1
    for source in found:
        ast.parse(source)


def test_every_kind_of_change() -> None:
    assert sorted(told()) == sorted(
        [
            "3 + 1",
            "'x' changed",
            "without not",
            "Or instead",
            "compare with GtE",
            "compare with LtE",
            "return None",
            "Sub instead",
            "2 + 1",
            "min instead",
            "1 + 1",
            "return None",
            "not",
            "False",
            "return None",
        ]
    )


def test_only_the_named_definitions_are_changed() -> None:
    assert told("LIMIT") == ["3 + 1"]
    assert sorted(told("Rule.holds")) == ["False", "return None"]
    assert told("Rule") == told("Rule.holds")
    with pytest.raises(ValueError, match="elsewhere is not there"):
        told("elsewhere")


def test_annotations_decorators_and_words_are_no_behaviour() -> None:
    source = (
        "@dataclass(slots=True)\n"
        "class A(Struct, frozen=True):\n"
        '    """Words."""\n'
        '    b: "int"\n'
        "    c: str = field(repr=False)\n"
    )
    assert list(mutants(source)) == []


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.module)
def test_every_target_is_there_with_its_tests(target: Target) -> None:
    assert path_of(target.module).is_file()
    first = next(mutants(path_of(target.module).read_text(), target.only))
    assert first.line > 0
    for name in target.tests:
        assert (path_of("x").parents[1] / name).is_file(), name
