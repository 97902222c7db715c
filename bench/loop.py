"""The whole loop: accept, send, three statuses each, projected; first at the budget's rate, then until it breaks."""

from __future__ import annotations

import asyncio
import json
import subprocess
import urllib.request
from typing import Any

from bench import payloads
from bench.figures import Report, columns
from bench.stage import Stage, Usage, until_open

RATE = 1000
STEP = 500
STEP_DOWN = 200
HIGHEST = 5000
_STEP_SECONDS = 15.0
_WARM_UP_S = 3.0
_HOOK_CONNECTIONS = 256
_API_CONNECTIONS = 256
_ACK_P99_MS = 150.0
_SENT_P99_MS = 500.0

_QUEUED = "select count(*) from outbox where state = 0"
_OPEN = "select count(*) from (select 1 from outbox union all select 1 from ledger_work) open"
# Due is when the accepting transaction began; finished is when the outcome was written down.
_DELAYS = """
select percentile_cont(array[0.5, 0.99]) within group (
        order by extract(epoch from a.started_at - m.created_at) * 1000) as started,
    percentile_cont(array[0.5, 0.99]) within group (
        order by extract(epoch from a.finished_at - m.created_at) * 1000) as finished
from attempt a join message m on m.tenant_id = a.tenant_id and m.id = a.message_id
where a.state = 'accepted' and m.created_at >= $1
"""
_STATUSES = "select count(*) from event where kind like 'status.%' and recorded_at >= $1 and recorded_at < $2"
_LAG = """
select coalesce(extract(epoch from clock_timestamp() - min(next_at)), 0)::float8 from ledger_work where state = 0
"""


async def run(seconds: float, stage: Stage) -> Report:
    """`seconds` is the length of the first step; the faster ones take at most 15 s each."""
    await stage.start_web()
    graph = stage.start(
        "graph",
        [
            "-m",
            "bench.graph",
            str(stage.graph_port),
            str(stage.port),
            stage.hook_path,
            str(_HOOK_CONNECTIONS),
        ],
    )
    await until_open(stage.graph_port, graph)
    # Never the limit: what breaks here must be recado.
    await stage.set_pace(HIGHEST, HIGHEST)
    await stage.meet([payloads.phone(n) for n in range(payloads.KNOWN_PEOPLE)])
    stage.start_worker()
    await _step(stage, RATE / 5, _WARM_UP_S, 0)
    report = Report("loop: accept -> send -> 3 statuses each -> projected, everything durable")
    steps: list[dict[str, Any]] = []
    rate: int | None = RATE
    while rate is not None:
        first = 10_000 + len(steps) * 1_000_000
        step = await _step(stage, rate, min(seconds, _STEP_SECONDS) if steps else seconds, first)
        steps.append(step)
        rate = _next(rate, held=not step["broke"], steps=len(steps))
    _tell(report, steps)
    return report


def _next(rate: int, *, held: bool, steps: int) -> int | None:
    """Up until it breaks; a machine that is too busy for the first rate shows at which one it holds."""
    going_up = rate > RATE or steps == 1
    if held:
        return rate + STEP if going_up and rate < HIGHEST else None
    return rate - STEP_DOWN if rate <= RATE and rate > STEP_DOWN else None


async def _step(stage: Stage, rate: float, seconds: float, first: int) -> dict[str, Any]:
    await _graph_stats(stage)
    pids = {name: stage.processes[name].pid for name in ("web", "worker", "graph")}
    producer = stage.start(
        "producer",
        ["-m", "bench.producer", *map(str, (stage.port, rate, seconds, _API_CONNECTIONS, first))],
        stdout=subprocess.PIPE,
        env_more={"BENCH_API_KEY": stage.api_key},
    )
    usage = Usage(pids | {"producer": producer.pid, "postgres": stage.postgres_pid()})
    began = await stage.value("select clock_timestamp()")
    wal = await stage.wal_bytes()
    middle = await _watch(stage, seconds)
    used = usage.read()
    ended = await stage.value("select clock_timestamp()")
    wal = await stage.wal_bytes() - wal
    lag = await stage.value(_LAG)
    queued = await stage.value(_QUEUED)
    out, _ = await asyncio.to_thread(producer.communicate)
    asked = json.loads(out)
    drained = await stage.quiet(_OPEN, 30)
    graph = await _graph_stats(stage)
    delays = await stage.admin.fetchrow(_DELAYS, began)
    assert delays is not None
    took = (ended - began).total_seconds()
    statuses = await stage.value(_STATUSES, began, ended)
    step = {
        "rate": rate,
        "seconds": round(took, 1),
        "producer": asked,
        "graph": graph,
        "started_ms": [round(x, 1) for x in delays["started"] or (0, 0)],
        "sent_ms": [round(x, 1) for x in delays["finished"] or (0, 0)],
        "statuses_per_s": round(statuses / took),
        "projector_lag_s": round(lag, 2),
        "worst_lag_s": round(max(middle, default=0.0), 2),
        "queued_at_end": queued,
        "drained_s": None if drained is None else round(drained, 1),
        "wal_mb_per_s": round(wal / took / 1e6, 1),
        "usage": used,
    }
    return step | {"broke": _broken(step)}


