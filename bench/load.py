"""Closed-loop load: N connections that ask again as soon as they are answered. wrk when installed, else our own.

`python -m bench.load FILE PORT CONNECTIONS SECONDS SKIP` is the own generator, in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.figures import milliseconds
from bench.wire import Lines

_LENGTH = 8
_FEED = Path(__file__).with_name("feed.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What a generator saw. `bad` counts answers that are not 2xx and lost connections."""

    answers: int
    bad: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


def write_feed(path: Path, requests: Sequence[bytes]) -> None:
    with path.open("wb") as file:
        for request in requests:
            file.write(f"{len(request):0{_LENGTH}d}".encode() + request)


def read_feed(path: Path) -> list[bytes]:
    data = path.read_bytes()
    requests, at = [], 0
    while at < len(data):
        end = at + _LENGTH + int(data[at : at + _LENGTH])
        requests.append(data[at + _LENGTH : end])
        at = end
    return requests


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "own client"


async def press(feed: Path, port: int, connections: int, seconds: float, skip: int = 0) -> Load:
    """Runs the generator. `skip` requests of the feed were used before."""
    environ = dict(os.environ) | {"BENCH_FEED": str(feed), "BENCH_FEED_SKIP": str(skip)}
    own = [
        sys.executable,
        "-m",
        "bench.load",
        str(feed),
        str(port),
        str(connections),
        str(seconds),
        str(skip),
    ]
    command = own
    if wrk := shutil.which("wrk"):
        url = f"http://127.0.0.1:{port}"
        command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(_FEED), url]
    process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    line = next(part for part in out.decode().splitlines() if part.startswith("RESULT "))
    return Load(**json.loads(line.removeprefix("RESULT ")))


async def _own(feed: Path, port: int, connections: int, seconds: float, skip: int) -> Load:
    requests = read_feed(feed)
    latencies: list[float] = []
    bad = 0
    turn = skip
    started = time.perf_counter()

    def ask() -> None:
        nonlocal turn
        lines.ask(requests[turn % len(requests)], time.perf_counter())
        turn += 1

    def answered(status: int, since: float) -> None:
        nonlocal bad
        now = time.perf_counter()
        latencies.append(now - since)
        bad += not 200 <= status < 300
        if now - started < seconds:
            ask()

    lines = Lines("127.0.0.1", port, connections, answered)
    await lines.open()
    started = time.perf_counter()
    for _ in range(connections):
        ask()
    await asyncio.sleep(seconds)
    await lines.settle(10)
    lines.close()
    took = time.perf_counter() - started
    shown = milliseconds(latencies)
    return Load(len(latencies), bad, took, shown["p50_ms"], shown["p99_ms"], shown["max_ms"])


def main() -> None:
    feed, port, connections, seconds, skip = sys.argv[1:6]
    load = uvloop.run(_own(Path(feed), int(port), int(connections), float(seconds), int(skip)))
    fields = {name: getattr(load, name) for name in Load.__dataclass_fields__}
    print("RESULT " + json.dumps(fields), flush=True)


if __name__ == "__main__":
    main()
