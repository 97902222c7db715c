"""Commands about tenants, API keys, numbers and the master key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, TypeVar

import asyncpg
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from recado.app.install import NotInstallable, prepare
from recado.app.wiring import House
from recado.db.embedded import EmbeddedError
from recado.db.pool import Tx
from recado.db.system import system
from recado.errors import RecadoError
from recado.kit.crypto import SecretUnreadable
from recado.numbers import service as numbers
from recado.numbers.model import NumberRow
from recado.providers.contract import Credentials
from recado.settings import Settings
from recado.tenants import service as tenants
from recado.tenants.model import ALL_SCOPES, Mode

tenant_app = typer.Typer(no_args_is_help=True, help="Companies.")
key_app = typer.Typer(no_args_is_help=True, help="API keys of a company.")
number_app = typer.Typer(no_args_is_help=True, help="Sending numbers of a company.")
keyring_app = typer.Typer(no_args_is_help=True, help="The installation's master keys.")
out = Console()
err = Console(stderr=True)

Result = TypeVar("Result")
Client = Annotated[str, typer.Argument(help="client id of the company")]


async def _inside(work: Callable[[House, Tx], Awaitable[Result]]) -> Result:
    settings = Settings()
    installation = await prepare(settings)
    house = House(settings, installation, web=False)
    try:
        await house.open()
        async with system(house.db) as tx:
            return await work(house, tx)
    finally:
        await house.close()
        installation.leave()


def inside(work: Callable[[House, Tx], Awaitable[Result]]) -> Result:
    """One transaction under the engine role; a broken rule is one line and exit code 1."""
    try:
        return uvloop.run(_inside(work))
    except (RecadoError, NotInstallable, EmbeddedError, OSError, asyncpg.PostgresError) as error:
        err.print(f"[red]{error}[/]", highlight=False)
        raise typer.Exit(1) from error


@tenant_app.command("create")
def create_tenant(
    client_id: Client,
    name: Annotated[str, typer.Option(help="name people know")],
    mode: Annotated[Mode, typer.Option(help="a new company starts in dry run")] = Mode.DRY_RUN,
    timezone: Annotated[str, typer.Option()] = "America/Sao_Paulo",
) -> None:
    """Create a company."""

    async def work(house: House, tx: Tx) -> str:
        row = await tenants.create_tenant(
            tx,
            house.clock.now(),
            house.vault,
            client_id=client_id,
            name=name,
            mode=mode,
            timezone=timezone,
        )
        return f"{row.client_id}  {row.name}  ({row.mode})"

    out.print(inside(work))


@tenant_app.command("list")
def list_tenants() -> None:
    """List companies."""

    async def work(_: House, tx: Tx) -> Table:
        table = Table("client id", "name", "mode", "since", box=None)
        for row in await tenants.list_tenants(tx):
            table.add_row(row.client_id, row.name, row.mode, f"{row.created_at:%Y-%m-%d}")
        return table

    out.print(inside(work))


@key_app.command("create")
def create_key(
    client_id: Client,
    name: Annotated[str, typer.Option(help="what the key is for")] = "api",
    scope: Annotated[list[str] | None, typer.Option(help=", ".join(ALL_SCOPES))] = None,
    days: Annotated[int | None, typer.Option(help="valid for so many days", min=1)] = None,
) -> None:
    """Create an API key; it is shown once."""

    async def work(house: House, tx: Tx) -> str:
        tenant = await tenants.get_tenant(tx, client_id)
        now = house.clock.now()
        key = await tenants.create_key(
            tx,
            now,
            tenant.tenant_id,
            name=name,
            scopes=tuple(scope) if scope else ALL_SCOPES,
            expires_at=now + timedelta(days=days) if days else None,
        )
        return key.secret

    out.print(inside(work), soft_wrap=True, highlight=False)


@key_app.command("list")
def list_keys(client_id: Client) -> None:
    """List keys (never the secret)."""

    async def work(_: House, tx: Tx) -> Table:
        tenant = await tenants.get_tenant(tx, client_id)
        table = Table("id", "begins with", "name", "scopes", "expires", "revoked", "last used", box=None)
        for row in await tenants.list_keys(tx, tenant.tenant_id):
            moments = (row.expires_at, row.revoked_at, row.last_used_at)
            shown = [f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in moments]
            table.add_row(str(row.key_id), row.prefix, row.name, " ".join(row.scopes), *shown)
        return table

    out.print(inside(work))


@key_app.command("revoke")
def revoke_key(
    client_id: Client, which: Annotated[str, typer.Argument(help="key id, or what it begins with")]
) -> None:
    """Revoke a key."""

    async def work(house: House, tx: Tx) -> int:
        tenant = await tenants.get_tenant(tx, client_id)
        prefix = which[:9] if which.startswith("rk_") else which
        return await tenants.revoke_key(tx, house.clock.now(), tenant.tenant_id, prefix)

    count = inside(work)
    out.print(f"{count} revoked" if count else "no such live key")
    raise typer.Exit(0 if count else 1)


@number_app.command("add")
def add_number(
    client_id: Client,
    phone_number_id: Annotated[str, typer.Option(help="Meta's phone number id")],
    waba_id: Annotated[str, typer.Option(help="Meta's WhatsApp Business Account id")],
    token: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, envvar="RECADO_NUMBER_TOKEN", help="access token"),
    ],
    display_phone: Annotated[str | None, typer.Option(help="as people know it")] = None,
    name: Annotated[str | None, typer.Option(help="verified name")] = None,
    rate: Annotated[float, typer.Option(help="messages a second", min=0.1, max=1000)] = 80,
    app_secret: Annotated[str | None, typer.Option(envvar="RECADO_NUMBER_APP_SECRET")] = None,
) -> None:
    """Add a sending number with its credentials (stored encrypted)."""

    async def work(house: House, tx: Tx) -> str:
        tenant = await tenants.get_tenant(tx, client_id)
        row = await numbers.add_number(
            tx,
            house.clock.now(),
            house.vault,
            tenant,
            provider="meta",
            waba_external_id=waba_id,
            external_id=phone_number_id,
            display_phone=display_phone,
            verified_name=name,
            rate_per_s=rate,
            credentials=Credentials(access_token=token, app_secret=app_secret),
        )
        return f"{row.external_id} added{' as default' if row.is_default else ''}"

    out.print(inside(work))


@number_app.command("list")
def list_numbers(client_id: Client) -> None:
    """List sending numbers."""

    async def work(_: House, tx: Tx) -> Table:
        tenant = await tenants.get_tenant(tx, client_id)
        table = Table("phone number id", "WABA", "display", "default", "a second", "paused", box=None)
        for row in await numbers.list_numbers(tx, tenant.tenant_id):
            table.add_row(
                row.external_id,
                row.waba_external_id,
                row.display_phone or "",
                "yes" if row.is_default else "",
                f"{row.rate_per_s:g}",
                "kill switch" if row.kill_switch or row.platform_stop else row.paused_reason or "",
            )
        return table

    out.print(inside(work))


@number_app.command("token")
def replace_token(
    client_id: Client,
    phone_number_id: Annotated[str, typer.Argument()],
    token: Annotated[str, typer.Option(prompt=True, hide_input=True, envvar="RECADO_NUMBER_TOKEN")],
    app_secret: Annotated[str | None, typer.Option(envvar="RECADO_NUMBER_APP_SECRET")] = None,
) -> None:
    """Replace the access token (and the app secret, when given); a number paused for it starts again."""

    async def work(house: House, tx: Tx) -> str:
        tenant = await tenants.get_tenant(tx, client_id)
        row = await numbers.get_number(tx, tenant.tenant_id, phone_number_id)
        await numbers.replace_credentials(
            tx,
            house.clock.now(),
            house.vault.keys(tenant.tenant_id, tenant.dek),
            row.number_id,
            Credentials(access_token=token, app_secret=app_secret or await _app_secret(house, tx, row)),
        )
        return "token replaced"

    out.print(inside(work))


async def _app_secret(house: House, tx: Tx, row: NumberRow) -> str | None:
    """The one stored before, unless it no longer opens."""
    sealed = await numbers.sealed_credentials(tx, row.tenant_id, row.number_id)
    try:
        return numbers.open_credentials(house.vault, sealed).app_secret if sealed else None
    except SecretUnreadable:
        return None


@keyring_app.command("rotate")
def rotate() -> None:
    """Re-wrap every tenant's key under the current master key (put the new one first in RECADO_MASTER_KEYS)."""

    async def work(house: House, tx: Tx) -> int:
        return await tenants.rotate_master_key(tx, house.clock.now(), house.vault)

    out.print(f"{inside(work)} tenant keys re-wrapped")
