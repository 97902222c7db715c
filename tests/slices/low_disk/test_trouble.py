"""PostgreSQL dies under load, and a disk that runs full: nothing acknowledged is lost, service comes back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil
import pytest
from tests.support.cluster import make_place
from tests.support.demo import CALM_ENVIRON, Demo, eventually, start_demo, stop_demo

pytestmark = pytest.mark.crash

MIB = 1024 * 1024
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
BACK_WITHIN_S = 5.0
LIMITS = {"RECADO_BALLAST_MB": "24", "RECADO_DISK_STOP_MB": "40", "RECADO_DISK_WARN_MB": "60"}


def template(n: int) -> dict[str, Any]:
    return {
        "to": f"+55209555{n:05d}",
        "type": "template",
        "template": {
            "name": "lembrete_consulta",
            "language": {"code": "pt_BR"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "text": "Marina"},
                        {"type": "text", "text": "amanhã às 14h"},
                    ],
                }
            ],
        },
    }


@pytest.fixture
def place() -> Iterator[Path]:
    made = make_place()
    yield made
    subprocess.run(["rm", "-rf", str(made)], check=True)


def postmaster(cluster: Path) -> int:
    return int((cluster / "postmaster.pid").read_text().splitlines()[0])


class Asking:
    """Clients that never stop asking; remembers what was acknowledged and when."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.acknowledged: list[str] = []
        self.last_at = 0.0
        self.statuses: dict[int, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def _ask(self, first: int) -> None:
        n = first
        while True:
            n += 4
            with suppress(aiohttp.ClientError, TimeoutError):
                status, body = await self.demo.send(template(n % 90000))
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status == 202:
                    self.acknowledged.append(body["id"])
                    self.last_at = time.monotonic()
                else:
                    # A client keeps the pace it is asked for, roughly.
                    await asyncio.sleep(0.05)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._ask(first)) for first in range(4)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def more(self, count: int) -> None:
        target = len(self.acknowledged) + count

        async def enough() -> bool:
            return len(self.acknowledged) >= target

        await eventually(enough, 30)


async def owner_of(data_dir: Path) -> asyncpg.Connection:
    """The owner's connection, over TCP: the socket may be out of sight from here."""
    port = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[3]
    password = (data_dir / "postgres.password").read_text().strip()
    return await asyncpg.connect(
        host="127.0.0.1", port=int(port), user="postgres", password=password, database="recado", ssl=False
    )


async def missing(data_dir: Path, ids: list[str]) -> list[str]:
    """Acknowledged, but not there."""
    owner = await owner_of(data_dir)
    try:
        rows = await owner.fetch(
            "select u.id from unnest($1::uuid[]) u (id) where u.id not in (select id from message)", ids
        )
    finally:
        await owner.close()
    return [str(row["id"]) for row in rows]


async def test_postgres_killed_under_load_is_back_within_seconds(place: Path) -> None:
    process, addresses, log = start_demo(place / "data", CALM_ENVIRON)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
            demo = Demo(**addresses, pid=process.pid, log=log, session=session)
            asking = Asking(demo)
            asking.start()
            await asking.more(50)
            os.kill(postmaster(place / "data" / "postgres"), signal.SIGKILL)
            killed_at = time.monotonic()

            async def back() -> bool:
                return b"postgres.started_again" in log.read_bytes() and asking.last_at > killed_at + 0.2

            await eventually(back, 30)
            took = asking.last_at - killed_at
            await asking.more(50)
            await asking.stop()
            assert took <= BACK_WITHIN_S, f"{took:.1f} s"
            assert await missing(place / "data", asking.acknowledged) == []
            assert set(asking.statuses) <= {202, 503}
    finally:
        stop_demo(process)


# --------------------------------------------------------------------------- a disk of our own


