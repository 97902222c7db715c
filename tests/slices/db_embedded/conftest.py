"""Real servers in directories of their own; nothing survives a test."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import recado.db.embedded
from recado.db.embedded import EmbeddedConfig, address, observe, start
from recado.db.embedded.config import Layout

ACTOR = Path(__file__).with_name("actor.py")
SOURCE = Path(recado.db.embedded.__file__).parents[3]
ENOUGH_S = 20.0


def roomy_memory() -> str | None:
    """Clusters have a thousand files: memory is ten times faster than a shared disk.

    What is killed here is processes, not the machine, so nothing is lost by it.
    """
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30:
        return str(memory)
    return None


def wait_until(condition: Callable[[], bool], timeout_s: float = ENOUGH_S) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    tick, deadline = threading.Event(), time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        tick.wait(0.002)


def kill_tree(pid: int) -> None:
    """kill -9 for a server and everything it started, as a power cut would."""
    try:
        top = psutil.Process(pid)
        doomed = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in doomed:
        with_number = process.pid
        try:
            os.kill(with_number, signal.SIGKILL)
        except ProcessLookupError:
            continue
    # A busy machine takes its time over dying; until then their locks say that the server lives.
    pause = threading.Event()
    deadline = time.monotonic() + 20
    while any(lives(process) for process in doomed):
        assert time.monotonic() < deadline, "killed processes do not die"
        pause.wait(0.01)


def lives(process: psutil.Process) -> bool:
    try:
        return process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return False


class Actor:
    """A recado process beside the test's own."""

    def __init__(self, data_dir: Path, *flags: str, prefix: list[str] | None = None) -> None:
        python = prefix or [sys.executable]
        self.process = subprocess.Popen(
            [*python, str(ACTOR), str(data_dir), *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(SOURCE), "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"ended with {self.process.wait()}"
        heard: dict[str, Any] = json.loads(line)
        return heard

    def tell(self, word: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.hear()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def until() -> Callable[..., None]:
    return wait_until


@pytest.fixture
def power_cut() -> Callable[[int], None]:
    return kill_tree


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory every user may enter (pytest's own are closed to others)."""
    # Resolved: on macOS the temporary directory is a link.
    top = Path(tempfile.mkdtemp(prefix="recado-test-", dir=roomy_memory())).resolve()
    top.chmod(0o755)
    yield top
    for conf in top.glob("**/recado.conf"):
        sweep(conf.parent)
    shutil.rmtree(top)


def sweep(data_dir: Path) -> None:
    """End the server a test left running and remove its socket directory."""
    told = observe.read_pid_file(data_dir / "postmaster.pid")
    if told is not None and observe.serves(told.pid, data_dir):
        kill_tree(told.pid)
    conf = (data_dir / "recado.conf").read_text()
    found = re.search(r"""^unix_socket_directories = '"(.*)"'$""", conf, re.MULTILINE)
    folder = Path(found.group(1)) if found else data_dir
    for left in folder.glob(".s.PGSQL.*"):
        left.unlink()
    address.drop_socket_dir(Layout.of(data_dir), folder)


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A stopped cluster to copy: most tests are not about the first start."""
    with tempfile.TemporaryDirectory(prefix="recado-test-", dir=roomy_memory()) as top:
        with start(EmbeddedConfig(data_dir=Path(top) / "pg")):
            pass
        yield Path(top)


@pytest.fixture
def config(place: Path, template: Path) -> EmbeddedConfig:
    """An existing cluster at `<place>/pg`."""
    shutil.copytree(template / "pg", place / "pg")
    shutil.copy2(template / "pg.password", place / "pg.password")
    return EmbeddedConfig(data_dir=place / "pg")


@pytest.fixture
def actor(place: Path) -> Iterator[Callable[..., Actor]]:
    """Makes further recado processes; they are gone before the directory goes."""
    made: list[Actor] = []

    def make(data_dir: Path, *flags: str, prefix: list[str] | None = None) -> Actor:
        made.append(Actor(data_dir, *flags, prefix=prefix))
        return made[-1]

    yield make
    for each in made:
        each.close()
