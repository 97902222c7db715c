"""`recado doctor` and `recado replay`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from recado.app import epoch
from recado.app.install import Installation, NotInstallable, key_ring, prepare
from recado.app.wiring import House, projection
from recado.db import checks
from recado.db.embedded import EmbeddedError
from recado.db.system import system
from recado.inbound import deadletters
from recado.inbound.projector import rehearse
from recado.kit.crypto import SecretUnreadable
from recado.messages.restore import held
from recado.numbers import service as numbers
from recado.settings import Settings
from recado.tenants import service as tenants


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    name: str
    ok: bool
    found: str
    fix: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def _of(name: str, ok: bool, found: str, fix: str) -> Diagnosis:
    return Diagnosis(name=name, ok=ok, found=found, fix="" if ok else fix)


def _local(settings: Settings) -> list[Diagnosis]:
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(settings.data_dir).free // (1024 * 1024)
    found = [
        _of("disk", free > 1024, f"{free} MiB free", "free at least 1 GiB under RECADO_DATA_DIR"),
        _of(
            "webhook secret",
            settings.meta_app_secret is not None,
            "set" if settings.meta_app_secret else "missing",
            "set RECADO_META_APP_SECRET: without it the webhook door stays shut",
        ),
        _of(
            "verify token",
            settings.meta_verify_token is not None,
            "set" if settings.meta_verify_token else "missing",
            "set RECADO_META_VERIFY_TOKEN",
        ),
    ]
    try:
        ring = key_ring(settings)
        found.append(_of("master keys", True, f"current is {ring.current}", ""))
    except NotInstallable as error:
        found.append(_of("master keys", False, str(error), "fix RECADO_MASTER_KEYS"))
    return found


async def _secrets(settings: Settings, installation: Installation) -> list[Diagnosis]:
    """Every stored credential must open with the keys at hand."""
    house = House(settings, installation, web=False)
    await house.open()
    unreadable: list[str] = []
    count = 0
    try:
        async with system(house.db) as tx:
            for tenant in await tenants.list_tenants(tx):
                for number in await numbers.list_numbers(tx, tenant.tenant_id):
                    row = await numbers.sealed_credentials(tx, tenant.tenant_id, number.number_id)
                    count += 1
                    try:
                        if row is not None:
                            numbers.open_credentials(house.vault, row)
                    except SecretUnreadable:
                        unreadable.append(f"{tenant.client_id}/{number.external_id}")
    finally:
        await house.close()
    found = f"{count} open" if not unreadable else "cannot open " + ", ".join(unreadable)
    return [_of("stored credentials", not unreadable, found, "restore the old master key, then rotate")]


async def _sending(settings: Settings, installation: Installation) -> Diagnosis:
    """Restricted after a restore or in a copy, until a person says otherwise."""
    house = House(settings, installation, web=False)
    await house.open()
    try:
        async with system(house.db) as tx:
            restricted = await epoch.forced(tx)
            waiting = sum(one.messages for one in await held(tx))
    finally:
        await house.close()
    found = "allowed" if restricted is None else f"{restricted.mode}: {restricted.why}"
    if waiting:
        found += f"; {waiting} messages held"
    fix = "look at what was sent since the copy was made, then " + (
        f"`recado release {restricted.mode}`" if restricted else "`recado release held`"
    )
    return _of("sending", restricted is None and not waiting, found, fix)


async def examine(settings: Settings) -> list[Diagnosis]:
    """Everything that can be checked without sending anything."""
    found = _local(settings)
    try:
        installation = await prepare(settings)
    except (NotInstallable, EmbeddedError, OSError, asyncpg.PostgresError) as error:
        return [*found, _of("PostgreSQL", False, str(error), "see the message")]
    try:
        for one in await checks.inspect(installation.dsn, embedded=settings.embedded):
            found.append(_of(one.name, one.ok, one.found, one.fix))
        found += await _secrets(settings, installation)
        found.append(await _sending(settings, installation))
    finally:
        installation.leave()
    return found


async def replay(
    settings: Settings, ids: Sequence[int] | None, out: Console, *, list_only: bool, dry_run: bool
) -> None:
    """Raises typer.Exit(1) when a named dead letter does not exist; then nothing was touched."""
    installation = await prepare(settings)
    house = House(settings, installation, web=False)
    try:
        await house.open()
        async with system(house.db) as tx:
            dead = await deadletters.list_dead(tx)
            known = await deadletters.all_dead(tx, ids or None)
        if missing := sorted(set(ids or []) - set(known)):
            out.print(f"no such dead letter: {', '.join(map(str, missing))}")
            raise typer.Exit(1)
        if list_only:
            out.print(_table(dead))
            if len(known) > len(dead):
                out.print(f"and {len(known) - len(dead)} more")
        elif dry_run:
            await _rehearse(house, known, out)
        else:
            async with system(house.db) as tx:
                count = await deadletters.replay(tx, ids or None)
            out.print(f"{count} put back in line")
    finally:
        await house.close()
        installation.leave()


def _table(dead: Sequence[deadletters.DeadLetter]) -> Table:
    table = Table("id", "received", "tries", "why", "bytes", box=None)
    for one in dead:
        received = f"{one.received_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(one.ledger_id), received, str(one.tries), one.error or "", str(one.size_bytes))
    return table


async def _rehearse(house: House, ids: Sequence[int], out: Console) -> None:
    """Nothing is written: each transaction is undone."""
    parts = projection(house)
    for ledger_id in ids:
        result = await rehearse(parts, ledger_id)
        if isinstance(result, str):
            out.print(f"{ledger_id}: would fail again: {result}")
            continue
        out.print(
            f"{ledger_id}: {result.effects} new, {result.repeated} already known, "
            f"{result.orphans} without owner, {result.foreign} foreign, {result.unhandled} unhandled"
        )