async def _watch(stage: Stage, seconds: float) -> list[float]:
    """The projector's lag, once a second, while the producer works."""
    lags: list[float] = []
    deadline = asyncio.get_running_loop().time() + seconds
    while (left := deadline - asyncio.get_running_loop().time()) > 0:
        await asyncio.sleep(min(1.0, left))
        lags.append(await stage.value(_LAG))
    return lags


def _broken(step: dict[str, Any]) -> str:
    """Which budget this step no longer holds; empty for none."""
    found = []
    if step["producer"]["refused"] or step["producer"]["unanswered"]:
        found.append("requests refused or unanswered")
    if step["producer"]["p99_ms"] > _ACK_P99_MS:
        found.append(f"accept p99 {step['producer']['p99_ms']:.0f} ms")
    if step["graph"]["bad"]:
        found.append("webhooks refused")
    if step["graph"]["p99_ms"] > _ACK_P99_MS:
        found.append(f"webhook ack p99 {step['graph']['p99_ms']:.0f} ms")
    if step["sent_ms"][1] > _SENT_P99_MS:
        found.append(f"due-to-sent p99 {step['sent_ms'][1]:.0f} ms")
    if step["projector_lag_s"] > 2 or step["queued_at_end"] > step["rate"] * 2 or step["drained_s"] is None:
        found.append("backlog grows")
    return ", ".join(found)


async def _graph_stats(stage: Stage) -> dict[str, Any]:
    url = f"http://127.0.0.1:{stage.graph_port}/stats"
    text = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=10).read())
    found: dict[str, Any] = json.loads(text)
    return found


def _tell(report: Report, steps: list[dict[str, Any]]) -> None:
    report.data["steps"] = steps
    report.table(*columns([_row(step) for step in steps]))
    report.table(*columns([_usage(step) for step in steps]))
    at = steps[0]
    known = f"{payloads.KNOWN_PEOPLE:,} known people, one recipient in {payloads.NEW_EVERY} is new"
    report.say("recipients", known)
    report.say("accept p99 at the first step, ms", at["producer"]["p99_ms"], "<= 150")
    report.say("webhook ack p99 at the first step, ms", at["graph"]["p99_ms"], "<= 150")
    report.say("due-to-sent p99 at the first step, ms", at["sent_ms"][1], "<= 500")
    report.say("statuses projected a second at the first step", at["statuses_per_s"], f"about {3 * RATE}")
    broken = [step for step in steps if step["broke"]]
    held = max((step["rate"] for step in steps if not step["broke"]), default=0)
    report.say("highest rate that held every budget", f"{held} + {3 * held}/s" if held else "none")
    lowest = min(broken, key=lambda step: int(step["rate"]), default=None)
    where = f"{lowest['rate']} + {3 * lowest['rate']}/s: {lowest['broke']}" if lowest else "not reached"
    report.say("where it breaks", where)


def _row(step: dict[str, Any]) -> dict[str, Any]:
    producer, graph = step["producer"], step["graph"]
    return {
        "msgs/s": step["rate"],
        "s": step["seconds"],
        "accept p50/p99 ms": f"{producer['p50_ms']:.0f} / {producer['p99_ms']:.0f}",
        "due-to-start p50/p99": f"{step['started_ms'][0]:.0f} / {step['started_ms'][1]:.0f}",
        "due-to-sent p50/p99": f"{step['sent_ms'][0]:.0f} / {step['sent_ms'][1]:.0f}",
        "hook ack p50/p99": f"{graph['p50_ms']:.0f} / {graph['p99_ms']:.0f}",
        "statuses/s": step["statuses_per_s"],
        "lag end/worst s": f"{step['projector_lag_s']} / {step['worst_lag_s']}",
        "queued": step["queued_at_end"],
        "drained s": step["drained_s"],
        "WAL MB/s": step["wal_mb_per_s"],
        "broke": step["broke"] or "-",
    }


def _usage(step: dict[str, Any]) -> dict[str, Any]:
    used = step["usage"]
    row: dict[str, Any] = {"msgs/s": step["rate"]}
    for name, one in used.items():
        row[f"{name} cores"] = one["cores"]
    row["all cores"] = round(sum(one["cores"] for one in used.values()), 2)
    for name in ("web", "worker", "postgres"):
        row[f"{name} MB"] = used[name]["rss_mb"]
    return row
