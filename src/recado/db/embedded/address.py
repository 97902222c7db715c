"""Where the server listens: a TCP port on loopback, and a socket in a private directory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from recado.db.embedded.config import Layout
from recado.db.embedded.identity import Identity

LOOPBACK = "127.0.0.1"
# sun_path is 104 bytes on macOS and 108 on Linux, one of them the final NUL.
SOCKET_PATH_MAX_BYTES = 103


def socket_path(directory: Path, port: int) -> Path:
    """The name clients expect."""
    return directory / f".s.PGSQL.{port}"


def port_is_free(port: int) -> bool:
    """Whether PostgreSQL could listen there now (it sets SO_REUSEADDR as well)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def prepare_socket_dir(layout: Layout, identity: Identity) -> Path | None:
    """A private directory short enough for a socket path; None means TCP only.

    The directory belongs to this cluster alone, so sockets left there by a killed server go:
    their lock files name process ids that others may have by now. Call it only when no server
    of the cluster is alive.
    """
    short = _short_dir(layout, identity)
    for folder in (short, layout.data_dir):
        fits = len(os.fsencode(socket_path(folder, 65535))) <= SOCKET_PATH_MAX_BYTES
        if fits and (folder == layout.data_dir or _make_private(folder, identity)):
            for left in folder.glob(".s.PGSQL.*"):
                left.unlink()
            return folder
    return None


def _short_dir(layout: Layout, identity: Identity) -> Path:
    key = f"{identity.uid}:{layout.data_dir}".encode(errors="surrogateescape")
    base = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108
    return base / f"recado-pg-{hashlib.sha256(key).hexdigest()[:12]}"


def _make_private(folder: Path, identity: Identity) -> bool:
    """In a directory open to all, the name may be taken by somebody else: then do without."""
    try:
        folder.mkdir(mode=0o700)
        identity.give(folder)
    except FileExistsError:
        pass
    except OSError:
        return False
    found = folder.lstat()
    private = not found.st_mode & 0o077
    return stat.S_ISDIR(found.st_mode) and private and found.st_uid == identity.uid


def drop_socket_dir(layout: Layout, folder: Path | None) -> None:
    """Leave nothing in the temporary directory once the server is gone."""
    if folder is not None and folder != layout.data_dir:
        with contextlib.suppress(OSError):
            folder.rmdir()
