"""What the person reads who has to decide whether a database may send: each verdict with its own words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recado.app.epoch import Cloned, Facts, Known, Mark, Place, Restored, judge, read_mark, write_mark

FACTS = Facts(
    epoch=7,
    fingerprint="here",
    known_timeline=1,
    forced=None,
    forced_at=None,
    forced_why=None,
    database="recado",
    timeline=1,
    used=True,
)
MARK = Mark(epoch=7, timeline=1, system_identifier="1")
HERE = Place(fingerprint="here", embedded=True, trust_failover=False)


@pytest.mark.parametrize(
    ("mark", "facts", "verdict"),
    [
        (MARK, FACTS, Known()),
        (
            MARK,
            replace(FACTS, fingerprint="elsewhere"),
            Cloned("the database is a copy, or was moved: it last ran in another place"),
        ),
        (
            MARK,
            replace(FACTS, epoch=5),
            Restored("the database is older than what ran here (5 < 7)"),
        ),
        (None, FACTS, Restored("epoch.json is missing beside a database that has been used")),
        (
            MARK,
            replace(FACTS, timeline=3),
            Restored("the server was promoted or recovered (timeline 1 to 3) and may have lost commits"),
        ),
    ],
)
def test_the_words_of_each_verdict(mark: Mark | None, facts: Facts, verdict: object) -> None:
    assert judge(mark, facts, HERE) == verdict


def test_of_two_marks_with_one_epoch_the_first_stays(tmp_path: Path) -> None:
    """What the second process knew of the timeline comes with the next epoch."""
    file = tmp_path / "data" / "epoch.json"
    write_mark(file, MARK)
    write_mark(file, replace(MARK, timeline=9))
    assert read_mark(file) == MARK
    write_mark(file, replace(MARK, epoch=8, timeline=9))
    assert read_mark(file) == replace(MARK, epoch=8, timeline=9)
    assert sorted(each.name for each in file.parent.iterdir()) == ["epoch.json", "epoch.lock"]
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_already_is_no_reason_to_forget(tmp_path: Path) -> None:
    write_mark(tmp_path / "epoch.json", MARK)
    assert read_mark(tmp_path / "epoch.json") == MARK
