"""Start, adopt, leave, stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from recado.db.embedded import EmbeddedConfig, StartFailed, StillInUse, Stopped, observe, start

Make = Callable[..., Any]


async def ask(dsn: str, query: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def entries(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


async def test_first_start_makes_a_durable_utf8_cluster_reachable_both_ways(place: Path) -> None:
    with start(EmbeddedConfig(data_dir=place / "pg")) as running:
        assert not running.adopted
        expected = {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "data_checksums": "on",
            "server_encoding": "UTF8",
            "listen_addresses": "127.0.0.1",
            "TimeZone": "UTC",
            "jit": "off",
            "idle_in_transaction_session_timeout": "30s",
            "max_wal_size": "1GB",
        }
        for name, value in expected.items():
            assert await ask(running.dsn(), f"SHOW {name}") == value, name
        assert running.socket_dir is not None
        assert running.socket_dir.stat().st_mode & 0o777 == 0o700
        assert await ask(running.dsn(tcp=True), "SELECT inet_server_port()") == running.port
        assert await ask(running.dsn(), "SELECT inet_server_port()") is None
    assert (place / "pg.password").stat().st_mode & 0o777 == 0o600
    assert (place / "pg").stat().st_mode & 0o777 == 0o700


async def test_no_connection_without_the_password(place: Path) -> None:
    with start(EmbeddedConfig(data_dir=place / "pg")) as running:
        for tcp in (True, False):
            dsn = running.dsn(running.superuser, "wrong", tcp=tcp)
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(dsn)


async def test_warm_start_keeps_rows_port_and_password(place: Path, config: EmbeddedConfig) -> None:
    with start(config) as running:
        await ask(running.dsn(), "CREATE TABLE kept AS SELECT 7 AS n")
        port, password = running.port, running.password
    assert "pg.initdb" not in entries(place)
    with start(config) as running:
        assert (running.port, running.password) == (port, password)
        assert await ask(running.dsn(), "SELECT n FROM kept") == 7


async def test_the_second_process_adopts_and_the_last_one_stops(
    place: Path, config: EmbeddedConfig, actor: Make
) -> None:
    with start(config) as running:
        other = actor(place / "pg")
        heard = other.hear()
        assert heard["adopted"]
        assert (heard["pid"], heard["port"]) == (running.pid, running.port)
        assert running.stop() == StillInUse()
        assert await ask(heard["dsn"], "SELECT 1") == 1
        assert other.tell("stop") == {"departure": "Stopped", "mode": "fast"}
        assert not running.alive()
    assert not (place / "pg" / "postmaster.pid").exists()


def test_two_holds_in_one_process_count_twice(place: Path, config: EmbeddedConfig) -> None:
    first, second = start(config), start(config)
    assert second.adopted
    assert first.stop() == StillInUse()
    assert first.stop() == StillInUse(), "a second stop of the same hold does nothing"
    assert second.stop() == Stopped(mode="fast")
    assert first.stop() == Stopped(mode="gone")


def test_release_leaves_the_server_for_the_next_start(
    place: Path, config: EmbeddedConfig, actor: Make
) -> None:
    starter = actor(place / "pg")
    pid = starter.hear()["pid"]
    starter.tell("release")
    starter.close()
    running = start(config)
    assert (running.pid, running.adopted) == (pid, True)
    assert running.stop() == Stopped(mode="fast")


def test_forced_stop_does_not_wait_for_other_users(place: Path, config: EmbeddedConfig) -> None:
    first, second = start(config), start(config)
    assert first.stop(force=True) == Stopped(mode="fast")
    assert not second.alive()
    assert second.stop() == Stopped(mode="gone")


async def test_a_stop_that_waits_too_long_becomes_a_harder_one(place: Path, config: EmbeddedConfig) -> None:
    running = start(config)
    connection = await asyncpg.connect(running.dsn())
    assert running.stop("smart", timeout_s=0.1) == Stopped(mode="fast")
    connection.terminate()


def test_three_first_starts_at_once_make_one_server(place: Path, actor: Make) -> None:
    actors = [actor(place / "pg") for _ in range(3)]
    heard = [each.hear() for each in actors]
    assert len({(each["pid"], each["port"]) for each in heard}) == 1
    assert sorted(each["adopted"] for each in heard) == [False, True, True]
    departures = [each.tell("stop")["departure"] for each in actors]
    assert departures == ["StillInUse", "StillInUse", "Stopped"]


async def test_paths_with_spaces_quotes_and_great_length(place: Path) -> None:
    deep = place / "dados da clínica d'água" / ("x" * 90) / ("y" * 90) / "pg data"
    with start(EmbeddedConfig(data_dir=deep)) as running:
        assert running.socket_dir is not None
        assert await ask(running.dsn(), "SELECT 1") == 1
        assert await ask(running.dsn(tcp=True), "SHOW data_directory") == str(deep)
        with start(EmbeddedConfig(data_dir=deep)) as again:
            assert again.adopted


async def test_a_socket_directory_others_can_read_is_not_used(place: Path, config: EmbeddedConfig) -> None:
    """Its name in the shared temporary directory can be taken by anybody beforehand."""
    with start(config) as running:
        shared = running.socket_dir
    assert shared is not None
    shared.mkdir(mode=0o755)
    try:
        with start(config) as running:
            assert running.socket_dir == config.data_dir, "short enough for a socket"
            assert await ask(running.dsn(), "SELECT 1") == 1
    finally:
        shared.rmdir()


async def test_without_room_for_a_socket_there_is_tcp(place: Path, config: EmbeddedConfig) -> None:
    deep = place / ("x" * 90) / "pg"
    deep.parent.mkdir()
    config.data_dir.rename(deep)
    (place / "pg.password").rename(deep.with_name("pg.password"))
    with start(EmbeddedConfig(data_dir=deep)) as running:
        shared = running.socket_dir
    assert shared is not None
    shared.touch()
    try:
        with start(EmbeddedConfig(data_dir=deep)) as running:
            assert running.socket_dir is None
            assert await ask(running.dsn(), "SELECT inet_server_port()") == running.port
    finally:
        shared.unlink()


async def test_a_busy_remembered_port_is_replaced(place: Path, config: EmbeddedConfig) -> None:
    with start(config) as running:
        port = running.port
    with socket.create_server(("127.0.0.1", port)):
        with start(config) as running:
            assert running.port != port
            assert await ask(running.dsn(tcp=True), "SELECT 1") == 1
        with pytest.raises(StartFailed, match=f"Port {port} .*taken by another program"):
            start(EmbeddedConfig(data_dir=place / "pg", port=port))
    with start(EmbeddedConfig(data_dir=place / "pg", port=port)) as running:
        assert running.port == port


async def test_settings_of_the_caller_win_and_alter_system_wins_over_them(place: Path) -> None:
    config = EmbeddedConfig(data_dir=place / "pg", settings={"work_mem": "3MB", "recado.note": "d'água \\ 1"})
    with start(config) as running:
        assert await ask(running.dsn(), "SHOW work_mem") == "3MB"
        assert await ask(running.dsn(), "SHOW recado.note") == "d'água \\ 1"
        await ask(running.dsn(), "ALTER SYSTEM SET work_mem = '5MB'")
    with start(config) as running:
        assert await ask(running.dsn(), "SHOW work_mem") == "5MB"


def test_a_bad_setting_is_refused_with_the_words_of_the_server(place: Path) -> None:
    with pytest.raises(StartFailed, match="no_such_setting"):
        start(EmbeddedConfig(data_dir=place / "pg", settings={"no_such_setting": "1"}))
    with pytest.raises(ValueError, match="not a PostgreSQL setting"):
        start(EmbeddedConfig(data_dir=place / "pg", settings={"work_mem = '1MB'\nfsync": "off"}))


async def test_what_people_write_never_reaches_the_server_log(place: Path, config: EmbeddedConfig) -> None:
    phone = "+5520955500111"
    with start(config) as running:
        connection = await asyncpg.connect(running.dsn())
        await connection.execute("CREATE TABLE contact (phone text PRIMARY KEY)")
        await connection.execute("INSERT INTO contact VALUES ($1)", phone)
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute("INSERT INTO contact VALUES ($1)", phone)
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.execute(f"SELECT 'tel {phone}'::int")
        await connection.execute(f"DO $$ BEGIN RAISE WARNING '{phone}'; END $$")
        await connection.close()
    written = "".join(path.read_text() for path in (place / "pg" / "log").iterdir())
    assert "ready to accept connections" in written
    assert phone[1:] not in written


def test_a_server_ends_with_the_parent_that_asked_for_it(place: Path, actor: Make, until: Make) -> None:
    mortal = actor(place / "pg", "mortal")
    pid = mortal.hear()["pid"]
    mortal.kill()
    until(lambda: not observe.serves(pid, place / "pg"))
