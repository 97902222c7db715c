"""Every named SQL statement fits the migrated schema, its row class and somebody's rights."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.support.cluster import Dsns
from tests.support.repository import SOURCE, spoken

from recado.db.pool import APP_ROLE, ENGINE_ROLE
from recado.db.sql import Statement, parse

FILES = sorted(path for path in (SOURCE / "recado").rglob("*.sql") if path.parent.name != "migrations")
HEADER = re.compile(r"^--\s*:(?!part )", re.MULTILINE)
PART = re.compile(r"^-- :part (\w+)$", re.MULTILINE)


def statements(path: Path) -> list[Statement]:
    return list(parse(path.read_text(encoding="utf-8")).values())


def package_of(path: Path) -> str:
    return ".".join(path.parent.relative_to(SOURCE).parts)


def modules_of(package: str) -> Iterator[object]:
    top = importlib.import_module(package)
    yield top
    for found in pkgutil.walk_packages(top.__path__, package + "."):
        yield importlib.import_module(found.name)


def row_class(package: str, name: str) -> type | None:
    """The class of that name in the slice's own modules."""
    for module in modules_of(package):
        found = vars(module).get(name)
        if isinstance(found, type):
            return found
    return None


def fields_of(row: type) -> set[str]:
    if dataclasses.is_dataclass(row):
        return {field.name for field in dataclasses.fields(row) if field.init}
    return set(getattr(row, "__struct_fields__", None) or row._fields)


@pytest.fixture
async def connection(database: Dsns) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database.owner)
    yield opened
    await opened.close()


@pytest.mark.parametrize("path", FILES, ids=spoken)
async def test_statements_fit_schema_and_row_class(connection: asyncpg.Connection, path: Path) -> None:
    wrong: list[str] = []
    for statement in statements(path):
        try:
            prepared = await connection.prepare(statement.text)
        except asyncpg.PostgresError as error:
            wrong.append(f"{statement.name}: {error}")
            continue
        columns = [attribute.name for attribute in prepared.get_attributes()]
        wrong += row_differences(package_of(path), statement, columns)
    assert wrong == []


def row_differences(package: str, statement: Statement, columns: list[str]) -> list[str]:
    if statement.row is None:
        return []
    row = row_class(package, statement.row)
    if row is None:
        return [f"{statement.name}: no class {statement.row} in {package}"]
    if sorted(columns) != sorted(fields_of(row)):
        return [f"{statement.name}: columns {columns}, but {statement.row} has {fields_of(row)}"]
    return []


@pytest.mark.parametrize("path", FILES, ids=spoken)
async def test_somebody_may_run_each_statement(connection: asyncpg.Connection, path: Path) -> None:
    """EXPLAIN checks rights as execution does, without executing."""
    refused: dict[str, list[str]] = {}
    for statement in statements(path):
        reasons = []
        for role in (APP_ROLE, ENGINE_ROLE):
            transaction = connection.transaction()
            await transaction.start()
            try:
                await connection.execute(f"set local role {role}")
                await connection.execute(f"explain (generic_plan) {statement.text}")
            except asyncpg.InsufficientPrivilegeError as error:
                reasons.append(f"{role}: {error}")
            finally:
                await transaction.rollback()
        if len(reasons) == 2:
            refused[statement.name] = reasons
    assert refused == {}


@pytest.mark.parametrize("path", FILES, ids=spoken)
def test_names_are_unique_and_used(path: Path) -> None:
    names = [one.name for one in statements(path)]
    text = path.read_text(encoding="utf-8")
    headers = HEADER.findall(text)
    assert len(names) == len(headers), "a header is repeated or misspelled"
    code = "".join(module.read_text("utf-8") for module in path.parent.rglob("*.py"))
    unused = [name for name in names if f'"{name}"' not in code]
    assert unused == []
    parts = PART.findall(text)
    assert len(set(parts)) == len(parts)
    assert [part for part in parts if text.count("{{" + part + "}}") < 2] == [], "not shared by anybody"
