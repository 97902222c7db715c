"""One PostgreSQL for a test run, one database for each worker process, emptied between tests.

The process that owns the run (the only one, or the one that hands work to xdist's workers) starts
the server, prepares a migrated template and stops it at the end; workers only clone the template.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

from recado.db.embedded import EmbeddedConfig, Running, start
from recado.db.migrate import ensure_runtime_role, migrate

T = TypeVar("T")

TEMPLATE = "recado_template"
RUNTIME_ROLE = "recado_runtime"
RUNTIME_PASSWORD = "only-for-tests"

# Tests kill processes, never the machine, so nothing is lost. What is about durability starts a
# server of its own.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Dsns(NamedTuple):
    """One database: for its owner (a superuser here) and for the login the product runs under."""

    owner: str
    runtime: str


def roomy_memory() -> str | None:
    """A cluster has a thousand files: memory is ten times faster than a shared disk."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30:
        return str(memory)
    return None


PLACE = re.compile(r"recado-tests-(\d+)-")


def make_place() -> Path:
    """A new directory for a cluster; whoever made it removes it.

    Started by root, PostgreSQL runs as another user, who cannot enter pytest's own directories.
    """
    parent = Path(roomy_memory() or tempfile.gettempdir()).resolve()
    _clear_up(parent)
    place = Path(tempfile.mkdtemp(prefix=f"recado-tests-{os.getpid()}-", dir=parent))
    place.chmod(0o755)
    return place


def _clear_up(parent: Path) -> None:
    """Removes what runs that were killed left in memory; their servers ended with them."""
    for old in parent.glob("recado-tests-*"):
        made_by = PLACE.match(old.name)
        if made_by and not psutil.pid_exists(int(made_by[1])):
            shutil.rmtree(old, ignore_errors=True)


def for_database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


def for_login(dsn: str, role: str, password: str) -> str:
    parts = urlsplit(dsn)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{place}"))


class Loop:
    """An event loop in a thread of its own: usable even while a test's own loop runs."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _prepare_template(owner: str) -> None:
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute(f"create database {TEMPLATE}")
        await migrate(for_database(owner, TEMPLATE))
        await ensure_runtime_role(connection, RUNTIME_ROLE, RUNTIME_PASSWORD, random=True)
    finally:
        await connection.close()


class Server:
    """The run's PostgreSQL. Stops with the process that started it, however that process ends."""

    def __init__(self) -> None:
        self.place = make_place()
        self._running: Running | None = None

    def __enter__(self) -> Self:
        config = EmbeddedConfig(data_dir=self.place / "pg", die_with_parent=True, settings=FAST)
        self._running = start(config)
        loop = Loop()
        try:
            loop.run(_prepare_template(self.dsn))
        finally:
            loop.close()
        return self

    def __exit__(self, *_: object) -> None:
        if self._running is not None:
            self._running.stop("immediate", force=True)
        shutil.rmtree(self.place, ignore_errors=True)

    @property
    def dsn(self) -> str:
        """The superuser's, of database `postgres`."""
        assert self._running is not None
        return self._running.dsn()


class Databases:
    """Makes and drops databases on the run's server."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._loop = Loop()

    def create(self, name: str, *, template: str | None = TEMPLATE) -> Dsns:
        """A new database: a copy of the migrated template, or an empty one (`template=None`)."""
        self._loop.run(self._execute(f"create database {name} template {template or 'template0'}"))
        return self.dsns(name)

    def drop(self, name: str) -> None:
        self._loop.run(self._execute(f"drop database if exists {name} with (force)"))

    def dsns(self, name: str) -> Dsns:
        owner = for_database(self._dsn, name)
        return Dsns(owner, for_login(owner, RUNTIME_ROLE, RUNTIME_PASSWORD))

    def close(self) -> None:
        self._loop.close()

    async def _execute(self, command: str) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(command)
        finally:
            await connection.close()
