"""Does the cost of the hot statements stay flat? Claim, projection and the message list at two sizes of the house."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from bench import payloads
from bench.figures import Report, ratio
from bench.stage import Stage
from recado.app.wiring import House, projection
from recado.db import sql
from recado.db.system import system
from recado.inbound.projector import project_batch
from recado.kit.clock import SystemClock
from recado.kit.ids import attempt_token
from recado.messages import reading
from recado.messages.claim import claim
from recado.numbers import service as numbers

SMALL = 10_000
LARGE = 1_000_000
BATCH = 300
_REPEATS = 30
_OWNER = UUID(int=7)
_SEED = Path(__file__).with_name("growth.sql")
_CHUNK = 250_000


class _Undo(Exception):
    """Rolls a measured claim back, so that each one meets the same queue."""


async def run(seconds: float, stage: Stage, messages: int = LARGE) -> Report:
    """Seeds up to each size, vacuums, measures. `seconds` is not used: the work is counted."""
    sizes = (SMALL, messages)
    report = Report("growth: median ms of each hot operation as the house grows")
    found: dict[int, dict[str, float]] = {}
    house = House(stage.loaded(), stage.installation, web=True)
    await house.open()
    try:
        await stage.set_pace(1e6, 1000)
        had = 0
        for size in sizes:
            await _grow(stage, had, size)
            had = size
            found[size] = await _measure(stage, house, size)
        plan = await _claim_plan(stage)
    finally:
        await house.close()
    small, large = (found[size] for size in sizes)
    rows = [
        [name, *(round(found[size][name], 2) for size in sizes), ratio(large[name], small[name])]
        for name in small
    ]
    report.table(("operation", *(f"{size:,} queued + {size:,} sent" for size in sizes), "ratio"), rows)
    report.data = {"ms": {str(size): found[size] for size in sizes}, "claim_plan": plan}
    for name in small:
        report.say(f"{name}: large / small", ratio(large[name], small[name]), "0.8 to 1.2")
    report.say("sequential scans in the claim's plan", ", ".join(_scans(plan)) or "none", "none")
    return report


async def _grow(stage: Stage, had: int, size: int) -> None:
    text = _SEED.read_text("utf-8")
    await stage.admin.execute("set session_replication_role = replica; set synchronous_commit = off")
    for start in range(had, size, _CHUNK):
        end = min(start + _CHUNK, size)
        names = {"tenant": stage.tenant_id, "number": stage.number_id, "from_n": start, "to_n": end}
        await stage.admin.execute(text.format(**names))
    await stage.admin.execute("vacuum analyze", timeout=600)
    await stage.admin.execute("checkpoint", timeout=120)


async def _measure(stage: Stage, house: House, size: int) -> dict[str, float]:
    async def one_claim() -> None:
        await _claim_and_undo(house, stage)

    async def one_page() -> None:
        async with house.db.tenant(stage.tenant_id) as tx:
            rows = await reading.page(tx, stage.tenant_id, reading.Filter(), before=_LAST, most=51)
            assert len(rows) == 51

    project = projection(house)
    turn = count()

    async def one_batch() -> None:
        assert await project_batch(project, BATCH) == BATCH

    async def write_lately() -> None:
        await _webhooks(stage, house, size, next(turn), spread=False)

    async def write_anywhere() -> None:
        await _webhooks(stage, house, size, next(turn), spread=True)

    return {
        f"claim of {BATCH}": await _median(one_claim),
        f"projection of {BATCH} statuses, sent lately": await _median(one_batch, write_lately),
        f"projection of {BATCH} statuses, anywhere": await _median(one_batch, write_anywhere),
        "message list, 50 of them": await _median(one_page),
    }


_LAST = UUID(int=(1 << 128) - 1)


async def _nothing() -> None:
    pass


async def _median(
    work: Callable[[], Awaitable[None]], before: Callable[[], Awaitable[None]] = _nothing
) -> float:
    taken = []
    for _ in range(_REPEATS):
        await before()
        started = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken[3:])


async def _claim_and_undo(house: House, stage: Stage) -> None:
    try:
        async with system(house.db) as tx:
            lanes = await numbers.lease_lanes(tx, _OWNER, lease_s=60, most=10)
            intents = await claim(
                tx,
                SystemClock().now(),
                owner=_OWNER,
                lanes=lanes,
                most=BATCH,
                lease_s=30,
                new_token=lambda: attempt_token(SystemClock().now()),
            )
            assert len(intents) == BATCH, len(intents)
            _undo()
    except _Undo:
        pass


def _undo() -> None:
    raise _Undo


def _token(n: int) -> UUID:
    """As growth.sql gives it to the attempt of the n-th message."""
    return UUID(f"{1700000000000 + n:012x}70008000{n:012x}")


async def _webhooks(stage: Stage, house: House, size: int, turn: int, *, spread: bool) -> None:
    """`delivered` for messages among the last that left, or of the whole house; each with its attempt's token."""
    keys = house.vault.keys(stage.tenant_id, await stage.value("select dek from tenant"))
    among = size if spread else SMALL
    step = max(1, among // BATCH)
    wanted = [size - 1 - (n * step + turn * 7) % among for n in range(BATCH)]
    now = int(time.time())
    bodies = [
        payloads.status_body(
            payloads.wamid(f"g{turn}", n),
            "delivered",
            payloads.phone(n),
            keys.write_token(_token(n)),
            now,
        )
        for n in wanted
    ]
    statements = sql.load("recado.inbound")
    async with system(house.db) as tx:
        await tx.execute(statements["append_bodies"], provider="meta", bodies=bodies)


async def _claim_plan(stage: Stage) -> dict[str, Any]:
    """EXPLAIN ANALYZE of the statement that picks due rows, at the largest size."""
    statement = sql.load("recado.messages", "dispatch.sql")["due_rows"]
    given = {
        "now": SystemClock().now(),
        "tenant_ids": [stage.tenant_id],
        "number_ids": [stage.number_id],
        "quotas": [BATCH],
    }
    arguments = [given[name] for name in statement.params]
    text = await stage.admin.fetchval(f"explain (analyze, buffers, format json) {statement.text}", *arguments)
    plan: dict[str, Any] = json.loads(text)[0]
    return plan


def _scans(plan: Any) -> list[str]:
    """Tables read from end to end anywhere in the plan."""
    if isinstance(plan, list):
        return [name for part in plan for name in _scans(part)]
    if not isinstance(plan, dict):
        return []
    own = [plan["Relation Name"]] if plan.get("Node Type") == "Seq Scan" else []
    return own + [name for part in plan.values() for name in _scans(part)]
