"""Migration files: names, numbers, and what squawk knows about locking a busy table."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.repository import ROOT, SOURCE

from recado.db.migrate import available

FOLDER = SOURCE / "recado" / "db" / "migrations"


def squawk(*paths: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("squawk")
    return subprocess.run(
        [program, "--reporter", "gcc", "--config", ROOT / ".squawk.toml", *paths],
        capture_output=True,
        text=True,
        check=False,
    )


def test_names_and_numbers_are_in_order() -> None:
    found = available()
    assert [one.version for one in found] == list(range(1, len(found) + 1))
    assert {one.name for one in found} == {path.name for path in FOLDER.iterdir() if path.is_file()}


def test_no_migration_locks_a_busy_table() -> None:
    report = squawk(*sorted(FOLDER.glob("*.sql")))
    assert report.returncode == 0, report.stdout + report.stderr


def test_squawk_would_find_a_blocking_change(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "0001_pre_base.sql", tmp_path)
    bad = tmp_path / "0002_pre_index.sql"
    bad.write_text("create index message_by_kind on message (tenant_id, kind);\n")
    report = squawk(bad)
    assert report.returncode != 0
    assert "require-concurrent-index-creation" in report.stdout


def test_every_package_file_that_is_not_python_is_in_the_wheel() -> None:
    """hatchling packs what git tracks: an ignored SQL file would be missing after installation."""
    ignored = subprocess.run(
        ["git", "check-ignore", *map(str, (SOURCE / "recado").rglob("*.sql"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ignored.stdout == ""
