"""What a worker does now and then beside sending: the audit, noting that the installation lives, the sums of
reports, letting go of what stopped kinds held, and asking for templates to be compared."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from recado.alerts import service as alerts
from recado.app.install import keeper
from recado.db.pool import Database, Tx
from recado.inbound.orphans import BITE, adopt
from recado.invariants import service as invariants
from recado.invariants.model import Report
from recado.messages import backlog, template_holds
from recado.messages.tying import tie_late
from recado.queue.jobs import enqueue
from recado.reports import service as reports
from recado.templates import sync
from recado.worker.ports import Chore

if TYPE_CHECKING:
    from recado.app.wiring import House

_log = structlog.get_logger("recado.audit")
# Late statuses arrive for days; what is older than this was looked at many times.
AUDIT_LOOKS_BACK = timedelta(days=3)
ADOPT_EVERY_S = 10.0
TIE_EVERY_S = 20.0
AUDIT_ALERT = "audit.violation"
AUDIT_FIRST_S = 180.0
# How often sums follow the diary, and how much one run may do: the rest is for the next.
REPORTS_EVERY_S = 30.0
REPORTS_EVENTS = 500_000
REPORTS_HOURS = 200
REPORTS_S = 10.0
FREE_KINDS_EVERY_S = 20.0
TEMPLATES_LOOK_S = 30.0


async def audit(house: House, every_s: float) -> None:
    """One run over the last days, kept; every broken promise is an error in the log, an incident and an alert."""
    async with house.engine() as tx:
        if await invariants.ran_lately(tx, every_s):
            return
    now = house.clock.now()
    scope = invariants.Scope(since=now - AUDIT_LOOKS_BACK, vault=house.vault, timer=time.monotonic)
    # A worker has no connections for tenants' requests; the audit looks as a tenant for a moment.
    as_tenant = Database(house.installation.dsn, app_size=1, engine_size=0)
    await as_tenant.open()
    try:
        report = await invariants.run(house.engine, as_tenant, now, scope)
    finally:
        await as_tenant.close()
    async with house.engine() as tx:
        await invariants.keep(tx, report)
        await _alert(tx, report)
    for one in report.failed:
        _log.error("audit.violation", invariant=one.id, promise=one.title.en, found=one.found)
    _log.info("audit.done", messages=report.messages, took_ms=report.took_ms, failed=len(report.failed))


async def _alert(tx: Tx, report: Report) -> None:
    """An open alert for each promise that is broken; one that holds again closes its own."""
    for one in report.failed:
        data = {"promise": {"en": one.title.en, "pt": one.title.pt}, "found": one.found}
        await alerts.raise_alert(tx, report.at, AUDIT_ALERT, one.id, alerts.Severity.CRITICAL, data)
    healthy = [one.id for one in report.invariants if one.ok]
    await alerts.resolve(tx, report.at, AUDIT_ALERT, healthy)


async def compare_templates(house: House) -> None:
    """Asks for a comparison of the WABAs whose turn it is, and ends what a stopped template held too long."""
    now = house.clock.now()
    every = timedelta(seconds=house.settings.templates_every_s)
    async with house.engine() as tx:
        await template_holds.free_expired(tx, now)
        for one in await sync.due(tx, now, every):
            waba = one.waba_id.hex
            await enqueue(tx, now, one.tenant_id, sync.SYNC_JOB, {"waba_id": waba}, dedupe=waba, again=True)


async def _tie_ends(house: House) -> None:
    async with house.engine() as tx:
        tied = await tie_late(tx)
    if tied:
        _log.info("loose_ends.tied", count=tied)


async def _adopt(house: House) -> None:
    """What came for numbers that have an owner by now goes back in line."""
    taken = BITE
    while taken >= BITE:
        async with house.engine() as tx:
            taken = await adopt(tx)
        if taken:
            _log.info("orphans.adopted", bodies=taken)


class _Counting:
    """The sums of reports, with a fifth of one core at most: whoever was long at it rests four times as long."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._rest_until = 0.0

    async def __call__(self) -> None:
        clock = self._house.clock
        began = clock.monotonic()
        if began < self._rest_until:
            return
        await reports.keep(
            self._house.engine,
            clock.now(),
            most_events=REPORTS_EVENTS,
            most_hours=REPORTS_HOURS,
            spent=lambda: clock.monotonic() - began > REPORTS_S,
        )
        self._rest_until = clock.monotonic() + 4 * (clock.monotonic() - began)


async def _free_kinds(house: House) -> None:
    """Whoever let a kind go may have closed the page before all of it was back in line."""
    freed = 1
    while freed:
        async with house.engine() as tx:
            freed = await backlog.free_kinds(tx, house.clock.now())


def chores(house: House, jitter: float) -> list[Chore]:
    """`jitter` in 0..1 keeps workers that started together apart."""
    settings = house.settings

    async def run_audit() -> None:
        await audit(house, settings.audit_every_s)

    watch = keeper(settings, house.clock)

    async def note_epoch() -> None:
        await watch.check(house.engine)

    first = min(AUDIT_FIRST_S, settings.audit_every_s) * (0.5 + jitter)
    return [
        Chore(name="audit", every_s=settings.audit_every_s, first_s=first, run=run_audit),
        Chore(name="reports", every_s=REPORTS_EVERY_S, first_s=5 + 5 * jitter, run=_Counting(house)),
        Chore(
            name="kinds",
            every_s=FREE_KINDS_EVERY_S,
            first_s=FREE_KINDS_EVERY_S * jitter,
            run=partial(_free_kinds, house),
        ),
        Chore(
            name="templates",
            every_s=TEMPLATES_LOOK_S,
            first_s=1 + jitter,
            run=partial(compare_templates, house),
        ),
        Chore(
            name="orphans",
            every_s=ADOPT_EVERY_S,
            first_s=ADOPT_EVERY_S * jitter,
            run=partial(_adopt, house),
        ),
        Chore(
            name="loose_ends",
            every_s=TIE_EVERY_S,
            first_s=TIE_EVERY_S * jitter,
            run=partial(_tie_ends, house),
        ),
        Chore(name="epoch", every_s=settings.epoch_every_s, first_s=settings.epoch_every_s, run=note_epoch),
    ]
