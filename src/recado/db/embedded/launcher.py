"""Become the user PostgreSQL runs as, then become the given program.

Run as a file in a fresh interpreter (`python -I -S launcher.py ...`) because these steps are not
safe between fork and exec of a process with threads, and a user namespace needs a single thread.
Imports nothing from recado.

    launcher.py plain|userns|uid:gid  signal|0  parent_pid  program arguments...
"""

from __future__ import annotations

import ctypes
import os
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
INNER_ID = 65534
CANNOT = 97


def enter_user_namespace() -> None:
    """Root outside, somebody else inside: PostgreSQL accepts it and root still owns the files."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INNER_ID} {outer_uid} 1"),
        ("gid_map", f"{INNER_ID} {outer_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def become(identity: str) -> None:
    if identity == "userns":
        enter_user_namespace()
    elif identity != "plain":
        uid, gid = (int(part) for part in identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def die_with(parent_pid: int, signal_number: int) -> None:
    """Set last: the kernel forgets the wish when credentials change."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before the wish was known
        raise SystemExit(CANNOT)


def main(arguments: list[str]) -> None:
    identity, signal_number, parent_pid, *command = arguments
    try:
        become(identity)
    except OSError as error:
        sys.stderr.write(f"cannot run as {identity}: {error}\n")
        raise SystemExit(CANNOT) from None
    if signal_number != "0":
        die_with(int(parent_pid), int(signal_number))
    os.execv(command[0], command)  # noqa: S606 - the point of this file


if __name__ == "__main__":
    main(sys.argv[1:])
