"""recado on a stage of its own: temporary data directory, durable embedded PostgreSQL, one company, real processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg
import psutil

from bench import payloads
from recado.app.install import DATABASE, Installation, prepare
from recado.app.wiring import House
from recado.conversations import service as conversations
from recado.conversations.model import Address
from recado.db.system import system
from recado.kit.clock import SystemClock
from recado.kit.ids import NumberId, TenantId
from recado.numbers import service as numbers
from recado.providers.contract import Credentials
from recado.settings import Settings
from recado.tenants import service as tenants
from recado.tenants.model import Mode

CLIENT_ID = "estudio-aurora"
_READY_WITHIN_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    """Raises RuntimeError when the process ends first, TimeoutError when nobody listens in time."""
    async with asyncio.timeout(_READY_WITHIN_S):
        while True:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


class Stage:
    """Use as `async with`. `start` adds processes; leaving stops all of them and removes the directory."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="recado-bench-"))
        self.port = free_port()
        self.graph_port = free_port()
        self.api_key = ""
        self.tenant_id: TenantId
        self.number_id: NumberId
        self.installation: Installation
        self.admin: asyncpg.Connection
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def settings(self) -> dict[str, str]:
        return {
            "RECADO_DATA_DIR": str(self.directory / "data"),
            "RECADO_PORT": str(self.port),
            "RECADO_META_BASE_URL": f"http://127.0.0.1:{self.graph_port}",
            "RECADO_META_APP_SECRET": payloads.APP_SECRET,
            "RECADO_META_VERIFY_TOKEN": "bench-only",
            "RECADO_LOG_LEVEL": "warning",
        }

    def loaded(self) -> Settings:
        values = {name.removeprefix("RECADO_").lower(): value for name, value in self.settings.items()}
        return Settings(**values)  # type: ignore[arg-type]

    @property
    def hook_path(self) -> str:
        return f"/hooks/meta/{self.installation.hook_token}"

    async def __aenter__(self) -> Self:
        try:
            self.installation = await prepare(self.loaded())
            await self._seed()
            assert self.installation.running is not None
            self.admin = await asyncpg.connect(self.installation.running.dsn(database=DATABASE))
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        await self.stop(*reversed(list(self.processes)))
        if hasattr(self, "admin"):
            await self.admin.close(timeout=5)
        if hasattr(self, "installation"):
            await asyncio.to_thread(self.installation.leave)
        shutil.rmtree(self.directory, ignore_errors=True)

    async def _seed(self) -> None:
        house = House(self.loaded(), self.installation, web=False)
        await house.open()
        now = SystemClock().now()
        try:
            async with system(house.db) as tx:
                tenant = await tenants.create_tenant(
                    tx, now, house.vault, client_id=CLIENT_ID, name="Estúdio Aurora", mode=Mode.ENABLED
                )
                key = await tenants.create_key(tx, now, tenant.tenant_id, name="bench")
                number = await numbers.add_number(
                    tx,
                    now,
                    house.vault,
                    tenant,
                    provider="meta",
                    waba_external_id=payloads.WABA_ID,
                    external_id=payloads.PHONE_NUMBER_ID,
                    credentials=Credentials(access_token="bench-only-access-token", app_secret=None),
                )
        finally:
            await house.close()
        self.api_key, self.tenant_id, self.number_id = key.secret, tenant.tenant_id, number.number_id

    async def meet(self, phones: Sequence[str]) -> None:
        """People the company has written to before, each with a conversation."""
        house = House(self.loaded(), self.installation, web=False)
        await house.open()
        try:
            for start in range(0, len(phones), 1000):
                now = SystemClock().now()
                addresses = [Address(phone="+" + one, bsuid=None) for one in phones[start : start + 1000]]
                async with system(house.db) as tx:
                    met = await conversations.create_contacts(tx, now, self.tenant_id, addresses)
                    pairs = [(self.number_id, contact_id) for contact_id in met.values()]
                    await conversations.ensure_conversations(tx, now, self.tenant_id, pairs)
        finally:
            await house.close()

    async def set_pace(self, rate_per_s: float, burst: int) -> None:
        """How fast the number may send."""
        await self.admin.execute(
            "update lane set rate_per_s = $1, burst = $2 where tenant_id = $3",
            rate_per_s,
            burst,
            self.tenant_id,
        )

    # ------------------------------------------------------------------ processes

    def start(
        self, name: str, arguments: Sequence[str], env_more: Mapping[str, str] | None = None, **more: Any
    ) -> subprocess.Popen[bytes]:
        """`python arguments…` under this name, with the stage's settings."""
        environ = dict(os.environ) | self.settings | {"RECADO_DIE_WITH_PARENT": "1"} | dict(env_more or {})
        process = subprocess.Popen([sys.executable, *arguments], env=environ, **more)
        self.processes[name] = process
        return process

    async def start_web(self) -> None:
        await until_open(self.port, self.start("web", ["-m", "recado", "web"]))

    def start_worker(self) -> None:
        self.start("worker", ["-m", "recado", "work"])

    async def stop(self, *names: str) -> None:
        chosen = [self.processes.pop(name) for name in names if name in self.processes]
        for process in chosen:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in chosen:
            try:
                await asyncio.to_thread(process.wait, 20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def postgres_pid(self) -> int:
        return int((self.directory / "data/postgres/postmaster.pid").read_text().split()[0])

    # ------------------------------------------------------------------ questions

    async def value(self, query: str, *args: Any) -> Any:
        return await self.admin.fetchval(query, *args)

    async def wal_bytes(self) -> int:
        return int(await self.value("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"))

    async def quiet(self, query: str, within_s: float) -> float | None:
        """Seconds until the query counts zero; None when it does not in time."""
        started = time.monotonic()
        while time.monotonic() - started < within_s:
            if not await self.value(query):
                return time.monotonic() - started
            await asyncio.sleep(0.1)
        return None


class Usage:
    """CPU and memory of named processes since it was made; children count to their parent."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._started = time.monotonic()
        self._before = {name: _cpu(pid) for name, pid in pids.items()}

    def read(self) -> dict[str, dict[str, float]]:
        """Per process: `cpu_s`, `cores` (1.0 is one core fully busy) and `rss_mb` (PSS for PostgreSQL)."""
        took = time.monotonic() - self._started
        found = {}
        for name, pid in self._pids.items():
            used = _cpu(pid) - self._before[name]
            memory = round(_memory(pid) / 2**20, 1)
            found[name] = {"cpu_s": round(used, 2), "cores": round(used / took, 3), "rss_mb": memory}
        return found


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def _cpu(pid: int) -> float:
    total = 0.0
    for process in _family(pid):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _memory(pid: int) -> int:
    """Shared buffers are mapped by every backend, so PSS where it can be read."""
    total = 0
    family = _family(pid)
    for process in family:
        try:
            total += process.memory_full_info().pss if len(family) > 1 else process.memory_info().rss
        except psutil.Error:
            continue
    return total
