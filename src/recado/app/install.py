"""What an installation consists of on disk and in PostgreSQL, made ready before anything serves."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg

from recado.app.disk import ballast_of, with_room
from recado.app.epoch import Keeper
from recado.db import checks
from recado.db.embedded import EmbeddedConfig, Running, start
from recado.db.migrate import ensure_runtime_role, migrate
from recado.db.pool import Database
from recado.db.system import system
from recado.kit.clock import Clock, SystemClock
from recado.kit.crypto import KeyRing, new_ring_entry, parse_ring
from recado.settings import Settings

RUNTIME_ROLE = "recado_runtime"
DATABASE = "recado"
_RECOVERY_WITHIN_S = 600.0


class NotInstallable(Exception):
    """The installation cannot start; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    dsn: str = field(repr=False)
    ring: KeyRing = field(repr=False)
    hook_token: str = field(repr=False)
    running: Running | None

    def leave(self) -> None:
        """The last process to leave stops the embedded server."""
        if self.running is not None:
            self.running.stop()


def _keys_dir(settings: Settings) -> Path:
    path = settings.data_dir / "keys"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def keep_secret(path: Path, fresh: str) -> str:
    """The secret in the file; written once, atomically, readable by the owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("utf-8").strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(fresh + "\n")
        file.flush()
        os.fsync(file.fileno())
    return fresh


def key_ring(settings: Settings) -> KeyRing:
    """Master keys from the environment, else a file of this installation. Raises NotInstallable."""
    try:
        if settings.master_keys is not None:
            return parse_ring(settings.master_keys.get_secret_value())
        path = _keys_dir(settings) / "master.keys"
        return parse_ring(keep_secret(path, new_ring_entry("k1")))
    except ValueError as error:
        raise NotInstallable(f"master keys: {error}") from error


def hook_token(settings: Settings) -> str:
    if settings.hook_token is not None:
        return settings.hook_token.get_secret_value()
    return keep_secret(_keys_dir(settings) / "hook.token", secrets.token_urlsafe(32))


async def _until_writable(connection: asyncpg.Connection) -> None:
    """A server that recovers to a point in time answers before it takes writes. Raises NotInstallable."""
    try:
        async with asyncio.timeout(_RECOVERY_WITHIN_S):
            while await connection.fetchval("select pg_is_in_recovery()"):
                await connection.execute("select pg_sleep(0.1)")
    except TimeoutError as error:
        raise NotInstallable("PostgreSQL is still recovering, or is a standby: promote it first") from error


async def _create_database(dsn: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=30)
    try:
        await _until_writable(connection)
        found = await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE)
        if not found:
            try:
                await connection.execute(f"create database {DATABASE}")
            except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                return  # another process of ours was faster
    finally:
        await connection.close(timeout=5)


async def _prepare_embedded(settings: Settings) -> tuple[str, Running]:
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = EmbeddedConfig(data_dir=settings.data_dir / "postgres")
    ballast = ballast_of(settings)
    running = await asyncio.to_thread(with_room, partial(start, config), ballast)
    try:
        await _create_database(running.dsn())
        owner = running.dsn(database=DATABASE)
        await migrate(owner)
        password = keep_secret(_keys_dir(settings) / "runtime.password", secrets.token_urlsafe(24))
        connection = await asyncpg.connect(owner, timeout=30)
        try:
            await connection.execute("select pg_advisory_lock(77)")
            await ensure_runtime_role(connection, RUNTIME_ROLE, password, random=True)
        finally:
            await connection.close(timeout=5)
        ballast.keep()
    except BaseException:
        running.stop()
        raise
    return running.dsn(role=RUNTIME_ROLE, password=password, database=DATABASE), running


async def _note_epoch(settings: Settings, dsn: str) -> None:
    """Before anything can be sent: is this the database that was here last time?"""
    db = Database(dsn, app_size=0, engine_size=1)
    await db.open()
    try:
        await keeper(settings, SystemClock()).check(lambda: system(db))
    finally:
        await db.close()


def keeper(settings: Settings, clock: Clock) -> Keeper:
    return Keeper(
        settings.data_dir,
        embedded=settings.embedded,
        trust_failover=settings.synchronous_replicas,
        clock=clock,
    )


async def prepare(settings: Settings) -> Installation:
    """Starts or joins PostgreSQL, brings the embedded one up to date, and refuses to go on when a promise
    could not be kept (durability off, a role that bypasses row security). Raises NotInstallable."""
    ring = key_ring(settings)
    running: Running | None = None
    dsn = settings.database_url
    if dsn is None:
        dsn, running = await _prepare_embedded(settings)
    wrong = [finding for finding in await checks.inspect(dsn, embedded=settings.embedded) if not finding.ok]
    if wrong:
        if running is not None:
            running.stop()
        lines = "\n".join(f"  - {one.name}: {one.found}. {one.fix}" for one in wrong)
        raise NotInstallable(f"PostgreSQL is not fit for recado:\n{lines}")
    try:
        await _note_epoch(settings, dsn)
    except BaseException:
        if running is not None:
            running.stop()
        raise
    return Installation(dsn=dsn, ring=ring, hook_token=hook_token(settings), running=running)
