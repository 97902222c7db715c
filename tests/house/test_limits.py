"""Sizes and names that keep the house readable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.repository import python_files, spoken, tracked_files

FOLDERS = ("src", "tests", "bench", "scripts")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
# Names that say nothing about what is inside.
EMPTY_NAME = re.compile(r"utils?|[h]elpers?|common|managers?|misc|stuff|base")
WRITTEN_BY_HAND = {".py", ".sql", ".js", ".css", ".html", ".sh"}


def long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{spoken(path)}:{node.lineno} {node.name} has {lines} lines"


def is_empty(path: Path) -> bool:
    """Whether the module or its folder has a name that says nothing."""
    return any(EMPTY_NAME.fullmatch(name) for name in (path.stem, path.parent.name))


def test_files_are_short() -> None:
    long = {
        spoken(path): count
        for path in tracked_files()
        if path.suffix in WRITTEN_BY_HAND and "migrations" not in path.parts
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_FILE_LINES
    }
    assert long == {}


def test_functions_are_short() -> None:
    found = [line for path in python_files(*FOLDERS) for line in long_functions(path)]
    assert found == []


def test_modules_are_named_for_what_they_hold() -> None:
    empty = [spoken(path) for path in python_files(*FOLDERS) if is_empty(path)]
    assert empty == []


def test_folders_of_the_package_are_packages() -> None:
    """Without __init__.py a folder escapes the import contracts."""
    bare = {
        spoken(path.parent)
        for path in python_files("src")
        if not (path.parent / "__init__.py").exists() and path.parent.name != "src"
    }
    assert bare == set()