class SmallDisk:
    """A demo on a file system of its own, which only its processes see."""

    def __init__(
        self, process: subprocess.Popen[str], addresses: dict[str, str], log: Path, top: Path
    ) -> None:
        self.process, self.addresses, self.log = process, addresses, log
        # From outside, the private mount is reached through the process that lives in it.
        self.top = Path(f"/proc/{process.pid}/root{top}")

    @property
    def free(self) -> int:
        found = os.statvfs(self.top)
        return found.f_bavail * found.f_frsize

    def fill(self, leave: int) -> None:
        """Block by block: others write at the same time."""
        with (self.top / "filler").open("ab", buffering=0) as file, suppress(OSError):
            while (left := self.free - leave) > 0:
                file.write(bytes(min(left, MIB)))

    def empty(self) -> None:
        (self.top / "filler").unlink()


IN_A_DISK = 'mount -t tmpfs -o size=320m,mode=755 none "$0" && exec "$@"'


def can_mount(place: Path) -> bool:
    told = subprocess.run(
        ["unshare", "-m", "sh", "-c", IN_A_DISK, str(place), "true"], capture_output=True, check=False
    )
    return told.returncode == 0


@pytest.fixture
async def disk(place: Path, tmp_path: Path) -> AsyncIterator[SmallDisk]:
    if sys.platform != "linux" or not can_mount(place):
        pytest.skip("mounting a small file system in a private namespace is not permitted here")
    log = tmp_path / "demo.log"
    command = ["unshare", "-m", "sh", "-c", IN_A_DISK, str(place)]
    recado = [
        sys.executable,
        "-m",
        "recado",
        "demo",
        "--json",
        "--no-browser",
        "--data-dir",
        str(place / "data"),
    ]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, *recado],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=dict(os.environ) | CALM_ENVIRON | LIMITS,  # noqa: TID251 - a child
        )
    try:
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        assert line, log.read_text()[-3000:]
        yield SmallDisk(process, json.loads(line), log, place)
    finally:
        stop_demo(process)


async def write_log_until_it_breaks(disk: SmallDisk) -> None:
    """Nothing but log records: where they cannot be written PostgreSQL must stop (PANIC)."""
    with suppress(*LOST):
        owner = await owner_of(disk.top / "data")
        try:
            while True:
                await owner.execute("select pg_logical_emit_message(true, 'filler', repeat('x', 4000000))")
        finally:
            owner.terminate()


async def test_a_disk_that_runs_full(disk: SmallDisk) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
        demo = Demo(**disk.addresses, pid=disk.process.pid, log=disk.log, session=session)
        cluster = disk.top / "data" / "postgres"
        ballast = disk.top / "data" / "ballast"

        async def answers(status: int) -> list[str]:
            found, body = await demo.send(template(7))
            return [str(body.get("id") or body["code"])] if found == status else []

        acknowledged = [(await answers(202))[0] for _ in range(20)]
        assert ballast.stat().st_blocks * 512 >= 24 * MIB

        disk.fill(leave=30 * MIB)
        assert await eventually(lambda: answers(503)) == ["low_disk"]
        assert await demo.hook(b'{"object": "whatsapp_business_account", "entry": []}') == 503
        status, report = await demo.call("GET", f"{demo.api}/health/ready")
        assert (status, report["checks"]["disk"]["ok"]) == (503, False)
        assert await missing(disk.top / "data", acknowledged) == []
        disk.empty()
        acknowledged += await eventually(lambda: answers(202))

        first = postmaster(cluster)
        disk.fill(leave=0)
        while psutil.pid_exists(first) and not b"".join(_logs(cluster)).count(b"PANIC"):
            await write_log_until_it_breaks(disk)
            disk.fill(leave=0)

        async def again() -> bool:
            return "postgres.started_again" in disk.log.read_text()

        await eventually(again, 30)
        assert await missing(disk.top / "data", acknowledged) == []
        assert "ballast.dropped" in disk.log.read_text()
        assert not ballast.exists()
        assert await answers(503) == ["low_disk"], "back, but still too full to take anything"
        disk.empty()
        acknowledged += await eventually(lambda: answers(202), 30)
        assert await missing(disk.top / "data", acknowledged) == []

        async def kept() -> bool:
            return ballast.exists()

        await eventually(kept, 20)


def _logs(cluster: Path) -> Iterator[bytes]:
    for path in (cluster / "log").glob("*.log"):
        yield path.read_bytes()
