"""Room on the disk of the embedded database: a reserve, and a stop long before the end.

A PostgreSQL that cannot write its log stops and cannot start again before there is room. So nothing is
accepted or sent below a limit, and a file kept for this day is given up when the server has died anyway.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TypeVar

import structlog

from recado.db.embedded import EmbeddedError
from recado.settings import Settings

_log = structlog.get_logger("recado.disk")
MIB = 1024 * 1024
FILE = "ballast"
# With more than this free a server that does not start has another trouble.
_ENOUGH_TO_START = 64 * MIB
_FRESH_S = 0.25
Done = TypeVar("Done")


class Level(IntEnum):
    FINE = 0
    WARN = 1
    STOP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes of free space."""

    warn: int
    stop: int

    def level(self, free: int) -> Level:
        if free < self.stop:
            return Level.STOP
        return Level.WARN if free < self.warn else Level.FINE


def free_under(folder: Path) -> int:
    """Free bytes where the folder is or would be made: with a database of one's own it may not exist yet."""
    while True:
        try:
            return shutil.disk_usage(folder).free
        except FileNotFoundError:
            if folder == folder.parent:
                raise
            folder = folder.parent


class Space:
    """Looks at the disk at most a few times a second; cheap enough to ask before every request."""

    def __init__(self, folder: Path, limits: Limits, timer: Callable[[], float]) -> None:
        self._folder = folder
        self.limits = limits
        self._timer = timer
        self._looked_at = float("-inf")
        self._free = 0
        self._level = Level.FINE

    @property
    def free(self) -> int:
        self.level()
        return self._free

    def level(self) -> Level:
        """The present level; a change of it is logged."""
        now = self._timer()
        if now - self._looked_at >= _FRESH_S:
            self._looked_at = now
            self._free = free_under(self._folder)
            level = self.limits.level(self._free)
            if level is not self._level:
                write = _log.error if level is Level.STOP else _log.warning
                write("disk.level", level=level.name.lower(), free_mib=self._free // MIB)
            self._level = level
        return self._level

    def full(self) -> bool:
        """Whether to refuse what would have to be stored."""
        return self.level() is Level.STOP


def space_of(settings: Settings, timer: Callable[[], float]) -> Space:
    limits = Limits(warn=settings.disk_warn_mb * MIB, stop=settings.disk_stop_mb * MIB)
    return Space(settings.data_dir, limits, timer)


class Ballast:
    """A file that holds nothing but room."""

    def __init__(self, folder: Path, size: int, spare: int) -> None:
        """`spare` bytes must stay free beside it when it is made."""
        self._path = folder / FILE
        self._size = size
        self._spare = spare

    def keep(self) -> bool:
        """Makes the file when it is missing and there is room for it. True when it is there."""
        if self._size == 0:
            return False
        if self._path.exists():
            return True
        if self._free() < self._size + self._spare:
            return False
        fresh = self._path.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                _allocate(file.fileno(), self._size)
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            _log.warning("ballast.not_made", error=type(error).__name__)
            return False
        return True

    def drop(self) -> bool:
        """Gives the room back when there is hardly any left. True when that freed some."""
        if self._free() >= _ENOUGH_TO_START or not self._path.exists():
            return False
        self._path.unlink()
        _log.error("ballast.dropped", freed_mib=self._size // MIB)
        return True

    def _free(self) -> int:
        return shutil.disk_usage(self._path.parent).free


def ballast_of(settings: Settings) -> Ballast:
    # Making it must not itself be what stops the doors.
    return Ballast(settings.data_dir, settings.ballast_mb * MIB, settings.disk_warn_mb * MIB)


def _allocate(descriptor: int, size: int) -> None:
    """Really takes the blocks; a sparse file would free nothing."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    left = size
    while left > 0:
        left -= os.write(descriptor, bytes(min(left, MIB)))


def with_room(action: Callable[[], Done], ballast: Ballast) -> Done:
    """Does it; when it fails for want of room, gives up the ballast and does it once more."""
    try:
        return action()
    except (EmbeddedError, OSError):
        if not ballast.drop():
            raise
        return action()
