"""Real processes: `recado demo` on free ports, spoken to only over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

READY_WITHIN_S = 90
CALM_ENVIRON = {
    "RECADO_RETRY_PROJECTION_S": "0.5",
    "RECADO_RESCUE_EVERY_S": "0.5",
    "RECADO_SEND_CONNECT_S": "1",
    "RECADO_SEND_READ_S": "2",
    "RECADO_SEND_LEASE_S": "4",
    "RECADO_LANE_LEASE_S": "3",
}


@dataclass(slots=True)
class Demo:
    """A running demo and how to talk to it."""

    api: str
    panel: str
    panel_link: str
    handset: str
    simulator: str
    hooks: str
    client_id: str
    api_key: str
    phone_number_id: str
    waba_id: str
    app_secret: str
    pid: int = 0
    log: Path = field(default_factory=Path)
    session: aiohttp.ClientSession | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}", "X-Client-Id": self.client_id}

    async def call(self, method: str, url: str, **more: Any) -> tuple[int, Any]:
        assert self.session is not None
        async with self.session.request(method, url, **more) as answer:
            text = await answer.text()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    async def send(self, body: dict[str, Any], kind: str = "", **headers: str) -> tuple[int, Any]:
        path = f"/api/v1/messages/{kind}" if kind else "/api/v1/messages"
        return await self.call("POST", self.api + path, json=body, headers=self.headers | headers)

    async def get(self, path: str) -> Any:
        status, body = await self.call("GET", self.api + path, headers=self.headers)
        assert status == 200, body
        return body

    async def sim(self, method: str, path: str, **more: Any) -> Any:
        status, body = await self.call(method, self.simulator + path, **more)
        assert status < 300, body
        return body

    async def hook(self, body: bytes, secret: str | None = None) -> int:
        key = (secret or self.app_secret).encode()
        signature = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
        status, _ = await self.call("POST", self.hooks, data=io.BytesIO(body), headers=headers)
        return status

    def children(self, role: str) -> list[psutil.Process]:
        """Processes of one role: `web`, `work` or `recado_sim`."""
        found = []
        for process in psutil.Process(self.pid).children(recursive=True):
            try:
                if role in process.cmdline():
                    found.append(process)
            except psutil.Error:
                continue
        return found


Eventually = Callable[[Callable[[], Awaitable[Any]], float], Awaitable[Any]]


async def eventually(probe: Callable[[], Awaitable[Any]], within_s: float = 15.0) -> Any:
    """The first truthy answer of `probe`; fails with the last one when time is over."""
    last: Any = None
    try:
        async with asyncio.timeout(within_s):
            while True:
                last = await probe()
                if last:
                    return last
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"did not happen within {within_s} s; last answer: {last!r}")


def start_demo(data_dir: Path, environ: dict[str, str]) -> tuple[subprocess.Popen[str], dict[str, str], Path]:
    log = data_dir.with_suffix(".log")
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "recado", "demo", "--json", "--no-browser", "--data-dir", str(data_dir)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=dict(os.environ) | {"RECADO_LOG_LEVEL": "debug"} | environ,  # noqa: TID251 - a child
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait(10)
        pytest.fail(f"the demo did not start:\n{log.read_text()[-3000:]}")
    return process, json.loads(line), log


def stop_demo(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()
