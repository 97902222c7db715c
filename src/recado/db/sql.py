"""Named SQL: `queries.sql` files next to the slice, checked on the real schema by a house test.

Format: `-- :name` or `-- :name -> RowClass` starts a statement; parameters are written `@name` and
become `$1…$n` in order of first appearance. `-- :part name` starts a piece that several statements of
the file have in common; it stands wherever one of them says `{{name}}`. Text comes only from these
files, so nobody can format user data in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

_HEADER = re.compile(r"^-- :(?:part (?P<part>\w+)|(?P<name>\w+)(?:\s*->\s*(?P<row>\w+))?)\s*$", re.MULTILINE)
_PART = re.compile(r"\{\{(\w+)\}\}")
_PARAM = re.compile(r"(?<![\w@<>])@([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Statement:
    """`text` with `$n`, the `params` in order, `row` the name of the row class if any."""

    name: str
    text: str
    params: tuple[str, ...]
    row: str | None


def _compile(name: str, row: str | None, body: str) -> Statement:
    order: list[str] = []

    def place(match: re.Match[str]) -> str:
        if match[1] not in order:
            order.append(match[1])
        return f"${order.index(match[1]) + 1}"

    text = _PARAM.sub(place, body.strip().rstrip(";"))
    return Statement(name, text, tuple(order), row)


def parse(source: str) -> dict[str, Statement]:
    """All statements of a file. Raises KeyError for a part that the file does not have."""
    marks = list(_HEADER.finditer(source))
    ends = [mark.start() for mark in marks[1:]] + [len(source)]
    bodies = [(mark, source[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)]
    parts = {mark["part"]: body for mark, body in bodies if mark["part"]}
    return {
        mark["name"]: _compile(mark["name"], mark["row"], _PART.sub(lambda asked: parts[asked[1]], body))
        for mark, body in bodies
        if mark["name"]
    }


@cache
def load(package: str, file: str = "queries.sql") -> dict[str, Statement]:
    """All statements of one file of a package. Raises FileNotFoundError when it has none."""
    return parse(resources.files(package).joinpath(file).read_text("utf-8"))
