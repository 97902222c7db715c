"""The guards of the test run itself work."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest
from tests.support.guards import OutsideNetworkUsed, is_local
from tests.support.repository import ROOT
from tests.support.waiting import eventually


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.com"])
async def test_nothing_leaves_this_machine(host: str) -> None:
    with pytest.raises(OutsideNetworkUsed):
        await asyncio.open_connection(host, 80)


async def test_this_machine_can_be_reached(free_port: Callable[[], int]) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", free_port())
    async with server:
        for host in ("127.0.0.1", "localhost"):
            _, writer = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
            writer.close()


def test_names_and_addresses_of_this_machine_are_local() -> None:
    assert all(map(is_local, ["127.0.0.1", "127.8.8.8", "::1", "localhost", b"localhost", None, "0.0.0.0"]))
    assert is_local(socket.gethostname())
    assert not any(map(is_local, ["10.0.0.1", "169.254.169.254", "localhost.example"]))


FORGETFUL = """
import subprocess, sys
from tests.support.guards import end_children
forgotten = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(forgotten.pid, forgotten.poll(), *end_children())
sys.exit(forgotten.wait(10) != -9)
"""


def test_a_forgotten_process_is_ended_and_named() -> None:
    # In a process of its own: this one may have the run's database as its child.
    told = subprocess.run(
        [sys.executable, "-c", FORGETFUL], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert told[1] == "None"
    assert told[2] == told[0]


async def test_eventually_returns_what_it_waited_for_and_says_what_it_last_saw() -> None:
    values = iter([0, "", "done"])
    assert await eventually(lambda: next(values)) == "done"
    with pytest.raises(AssertionError, match="still 0 after"):
        await eventually(lambda: 0, within_s=0.02)
