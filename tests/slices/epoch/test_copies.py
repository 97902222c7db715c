"""Old copies, moved copies and promoted servers of the embedded database send nothing by themselves."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from tests.slices.world import TEMPLATE
from tests.support.cluster import make_place

from recado.app import epoch
from recado.app.health import Health
from recado.app.install import DATABASE, keeper, prepare
from recado.app.wiring import House, build_worker
from recado.cli.doctor import _sending
from recado.db.system import system
from recado.invariants import service as invariants
from recado.kit.clock import SystemClock
from recado.kit.ids import MessageId, TenantId, uuid7
from recado.messages.accept import Request, accept_many
from recado.messages.content import parse_draft
from recado.messages.restore import HeldDecision, settle_held
from recado.numbers import service as numbers
from recado.providers.contract import Credentials
from recado.settings import Settings
from recado.tenants import service as tenants
from recado.tenants.model import Mode
from recado.worker.loops import Worker


class Meta:
    """A provider that takes everything and counts."""

    def __init__(self) -> None:
        self.sends = 0
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.sends += 1
        body = {"messaging_product": "whatsapp", "contacts": [], "messages": [{"id": f"wamid.{self.sends}"}]}
        return web.json_response(body)


@pytest.fixture
async def meta() -> AsyncIterator[Meta]:
    provider = Meta()
    app = web.Application()
    app.router.add_post("/{tail:.*}", provider.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    provider.url = f"http://{host}:{port}"
    yield provider
    await runner.cleanup()


@pytest.fixture
def place() -> Iterator[Path]:
    made = make_place()
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Life:
    """One start of the installation: its parts, its worker moved by hand."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.worker: Worker = build_worker(house)
        self.tenant_id = TenantId(uuid7(house.clock.now()))

    async def company(self) -> None:
        now = self.house.clock.now()
        async with system(self.house.db) as tx:
            row = await tenants.find_tenant(tx, "estudio-aurora")
            if row is None:
                row = await tenants.create_tenant(
                    tx,
                    now,
                    self.house.vault,
                    client_id="estudio-aurora",
                    name="Estúdio Aurora",
                    mode=Mode.ENABLED,
                )
                await numbers.add_number(
                    tx,
                    now,
                    self.house.vault,
                    row,
                    provider="meta",
                    waba_external_id="102290129340398",
                    external_id="106540352242922",
                    credentials=Credentials(access_token="only-for-tests"),
                )
        self.tenant_id = row.tenant_id

    async def queue(self, count: int) -> None:
        now = self.house.clock.now()
        async with system(self.house.db) as tx:
            (number,) = await numbers.list_numbers(tx, self.tenant_id)
        requests = []
        for n in range(count):
            draft = parse_draft(TEMPLATE | {"to": f"+55209555{n:05d}"}, None)
            assert not isinstance(draft, list)
            requests.append(Request(id=MessageId(uuid7(now)), draft=draft, number_id=number.number_id))
        async with self.house.db.tenant(self.tenant_id) as tx:
            await accept_many(tx, now, self.tenant_id, requests)

    async def send(self) -> int:
        """Everything that may leave leaves and is recorded. Returns how many left."""
        lanes = self.worker.lanes
        await lanes.renew()
        left = 0
        while count := await lanes.claim_once():
            left += count
        await lanes.drain()
        while await lanes.record_once():
            pass
        await lanes.release()
        return left

    async def states(self) -> dict[str, int]:
        async with system(self.house.db) as tx:
            rows = await tx.connection.fetch("select state, count(*) from message group by 1")
        return dict(map(tuple, rows))

    async def forced(self) -> epoch.Forced | None:
        async with system(self.house.db) as tx:
            return await epoch.forced(tx)

    async def release(self, mode: str) -> bool:
        async with system(self.house.db) as tx:
            return await epoch.release(tx, self.house.clock.now(), mode, actor="test")

    async def settle(self, decision: HeldDecision, **more: Any) -> int:
        async with system(self.house.db) as tx:
            return await settle_held(
                tx, self.house.clock.now(), self.tenant_id, decision, actor="test", **more
            )

    async def wrong(self) -> list[str]:
        report = await invariants.run(
            self.house.engine, self.house.db, self.house.clock.now(), invariants.Scope(vault=self.house.vault)
        )
        return [f"{one.id} {one.sample}" for one in report.failed]


def settings(data_dir: Path, meta: Meta) -> Settings:
    return Settings(data_dir=data_dir, meta_base_url=meta.url, environment="development")


@asynccontextmanager
async def started(chosen: Settings) -> AsyncIterator[Life]:
    installation = await prepare(chosen)
    house = House(chosen, installation, web=True)
    try:
        await house.open()
        life = Life(house)
        await life.company()
        yield life
    finally:
        await house.close()
        installation.leave()


