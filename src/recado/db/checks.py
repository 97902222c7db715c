"""What must be true of server and login before anything is sent.

Used at boot and by `recado doctor`.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from recado.db.migrate import available
from recado.db.pool import APP_ROLE, ENGINE_ROLE

MIN_VERSION = 150000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One checked fact. `fix` says what to do and is empty when `ok`."""

    name: str
    ok: bool
    found: str
    fix: str = ""


def _finding(name: str, ok: bool, found: object, fix: str) -> Finding:
    return Finding(name=name, ok=ok, found=str(found), fix="" if ok else fix)


async def _durability(connection: asyncpg.Connection, embedded: bool) -> list[Finding]:
    findings = []
    names = ["fsync", "full_page_writes", "synchronous_commit"]
    if embedded:
        names.append("data_checksums")
    for name in names:
        value = await connection.fetchval("select current_setting($1)", name)
        ok = value not in {"off", "local"} if name == "synchronous_commit" else value == "on"
        fix = f"set {name} = on in PostgreSQL: without it an acknowledged message can be lost"
        findings.append(_finding(name, ok, value, fix))
    return findings


async def _role(connection: asyncpg.Connection) -> list[Finding]:
    row = await connection.fetchrow(
        """select rolname, rolsuper, rolbypassrls,
                  pg_has_role(oid, $1, 'member') and pg_has_role(oid, $2, 'member') as member,
                  exists (
                      select from pg_class c
                      where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p')
                        and c.relowner = r.oid) as owner
           from pg_roles r where rolname = current_user""",
        APP_ROLE,
        ENGINE_ROLE,
    )
    assert row is not None  # we are logged in as somebody
    fix = (
        "run `recado migrate --url <owner url> --runtime-role recado_runtime` and put the URL it "
        "prints in RECADO_DATABASE_URL"
    )
    return [
        _finding("role is not superuser", not row["rolsuper"], row["rolname"], fix),
        _finding("role does not bypass row security", not row["rolbypassrls"], row["rolname"], fix),
        _finding("role owns no table", not row["owner"], row["rolname"], fix),
        _finding("role may act for tenants and engine", row["member"], row["rolname"], fix),
    ]


async def _schema(connection: asyncpg.Connection) -> list[Finding]:
    latest = available()[-1].version
    exists = await connection.fetchval("select to_regclass('public.schema_migration') is not null")
    version, strange = await _version(connection, latest) if exists else (None, None)
    bare = await connection.fetch(
        """select c.relname from pg_class c
           where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p')
             and c.relname <> 'schema_migration'
             and not (c.relrowsecurity and c.relforcerowsecurity)"""
    )
    names = ", ".join(sorted(row["relname"] for row in bare))
    return [
        _finding(
            "schema version",
            version is not None and version >= latest and strange is None,
            "none" if version is None else strange or version,
            f"run `recado migrate` (needs {latest})"
            if strange is None
            else f"start the version that brought {strange}: this one is older than the database",
        ),
        _finding(
            "row security forced on every table",
            not bare,
            names or "all",
            f"force row security on {names}",
        ),
    ]


async def _version(connection: asyncpg.Connection, latest: int) -> tuple[int | None, str | None]:
    """The last applied migration, None when this login may not know; and the first `post` one that this version
    does not know: `pre` ones only add, so older code may go on beside newer code while it is replaced."""
    if not await connection.fetchval("select pg_has_role(current_user, $1, 'member')", APP_ROLE):
        return None, None
    async with connection.transaction():
        # The runtime login inherits nothing: it must ask as one of its groups.
        await connection.execute(f"set local role {APP_ROLE}")
        version = await connection.fetchval("select max(version) from schema_migration")
        strange = await connection.fetchval(
            """select min(name) from schema_migration
               where version > $1 and name like '____!_post!_%' escape '!'""",
            latest,
        )
        return version, strange


async def inspect(dsn: str, *, embedded: bool) -> list[Finding]:
    """All findings about server, login and schema.

    Raises OSError or the driver's errors when the server cannot be reached.
    """
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        number = int(await connection.fetchval("select current_setting('server_version_num')"))
        findings = [
            _finding(
                "PostgreSQL version",
                number >= MIN_VERSION,
                number // 10000,
                "use PostgreSQL 15 or newer",
            )
        ]
        findings += await _durability(connection, embedded)
        findings += (
            await _role(connection)
            if await _roles_exist(connection)
            else [_finding("roles exist", False, "no", "run `recado migrate`")]
        )
        findings += await _schema(connection)
        return findings
    finally:
        await connection.close(timeout=5)


async def _roles_exist(connection: asyncpg.Connection) -> bool:
    count = await connection.fetchval(
        "select count(*) from pg_roles where rolname = any($1::text[])", [APP_ROLE, ENGINE_ROLE]
    )
    return bool(count == 2)
