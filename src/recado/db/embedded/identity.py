"""As whom PostgreSQL runs. It refuses root, and recado creates no system users.

An ordinary user runs it as itself. Root runs it in a user namespace where root appears as another
user; where namespaces are blocked (the default of some container runtimes), as `nobody`. A data
directory that already belongs to somebody else is run as its owner.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from recado.db.embedded.errors import EmbeddedError

LAUNCHER = Path(__file__).with_name("launcher.py")
# Nothing of recado's own environment (keys, passwords) reaches the server process.
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Identity:
    """The user of the server process: how to become it, and who owns its files."""

    name: str
    uid: int
    gid: int

    def command(self, program: Path, *arguments: str, with_parent: signal.Signals | None = None) -> list[str]:
        """The command line that runs a program as this user, dying with us when asked to."""
        plain = [str(program), *arguments]
        mortal = with_parent is not None and sys.platform == "linux"
        if self.name == "plain" and not mortal:
            return plain
        number = str(int(with_parent)) if with_parent is not None and mortal else "0"
        launch = [sys.executable, "-I", "-S", str(LAUNCHER)]
        return [*launch, self.name, number, str(os.getpid()), *plain]

    def give(self, path: Path) -> None:
        """Let the server process own this file."""
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def give_tree(self, top: Path) -> None:
        """The same for a directory written under another identity."""
        if top.stat().st_uid == self.uid:
            return
        for folder, _, files in os.walk(top):
            for name in files:
                self.give(Path(folder) / name)
            if Path(folder) != top:
                self.give(Path(folder))
        self.give(top)  # last: an interrupted pass starts over


def choose(postgres: Path, data_dir: Path) -> Identity:
    """Decide for this machine and data directory. Raises EmbeddedError when root has no way."""
    if os.geteuid() != 0:
        return Identity("plain", os.geteuid(), os.getegid())
    if data_dir.exists():
        owner = data_dir.stat()
        if owner.st_uid != 0:
            return Identity(f"{owner.st_uid}:{owner.st_gid}", owner.st_uid, owner.st_gid)
    if _namespaces_work(postgres):
        return Identity("userns", 0, 0)
    return _nobody(postgres, data_dir)


@cache
def _namespaces_work(postgres: Path) -> bool:
    if sys.platform != "linux":
        return False
    return _runs(Identity("userns", 0, 0), postgres)


def _runs(identity: Identity, postgres: Path) -> bool:
    command = identity.command(postgres, "--version")
    told = subprocess.run(command, capture_output=True, check=False, cwd="/", env=ENVIRONMENT)  # noqa: S603
    return told.returncode == 0


def _nobody(postgres: Path, data_dir: Path) -> Identity:
    try:
        entry = pwd.getpwnam("nobody")
        uid, gid = entry.pw_uid, entry.pw_gid
    except KeyError:
        uid = gid = 65534
    nobody = Identity(f"{uid}:{gid}", uid, gid)
    blocked = blocked_for(uid, gid, [*postgres.parents, *data_dir.parents])
    if blocked is not None or not _runs(nobody, postgres):
        raise EmbeddedError(
            "PostgreSQL does not run as root, user namespaces are not available here, and the "
            f"user nobody cannot enter {blocked or postgres.parent}. Run recado as an ordinary "
            "user, or keep its environment and data directory where every user may enter, or set "
            "RECADO_DATABASE_URL."
        )
    return nobody


def blocked_for(uid: int, gid: int, folders: Sequence[Path]) -> Path | None:
    """The first existing folder that the user cannot pass through."""
    for folder in folders:
        if not folder.exists():
            continue
        found = folder.stat()
        bit = 0o100 if found.st_uid == uid else 0o010 if found.st_gid == gid else 0o001
        if not found.st_mode & bit:
            return folder
    return None
