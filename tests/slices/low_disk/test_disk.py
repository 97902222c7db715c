"""Levels of free space, and a reserve that really takes room."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recado.app.disk import MIB, Ballast, Level, Limits, Space, with_room
from recado.db.embedded import StartFailed


def test_levels() -> None:
    limits = Limits(warn=100, stop=10)
    found = [limits.level(free) for free in (1000, 100, 99, 10, 9, 0)]
    assert found == [Level.FINE, Level.FINE, Level.WARN, Level.WARN, Level.STOP, Level.STOP]


def test_space_is_looked_at_a_few_times_a_second(tmp_path: Path) -> None:
    clock = [0.0]
    free = shutil.disk_usage(tmp_path).free
    space = Space(tmp_path, Limits(warn=0, stop=0), lambda: clock[0])
    assert not space.full()
    assert abs(space.free - free) < 1024 * MIB
    space.limits = Limits(warn=free * 4, stop=free * 4)
    assert not space.full(), "the last look is still fresh"
    clock[0] += 1
    assert space.full()
    assert space.level() is Level.STOP


def test_the_ballast_really_takes_room(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path, 2 * MIB, 0)
    assert ballast.keep()
    found = (tmp_path / "ballast").stat()
    assert (found.st_size, found.st_blocks * 512 >= 2 * MIB) == (2 * MIB, True)
    assert ballast.keep(), "a second time changes nothing"
    assert list(tmp_path.iterdir()) == [tmp_path / "ballast"]


def test_no_ballast_where_it_would_be_the_trouble(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    assert not Ballast(tmp_path, 2 * MIB, free * 2).keep()
    assert not Ballast(tmp_path, 0, 0).keep()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_with_room_left_keeps_the_ballast(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path, MIB, 0)
    ballast.keep()
    tries = []

    def fail() -> None:
        tries.append(1)
        raise StartFailed("another trouble")

    with pytest.raises(StartFailed):
        with_room(fail, ballast)
    assert (len(tries), (tmp_path / "ballast").exists()) == (1, True)
