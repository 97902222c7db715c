"""The commands of the person on duty, on a database of one's own choice."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import Result
from tests.slices.world import OTHER, RING, Company, World, unknown
from tests.support.cluster import Dsns
from tests.support.waiting import eventually as wait_eventually
from typer.testing import CliRunner

from recado.cli.commands import app

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(database: Dsns, tmp_path: Path) -> Run:
    environ = {
        "RECADO_DATABASE_URL": database.runtime,
        "RECADO_DATA_DIR": str(tmp_path / "data"),
        "RECADO_MASTER_KEYS": "k1:" + base64.b64encode(RING.keys["k1"]).decode(),
        "COLUMNS": "200",
    }

    async def invoke(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=environ)

    return invoke


@pytest.fixture(autouse=True)
async def durable(world: World) -> AsyncIterator[None]:
    """The commands refuse a server that may forget, and the run's server may. In memory a promise costs little."""
    names = ("fsync", "full_page_writes", "synchronous_commit")

    async def all_are(wanted: str) -> bool:
        return all([await world.value("select current_setting($1)", name) == wanted for name in names])

    for name in names:
        await world.do(f"alter system set {name} = on")
    await world.do("select pg_reload_conf()")
    await wait_eventually(lambda: all_are("on"))
    yield
    for name in names:
        await world.do(f"alter system reset {name}")
    await world.do("select pg_reload_conf()")
    # A busy server reads its files late. Without this wait the next test still sees this one's "on", and the reload
    # that comes then takes it away again, half-way through writing the next one's.
    await wait_eventually(lambda: all_are("off"))


async def test_stop_and_resume(world: World, aurora: Company, run: Run) -> None:
    await world.queue(aurora)
    external = aurora.number.external_id
    for words in ([], ["estudio-aurora"], ["estudio-aurora", "--number", external]):
        told = await run("stop", *words)
        assert told.exit_code == 0, told.output
        assert await world.claim() == []
        assert (await run("resume", *words)).exit_code == 0
    assert len(await world.claim()) == 1
    assert (await run("stop", "nobody")).exit_code == 1


async def test_decide(world: World, aurora: Company, run: Run) -> None:
    message_id = await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, unknown())
    assert str(message_id) in (await run("decide", "estudio-aurora", "list")).output
    assert (await run("decide", "estudio-aurora", str(message_id), "perhaps")).exit_code == 1
    assert (await run("decide", "estudio-aurora", str(message_id), "abandon")).exit_code == 0
    assert (await world.message(message_id))["state"] == "discarded"


async def test_release_held(world: World, aurora: Company, run: Run) -> None:
    ids = [await world.queue(aurora, to=f"+{OTHER[:-1]}{n}") for n in range(3)]
    await world.do("update outbox set state = 4")
    await world.do("update message set state = 'held', reason = 'restored'")
    one = await run("release", "held", "--client", "estudio-aurora", "--message", str(ids[0]), "--discard")
    assert "1 messages" in one.output
    assert "2 messages" in (await run("release", "held")).output
    assert [(await world.message(each))["state"] for each in ids] == ["discarded", "queued", "queued"]
    assert "no restore restriction" in (await run("release", "restore")).output


async def test_audit(world: World, aurora: Company, run: Run, tmp_path: Path) -> None:
    message_id = await world.queue(aurora)
    client = tmp_path / "client.json"
    client.write_text(json.dumps([str(message_id)]))
    told = await run("audit", "--json", "--client-ledger", str(client), "--days", "1")
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    assert (report["ok"], report["messages"]) == (True, 1)
    await world.do("update message set state = 'read' where id = $1", message_id)
    told = await run("audit")
    assert (told.exit_code, "I23" in told.output) == (1, True)
    client.write_text("{")
    assert (await run("audit", "--client-ledger", str(client))).exit_code == 2


async def test_the_trail_is_listed_and_verified(world: World, aurora: Company, run: Run) -> None:
    assert (await run("stop")).exit_code == 0
    whole = await run("audit-log", "verify")
    assert whole.exit_code == 0, whole.output
    head = next(line for line in whole.output.splitlines() if "estudio-aurora" in line).split()[-1]
    assert "installation: " in whole.output
    assert "installation.stopped" in (await run("audit-log", "list")).output
    assert "number.added" in (await run("audit-log", "list", "estudio-aurora")).output
    assert (await run("audit-log", "verify", "estudio-aurora", "--head", head)).exit_code == 0
    await world.do("update audit_entry set actor = 'nobody' where action = 'number.added'")
    broken = await run("audit-log", "verify", "estudio-aurora")
    assert broken.exit_code == 1
    assert "entry 2 changed (number.added" in broken.output
    assert (await run("audit-log", "verify", "--head", head)).exit_code == 2
