"""`recado audit-log`: who did what, and whether anybody touched it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from recado.app.wiring import House
from recado.audit import service as audit
from recado.audit.model import INSTALLATION, Broken, Entry, Verdict, Wanted
from recado.cli.tenants import inside
from recado.db.pool import Tx
from recado.kit.ids import TenantId
from recado.tenants import service as tenants

app = typer.Typer(no_args_is_help=True, help="Who did what, and whether anybody touched it.")
out = Console()
_OF_ALL = "installation"

Company = Annotated[str | None, typer.Argument(help="client id; the installation's own trail without it")]


async def _trail(tx: Tx, client: str | None) -> TenantId:
    return INSTALLATION if client is None else (await tenants.get_tenant(tx, client)).tenant_id


@app.command("list")
def list_entries(
    client: Company = None,
    days: Annotated[float, typer.Option(help="how far back")] = 7,
    most: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> None:
    """Newest first."""

    async def work(house: House, tx: Tx) -> list[Entry]:
        wanted = Wanted(since=house.clock.now() - timedelta(days=days))
        return await audit.page(tx, await _trail(tx, client), wanted, most=most)

    # What was done is the one column that may never be cut, however narrow the terminal is.
    what = Column("what", no_wrap=True, min_width=28)
    table = Table("n", "when", "who", what, "to", "why", "from", box=None)
    for row in inside(work):
        when = f"{row.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(
            str(row.n), when, row.actor, row.action, row.target or "", row.why or "", row.origin or ""
        )
    out.print(table)


@app.command("verify")
def verify(
    client: Annotated[str | None, typer.Argument(help="client id; every trail without it")] = None,
    head: Annotated[
        str | None, typer.Option(help="a head printed earlier: also proves that nothing was cut off")
    ] = None,
) -> None:
    """Walk the chain of every trail. Exit code 1 names the first entry that does not fit."""
    if head is not None and client is None:
        raise typer.BadParameter("a head belongs to one company's trail")

    async def work(_: House, tx: Tx) -> list[tuple[str, Verdict]]:
        if client is not None:
            return [(client, await audit.verify(tx, await _trail(tx, client), head=head))]
        names = {row.tenant_id: row.client_id for row in await tenants.list_tenants(tx)}
        found = [INSTALLATION, *(one for one in await audit.chains(tx) if one != INSTALLATION)]
        return [(names.get(one, _OF_ALL), await audit.verify(tx, one)) for one in found]

    verdicts = inside(work)
    for name, verdict in verdicts:
        out.print(_sentence(name, verdict), highlight=False, soft_wrap=True)
    raise typer.Exit(1 if any(isinstance(one, Broken) for _, one in verdicts) else 0)


def _sentence(name: str, verdict: Verdict) -> str:
    if not isinstance(verdict, Broken):
        return f"[green]ok[/] {name}: {verdict.entries} entries, head {verdict.head}"
    place = f"entry {verdict.n}" if verdict.n is not None else "an entry outside the chain"
    told = f" ({verdict.action}, {verdict.at:%Y-%m-%d %H:%M:%S})" if verdict.at else ""
    return f"[red]!![/] {name}: {place} {verdict.why}{told}"
