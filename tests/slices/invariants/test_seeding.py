"""An invented past keeps every promise the real one has to keep."""

from __future__ import annotations

import base64
import random
from pathlib import Path

from tests.slices.world import RING, Company, World
from tests.support.cluster import Dsns
from typer.testing import CliRunner

from recado.app.seeding import STORIES, samples, seed
from recado.cli.commands import app
from recado.db.system import system
from recado.invariants import service as invariants
from recado.invariants.service import Scope
from recado.messages import listing
from recado.messages.listing import Wanted


async def fill(world: World, company: Company, messages: int) -> None:
    await seed(world.db, world.now, company.tenant, company.keys, messages, source=random.Random(3))


async def test_the_audit_finds_nothing_in_it(world: World, aurora: Company) -> None:
    await fill(world, aurora, 3_000)
    assert await world.value("select count(*) from message") == 3_000
    # A database fills over months and is analysed meanwhile; this one filled in two seconds.
    await world.do("analyze message, event, attempt, outbox")
    states = {row["state"] for row in await world.rows("select distinct state from message")}
    assert states == {story.state for story in STORIES.values()}
    report = await invariants.run(lambda: system(world.db), world.db, world.now, Scope(vault=world.vault))
    assert [(one.id, one.sample) for one in report.failed] == []


async def test_nothing_of_it_leaves_and_all_of_it_is_found(world: World, aurora: Company) -> None:
    await fill(world, aurora, 400)
    assert await world.claim() == []
    phone, reference = samples(400)
    tenant_id = aurora.tenant.tenant_id
    async with world.db.tenant(tenant_id) as tx:
        for words in (phone, reference, "Azevedo"):
            wanted = Wanted(words=words)
            page = await listing.page(tx, world.now, tenant_id, wanted, keys=aurora.keys)
            assert page.rows, words
        counts = await listing.counts(tx, world.now, tenant_id)
    assert min(counts.attention, counts.everything, counts.left_us, counts.unsent) > 0


async def test_more_of_it_can_be_added(world: World, aurora: Company) -> None:
    await fill(world, aurora, 50)
    people = await world.value("select count(*) from contact")
    await fill(world, aurora, 50)
    assert await world.value("select count(*) from message") == 100
    assert await world.value("select count(*) from contact") == people


def test_never_in_production(database: Dsns, tmp_path: Path) -> None:
    environ = {
        "RECADO_DATABASE_URL": database.runtime,
        "RECADO_DATA_DIR": str(tmp_path / "data"),
        "RECADO_MASTER_KEYS": "k1:" + base64.b64encode(RING.keys["k1"]).decode(),
        "RECADO_ENVIRONMENT": "production",
        "RECADO_META_APP_SECRET": "only-for-tests",
        "RECADO_META_VERIFY_TOKEN": "only-for-tests",
    }
    told = CliRunner().invoke(app, ["seed", "estudio-aurora"], env=environ)
    assert told.exit_code == 2, told.output
    assert "not in production" in told.output
