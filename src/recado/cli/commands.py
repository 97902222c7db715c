"""Commands that run things: demo, serve, web, work, migrate, doctor, settings, replay."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from recado.app import demo as demos
from recado.app import logs
from recado.app.install import DATABASE, Installation, NotInstallable, keep_secret, prepare
from recado.app.processes import die_with_parent, run_web, run_worker
from recado.app.serve import serve as run_serve
from recado.app.tending import tending
from recado.cli import doctor as doctors
from recado.cli import operations, seeding, trail
from recado.cli import people as people_commands
from recado.cli import tenants as tenant_commands
from recado.db.embedded import EmbeddedError
from recado.db.migrate import MigrationError, ensure_runtime_role
from recado.db.migrate import migrate as run_migrate
from recado.kit.address import UNREADABLE, is_postgres
from recado.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="recado: WhatsApp messages that leave once, at the right pace, with a story.",
)
app.add_typer(tenant_commands.tenant_app, name="tenant")
app.add_typer(tenant_commands.key_app, name="key")
app.add_typer(tenant_commands.number_app, name="number")
app.add_typer(tenant_commands.keyring_app, name="keyring")
app.add_typer(people_commands.panel_app, name="panel")
app.add_typer(people_commands.person_app, name="person")
app.add_typer(trail.app, name="audit-log")
operations.register(app)
seeding.register(app)
out = Console()
err = Console(stderr=True)

_SUPERVISED = bool(os.environ.get("RECADO_DIE_WITH_PARENT"))  # noqa: TID251 - set by our own supervisor
# A refusal of the server, or of the driver before it asked one.
DATABASE_SAYS = (asyncpg.PostgresError, asyncpg.InterfaceError)
Role = Callable[[Settings, Installation], Awaitable[None]]


def load_settings(data_dir: Path | None = None) -> Settings:
    """Exits with one line for each bad setting."""
    try:
        return Settings(data_dir=data_dir) if data_dir else Settings()
    except ValidationError as error:
        for one in error.errors():
            name = "RECADO_" + "_".join(str(part) for part in one["loc"]).upper()
            err.print(f"[red]{name if one['loc'] else 'settings'}[/]: {one['msg']}", highlight=False)
        raise typer.Exit(2) from error


async def _with_installation(settings: Settings, role: Role) -> None:
    installation = await prepare(settings)
    # Under a supervisor it is the one to look after PostgreSQL.
    care = contextlib.nullcontext() if _SUPERVISED else tending(settings, installation)
    try:
        async with care:
            await role(settings, installation)
    finally:
        await asyncio.to_thread(installation.leave)


def run(settings: Settings, name: str, role: Role) -> None:
    logs.configure(settings.log_level, name)
    if _SUPERVISED:
        die_with_parent()
    try:
        uvloop.run(_with_installation(settings, role))
    except (NotInstallable, EmbeddedError, MigrationError, OSError, *DATABASE_SAYS) as error:
        err.print(f"[red]recado cannot start[/]: {error}", highlight=False)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


DataDir = Annotated[Path | None, typer.Option(help="where the embedded database, keys and files live")]


@app.command()
def demo(
    data_dir: DataDir = None,
    port_base: Annotated[int | None, typer.Option(help="first of the ports used")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON line when ready")] = False,
    no_browser: Annotated[bool, typer.Option(help="do not open the panel")] = False,
) -> None:
    """Everything on this machine: PostgreSQL, simulator, doors, worker, a sample company."""
    import webbrowser

    logs.configure("warning", "demo")
    place = data_dir or Settings.model_fields["data_dir"].get_default(call_default_factory=True)
    target = (place if data_dir else place.with_name("recado-demo")).resolve()

    def announce(addresses: demos.DemoAddresses) -> None:
        text = demos.as_json(addresses) if as_json else demos.as_text(addresses)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        if not (no_browser or as_json) and sys.stdout.isatty():
            webbrowser.open(addresses.panel)

    try:
        uvloop.run(demos.demo(target, port_base, announce))
    except (NotInstallable, EmbeddedError, MigrationError, OSError, *DATABASE_SAYS) as error:
        err.print(f"[red]the demo cannot start[/]: {error}", highlight=False)
        raise typer.Exit(1) from error


@app.command()
def serve(data_dir: DataDir = None) -> None:
    """Doors and worker, supervised."""
    run(load_settings(data_dir), "serve", run_serve)


@app.command()
def web(data_dir: DataDir = None) -> None:
    """Only the doors."""
    run(load_settings(data_dir), "web", run_web)


@app.command()
def work(data_dir: DataDir = None) -> None:
    """Only the worker."""
    run(load_settings(data_dir), "work", run_worker)


@app.command()
def migrate(
    url: Annotated[str | None, typer.Option(help="login that owns the tables")] = None,
    runtime_role: Annotated[
        str | None, typer.Option(help="create this login for the product and print its URL")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Bring the database up to date."""
    settings = load_settings(data_dir)
    if url is not None and not is_postgres(url):
        err.print(f"[red]--url[/]: {UNREADABLE}", highlight=False)
        raise typer.Exit(2)
    owner = url or settings.database_owner_url or settings.database_url
    try:
        if owner is None:
            uvloop.run(_with_installation(settings, _nothing))
            out.print("embedded database is up to date")
            return
        done = uvloop.run(run_migrate(owner))
        out.print("\n".join(done) if done else "nothing to do")
        if runtime_role:
            out.print(uvloop.run(_make_runtime_role(settings, owner, runtime_role)), soft_wrap=True)
    except (MigrationError, NotInstallable, EmbeddedError, OSError, *DATABASE_SAYS) as error:
        err.print(f"[red]migration failed[/]: {error}", highlight=False)
        raise typer.Exit(1) from error


async def _nothing(_: Settings, __: Installation) -> None:
    """Preparing the installation already migrated it."""


async def _make_runtime_role(settings: Settings, owner: str, role: str) -> str:
    import secrets
    from urllib.parse import quote, urlsplit, urlunsplit

    keys = settings.data_dir / "keys"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = keep_secret(keys / f"{role}.password", secrets.token_urlsafe(24))
    connection = await asyncpg.connect(owner, timeout=30)
    try:
        await ensure_runtime_role(connection, role, password)
    finally:
        await connection.close(timeout=5)
    parts = urlsplit(owner)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(role)}:{quote(password)}@{host}"
    return urlunsplit(parts._replace(netloc=netloc, path=parts.path or f"/{DATABASE}"))


@app.command()
def doctor(data_dir: DataDir = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Check this installation and say what to fix. Exit code 1 when something is wrong."""
    findings = uvloop.run(doctors.examine(load_settings(data_dir)))
    if as_json:
        sys.stdout.write(json.dumps([finding.as_dict() for finding in findings]) + "\n")
    else:
        table = Table("", "what", "found", "do this", box=None)
        for one in findings:
            table.add_row("[green]ok[/]" if one.ok else "[red]!![/]", one.name, one.found, one.fix)
        out.print(table)
    raise typer.Exit(0 if all(one.ok for one in findings) else 1)


@app.command()
def settings() -> None:
    """Every setting with its meaning and default."""
    for name, info in Settings.model_fields.items():
        default = info.get_default(call_default_factory=True)
        sys.stdout.write(
            f"# {info.description}\nRECADO_{name.upper()}={'' if default is None else default}\n\n"
        )


@app.command()
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="dead letters; all when none is named")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="only show them")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what would change, change nothing")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Run dead letters again; what was already applied is not applied twice."""
    uvloop.run(doctors.replay(load_settings(data_dir), ids, out, list_only=list_only, dry_run=dry_run))


def main() -> None:
    app()
