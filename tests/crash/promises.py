"""The product's own audit (`recado audit`) at the end of a run, beside the harness's books."""

from __future__ import annotations

import time

from recado.app.install import Installation
from recado.db.pool import Database
from recado.db.system import system
from recado.invariants import service as invariants
from recado.kit.clock import SystemClock
from recado.tenants.vault import Vault


async def broken(installation: Installation) -> list[str]:
    """Each invariant that does not hold, with how often."""
    db = Database(installation.dsn, app_size=1, engine_size=2)
    await db.open()
    try:
        scope = invariants.Scope(vault=Vault(installation.ring), timer=time.monotonic)
        report = await invariants.run(lambda: system(db), db, SystemClock().now(), scope)
        return [f"{one.id} {one.title.en}: {one.found}" for one in report.failed]
    finally:
        await db.close()
