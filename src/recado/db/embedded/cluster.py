"""Create the cluster once, and get it ready for each start of the server."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from recado.db.embedded import conf
from recado.db.embedded.binaries import Binaries
from recado.db.embedded.config import EmbeddedConfig, Layout
from recado.db.embedded.errors import EmbeddedError, ForeignDirectory, StartFailed
from recado.db.embedded.identity import ENVIRONMENT, Identity

SUPERUSER = "postgres"
BUILTIN_LOCALE_SINCE = 17
SCRAM_ITERATIONS_SINCE = 16
LOG_TAIL_CHARS = 2000


def data_major(layout: Layout) -> int | None:
    """The major version of the cluster, or None when there is still nothing.

    Raises ForeignDirectory for a directory with anything else in it.
    """
    folder = layout.data_dir
    try:
        text = (folder / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        text = ""
    except NotADirectoryError:
        raise ForeignDirectory(f"{folder} is not a directory. Nothing was changed.") from None
    if text.isdigit():
        if not layout.password.exists():
            raise ForeignDirectory(
                f"{folder} is a PostgreSQL cluster, but {layout.password} with its password is "
                "missing. Put that file back, or choose another directory. Nothing was changed."
            )
        return int(text)
    if folder.exists() and any(folder.iterdir()):
        raise ForeignDirectory(
            f"{folder} is not empty and holds no PostgreSQL cluster made by recado. "
            "Choose another directory. Nothing was changed."
        )
    return None


def create(layout: Layout, binaries: Binaries, identity: Identity, alive: int) -> None:
    """Run initdb next to the data directory and move the complete result into place.

    An initdb that was interrupted leaves only the staging directory, which the next try replaces.
    `alive` is handed to initdb so that nobody starts over while an orphaned one still writes.
    """
    if os.path.ismount(layout.data_dir):
        raise EmbeddedError(
            f"{layout.data_dir} is a mount point. Mount {layout.data_dir.parent} instead: the "
            "password and the locks of the cluster live beside it."
        )
    if layout.staging.exists() and not layout.password.exists():
        raise ForeignDirectory(
            f"{layout.staging} is in the way and was not made by recado. Nothing was changed."
        )
    replace_file(layout.password, secrets.token_urlsafe(32), identity)
    output = ""
    for locale in _locales(binaries.major):
        shutil.rmtree(layout.staging, ignore_errors=True)
        layout.staging.mkdir(mode=0o700)
        identity.give(layout.staging)
        done, output = _initdb(layout, binaries, identity, alive, locale)
        if done:
            break
    else:
        raise StartFailed(f"initdb could not create {layout.data_dir}:\n{output[-LOG_TAIL_CHARS:]}")
    with (layout.staging / "postgresql.conf").open("a", encoding="utf-8") as file:
        if _rounds(binaries.major):
            # Only the password of this minute is random; what somebody sets later may not be.
            file.write("\nscram_iterations = 4096\n")
        file.write(f"\ninclude_if_exists = '{layout.conf.name}'\n")
        file.flush()
        os.fsync(file.fileno())
    layout.staging.rename(layout.data_dir)
    sync_directory(layout.data_dir.parent)


def _locales(major: int) -> list[list[str]]:
    """Bytewise order everywhere: an index must not depend on the C library of the machine."""
    if major >= BUILTIN_LOCALE_SINCE:
        return [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    return [["--locale=C.UTF-8"], ["--locale=C"]]


def _rounds(major: int) -> list[str]:
    """Our password is random: stretching it protects nothing and costs every connection 20 ms of a core."""
    return ["--set=scram_iterations=1"] if major >= SCRAM_ITERATIONS_SINCE else []


def _initdb(
    layout: Layout, binaries: Binaries, identity: Identity, alive: int, locale: list[str]
) -> tuple[bool, str]:
    command = identity.command(
        binaries.program("initdb"),
        f"--pgdata={layout.staging}",
        f"--username={SUPERUSER}",
        f"--pwfile={layout.password}",
        "--encoding=UTF8",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--no-instructions",
        *_rounds(binaries.major),
        *locale,
        with_parent=signal.SIGKILL,
    )
    told = subprocess.run(  # noqa: S603 - built from our own parts
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        cwd="/",
        env=ENVIRONMENT,
        pass_fds=(alive,),
        start_new_session=True,
    )
    return told.returncode == 0, told.stdout.decode(errors="replace")


def configure(
    layout: Layout,
    config: EmbeddedConfig,
    identity: Identity,
    port: int,
    socket_dir: Path | None,
) -> None:
    """Write recado.conf for the coming start."""
    identity.give_tree(layout.data_dir)
    text = conf.render(port, socket_dir, config.settings)
    if not layout.conf.exists() or layout.conf.read_text(encoding="utf-8") != text:
        replace_file(layout.conf, text, identity)


def replace_file(path: Path, text: str, identity: Identity) -> None:
    """Write a private file so that it is either the old one or the new one, also after a crash."""
    fresh = path.with_name(path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    identity.give(fresh)
    fresh.rename(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make renames inside the directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
