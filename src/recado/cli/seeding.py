"""`recado seed`: a past for a company, to look at and to measure with."""

from __future__ import annotations

import random
from typing import Annotated

import asyncpg
import typer
import uvloop
from rich.console import Console

from recado.app.install import NotInstallable, prepare
from recado.app.seeding import seed as fill
from recado.app.wiring import House
from recado.cli.tenants import Client
from recado.db.embedded import EmbeddedError
from recado.db.system import system
from recado.errors import RecadoError
from recado.settings import Settings
from recado.tenants import service as tenants

out = Console()
err = Console(stderr=True)
_TELL_EVERY = 100_000


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    app.command()(seed)


def seed(
    client: Client,
    messages: Annotated[int, typer.Option(min=1, max=20_000_000, help="how many")] = 10_000,
    mixture: Annotated[int, typer.Option(help="the same number makes the same mixture")] = 1,
) -> None:
    """Give a company invented messages of the last 90 days, in every state. Never in production."""
    settings = Settings()
    if settings.environment == "production":
        err.print("[red]not in production[/]: invented messages would stand among real ones", highlight=False)
        raise typer.Exit(2)
    try:
        count = uvloop.run(_seed(settings, client, messages, random.Random(mixture)))  # noqa: S311
    except (RecadoError, NotInstallable, EmbeddedError, OSError, asyncpg.PostgresError) as error:
        err.print(f"[red]{error}[/]", highlight=False)
        raise typer.Exit(1) from error
    out.print(f"{count} messages", highlight=False)


def _tell(count: int) -> None:
    if count % _TELL_EVERY == 0:
        err.print(f"… {count}", highlight=False)


async def _seed(settings: Settings, client: str, messages: int, source: random.Random) -> int:
    installation = await prepare(settings)
    house = House(settings, installation, web=False)
    try:
        await house.open()
        async with system(house.db) as tx:
            tenant = await tenants.get_tenant(tx, client)
        keys = house.vault.keys(tenant.tenant_id, tenant.dek)
        now = house.clock.now()
        return await fill(house.db, now, tenant, keys, messages, source=source, told=_tell)
    finally:
        await house.close()
        installation.leave()
