"""Numbered SQL migrations, forward only.

`NNNN_pre_*.sql` runs before the new code is live, `NNNN_post_*.sql` after. A file whose first
line is `-- no-transaction` runs statement by statement outside a transaction (CREATE INDEX
CONCURRENTLY).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import asyncpg

from recado.db.pool import APP_ROLE, ENGINE_ROLE

_NAME = re.compile(r"^(\d{4})_(pre|post)_[a-z0-9_]+\.sql$")
_LOCK = 0x7265_6361_646F  # "recado"
_SCRAM_ITERATIONS_SINCE = 16
_ROUNDS_FOR_RANDOM = 1


class MigrationError(Exception):
    """A migration cannot be applied; the message says which and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    version: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def available(folder: Traversable | None = None) -> list[Migration]:
    """All files of a folder (the package's own) in order.

    Raises MigrationError for a bad name or a missing or repeated number.
    """
    folder = folder or resources.files("recado.db").joinpath("migrations")
    found: list[Migration] = []
    for entry in folder.iterdir():
        if not entry.name.endswith(".sql"):
            continue
        match = _NAME.match(entry.name)
        if match is None:
            raise MigrationError(f"{entry.name}: expected NNNN_pre_what.sql or NNNN_post_what.sql")
        found.append(Migration(version=int(match[1]), name=entry.name, text=entry.read_text("utf-8")))
    found.sort(key=lambda one: one.version)
    versions = [one.version for one in found]
    if versions != list(range(1, len(found) + 1)):
        raise MigrationError(f"migration numbers have a gap or repeat: {versions}")
    return found


async def _ensure_roles(connection: asyncpg.Connection) -> None:
    """The two group roles; they cannot log in and own nothing."""
    for role in (APP_ROLE, ENGINE_ROLE):
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
            try:
                await connection.execute(f"create role {role} nologin noinherit nobypassrls")
            except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
                # Roles belong to the server: another database's migration was faster.
                continue


async def ensure_runtime_role(
    connection: asyncpg.Connection, name: str, password: str, *, random: bool = False
) -> None:
    """Creates the login the product runs under, or gives it this password.

    It has no rights of its own and is a member of both groups. `random`: the password is a secret of at least
    128 random bits, which no dictionary holds.
    """
    if random and connection.get_server_version().major >= _SCRAM_ITERATIONS_SINCE:
        # Stretching protects what people choose. Of a random secret it protects nothing, and it costs the client
        # 20 ms of a core for every connection (4,096 rounds of HMAC in Python).
        await connection.execute(f"set scram_iterations = {_ROUNDS_FOR_RANDOM}")
    quoted = '"' + name.replace('"', '""') + '"'
    literal = "'" + password.replace("'", "''") + "'"
    rights = "noinherit nosuperuser nocreatedb nocreaterole nobypassrls"
    exists = await connection.fetchval("select 1 from pg_roles where rolname = $1", name)
    if not exists:
        try:
            await connection.execute(f"create role {quoted} login {rights} password {literal}")
        except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            exists = True
    if exists:
        # Only superusers may even mention the other attributes here; `checks` looks at them.
        await connection.execute(f"alter role {quoted} login noinherit password {literal}")
    await connection.execute(f"grant {APP_ROLE}, {ENGINE_ROLE} to {quoted}")


async def _applied(connection: asyncpg.Connection) -> dict[int, str]:
    await connection.execute(
        """create table if not exists schema_migration (
               version integer primary key, name text not null, digest text not null,
               applied_at timestamptz not null default now())"""
    )
    await connection.execute(f"grant select on schema_migration to {APP_ROLE}, {ENGINE_ROLE}")
    return {
        row["version"]: row["digest"]
        for row in await connection.fetch("select version, digest from schema_migration")
    }


async def _apply(connection: asyncpg.Connection, one: Migration) -> None:
    record = "insert into schema_migration (version, name, digest) values ($1, $2, $3)"
    if one.text.startswith("-- no-transaction"):
        for part in one.text.split(";\n"):
            if part.strip():
                await connection.execute(part)
        await connection.execute(record, one.version, one.name, one.digest)
        return
    async with connection.transaction():
        await connection.execute("set local lock_timeout = '5s'")
        await connection.execute(one.text)
        await connection.execute(record, one.version, one.name, one.digest)


async def migrate(
    dsn: str, *, upto: int | None = None, files: Sequence[Migration] | None = None
) -> list[str]:
    """Applies what is missing under an advisory lock and returns the names.

    Raises MigrationError when an applied file was changed afterwards, or when the database is newer
    than this program.
    """
    files = available() if files is None else files
    connection = await asyncpg.connect(dsn, timeout=30)
    try:
        # Asked again and again instead of waited for: a waiting statement would hold a snapshot, and an index
        # built concurrently by the one who has the lock would wait for that snapshot for ever.
        while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        await connection.execute("set statement_timeout = '15min'")
        await _ensure_roles(connection)
        applied = await _applied(connection)
        known = {one.version: one for one in files}
        if ahead := sorted(set(applied) - set(known)):
            raise MigrationError(f"the database has migrations this version does not know: {ahead}")
        done: list[str] = []
        for one in files:
            if one.version in applied:
                if applied[one.version] != one.digest:
                    raise MigrationError(f"{one.name} was changed after it was applied")
                continue
            if upto is not None and one.version > upto:
                break
            await _apply(connection, one)
            done.append(one.name)
        return done
    finally:
        await connection.close(timeout=5)
