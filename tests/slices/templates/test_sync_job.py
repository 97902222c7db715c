"""Comparing over HTTP with the simulator, as a worker does it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.sim.stage import PHONE, WABA, Sim, running
from tests.slices.world import Company, World

from recado.adapters.blobs import DirectoryBlobs
from recado.db.system import system
from recado.kit.ids import AttemptToken
from recado.numbers import service as numbers
from recado.providers.contract import Credentials, Provider
from recado.providers.meta.provider import build
from recado.queue.jobs import Bury, Finish, Job
from recado.templates import service as templates
from recado.templates import sync
from recado.worker.ports import SendMeter, WorkerPorts
from recado.worker.template_jobs import TemplateJobs

TOKEN = "token-ok"


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with running() as started:
        yield started


@pytest.fixture
async def meta(sim: Sim) -> AsyncIterator[Provider]:
    provider = build(sim.base, "v25.0", connect_s=2, read_s=5)
    yield provider
    await provider.sender.aclose()


@pytest.fixture
def ports(world: World, meta: Provider, tmp_path: Path) -> WorkerPorts:
    jobs = TemplateJobs(lambda: made)
    made = WorkerPorts(
        engine=lambda: system(world.db),
        providers={"meta": meta},
        vault=world.vault,
        clock=world.clock,
        new_token=lambda: AttemptToken(uuid4()),
        random=random.Random(7),
        blobs=DirectoryBlobs(tmp_path),
        projection=world.projection,
        meter=SendMeter(),
        handlers=jobs.handlers(),
    )
    return made


async def company(world: World, token: str = TOKEN) -> Company:
    mine = await world.company(external_id=PHONE, waba=WABA)
    async with system(world.db) as tx:
        given = Credentials(access_token=token)
        await numbers.replace_credentials(tx, world.now, mine.keys, mine.number.number_id, given)
    return mine


def job(mine: Company, **payload: Any) -> Job:
    given = payload or {"waba_id": mine.number.waba_id.hex}
    return Job(tenant_id=mine.tenant.tenant_id, job_id=uuid4(), kind=sync.SYNC_JOB, payload=given, tries=1)


async def names(world: World, mine: Company) -> set[str]:
    async with world.db.tenant(mine.tenant.tenant_id) as tx:
        return {one.name for one in await templates.list_all(tx, mine.tenant.tenant_id)}


async def test_a_comparison_takes_over_all_pages_and_what_meta_says_of_the_number(
    world: World, sim: Sim, ports: WorkerPorts
) -> None:
    mine = await company(world)
    seeded = [
        {"name": f"aviso_{n:03}", "components": [{"type": "BODY", "text": "Até logo!"}]} for n in range(230)
    ]
    sim.ask("POST", "/_sim/seed", {"wabas": [{"id": WABA, "name": "Aurora", "templates": seeded}]})
    assert await ports.handlers[sync.SYNC_JOB](job(mine)) == Finish()
    assert {one["name"] for one in seeded} <= await names(world, mine)
    row = await world.row("select * from phone_number")
    assert (row["quality"], row["provider_status"], row["throughput"]) == ("GREEN", "CONNECTED", "STANDARD")
    state = await world.row("select * from template_sync")
    assert (state["error"], state["synced_at"]) == (None, state["tried_at"])
    by_number = job(mine, number_id=mine.number.number_id.hex)
    assert await ports.handlers[sync.SYNC_JOB](by_number) == Finish()


async def test_a_refused_token_changes_nothing_and_is_written_down(world: World, ports: WorkerPorts) -> None:
    mine = await company(world, "token-wrong")
    outcome = await ports.handlers[sync.SYNC_JOB](job(mine))
    assert isinstance(outcome, Bury)
    state = await world.row("select * from template_sync")
    assert (state["error"], state["synced_at"]) == ("token_expired", None)


async def test_an_answer_that_never_comes_is_asked_for_again(world: World, ports: WorkerPorts) -> None:
    mine = await company(world)
    nobody = build("http://127.0.0.1:9", "v25.0", connect_s=1, read_s=1)
    alone = TemplateJobs(lambda: replace(ports, providers={"meta": nobody}))
    outcome = await alone.sync(job(mine))
    await nobody.sender.aclose()
    assert type(outcome).__name__ == "Retry"
