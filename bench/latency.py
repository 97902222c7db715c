"""Acknowledgement at a calm 100 webhooks a second, with one batch of 3 MB in the middle."""

from __future__ import annotations

import asyncio
import time

from bench import payloads
from bench.figures import Report, milliseconds
from bench.stage import Stage
from bench.wire import Lines

RATE = 100
BATCH_BYTES = 3 * 1024 * 1024
_CONNECTIONS = 16
_UNREAD = "select count(*) from ledger_work where state = 0"


def _batch() -> bytes:
    """About 3 MB of statuses in one body."""
    now = int(time.time())
    one = payloads.status_item(payloads.wamid("b", 1), "delivered", payloads.phone(1), "x" * 60, now)
    count = (BATCH_BYTES - 1000) // (len(one) + 1)
    return payloads.batch_body(
        [
            payloads.status_item(payloads.wamid("b", n), "delivered", payloads.phone(n), "x" * 60, now)
            for n in range(count)
        ]
    )


async def run(seconds: float, stage: Stage) -> Report:
    """Doors and worker run; the projector digests the batch while acknowledgements go on."""
    await stage.start_web()
    stage.start_worker()
    latencies: list[float] = []
    bad = 0

    def answered(status: int, since: float) -> None:
        nonlocal bad
        latencies.append(time.perf_counter() - since)
        bad += status != 200

    big: list[float] = []
    lines = Lines("127.0.0.1", stage.port, _CONNECTIONS, answered)
    lonely = Lines("127.0.0.1", stage.port, 1, lambda status, since: big.append(time.perf_counter() - since))
    await lines.open()
    await lonely.open()
    run_name = f"{int(time.time()) & 0xFFFFFFFF:08x}"
    count = int(RATE * seconds)
    feed = payloads.unique_statuses(stage.hook_path, count + RATE, run=run_name, at=int(time.time()))
    batch = payloads.hook_request(stage.hook_path, _batch())
    for request in feed[:RATE]:
        lines.ask(request, time.perf_counter())
        await lines.settle(5)
    latencies.clear()
    await _pour(lines, feed[RATE:], lonely, batch)
    await lines.settle(10)
    await lonely.settle(10)
    lines.close()
    lonely.close()
    drained = await stage.quiet(_UNREAD, 60)
    return _report(latencies, bad, big, len(batch), drained)


async def _pour(lines: Lines, feed: list[bytes], lonely: Lines, batch: bytes) -> None:
    started = time.perf_counter()
    for n, request in enumerate(feed):
        due = started + n / RATE
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        if n == len(feed) // 2:
            lonely.ask(batch, time.perf_counter())
        lines.ask(request, due)


def _report(latencies: list[float], bad: int, big: list[float], size: int, drained: float | None) -> Report:
    report = Report(f"latency: {RATE} webhooks a second and one batch of {size / 2**20:.1f} MB")
    shown = milliseconds(latencies)
    report.data = shown | {
        "answers": len(latencies),
        "bad": bad,
        "batch_ms": [round(x * 1e3, 1) for x in big],
    }
    report.data["drained_s"] = drained
    report.say("acknowledged p50, ms", shown["p50_ms"], "<= 20")
    report.say("acknowledged p99, ms", shown["p99_ms"], "<= 100")
    report.say("acknowledged p99.9, ms", shown["p999_ms"])
    report.say("the batch itself, ms", ", ".join(f"{x * 1e3:.0f}" for x in big) or "not answered")
    report.say("answers / not 200", f"{len(latencies)} / {bad}")
    report.say("all projected after the end, s", "no" if drained is None else round(drained, 1))
    return report
