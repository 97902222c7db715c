"""Fixtures of every test: a real database, a clock that stands still, guards. See tests/support."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

# Test folders are not packages; `tests.support` is found from the repository's top.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.cluster import Databases, Dsns, Server
from tests.support.emptying import Emptier
from tests.support.guards import end_children, stay_on_this_machine
from tests.support.repository import SHARED
from tests.support.waiting import eventually as wait_eventually
from tests.support.waiting import free_port as pick_free_port

from recado.db.pool import Database
from recado.kit.clock import ManualClock

EPOCH = datetime(2026, 11, 23, 12, tzinfo=UTC)
RUN = pytest.StashKey[Server]()


def _hands_work_out(config: pytest.Config) -> bool:
    return config.pluginmanager.hasplugin("dsession")


def pytest_configure(config: pytest.Config) -> None:
    stay_on_this_machine()


def pytest_sessionstart(session: pytest.Session) -> None:
    """With xdist the server must outlive each worker, so it belongs to the process above them."""
    if _hands_work_out(session.config) and not session.config.option.collectonly:
        session.config.stash[RUN] = Server().__enter__()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    if (server := node.config.stash.get(RUN, None)) is not None:
        node.workerinput["recado_dsn"] = server.dsn


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(RUN, None)
    if server is not None:
        server.__exit__()


@pytest.fixture(scope="session", autouse=True)
def _nothing_left_running() -> Iterator[None]:
    yield
    left = end_children()
    assert not left, f"tests left processes behind (killed now): {left}"


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Tells parallel workers apart in names on the shared server; also works without xdist."""
    name: str = getattr(request.config, "workerinput", {}).get("workerid", "alone")
    return name


@pytest.fixture(scope="session")
def server_dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    """The superuser's URL of this run's PostgreSQL (not durable: see `support.cluster.FAST`)."""
    given = getattr(request.config, "workerinput", {}).get("recado_dsn")
    if given is not None:
        yield given
        return
    with Server() as server:
        yield server.dsn


@pytest.fixture(scope="session")
def databases(server_dsn: str) -> Iterator[Databases]:
    made = Databases(server_dsn)
    yield made
    made.close()


@pytest.fixture(scope="session")
def _worker_database(databases: Databases, worker_id: str) -> Iterator[tuple[Dsns, Emptier]]:
    name = f"test_{worker_id}"
    databases.drop(name)
    dsns = databases.create(name)
    emptier = Emptier(dsns.owner)
    yield dsns, emptier
    emptier.close()
    databases.drop(name)


@pytest.fixture
def database(_worker_database: tuple[Dsns, Emptier]) -> Iterator[Dsns]:
    """A migrated, empty database: `.owner` (superuser) and `.runtime` URLs. Emptied afterwards."""
    dsns, emptier = _worker_database
    yield dsns
    emptier.empty()


@pytest.fixture
async def db(database: Dsns) -> AsyncIterator[Database]:
    """The product's pools on that database, under the runtime login."""
    opened = Database(database.runtime, app_size=4, engine_size=4)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def make_database(databases: Databases, worker_id: str) -> Iterator[Callable[..., Dsns]]:
    """`make_database(migrated=False)`: a database of one's own, dropped after the test."""
    names: list[str] = []
    numbers = itertools.count()

    def make(*, migrated: bool = True) -> Dsns:
        names.append(f"own_{worker_id}_{next(numbers)}")
        if migrated:
            return databases.create(names[-1])
        return databases.create(names[-1], template=None)

    yield make
    for name in names:
        databases.drop(name)


@pytest.fixture
def clock() -> ManualClock:
    """Monday 2026-11-23 12:00 UTC (9:00 in São Paulo), until `advance`."""
    return ManualClock(EPOCH)


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """`await eventually(condition, within_s=10)`: see tests/support/waiting.py."""
    return wait_eventually


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Each call gives another free port of 127.0.0.1."""
    return pick_free_port


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's browser for `executable_path`; the same names as scripts/system_packages.sh."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    pytest.skip("chromium is missing: browser tests skip (`make test` installs it where it may)")


@pytest.fixture(scope="session")
def shared_corpus() -> Path:
    """The sample payloads beside the repository. Rules tested with them have own fixtures too."""
    corpus = SHARED / "corpus"
    if not corpus.is_dir():
        pytest.skip("the shared sample payloads (../shared/corpus) are not on this machine")
    return corpus
