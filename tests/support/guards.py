"""Rules that hold while tests run: no network but this machine, no process left behind."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import sys
from typing import Any

import psutil

LOCAL_NAMES = {"localhost", "", None}


class OutsideNetworkUsed(AssertionError):
    """A test tried to leave the machine."""


def is_local(host: object) -> bool:
    """Loopback, the unspecified address (to listen on) or a name for them."""
    text = host.decode() if isinstance(host, bytes) else host
    if text in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(str(text).partition("%")[0])
    except ValueError:
        return str(text) == os.uname().nodename
    return address.is_loopback or address.is_unspecified


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        target = arguments[1]
        # Unix sockets have a path, network sockets a tuple.
        host = target[0] if isinstance(target, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not is_local(host):
        raise OutsideNetworkUsed(f"tests stay on this machine, but something asked for {host!r}")


def stay_on_this_machine() -> None:
    """For the rest of this process. An audit hook: what is tested cannot replace it."""
    sys.addaudithook(_watch)


def _is_machinery(process: psutil.Process) -> bool:
    """multiprocessing's own service processes end with us."""
    words = " ".join(process.cmdline())
    return "resource_tracker" in words or "multiprocessing.forkserver" in words


def end_children() -> list[str]:
    """Kills the processes this one started that still live and says which they were."""
    left: list[str] = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() == psutil.STATUS_ZOMBIE or _is_machinery(process):
                continue
            left.append(f"{process.pid} {' '.join(process.cmdline()) or process.name()}")
            process.kill()
    return left
