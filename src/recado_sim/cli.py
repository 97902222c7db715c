"""`recado-sim`: start the simulator from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from recado_sim.loopback import is_loopback
from recado_sim.server import serve
from recado_sim.state import Config

app = typer.Typer(add_completion=False, help="Plays Meta's WhatsApp Cloud API on this machine.")


@app.command()
def start(
    port: Annotated[int, typer.Option(help="0 picks a free port.")] = 0,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    app_id: Annotated[str | None, typer.Option()] = None,
    app_secret: Annotated[str | None, typer.Option(help="Signs the webhooks.")] = None,
    callback: Annotated[str | None, typer.Option(help="Where webhooks go (loopback).")] = None,
    verify_token: Annotated[str | None, typer.Option()] = None,
    token: Annotated[list[str] | None, typer.Option(help="A good token; may repeat.")] = None,
    state: Annotated[Path | None, typer.Option(help="Keep everything in this file.")] = None,
    sent_s: Annotated[float | None, typer.Option()] = None,
    delivered_s: Annotated[float | None, typer.Option()] = None,
    read_s: Annotated[float | None, typer.Option(help="Negative: nobody reads.")] = None,
    batch_ms: Annotated[float | None, typer.Option(help="Statuses per POST.")] = None,
    rate_limit: Annotated[float | None, typer.Option(help="Messages/s; 0 is off.")] = None,
    pair_limit: Annotated[int | None, typer.Option(help="Burst per person; 0 is off.")] = None,
    approve_s: Annotated[float | None, typer.Option(help="Template review time.")] = None,
    retry_base_s: Annotated[float | None, typer.Option(help="First webhook retry.")] = None,
    ledger_max: Annotated[int | None, typer.Option()] = None,
    seed_random: Annotated[int | None, typer.Option(help="Repeatable ids.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say ready in JSON.")] = False,
) -> None:
    """Listen until stopped; print one line when ready."""
    if callback and not is_loopback(callback):
        raise typer.BadParameter("webhooks go only to loopback addresses", param_hint="--callback")
    if not is_loopback(f"http://[{host}]" if ":" in host else f"http://{host}"):
        raise typer.BadParameter("the simulator listens only on loopback", param_hint="--host")
    overrides: dict[str, Any] = {
        "app_id": app_id,
        "app_secret": app_secret,
        "callback_url": callback,
        "verify_token": verify_token,
        "tokens": token or None,
        "sent_s": sent_s,
        "delivered_s": delivered_s,
        "read_s": read_s,
        "batch_ms": batch_ms,
        "rate_limit": rate_limit,
        "pair_limit": pair_limit,
        "approve_s": approve_s,
        "retry_base_s": retry_base_s,
        "ledger_max": ledger_max,
    }
    given = {name: value for name, value in overrides.items() if value is not None}
    if read_s is not None and read_s < 0:
        given["read_s"] = None
    config = Config(host=host, port=port, state=state, random_seed=seed_random, overrides=given)
    serve(config, lambda facts: _say_ready(facts, as_json=as_json))


def _say_ready(facts: dict[str, str], *, as_json: bool) -> None:
    line = msgspec.json.encode(facts).decode() if as_json else f"recado-sim: {facts['url']}"
    typer.echo(line)


def main() -> None:
    """The console script."""
    app()
