"""One plausible row for any table, made from the catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

import asyncpg

COLUMNS = """
    select a.attname as name, format_type(a.atttypid, null) as type
    from pg_attribute a
    where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attnotnull
      and not a.atthasdef and a.attidentity = '' and a.attgenerated = ''
    order by a.attnum"""
CHECKS = """
    select a.attname as name, pg_get_constraintdef(k.oid) as rule
    from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
    where k.conrelid = $1::regclass and k.contype = 'c'"""

# Where a rule is a pattern: text that fits it.
FITTING = {"client_id": "clinica-{n}"}
PLAIN = {
    "uuid": "'00000000-0000-7000-8000-{n:012d}'",
    "text": "'texto {n}'",
    "bytea": "'\\x{n:08x}'",
    "jsonb": "'{{}}'",
    "boolean": "false",
    "text[]": "'{{}}'",
    "bigint[]": "'{{}}'",
    "timestamp with time zone": "'2026-11-23 12:00+00'",
    "date": "'2026-11-23'",
    "smallint": "1",
    "integer": "1",
    "bigint": "{n}",
    "double precision": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What an INSERT into a table needs at least."""

    table: str
    columns: tuple[str, ...]
    values: tuple[str, ...]

    def insert(self, tenant_id: UUID, n: int) -> str:
        """The statement for one row of a tenant; `n` tells rows of the same tenant apart."""
        values = [
            f"'{tenant_id}'" if column == "tenant_id" else value.format(n=n)
            for column, value in zip(self.columns, self.values, strict=True)
        ]
        return f"insert into {self.table} ({', '.join(self.columns)}) values ({', '.join(values)})"


def _value(column: asyncpg.Record, rule: str | None) -> str:
    if rule is not None and column["name"] in FITTING:
        return f"'{FITTING[column['name']]}'"
    allowed = re.search(r"ARRAY\['([^']+)'", rule or "")
    return f"'{allowed[1]}'" if allowed else PLAIN[column["type"]]


async def shape_of(connection: asyncpg.Connection, table: str) -> Shape:
    """Raises KeyError for a column type nobody gave an example of."""
    rules = {row["name"]: row["rule"] for row in await connection.fetch(CHECKS, table)}
    columns = await connection.fetch(COLUMNS, table)
    return Shape(
        table=table,
        columns=tuple(column["name"] for column in columns),
        values=tuple(_value(column, rules.get(column["name"])) for column in columns),
    )


async def tenant_tables(connection: asyncpg.Connection, *, for_role: str) -> list[str]:
    """Tables with a tenant_id on which the role has any right."""
    found = await connection.fetch(
        """select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
             and a.attname = 'tenant_id' and not a.attisdropped
             and has_any_column_privilege($1, c.oid, 'select, insert, update')
           order by c.relname""",
        for_role,
    )
    return [row["relname"] for row in found]
