"""Bring the server up: adopt the one that lives, else start one and wait until it is ready.

Every function here runs while the caller holds the gate.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recado.db.embedded import address, binaries, cluster, conf, identity, locks, observe
from recado.db.embedded.config import EmbeddedConfig, Layout
from recado.db.embedded.errors import EmbeddedError, StartFailed
from recado.db.embedded.locks import OnWait, Patience

# After a kill -9 old processes or their entries may stay for a moment.
LEFTOVER_PATIENCE_S = 10.0
# An orphaned initdb or stopping server holds the lock without a readable process.
HIDDEN_PATIENCE_S = 30.0
LEFTOVERS = ("lock file", "pre-existing shared memory block")


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A server that takes connections. process: set when this process started it."""

    pid: int
    port: int
    socket_dir: Path | None
    process: subprocess.Popen[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Down:
    """Nobody runs the cluster. alive: the lock, ours now, for the server to inherit."""

    alive: int


def bring_up(config: EmbeddedConfig, layout: Layout, on_wait: OnWait | None) -> Up:
    """Adopt or start. Raises EmbeddedError."""
    patience = Patience(on_wait)
    found = _look(layout, patience)
    if isinstance(found, Up):
        return found
    try:
        return _start(config, layout, found.alive, patience)
    finally:
        os.close(found.alive)  # the server has its own copy


def serving(layout: Layout) -> Up | None:
    """The server that serves the cluster now, whoever started it."""
    found = _served(layout)
    return _up(found) if found is not None and found.ready and found.port is not None else None


def is_alive(layout: Layout, pid: int) -> bool:
    """Whether any process of the cluster still runs, by its process entry and by its lock."""
    if observe.serves(pid, layout.data_dir):
        return True
    descriptor = locks.open_lock(layout.alive)
    try:
        return not locks.try_shared(descriptor)
    finally:
        os.close(descriptor)


def _look(layout: Layout, patience: Patience) -> Up | Down:
    """Wait until the cluster is clearly served by a ready server, or clearly by nobody."""
    hidden_since: float | None = None
    while True:
        served = _served(layout)
        if served is not None and served.ready and served.port is not None:
            return _up(served)
        if served is not None:
            hidden_since = None
        else:
            alive = locks.open_lock(layout.alive)
            if locks.try_exclusive(alive):
                return Down(alive)
            os.close(alive)
            hidden_since = patience.elapsed_s if hidden_since is None else hidden_since
            if patience.elapsed_s - hidden_since > HIDDEN_PATIENCE_S:
                raise EmbeddedError(
                    f"The database in {layout.data_dir} is in use by a server that cannot be seen "
                    "from here, probably in another container. An embedded database serves one "
                    "machine or container; set RECADO_DATABASE_URL to share one between several."
                )
        patience.pause()


def _served(layout: Layout) -> observe.PidFile | None:
    told = observe.read_pid_file(layout.pid_file)
    if told is None or not observe.serves(told.pid, layout.data_dir):
        return None
    return told


def _up(told: observe.PidFile, process: subprocess.Popen[bytes] | None = None) -> Up:
    assert told.port is not None  # written before the server says it is ready
    folder = told.socket_dir
    if folder is not None and not address.socket_path(folder, told.port).exists():
        folder = None  # started where /tmp is another one (systemd PrivateTmp)
    return Up(pid=told.pid, port=told.port, socket_dir=folder, process=process)


def _start(config: EmbeddedConfig, layout: Layout, alive: int, patience: Patience) -> Up:
    programs = binaries.find(config.bin_dir, cluster.data_major(layout))
    who = identity.choose(programs.program("postgres"), layout.data_dir)
    if cluster.data_major(layout) is None:
        cluster.create(layout, programs, who, alive)
    _forget_dead(layout)
    began_s = patience.elapsed_s
    for port in _ports(config, layout):
        socket_dir = address.prepare_socket_dir(layout, who)
        cluster.configure(layout, config, who, port, socket_dir)
        while True:
            stale = observe.read_pid_file(layout.pid_file)
            process = _spawn(config, layout, programs, who, alive)
            told = _wait_ready(process, layout, stale, patience)
            if told is not None:
                return _up(told, process)
            output = _start_log(layout)
            leftover = any(word in output for word in LEFTOVERS)
            if not leftover or patience.elapsed_s - began_s > LEFTOVER_PATIENCE_S:
                break
            patience.pause()
        address.drop_socket_dir(layout, socket_dir)
        if address.port_is_free(port):
            break
    raise _failure(config, layout, process.returncode)


def _ports(config: EmbeddedConfig, layout: Layout) -> Iterator[int]:
    """The one that was asked for; else the last one, then a few free ones."""
    if config.port is not None:
        yield config.port
        return
    last = conf.remembered_port(layout.conf)
    if last is not None and address.port_is_free(last):
        yield last
    for _ in range(5):
        yield address.free_port()


def _forget_dead(layout: Layout) -> None:
    """Remove a postmaster.pid whose process number now belongs to a zombie or to a stranger.

    PostgreSQL would refuse to start for as long as the number exists, which in a container
    without an init process may be for ever. Safe because we hold the lock that every server of
    this cluster inherits. When the number is free PostgreSQL itself does the right thing.
    """
    told = observe.read_pid_file(layout.pid_file)
    if told is not None and observe.exists(told.pid):
        layout.pid_file.unlink()


def _spawn(
    config: EmbeddedConfig,
    layout: Layout,
    programs: binaries.Binaries,
    who: identity.Identity,
    alive: int,
) -> subprocess.Popen[bytes]:
    command = who.command(
        programs.program("postgres"),
        "-D",
        str(layout.data_dir),
        with_parent=signal.SIGINT if config.die_with_parent else None,
    )
    with layout.start_log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - built from our own parts
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=identity.ENVIRONMENT,
            pass_fds=(alive,),
            start_new_session=True,  # Ctrl-C in the terminal is for recado, which then stops it
        )


def _wait_ready(
    process: subprocess.Popen[bytes],
    layout: Layout,
    stale: observe.PidFile | None,
    patience: Patience,
) -> observe.PidFile | None:
    """None when the server ended. Crash recovery takes what it takes.

    A file left by a killed server also says "ready". Its number tells them apart, except where
    numbers repeat (the first processes of a restarted container), so it must also have changed.
    """
    try:
        while process.poll() is None:
            told = observe.read_pid_file(layout.pid_file)
            if told is not None and told != stale and told.pid == process.pid and told.ready:
                return told
            patience.pause()
    except BaseException:
        process.send_signal(signal.SIGINT)
        raise
    return None


def _start_log(layout: Layout) -> str:
    return layout.start_log.read_text(encoding="utf-8", errors="replace")


def _failure(config: EmbeddedConfig, layout: Layout, code: int) -> EmbeddedError:
    if config.port is not None and not address.port_is_free(config.port):
        return StartFailed(
            f"Port {config.port} on {address.LOOPBACK} is taken by another program. Choose another "
            "port, or none and recado finds one."
        )
    tail = _start_log(layout)
    with contextlib.suppress(OSError, ValueError):
        newest = max((layout.data_dir / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        tail += newest.read_text(encoding="utf-8", errors="replace")[-cluster.LOG_TAIL_CHARS :]
    return StartFailed(
        f"PostgreSQL ended with code {code} while starting in {layout.data_dir}:\n"
        f"{tail[-cluster.LOG_TAIL_CHARS :]}"
    )