async def test_an_old_copy_sends_nothing_until_a_person_says_so(place: Path, meta: Meta) -> None:
    chosen = settings(place / "data", meta)
    async with started(chosen) as life:
        await life.queue(5)
    shutil.copytree(chosen.data_dir / "postgres", place / "copy")
    async with started(chosen) as life:
        assert await life.forced() is None, "an ordinary restart restricts nothing"
        assert await life.send() == 5
        assert await life.wrong() == []
    shutil.rmtree(chosen.data_dir / "postgres")
    shutil.move(place / "copy", chosen.data_dir / "postgres")

    for _ in range(2):  # another restart does not forget
        async with started(chosen) as life:
            await life.queue(1)
            assert await life.send() == 0
            restricted = await life.forced()
            assert restricted is not None
            assert restricted.mode == "restore"
            ready = {check.name: check.detail for check in await Health(life.house).readiness()}
            assert ready["sending"].startswith("restore: nothing leaves")
            found = await _sending(chosen, life.house.installation)
            assert not found.ok
            assert "recado release restore" in found.fix
    assert meta.sends == 5

    async with started(chosen) as life:
        assert await life.states() == {"held": 5, "queued": 2}
        assert not await life.release("clone")
        assert await life.release("restore")
        assert await life.send() == 2, "what was asked for after the restore"
        assert await life.states() == {"held": 5, "accepted": 2}
        assert await life.settle(HeldDecision.DISCARD, message_id=await _one_held(life)) == 1
        assert await life.settle(HeldDecision.RELEASE) == 4
        assert await life.send() == 4
        assert await life.states() == {"discarded": 1, "accepted": 6}
        assert await life.wrong() == []
    async with started(chosen) as life:
        assert await life.forced() is None


async def _one_held(life: Life) -> MessageId:
    async with system(life.house.db) as tx:
        found: MessageId = await tx.connection.fetchval(
            "select message_id from outbox where state = 4 limit 1"
        )
    return found


async def test_a_copy_in_another_place_only_pretends(place: Path, meta: Meta) -> None:
    original = settings(place / "data", meta)
    async with started(original) as life:
        await life.queue(3)
        await life.send()
        await life.queue(2)
        # One more is on the wire at this moment.
        async with system(life.house.db) as tx:
            await tx.connection.execute(
                "update outbox set state = 1, lease_until = now() + interval '1 hour', token = gen_random_uuid() "
                "where message_id = (select message_id from outbox limit 1)"
            )
            await tx.connection.execute(
                "insert into attempt (tenant_id, token, message_id, number_id, n, fence, state) "
                "select tenant_id, token, message_id, number_id, 1, 1, 'intent' from outbox where state = 1"
            )
    shutil.copytree(original.data_dir, place / "staging")
    async with started(settings(place / "staging", meta)) as life:
        restricted = await life.forced()
        assert restricted is not None
        assert restricted.mode == "clone"
        await life.queue(4)
        assert await life.send() == 0
        assert await life.states() == {"accepted": 3, "held": 1, "in_doubt": 1, "simulated": 4}
        assert await life.wrong() == []
        assert await life.release("clone")
        await life.queue(1)
        assert await life.send() == 1
    assert meta.sends == 4


async def test_a_lost_file_beside_a_used_database(place: Path, meta: Meta) -> None:
    chosen = settings(place / "data", meta)
    async with started(chosen) as life:
        await life.queue(1)
    (chosen.data_dir / epoch.FILE).unlink()
    async with started(chosen) as life:
        assert await life.send() == 0
        restricted = await life.forced()
        assert restricted is not None
        assert restricted.why.startswith("epoch.json is missing")


async def test_a_recovered_server_waits_for_a_look(place: Path, meta: Meta) -> None:
    """Recovery to a point in time and promotion both begin a new timeline."""
    chosen = settings(place / "data", meta)
    async with started(chosen) as life:
        await life.queue(1)
    cluster = chosen.data_dir / "postgres"
    (cluster / "recovery.signal").touch()
    with (cluster / "postgresql.auto.conf").open("a") as file:
        file.write("restore_command = 'false'\n")
    async with started(chosen) as life:
        restricted = await life.forced()
        assert restricted is not None
        assert "timeline 1 to 2" in restricted.why
        await life.release("restore")
        await life.settle(HeldDecision.RELEASE)
        # Before anybody has looked, a claim must not trust a new timeline either.
        async with system(life.house.db) as tx:
            await tx.connection.execute("update installation set timeline = 1")
        assert await life.send() == 0
        verdict = await keeper(chosen, SystemClock()).check(life.house.engine)
        assert isinstance(verdict, epoch.Restored)


async def test_a_database_set_back_under_a_running_worker(place: Path, meta: Meta) -> None:
    chosen = settings(place / "data", meta)
    async with started(chosen) as life:
        watch = keeper(chosen, SystemClock())
        assert isinstance(await watch.check(life.house.engine), epoch.Known)
        await life.queue(1)
        assert life.house.installation.running is not None
        owner = await asyncpg.connect(life.house.installation.running.dsn(database=DATABASE))
        await owner.execute("set row_security = off; update instance set epoch = epoch - 1")
        await owner.close()
        assert isinstance(await watch.check(life.house.engine), epoch.Restored)
        assert await life.send() == 0
    assert meta.sends == 0
