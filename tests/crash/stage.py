"""Everything a run stands on: a durable PostgreSQL of its own, an installation, companies, free ports."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
from tests.crash import scale
from tests.crash.cast import LINES, TENANTS, api_key, client_id
from tests.crash.lives import Stage
from tests.support.cluster import make_place

from recado.app.install import DATABASE, Installation, prepare
from recado.app.wiring import House
from recado.db.embedded import EmbeddedConfig, Running, start
from recado.db.system import system
from recado.kit.clock import SystemClock
from recado.numbers import service as numbers
from recado.providers.contract import Credentials
from recado.settings import Settings
from recado.tenants import service as tenants
from recado.tenants.model import Mode

HOOK_PATH = "/hooks/meta/crash-only-hook-token"
# Lives are so short that PostgreSQL would plan every statement anew in each of them, up to five times, and its
# processes would spend more on mapping a large cache than on using it. Durability is the product's own.
SHORT_LIVES = {"plan_cache_mode": "force_generic_plan", "shared_buffers": "32MB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Theatre:
    """`stage` is for the lives, the rest for the supervisor."""

    stage: Stage
    running: Running
    where: scale.Where
    place: Path

    @property
    def admin_dsn(self) -> str:
        return self.running.dsn(database=DATABASE)

    @property
    def installation_dsn(self) -> str:
        """As the product's processes log in."""
        return self.stage.installation.dsn

    @property
    def hook_url(self) -> str:
        return f"http://127.0.0.1:{self.where.web_port}{HOOK_PATH}"


def _bound() -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


async def _seed(settings: Settings, installation: Installation, admin_dsn: str, lines: int) -> None:
    house = House(settings, installation, web=False)
    await house.open()
    now = SystemClock().now()
    try:
        async with system(house.db) as tx:
            for index in range(TENANTS):
                tenant = await tenants.create_tenant(
                    tx,
                    now,
                    house.vault,
                    client_id=client_id(index),
                    name="Estúdio Aurora",
                    mode=Mode.ENABLED,
                )
                await tenants.create_key(tx, now, tenant.tenant_id, name="crash", secret=api_key(index))
                for line in LINES[:lines]:
                    if line.tenant == index:
                        await numbers.add_number(
                            tx,
                            now,
                            house.vault,
                            tenant,
                            provider="meta",
                            waba_external_id=line.waba_id,
                            external_id=line.phone_number_id,
                            credentials=Credentials(access_token="crash-only-token", app_secret=None),
                        )
    finally:
        await house.close()
    admin = await asyncpg.connect(admin_dsn)
    try:
        await admin.execute(
            "update lane set rate_per_s = 5, burst = 3, pair_interval_s = 0.05, pair_burst = 50"
        )
    finally:
        await admin.close()


def _close_inherited(doors: socket.socket) -> None:
    with contextlib.suppress(OSError):
        doors.close()


@contextlib.contextmanager
def theatre(policy: str, lines: int = len(LINES)) -> Iterator[Theatre]:
    """Stops PostgreSQL and removes every file when the run is over, whatever happened in it."""
    scale.scale_constants()
    place = make_place()
    doors = _bound()
    spare = _bound()
    where = scale.Where(
        data_dir=place / "data", web_port=doors.getsockname()[1], meta_port=spare.getsockname()[1]
    )
    settings = scale.settings(where)
    where.data_dir.mkdir(mode=0o755)
    config = EmbeddedConfig(data_dir=where.data_dir / "postgres", die_with_parent=True, settings=SHORT_LIVES)
    running = start(config)
    try:
        installation = asyncio.run(prepare(settings))
        assert installation.running is not None
        installation.running.release()
        installation = replace(installation, running=None)
        asyncio.run(_seed(settings, installation, running.dsn(database=DATABASE), lines))
        doors.listen(512)
        doors.setblocking(False)
        stage = Stage(
            settings=settings,
            installation=installation,
            doors=doors,
            log_path=str(place / "failpoints.log"),
            errors_path=str(place / "errors.log"),
            policy=policy,
        )
        spare.close()
        yield Theatre(stage=stage, running=running, where=where, place=place)
    finally:
        _close_inherited(doors)
        running.stop("immediate", force=True)
        if not os.environ.get("CRASH_KEEP"):  # noqa: TID251
            shutil.rmtree(place, ignore_errors=True)
