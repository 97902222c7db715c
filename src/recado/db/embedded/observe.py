"""Is a server running in this data directory? Read from the outside, without connecting."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

READY = ("ready", "standby")


@dataclass(frozen=True, slots=True, kw_only=True)
class PidFile:
    """What postmaster.pid says. It outlives a killed server, so it proves nothing alone."""

    pid: int
    started: str
    port: int | None
    socket_dir: Path | None
    status: str

    @property
    def ready(self) -> bool:
        return self.status in READY


def read_pid_file(path: Path) -> PidFile | None:
    """None when there is none, or when it is still being written."""
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except (FileNotFoundError, NotADirectoryError):
        return None
    lines += [""] * (8 - len(lines))
    if not re.fullmatch(r"\d+", lines[0].strip()):
        return None
    return PidFile(
        pid=int(lines[0]),
        started=lines[2].strip(),
        port=int(lines[3]) if lines[3].strip().isdigit() else None,
        socket_dir=Path(lines[4]) if lines[4].strip() else None,
        status=lines[7].strip(),
    )


def serves(pid: int, data_dir: Path) -> bool:
    """True when the process exists, is no zombie, and is PostgreSQL on this data directory."""
    arguments = _arguments_linux(pid) if Path("/proc/self/cmdline").exists() else None
    if arguments is None:
        return _serves_by_ps(pid, data_dir)
    if not arguments or "postgres" not in Path(arguments[0]).name:
        return False
    for flag, value in pairwise(arguments):
        if flag == "-D":
            return Path(value).exists() and os.path.samefile(value, data_dir)
    return False


def _arguments_linux(pid: int) -> list[str]:
    """Empty for a process that is gone or a zombie."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [os.fsdecode(part) for part in raw.split(b"\0") if part]


def _serves_by_ps(pid: int, data_dir: Path) -> bool:
    """Without /proc (macOS). `ps` joins the arguments with spaces, so this compares text."""
    told = subprocess.run(  # noqa: S603
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)],  # noqa: S607 - its place differs by system
        capture_output=True,
        text=True,
        check=False,
    )
    status, _, command = told.stdout.strip().partition(" ")
    if status.startswith("Z"):
        return False
    return "postgres" in command and f"-D {data_dir}" in command


def exists(pid: int) -> bool:
    """True for any process under this number, zombies included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
