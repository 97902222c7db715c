"""When a database is taken for an old copy, for somebody else's, or for itself. Pure."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from recado.app.epoch import Cloned, Facts, Known, Mark, Place, Restored, judge, read_mark, write_mark


def facts(**more: Any) -> Facts:
    values: dict[str, Any] = {
        "epoch": 7,
        "fingerprint": "here",
        "known_timeline": 1,
        "forced": None,
        "forced_at": None,
        "forced_why": None,
        "database": "recado",
        "timeline": 1,
        "used": True,
    }
    return Facts(**(values | more))


def mark(epoch: int = 7, timeline: int = 1) -> Mark:
    return Mark(epoch=epoch, timeline=timeline, system_identifier="1")


def place(*, embedded: bool = True, trust: bool = False, fingerprint: str | None = "here") -> Place:
    return Place(fingerprint=fingerprint, embedded=embedded, trust_failover=trust)


CASES: dict[str, tuple[Mark | None, Facts, Place, type]] = {
    "as it was": (mark(), facts(), place(), Known),
    "ahead of a file that could not be written": (mark(3), facts(), place(), Known),
    "the very first start": (None, facts(epoch=0, fingerprint=None, used=False), place(), Known),
    "a first start of this version": (None, facts(epoch=0, fingerprint=None), place(), Known),
    "a new database beside an old file": (
        mark(),
        facts(epoch=0, fingerprint=None, used=False),
        place(),
        Known,
    ),
    "a copy from before this version": (mark(), facts(epoch=0, fingerprint=None), place(), Restored),
    "an old copy": (mark(8), facts(), place(), Restored),
    "an embedded database from elsewhere": (None, facts(), place(), Restored),
    "a second machine": (None, facts(), place(embedded=False), Known),
    "a copy in another place": (mark(), facts(), place(fingerprint="there"), Cloned),
    "an old copy in another place": (mark(9), facts(), place(fingerprint="there"), Cloned),
    "a server that does not tell who it is": (mark(), facts(), place(fingerprint=None), Known),
    "a failover": (mark(), facts(timeline=2), place(embedded=False), Restored),
    "a failover that loses nothing": (mark(), facts(timeline=2), place(embedded=False, trust=True), Known),
    "an old copy, whatever the failover": (mark(8), facts(timeline=2), place(trust=True), Restored),
    "a failover this machine has not heard of": (mark(), facts(known_timeline=2, timeline=2), place(), Known),
    "a failover nobody looked at": (mark(7, 2), facts(known_timeline=1, timeline=2), place(), Restored),
    "a server of an older timeline": (mark(7, 2), facts(), place(), Restored),
}


@pytest.mark.parametrize("name", CASES)
def test_verdicts(name: str) -> None:
    known, told, here, verdict = CASES[name]
    assert isinstance(judge(known, told, here), verdict)


def test_the_file_is_private_and_never_goes_back(tmp_path: Path) -> None:
    path = tmp_path / "data" / "epoch.json"
    assert read_mark(path) is None
    write_mark(path, mark(5))
    write_mark(path, mark(4))
    assert read_mark(path) == mark(5)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("half a lin")
    assert read_mark(path) is None
    write_mark(path, mark(6))
    assert read_mark(path) == mark(6)
