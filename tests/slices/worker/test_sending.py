"""A whole worker: queued, claimed, sent over HTTP, recorded; and how it stops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from tests.slices.graph import Graph
from tests.slices.worker.files import keep
from tests.slices.world import MARINA, TEMPLATE, Company, World, inbound, said, status, statuses

from recado.db.pool import Tx
from recado.worker.loops import Worker
from recado.worker.ports import WorkerConfig, WorkerPorts

TOLD = "select count(*) from event where data->>'reason' = $1"


@asynccontextmanager
async def working(ports: WorkerPorts, config: WorkerConfig) -> AsyncIterator[Worker]:
    worker = Worker(ports, config)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(running, 20)


def states(world: World) -> Callable[[], Any]:
    async def look() -> list[str]:
        return [row["state"] for row in await world.rows("select state from message order by id")]

    return look


async def test_what_is_queued_leaves_once_with_its_token(
    world: World,
    aurora: Company,
    graph: Graph,
    ports: WorkerPorts,
    config: WorkerConfig,
    eventually: Callable[..., Any],
) -> None:
    phones = [f"+55209555{n:05d}" for n in range(8)]
    ids = [await world.queue(aurora, to=phone) for phone in phones]
    by_bsuid = await world.queue(aurora, **TEMPLATE, recipient="BR.1a2b3c")
    async with working(ports, config):
        done = "select count(*) = 9 from message where state = 'accepted'"
        await eventually(lambda: world.value(done))
    assert len(graph.sent()) == 9
    for message_id in (*ids, by_bsuid):
        (attempt,) = await world.attempts(message_id)
        marks = [aurora.keys.read_token(one["biz_opaque_callback_data"]) for one in graph.sent()]
        assert marks.count(attempt["token"]) == 1
    assert {one.authorization for one in graph.asked} == {"Bearer only-for-tests"}
    assert sum(one.get("recipient") == "BR.1a2b3c" for one in graph.sent()) == 1
    assert await world.value("select owner from lane") is None


async def test_each_answer_of_the_provider_becomes_its_outcome(
    world: World,
    aurora: Company,
    graph: Graph,
    ports: WorkerPorts,
    config: WorkerConfig,
    eventually: Callable[..., Any],
) -> None:
    for answer in ((400, 131026), (400, 131047), (401, 190)):
        graph.refuse(*answer)
        await world.queue(aurora)
        reason = {131026: "undeliverable", 131047: "window_closed", 190: "token_expired"}[answer[1]]
        async with working(ports, config):
            await eventually(partial(world.value, TOLD, reason))
        world.clock.advance(seconds=1)
    assert (await states(world)()) == ["rejected", "skipped", "queued"]
    assert (await world.row("select paused_reason from lane"))["paused_reason"] == "token_expired"


async def test_unreadable_credentials_pause_the_number_and_nothing_leaves(
    world: World,
    aurora: Company,
    graph: Graph,
    ports: WorkerPorts,
    config: WorkerConfig,
    eventually: Callable[..., Any],
) -> None:
    await world.do("update phone_number set credentials = $1", b"\x01garbage")
    message_id = await world.queue(aurora)
    async with working(ports, config):
        await eventually(lambda: world.value("select paused_reason is not null from lane"))
    assert graph.asked == []
    assert (await world.row("select paused_reason from lane"))["paused_reason"] == "credentials_unreadable"
    outbox = await world.outbox(message_id)
    assert outbox is not None
    assert outbox["state"] == 0


async def test_a_webhook_is_projected_while_sending(
    world: World,
    aurora: Company,
    graph: Graph,
    ports: WorkerPorts,
    config: WorkerConfig,
    eventually: Callable[..., Any],
) -> None:
    message_id = await world.queue(aurora)
    async with working(ports, config):
        await eventually(lambda: world.value("select wamid from message"))
        wamid = await world.value("select wamid from message")
        body = statuses(aurora, status("delivered", wamid, world.now))
        await world.ledger.append(json.dumps(body).encode())
        await eventually(lambda: world.value("select state = 'delivered' from message"))
    assert await world.outbox(message_id) is None


async def test_stopping_finishes_what_a_claim_is_about_to_put_on_the_wire(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts, config: WorkerConfig
) -> None:
    """SIGTERM arrives while the claim commits: the intents exist, so they are sent and recorded."""
    for n in range(3):
        await world.queue(aurora, to=f"+55209555{n:05d}")
    stopped = asyncio.Event()

    @asynccontextmanager
    async def engine() -> AsyncIterator[Tx]:
        async with ports.engine() as tx:
            yield tx
            claimed = await tx.connection.fetchval("select count(*) from attempt")
            if claimed and not stopped.is_set():
                stopped.set()
                worker.stop()
                # Long enough for a hasty stop to have closed the books.
                for _ in range(50):
                    await asyncio.sleep(0)

    worker = Worker(replace(ports, engine=engine), config)
    await asyncio.wait_for(worker.run(), 20)
    assert stopped.is_set()
    assert len(graph.sent()) == 3
    assert (await states(world)()) == ["accepted"] * 3
    assert await world.value("select count(*) from outbox") == 0


async def test_a_file_travels_up_before_its_message(
    world: World,
    aurora: Company,
    graph: Graph,
    ports: WorkerPorts,
    config: WorkerConfig,
    eventually: Callable[..., Any],
) -> None:
    own = await keep(world, aurora, ports, b"\xff\xd8\xff")
    await world.open_window(aurora)
    message_id = await world.queue(aurora, type="image", image={"id": own})
    async with working(ports, config):
        uploaded = "select count(*) = 1 from media_upload"
        await eventually(lambda: world.value(uploaded))
        world.clock.advance(seconds=3)
        await eventually(
            lambda: world.value("select state = 'accepted' from message where id = $1", message_id)
        )
    (sent,) = graph.sent()
    theirs = await world.value("select provider_media_id from media_upload")
    assert sent["image"] == {"id": theirs}
    assert (await world.message(message_id))["content"]["image"] == {"id": own}


async def test_a_received_file_is_fetched_by_the_worker(
    world: World,
    aurora: Company,
    graph: Graph,
    ports: WorkerPorts,
    config: WorkerConfig,
    eventually: Callable[..., Any],
) -> None:
    graph.files["7788"] = b"\x89PNG\r\n\x1a\n" + bytes(40)
    image = {"id": "7788", "mime_type": "image/png"}
    await world.hear(inbound(aurora, said("image", "wamid.F", world.now, image)))
    async with working(ports, config):
        await eventually(lambda: world.value("select state = 'stored' from media"))
    blob = await world.value("select blob from media")
    assert await ports.blobs.get(blob) == graph.files["7788"]
    assert MARINA not in blob
