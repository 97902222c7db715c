"""Readiness and gauges: what an operator or a load balancer needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recado.alerts import service as alerts
from recado.app import epoch
from recado.app.disk import MIB, Level
from recado.db import sql
from recado.db.migrate import available
from recado.db.pool import UNAVAILABLE
from recado.db.system import system
from recado.inbound import deadletters
from recado.web.services import Check

if TYPE_CHECKING:
    from recado.app.wiring import House

_Q = sql.load("recado.app")
MOST_ALERTS = 1000
MAX_LAG_S = 60.0


def _sending(restricted: epoch.Forced | None) -> str:
    if restricted is None:
        return "allowed"
    what = "nothing leaves" if restricted.mode == "restore" else "every company is in dry run"
    return f"{restricted.mode}: {what} since {restricted.since:%Y-%m-%d %H:%M:%S} UTC; {restricted.why}"


def _raised(raised: Sequence[alerts.Alert]) -> str:
    shown = [f"{one.kind} {one.subject} since {one.raised_at:%Y-%m-%d %H:%M} UTC" for one in raised[:5]]
    return "; ".join([f"{len(raised)} open", *shown]) if raised else "none open"


def _schema(version: int, strange: str | None, latest: int) -> Check:
    """A newer schema is fine as long as nothing was taken away from this version yet."""
    ok = version >= latest and strange is None
    detail = f"{version} of {latest}" + (f"; {strange} is for newer code" if strange else "")
    return Check(name="schema", ok=ok, detail=detail)


class Health:
    def __init__(self, house: House) -> None:
        self._house = house

    async def readiness(self) -> list[Check]:
        disk = self._disk()
        try:
            return [Check(name="database", ok=True, detail="answers"), *await self._inside(), disk]
        except UNAVAILABLE as error:
            down = Check(name="database", ok=False, detail=f"not answering ({type(error).__name__})")
            return [down, disk]

    async def _inside(self) -> list[Check]:
        latest = available()[-1].version
        async with system(self._house.db) as tx:
            schema = await tx.row(_Q["schema_version"], latest=latest)
            row = await tx.row(_Q["health"])
            backlog = await deadletters.backlog(tx)
            dead = await deadletters.dead_count(tx)
            restricted = await epoch.forced(tx)
            raised = await alerts.open_alerts(tx, MOST_ALERTS)
        assert row is not None
        assert schema is not None
        return [
            _schema(schema["version"], schema["strange"], latest),
            Check(
                name="projector",
                ok=backlog.lag_s < MAX_LAG_S,
                detail=f"{backlog.waiting} waiting, oldest {backlog.lag_s:.0f} s, {dead} dead letters",
            ),
            Check(
                name="lanes",
                ok=row["lanes_stuck"] == 0,
                detail=f"{row['lanes_stuck']} without a worker, {row['lanes_paused']} paused",
            ),
            # Not a reason to be taken out of service: the doors must stay open for webhooks.
            Check(name="sending", ok=True, detail=_sending(restricted)),
            Check(name="alerts", ok=not raised, detail=_raised(raised), blocks=False),
        ]

    def _disk(self) -> Check:
        space = self._house.space
        level, free = space.level(), space.free // MIB
        notes = {
            Level.FINE: "",
            Level.WARN: f"; below {space.limits.stop // MIB} MiB nothing is accepted or sent",
            Level.STOP: "; nothing is accepted or sent before there is room",
        }
        return Check(name="disk", ok=level is not Level.STOP, detail=f"{free} MiB free{notes[level]}")

    async def metrics(self) -> bytes:
        """Counters of this process and gauges read from the database."""
        metrics = self._house.metrics
        async with system(self._house.db) as tx:
            row = await tx.row(_Q["health"])
            backlog = await deadletters.backlog(tx)
            dead = await deadletters.dead_count(tx)
            raised = await alerts.open_alerts(tx, MOST_ALERTS)
        assert row is not None
        metrics.gauge("alerts_open", len(raised))
        for name in ("outbox_waiting", "outbox_in_doubt", "lanes_paused"):
            metrics.gauge(name, row[name])
        metrics.gauge("ledger_waiting", backlog.waiting)
        metrics.gauge("ledger_lag_seconds", backlog.lag_s)
        metrics.gauge("ledger_dead", dead)
        return metrics.render()
