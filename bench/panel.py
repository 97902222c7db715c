"""Do the lists of the panel stay quick? Every tab, filter, search and count at two sizes of the company."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from bench.figures import Report, ratio
from bench.stage import Stage
from recado.app.seeding import PAST, RARE_KIND, RARE_TEMPLATE, samples, seed
from recado.app.wiring import House
from recado.db.pool import Tx
from recado.kit.clock import SystemClock
from recado.kit.ids import uuid7
from recado.messages import bulk, listing
from recado.messages.bulk_model import Action, Selection
from recado.messages.listing import TABS, Wanted
from recado.tenants import service as tenants
from recado.tenants.vault import TenantKeys

SIZES = (10_000, 1_000_000)
BUDGET = 1.5
# What is quicker than this is not told apart from the noise of the machine.
FLOOR_MS = 5.0
_REPEATS = 15
Look = Callable[[Tx], Awaitable[object]]


async def run(seconds: float, stage: Stage) -> Report:
    """Seeds up to each size, vacuums, measures. `seconds` is not used: the work is counted."""
    report = Report("panel: median ms of each look at the messages as the company grows")
    found: dict[int, dict[str, float]] = {}
    seeding: dict[int, float] = {}
    house = House(stage.loaded(), stage.installation, web=True)
    await house.open()
    try:
        had = 0
        for size in SIZES:
            started = time.perf_counter()
            keys = await _grow(stage, house, had, size)
            seeding[size] = time.perf_counter() - started
            had = size
            found[size] = await _measure(stage, house, keys, size)
    finally:
        await house.close()
    small, large = (found[size] for size in SIZES)
    rows = [
        [name, round(small[name], 2), round(large[name], 2), ratio(large[name], small[name])]
        for name in small
    ]
    report.table(("look", *(f"{size:,} messages" for size in SIZES), "ratio"), rows)
    report.data = {"ms": {str(size): found[size] for size in SIZES}, "seeded_s": seeding}
    over = [name for name in small if large[name] > max(BUDGET * small[name], FLOOR_MS)]
    report.say(f"slower than {BUDGET}x and {FLOOR_MS} ms", ", ".join(over) or "none", "none")
    for size, took in seeding.items():
        report.say(f"seconds to seed up to {size:,}", round(took, 1), "120 for a million")
    return report


async def _grow(stage: Stage, house: House, had: int, size: int) -> TenantKeys:
    async with house.db.tenant(stage.tenant_id) as tx:
        tenant = await tenants.tenant_by_id(tx, stage.tenant_id)
    keys = house.vault.keys(tenant.tenant_id, tenant.dek)
    source = random.Random(size)
    await seed(house.db, SystemClock().now(), tenant, keys, size - had, source=source)
    await stage.admin.execute("vacuum analyze", timeout=300)
    await stage.admin.execute("checkpoint", timeout=120)
    return keys


async def _measure(stage: Stage, house: House, keys: TenantKeys, size: int) -> dict[str, float]:
    found = {}
    for name, look in (await _looks(stage, keys, size)).items():
        found[name] = await _median(house, stage, look)
    return found


async def _looks(stage: Stage, keys: TenantKeys, size: int) -> dict[str, Look]:
    tenant_id, now = stage.tenant_id, SystemClock().now()
    phone, reference = samples(size)
    own = await stage.value("select id from message order by id offset $1 limit 1", size // 2)
    deep = uuid7(now - PAST + timedelta(days=30))

    def page(wanted: Wanted, before: UUID = listing.LAST) -> Look:
        return lambda tx: listing.page(tx, now, tenant_id, wanted, keys=keys, before=before)

    async def plan(tx: Tx) -> object:
        everything = Selection(wanted=Wanted(tab="todas"))
        return await bulk.plan(tx, now, tenant_id, everything, Action.RESEND, keys=keys, actor="bench")

    return {
        **{f"tab {tab}": page(Wanted(tab=tab)) for tab in TABS},
        "deep page": page(Wanted(), deep),
        "last 7 days": page(Wanted(since=uuid7(now - timedelta(days=7)))),
        "rare kind": page(Wanted(kind=RARE_KIND)),
        "rare template": page(Wanted(template=RARE_TEMPLATE)),
        "failed": page(Wanted(states=("failed", "rejected"))),
        "one cause": page(Wanted(tab="voce", reason="undeliverable")),
        "search: text nobody wrote": page(Wanted(words="zebra listrada")),
        "search: name": page(Wanted(words="Marina Azevedo")),
        "search: phone": page(Wanted(words=phone)),
        "search: id": page(Wanted(words=str(own))),
        "search: reference": page(Wanted(words=reference)),
        "counts": lambda tx: listing.counts(tx, now, tenant_id),
        "causes": lambda tx: listing.causes(tx, tenant_id),
        "stopped lanes": lambda tx: listing.stopped_lanes(tx, tenant_id),
        "templates used": lambda tx: listing.templates_used(tx, tenant_id),
        "plan of 5,000": plan,
    }


class _Undo(Exception):
    """What a look wrote is not kept."""


async def _median(house: House, stage: Stage, look: Look) -> float:
    taken = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        try:
            async with house.db.tenant(stage.tenant_id) as tx:
                await look(tx)
                taken.append((time.perf_counter() - started) * 1e3)
                _undo()
        except _Undo:
            pass
    return statistics.median(taken[3:])


def _undo() -> None:
    raise _Undo
