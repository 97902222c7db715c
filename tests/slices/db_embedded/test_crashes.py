"""kill -9 at every place that matters."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from recado.db.embedded import EmbeddedConfig, EmbeddedError, Stopped, boot, locks, observe, start
from recado.db.embedded.config import Layout

pytestmark = pytest.mark.crash

Make = Callable[..., Any]
PowerCut = Callable[[int], None]


def test_a_server_orphaned_by_kill_9_is_adopted_and_stopped_by_the_next_start(
    place: Path, config: EmbeddedConfig, actor: Make
) -> None:
    starter = actor(place / "pg")
    pid = starter.hear()["pid"]
    starter.kill()
    assert observe.serves(pid, place / "pg"), "the orphan runs on until somebody adopts it"
    running = start(config)
    assert (running.pid, running.adopted) == (pid, True)
    assert running.stop() == Stopped(mode="fast")
    assert not observe.serves(pid, place / "pg")


def test_a_killed_user_does_not_count_as_a_user(place: Path, config: EmbeddedConfig, actor: Make) -> None:
    running = start(config)
    other = actor(place / "pg")
    assert other.hear()["adopted"]
    other.kill()
    assert running.stop() == Stopped(mode="fast")


async def insert_until_cut(dsn: str, acknowledged: list[int], busy: asyncio.Event) -> None:
    connection = await asyncpg.connect(dsn)
    # asyncpg 0.32 may notice the lost connection only as an internal error.
    lost = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
    with contextlib.suppress(*lost):
        while True:
            n = len(acknowledged)
            await connection.execute("INSERT INTO told VALUES ($1)", n)
            acknowledged.append(n)
            if n == 200:
                busy.set()
    connection.terminate()


async def test_no_acknowledged_row_is_lost_when_every_server_process_is_killed(
    place: Path, config: EmbeddedConfig, power_cut: PowerCut
) -> None:
    running = start(config)
    connection = await asyncpg.connect(running.dsn())
    await connection.execute("CREATE TABLE told (n int PRIMARY KEY)")
    await connection.close()
    acknowledged: list[int] = []
    busy = asyncio.Event()
    writing = asyncio.create_task(insert_until_cut(running.dsn(), acknowledged, busy))
    await busy.wait()
    pid, port = running.pid, running.port
    power_cut(pid)
    await writing
    assert running.ensure()
    assert running.port == port, "addresses stay valid"
    assert running.pid != pid
    assert not running.ensure(), "nothing to do while it lives"
    connection = await asyncpg.connect(running.dsn())
    stored = {row["n"] for row in await connection.fetch("SELECT n FROM told")}
    await connection.close()
    assert set(acknowledged) <= stored
    assert len(stored) - len(acknowledged) <= 1, "at most the one in flight"
    assert running.stop() == Stopped(mode="fast")


def test_start_after_a_power_cut_seen_by_another_process(
    place: Path, config: EmbeddedConfig, actor: Make, power_cut: PowerCut
) -> None:
    """The dead postmaster stays a zombie: its parent lives and has not asked for it yet."""
    starter = actor(place / "pg")
    pid = starter.hear()["pid"]
    power_cut(pid)
    with start(config) as running:
        assert observe.exists(pid), "the trap this test is about"
        assert not running.adopted


def test_a_pid_file_naming_a_stranger_is_not_believed(place: Path, config: EmbeddedConfig) -> None:
    with start(config) as running:
        told = (place / "pg" / "postmaster.pid").read_text()
        pid = running.pid
    stale = told.replace(str(pid), str(os.getpid()), 1)
    (place / "pg" / "postmaster.pid").write_text(stale)
    with start(config) as running:
        assert not running.adopted
        assert running.alive()


def test_a_hard_kill_during_initdb_starts_over(place: Path, actor: Make, until: Make) -> None:
    layout = Layout.of(place / "pg")
    victim = actor(place / "pg")
    until(lambda: (layout.staging / "PG_VERSION").exists())
    victim.kill()
    assert not layout.data_dir.exists(), "an unfinished cluster is never in place"
    with start(EmbeddedConfig(data_dir=place / "pg")) as running:
        assert not running.adopted
        assert not layout.staging.exists()


def test_a_half_made_cluster_from_an_earlier_day_is_replaced(place: Path) -> None:
    layout = Layout.of(place / "pg")
    layout.password.write_text("from the interrupted try")
    (layout.staging / "base").mkdir(parents=True)
    (layout.staging / "PG_VERSION").write_text("18\n")
    with start(EmbeddedConfig(data_dir=place / "pg")) as running:
        assert running.password != "from the interrupted try"


def test_a_long_wait_is_reported_to_the_caller(
    place: Path,
    config: EmbeddedConfig,
) -> None:
    """Somebody else holds the gate for longer than a second: the caller is kept informed."""
    layout = Layout.of(place / "pg")
    gate = locks.open_lock(layout.gate)
    assert locks.try_exclusive(gate)
    heard: list[float] = []

    def on_wait(seconds: float) -> None:
        heard.append(seconds)
        os.close(gate)

    with start(config, on_wait=on_wait):
        assert heard
        assert heard[0] >= 1.0


def test_a_server_in_another_container_is_never_started_twice(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock is visible through a shared volume, its process is not."""
    monkeypatch.setattr(boot, "HIDDEN_PATIENCE_S", 0.1)
    alive = locks.open_lock(Layout.of(place / "pg").alive)
    assert locks.try_exclusive(alive)
    with pytest.raises(EmbeddedError, match="another container"):
        start(EmbeddedConfig(data_dir=place / "pg"))
    os.close(alive)
