"""Commands for the person on duty: audit, stop, resume, release, decide."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from recado.app import epoch
from recado.app.install import NotInstallable, prepare
from recado.app.wiring import House
from recado.cli.tenants import Client, inside
from recado.db.embedded import EmbeddedError
from recado.db.pool import Tx
from recado.invariants import service as invariants
from recado.invariants.ledgers import LedgerUnreadable, read_client, read_provider
from recado.invariants.model import Invariant, Report
from recado.kit.ids import TenantId
from recado.messages import doubt, reading, restore
from recado.messages.restore import HeldDecision
from recado.numbers import service as numbers
from recado.numbers import stops
from recado.settings import Settings
from recado.tenants import service as tenants
from recado.tenants import switches
from recado.tenants.model import TenantRow

out = Console()
err = Console(stderr=True)
_ACTOR = "cli"


def register(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    for command in (audit, stop, resume, decide, release):
        app.command()(command)


# --------------------------------------------------------------------------- audit


def audit(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    provider_ledger: Annotated[
        Path | None, typer.Option(help="the provider's sends, as /_sim/ledger of the simulator gives them")
    ] = None,
    client_ledger: Annotated[
        Path | None, typer.Option(help="ids of all requests answered 202, as a JSON list")
    ] = None,
    days: Annotated[float | None, typer.Option(help="leave out what is older; all without it")] = None,
) -> None:
    """Prove the promises on the stored data. Exit code 1 when one is broken."""
    try:
        scope: dict[str, Any] = {}
        if provider_ledger is not None:
            scope["provider"] = read_provider(provider_ledger.read_text("utf-8"))
        if client_ledger is not None:
            scope["client_ids"] = read_client(client_ledger.read_text("utf-8"))
        report = uvloop.run(_audit(scope, days))
    except (LedgerUnreadable, NotInstallable, EmbeddedError, OSError, asyncpg.PostgresError) as error:
        err.print(f"[red]no audit[/]: {error}", highlight=False)
        raise typer.Exit(2) from error
    if as_json:
        sys.stdout.write(json.dumps(report.as_dict()) + "\n")
    else:
        _show(report)
    raise typer.Exit(1 if report.failed else 0)


async def _audit(scope: dict[str, Any], days: float | None) -> Report:
    settings = Settings()
    installation = await prepare(settings)
    house = House(settings, installation, web=True)
    try:
        await house.open()
        now = house.clock.now()
        if days is not None:
            scope["since"] = now - timedelta(days=days)
        full = invariants.Scope(vault=house.vault, timer=time.monotonic, **scope)
        return await invariants.run(house.engine, house.db, now, full)
    finally:
        await house.close()
        installation.leave()


def _mark(one: Invariant) -> str:
    if one.ok is None:
        return "[dim]--[/]"
    return "[green]ok[/]" if one.ok else "[red]!![/]"


def _show(report: Report) -> None:
    table = Table("", "", "promise", "found", box=None)
    for one in report.invariants:
        table.add_row(_mark(one), one.id, one.title.en, one.skipped or str(one.found or ""))
    out.print(table)
    for one in report.failed:
        out.print(f"\n[red]{one.id}[/] {one.title.en}")
        for row in one.sample:
            out.print("  " + "  ".join(f"{name}={value}" for name, value in row.items()), highlight=False)
    out.print(f"\n{report.messages} messages in {report.took_ms / 1000:.1f} s")


# --------------------------------------------------------------------------- stop, resume

Company = Annotated[str | None, typer.Argument(help="client id; the whole installation without it")]
Number = Annotated[str | None, typer.Option(help="only this number (phone_number_id)")]


def stop(
    client: Company = None,
    number: Number = None,
    reason: Annotated[str, typer.Option(help="shown beside what waits")] = "parado pela operação",
) -> None:
    """Stop sending: everything, one company or one number. Messages wait, nothing is lost."""
    out.print(_switch(client, number, on=True, reason=reason))


def resume(client: Company = None, number: Number = None) -> None:
    """Let messages leave again after a stop."""
    out.print(_switch(client, number, on=False, reason=None))


def _switch(client: str | None, number: str | None, *, on: bool, reason: str | None) -> str:
    word = "stopped" if on else "free"
    if client is None:
        if number is not None:
            raise typer.BadParameter("a number needs its company")

        async def everything(house: House, tx: Tx) -> str:
            await switches.switch_installation(tx, house.clock.now(), on=on, reason=reason, actor=_ACTOR)
            return f"the installation is {word}"

        return inside(everything)

    async def one(house: House, tx: Tx) -> str:
        company = await tenants.get_tenant(tx, client)
        return await _switch_in(house, tx, company, number, on=on, reason=reason, word=word)

    return inside(one)


async def _switch_in(
    house: House, tx: Tx, company: TenantRow, number: str | None, *, on: bool, reason: str | None, word: str
) -> str:
    now = house.clock.now()
    if number is None:
        await switches.switch_tenant(tx, now, company.tenant_id, on=on, reason=reason, actor=_ACTOR)
        if not on and company.kill_switch:
            await tenants.change_settings(tx, now, company.tenant_id, {"kill_switch": False}, actor=_ACTOR)
        return f"{company.client_id} is {word}"
    row = await numbers.get_number(tx, company.tenant_id, number)
    await stops.stop_by_platform(
        tx, now, company.tenant_id, row.number_id, on=on, reason=reason, actor=_ACTOR
    )
    if not on and row.kill_switch:
        await numbers.set_kill_switch(tx, now, company.tenant_id, row.number_id, on=False, actor=_ACTOR)
    if not on and row.paused_reason is not None:
        await numbers.resume_lane(tx, now, company.tenant_id, row.number_id, actor=_ACTOR)
    return f"{company.client_id} {row.external_id} is {word}"


# --------------------------------------------------------------------------- release


class Release(StrEnum):
    RESTORE = "restore"
    CLONE = "clone"
    HELD = "held"


def release(
    what: Annotated[Release, typer.Argument(help="the restriction, or the messages it left held")],
    client: Annotated[str | None, typer.Option(help="held: only this company")] = None,
    message: Annotated[str | None, typer.Option(help="held: only this message")] = None,
    discard: Annotated[bool, typer.Option(help="held: close them instead of sending")] = False,
) -> None:
    """Let sending go on after a restore or in a copy. Held messages stay until they are released too."""
    if what is not Release.HELD:
        out.print(inside(partial(_release_mode, what.value)), highlight=False)
        return
    if message is not None and client is None:
        raise typer.BadParameter("a message needs its company (--client)")
    decision = HeldDecision.DISCARD if discard else HeldDecision.RELEASE
    total = 0
    while count := inside(partial(_release_held, client, message, decision)):
        total += count
    out.print(f"{total} messages: {decision}")


async def _release_mode(mode: str, house: House, tx: Tx) -> str:
    if not await epoch.release(tx, house.clock.now(), mode, actor=_ACTOR):
        return f"no {mode} restriction was on"
    waiting = await restore.held(tx)
    lines = [f"the {mode} restriction is lifted; new messages leave"]
    lines += [f"  {one.client_id}: {one.messages} held (recado release held)" for one in waiting]
    return "\n".join(lines)


async def _release_held(
    client: str | None, message: str | None, decision: HeldDecision, house: House, tx: Tx
) -> int:
    """One bite for each company."""
    names = [client] if client else [one.client_id for one in await restore.held(tx)]
    message_id = reading.parse_id(message) if message else None
    total = 0
    for name in names:
        company = await tenants.get_tenant(tx, name)
        total += await restore.settle_held(
            tx, house.clock.now(), company.tenant_id, decision, message_id=message_id, actor=_ACTOR
        )
    return total


# --------------------------------------------------------------------------- decide


def decide(
    client: Client,
    message: Annotated[str, typer.Argument(help="message id, or `list`")],
    decision: Annotated[str, typer.Argument(help="resend, abandon or wait")] = "",
) -> None:
    """Say what becomes of a message nobody can explain; `list` shows them."""

    async def work(house: House, tx: Tx) -> Sequence[str]:
        company = await tenants.get_tenant(tx, client)
        if message == "list":
            return await _undecided(tx, company.tenant_id)
        message_id = reading.parse_id(message)
        await doubt.decide(tx, house.clock.now(), company.tenant_id, message_id, decision, actor=_ACTOR)
        return [f"{message_id}: {decision}"]

    for line in inside(work):
        out.print(line, highlight=False)


async def _undecided(tx: Tx, tenant_id: TenantId) -> list[str]:
    wanted = reading.Filter(states=["needs_decision", "in_doubt"], direction="out")
    rows = await reading.page(tx, tenant_id, wanted, before=UUID(int=2**128 - 1), most=200)
    return [f"{row.id}  {row.state}  {row.created_at:%Y-%m-%d %H:%M:%S}  {row.reason}" for row in rows]
