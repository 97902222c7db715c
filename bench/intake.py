"""Signed webhooks made durable before the 200, beside a bare hello of the same server and pywa's endpoint."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from bench import load, payloads, servers
from bench.figures import Report, ratio
from bench.load import Load
from bench.stage import Stage, Usage, free_port, until_open

CONNECTIONS = 64
ROUNDS = 3
_WARM_UP_S = 1.0
_ENOUGH_PER_S = 12_000


async def run(seconds: float, stage: Stage) -> Report:
    """Rounds of hello and recado in turn, so that a noisy neighbour meets both; then pywa once."""
    await stage.start_web()
    ports = {"hello": free_port(), "pywa": free_port(), "recado": stage.port}
    for name in ("hello", "pywa"):
        process = stage.start(name, ["-m", "bench.servers", name, str(ports[name])])
        await until_open(ports[name], process)
    each = max(1.0, seconds / ROUNDS)
    count = int((each + _WARM_UP_S) * ROUNDS * _ENOUGH_PER_S)
    feeds = {"recado": stage.directory / "recado.feed", "hello": stage.directory / "hello.feed"}
    await asyncio.to_thread(_prepare, feeds["recado"], stage.hook_path, count)
    await asyncio.to_thread(_prepare, feeds["hello"], servers.PATH, 20_000)
    feeds["pywa"] = feeds["hello"]
    rounds: dict[str, list[_Round]] = {"hello": [], "recado": [], "pywa": []}
    sent = 0
    for _ in range(ROUNDS):
        for name in ("hello", "recado"):
            skip = sent if name == "recado" else 0
            one = await _one(stage, name, feeds[name], ports[name], each, skip)
            rounds[name].append(one)
            if name == "recado":
                sent += one.load.answers + CONNECTIONS + one.warm
    rounds["pywa"].append(await _one(stage, "pywa", feeds["pywa"], ports["pywa"], each, 0))
    report = _report(rounds)
    await _compare_stored(report, stage, rounds["recado"], sent)
    return report


class _Round:
    """One generator run with what the server and PostgreSQL spent."""

    def __init__(self, load_: Load, warm: int, server_s: float, postgres_s: float) -> None:
        self.load = load_
        self.warm = warm
        self.server_us = server_s / max(1, load_.answers) * 1e6
        self.postgres_us = postgres_s / max(1, load_.answers) * 1e6


def _prepare(path: Path, hook_path: str, count: int) -> None:
    run = f"{int(time.time()) & 0xFFFFFFFF:08x}"
    load.write_feed(path, payloads.unique_statuses(hook_path, count, run=run, at=int(time.time())))


async def _one(stage: Stage, name: str, feed: Path, port: int, seconds: float, skip: int) -> _Round:
    process = "web" if name == "recado" else name
    warm = await load.press(feed, port, CONNECTIONS, _WARM_UP_S, skip)
    usage = Usage({"server": stage.processes[process].pid, "postgres": stage.postgres_pid()})
    found = await load.press(feed, port, CONNECTIONS, seconds, skip + warm.answers + CONNECTIONS)
    spent = usage.read()
    return _Round(found, warm.answers, spent["server"]["cpu_s"], spent["postgres"]["cpu_s"])


def _report(rounds: dict[str, list[_Round]]) -> Report:
    report = Report(f"intake: signed webhooks of about 1 kB, {CONNECTIONS} connections, {load.generator()}")
    rows = []
    median = {}
    for name, ones in rounds.items():
        median[name] = statistics.median(one.load.per_second for one in ones)
        best = max(ones, key=lambda one: one.load.per_second)
        middle = statistics.median_low([one.load.p99_ms for one in ones])
        report.data[name] = {
            "per_second": round(median[name]),
            "best_per_second": round(best.load.per_second),
            "p50_ms": statistics.median_low([one.load.p50_ms for one in ones]),
            "p99_ms": middle,
            "server_us": round(statistics.median(one.server_us for one in ones), 1),
            "postgres_us": round(statistics.median(one.postgres_us for one in ones), 1),
            "bad": sum(one.load.bad for one in ones),
        }
        rows.append([name, *report.data[name].values()])
    header = ("server", "req/s", "best", "p50 ms", "p99 ms", "server CPU us", "PostgreSQL CPU us", "bad")
    report.table(header, rows)
    to_hello = ratio(median["recado"], median["hello"])
    to_pywa = ratio(median["recado"], median["pywa"])
    report.data |= {"ratio_to_hello": to_hello, "ratio_to_pywa": to_pywa}
    report.say("recado / bare hello (recado writes to disk, hello does nothing)", to_hello, ">= 0.5")
    report.say("recado / pywa with FastAPI (which stores nothing)", to_pywa)
    report.say("recado, requests a second", round(median["recado"]), ">= 6000 on a quiet machine")
    return report


async def _compare_stored(report: Report, stage: Stage, ones: list[_Round], sent: int) -> None:
    acknowledged = sum(one.load.answers + one.warm - one.load.bad for one in ones)
    # The generator drops its connections at the end: the last few were stored and answered to nobody.
    stored = await stage.value("select count(*) from ledger")
    report.data |= {"acknowledged": acknowledged, "stored": stored}
    report.say("acknowledged / stored", f"{acknowledged} / {stored}", "never fewer stored than acknowledged")
    assert stored >= acknowledged, "an acknowledged webhook is missing"
    assert stored <= sent + 2 * CONNECTIONS * len(ones), "more stored than sent"
