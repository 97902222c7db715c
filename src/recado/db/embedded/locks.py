"""File locks of the supervisor.

flock is used because the kernel drops it with the last descriptor: no `kill -9` leaves one behind,
and a child that inherits the descriptor keeps it.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

OnWait = Callable[[float], None]

STEP_S = 0.005


class Patience:
    """Paces a waiting loop and tells the caller about once a second how long it already took."""

    def __init__(self, on_wait: OnWait | None = None) -> None:
        self._on_wait = on_wait
        self._started = time.monotonic()
        self._told = 0.0
        self._never = threading.Event()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._started

    def pause(self) -> None:
        """Wait one short step."""
        elapsed = self.elapsed_s
        if self._on_wait is not None and elapsed - self._told >= 1.0:
            self._told = elapsed
            self._on_wait(elapsed)
        self._never.wait(STEP_S if elapsed < 1.0 else STEP_S * 4)


def open_lock(path: Path) -> int:
    """A descriptor of its own for the lock file; close it to give the lock back."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_exclusive(descriptor: int) -> bool:
    """Take the lock alone, or say that somebody else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def try_shared(descriptor: int) -> bool:
    """Take the lock with others, or say that somebody holds it alone."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_shared(descriptor: int) -> None:
    """Take the lock with others."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


@contextmanager
def held(path: Path, on_wait: OnWait | None = None) -> Iterator[None]:
    """Hold the lock alone, waiting for as long as its holder lives."""
    descriptor = open_lock(path)
    try:
        patience = Patience(on_wait)
        while not try_exclusive(descriptor):
            patience.pause()
        yield
    finally:
        os.close(descriptor)
