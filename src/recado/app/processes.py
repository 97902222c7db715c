"""Running a role in this process, and keeping child processes of roles alive."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from prometheus_client import start_http_server

from recado.app.http import http_server
from recado.app.install import Installation
from recado.app.wiring import House, build_worker, web_app
from recado.settings import Settings

_log = structlog.get_logger("recado.processes")
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Linux: this process gets SIGTERM when its parent vanishes, so a killed supervisor leaves nobody behind."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == 1:
        os.kill(os.getpid(), signal.SIGTERM)


def on_stop(callback: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, callback)


def _settle_memory() -> None:
    """What starting built stays for ever: the collector need not walk it again and again.

    Requests leave few cycles behind, so a collection for every 700 new objects is too many as well.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def run_web(settings: Settings, installation: Installation) -> None:
    """The doors, until SIGINT or SIGTERM; requests under way are finished."""
    house = House(settings, installation, web=True)
    await house.open()
    pulse = house.pulse()
    try:
        await pulse.start()
        server = http_server(web_app(house, pulse), settings.host, settings.port)

        def stop() -> None:
            pulse.closing()
            house.live.hang_up()
            server.should_exit = True

        on_stop(stop)
        _settle_memory()
        await server.serve()
        await pulse.stop()
    finally:
        await house.close()


async def run_worker(settings: Settings, installation: Installation) -> None:
    """Lanes, projector and jobs, until SIGINT or SIGTERM; what is on the wire is finished and recorded."""
    house = House(settings, installation, web=False)
    await house.open()
    try:
        worker = build_worker(house)
        if settings.worker_metrics_port is not None:
            start_http_server(
                settings.worker_metrics_port, addr=settings.host, registry=house.metrics.registry
            )
        on_stop(worker.stop)
        _settle_memory()
        _log.info("worker.started")
        await worker.run()
        _log.info("worker.stopped")
    finally:
        await house.close()


# --------------------------------------------------------------------------- children


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Child:
    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(repr=False)
    process: asyncio.subprocess.Process | None = None


class Family:
    """Child processes of a supervisor: started again when they fall, stopped together."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    async def start(self, child: Child) -> None:
        self._children.append(child)
        child.process = await self._spawn(child)
        self._tasks.append(asyncio.create_task(self._watch(child)))

    async def _spawn(self, child: Child) -> asyncio.subprocess.Process:
        environ = dict(child.environ) | {"RECADO_DIE_WITH_PARENT": "1"}
        return await asyncio.create_subprocess_exec(
            *child.command,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
        )

    async def _watch(self, child: Child) -> None:
        pause = 0.2
        while True:
            assert child.process is not None
            code = await child.process.wait()
            if self._stopping.is_set():
                return
            _log.error("child.fell", child=child.name, code=code)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
                return
            pause = min(pause * 2, 10.0)
            child.process = await self._spawn(child)

    @property
    def stopping(self) -> asyncio.Event:
        return self._stopping

    def ask_to_stop(self) -> None:
        self._stopping.set()

    async def stop(self, patience_s: float = 20.0) -> None:
        """SIGTERM for all, SIGKILL for who does not go."""
        self._stopping.set()
        for child in reversed(self._children):
            if child.process is not None and child.process.returncode is None:
                child.process.terminate()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience_s)
            for task in late:
                task.cancel()
        for child in self._children:
            if child.process is not None and child.process.returncode is None:
                child.process.kill()
                await child.process.wait()
