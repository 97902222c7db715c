"""Files between people, us and the provider."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.slices.graph import Graph
from tests.slices.worker.files import keep
from tests.slices.world import Company, World, inbound, said

from recado.db.system import system
from recado.queue.jobs import Bury, Finish, Job, JobOutcome, Retry, claim_jobs, settle
from recado.worker.media_jobs import TRANSFERS
from recado.worker.ports import WorkerPorts

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64)


async def take(world: World) -> list[Job]:
    async with system(world.db) as tx:
        return await claim_jobs(tx, world.now, 10, kinds=TRANSFERS)


async def run(ports: WorkerPorts, job: Job) -> JobOutcome:
    return await ports.handlers[job.kind](job)


async def finish(world: World, ports: WorkerPorts, job: Job) -> None:
    outcome = await run(ports, job)
    async with system(world.db) as tx:
        await settle(tx, world.now, job, outcome)


async def received(world: World, company: Company, **image: Any) -> Job:
    content = {"id": "7788", "mime_type": "image/png"} | image
    await world.hear(inbound(company, said("image", "wamid.F", world.now, content)))
    (job,) = await take(world)
    return job


async def test_a_received_file_is_kept_with_its_digest(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    graph.files["7788"] = PNG
    job = await received(world, aurora)
    assert await run(ports, job) == Finish()
    row = await world.row("select * from media")
    assert (row["state"], row["size_bytes"], row["mime_type"]) == ("stored", len(PNG), "image/png")
    assert row["sha256"] == hashlib.sha256(PNG).digest()
    assert await ports.blobs.get(row["blob"]) == PNG
    assert {one.authorization for one in graph.asked} == {"Bearer only-for-tests"}
    asked = len(graph.asked)
    assert await run(ports, job) == Finish()
    assert len(graph.asked) == asked, "a stored file was fetched again"


async def test_the_webhooks_own_address_is_tried_first_and_a_fresh_one_after(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    job = await received(world, aurora, url=f"{graph.url}/files/expired")
    assert isinstance(await run(ports, job), Retry)
    assert [one.path for one in graph.asked] == ["/files/expired"]
    graph.files["7788"] = PNG
    again = Job(tenant_id=job.tenant_id, job_id=job.job_id, kind=job.kind, payload=job.payload, tries=2)
    assert await run(ports, again) == Finish()
    assert graph.asked[-1].path == "/files/7788"


async def test_the_token_never_goes_to_a_stranger(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    job = await received(world, aurora, url="https://evil.example/steal")
    assert isinstance(await run(ports, job), Retry)
    assert graph.asked == []


async def test_a_file_that_lies_about_itself_is_served_as_what_it_is(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    graph.files["7788"] = b"<html><script>alert(1)</script></html>"
    assert await run(ports, await received(world, aurora)) == Finish()
    assert await world.value("select mime_type from media") == "application/octet-stream"


async def test_a_file_that_is_gone_or_too_large_says_so(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    first = await received(world, aurora)
    job = Job(tenant_id=first.tenant_id, job_id=first.job_id, kind=first.kind, payload=first.payload, tries=2)
    assert await run(ports, job) == Finish()
    assert await world.value("select reason from media") == "media_unavailable"
    await world.do("update media set state = 'pending', reason = null")
    graph.files["7788"] = b"x" * (1024 * 1024 + 1)
    assert await run(ports, job) == Finish()
    row = await world.row("select state, reason from media")
    assert row == {"state": "unavailable", "reason": "media_too_large"}


async def test_trouble_at_the_provider_is_tried_again_and_at_last_said(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    job = await received(world, aurora)
    graph.say(500, {})
    outcome = await run(ports, job)
    assert isinstance(outcome, Retry)
    assert timedelta(0) < outcome.after <= timedelta(seconds=60)
    assert await world.value("select state from media") == "pending"
    last = Job(tenant_id=job.tenant_id, job_id=job.job_id, kind=job.kind, payload=job.payload, tries=8)
    graph.say(500, {})
    await run(ports, last)
    row = await world.row("select state, reason from media")
    assert row == {"state": "unavailable", "reason": "media_unavailable"}, "pending for ever"


async def test_a_file_of_a_number_that_is_gone_is_buried(
    world: World, aurora: Company, ports: WorkerPorts
) -> None:
    job = await received(world, aurora)
    await world.do("update media set number_id = $1", uuid4())
    assert isinstance(await run(ports, job), Bury)


# --------------------------------------------------------------------------- uploads


async def waiting_upload(world: World, company: Company, ports: WorkerPorts) -> tuple[UUID, str, Job]:
    own = await keep(world, company, ports, b"\xff\xd8\xff" + bytes(50))
    await world.open_window(company)
    message_id = await world.queue(company, type="image", image={"id": own})
    assert await world.claim() == []
    (job,) = await take(world)
    return message_id, own, job


async def test_a_message_waits_for_its_file_and_then_carries_the_providers_id(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    message_id, own, job = await waiting_upload(world, aurora, ports)
    world.clock.advance(seconds=3)
    assert await world.claim() == []
    assert await take(world) == [], "the same upload was asked for twice within a minute"
    assert await run(ports, job) == Finish()
    assert b"foto.jpg" in graph.asked[0].body
    world.clock.advance(seconds=3)
    (intent,) = await world.claim()
    assert intent.row.due.message_id == message_id
    assert intent.row.detail.content["image"]["id"] == await world.value(
        "select provider_media_id from media_upload"
    )
    assert own not in str(intent.row.detail.content)


async def test_an_upload_is_asked_for_once_even_across_a_full_minute(
    world: World, aurora: Company, ports: WorkerPorts
) -> None:
    world.clock.advance(seconds=58 - world.now.timestamp() % 60 + 60)
    await waiting_upload(world, aurora, ports)
    for _ in range(3):
        world.clock.advance(seconds=3)
        assert await world.claim() == []
    assert await take(world) == []
    assert await world.value("select count(*) from job where kind = 'media.upload'") == 1


async def test_an_upload_is_used_again_until_it_expires(
    world: World, aurora: Company, ports: WorkerPorts
) -> None:
    _, own, job = await waiting_upload(world, aurora, ports)
    await finish(world, ports, job)
    world.clock.advance(seconds=3)
    (intent,) = await world.claim()
    assert intent
    world.clock.advance(days=28)
    await world.do("update conversation set window_until = $1", world.now + timedelta(days=9))
    await world.queue(aurora, type="image", image={"id": own})
    await world.do("delete from outbox where state = 1")
    assert len(await world.claim()) == 1
    world.clock.advance(days=2)
    await world.do("delete from outbox")
    await world.queue(aurora, type="image", image={"id": own})
    assert await world.claim() == []
    assert [one.kind for one in await take(world)] == ["media.upload"]


async def test_a_file_the_provider_refuses_ends_its_message_and_is_not_offered_again(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    message_id, own, job = await waiting_upload(world, aurora, ports)
    graph.refuse(400, 131053)
    await finish(world, ports, job)
    for _ in range(3):
        world.clock.advance(minutes=1)
        assert await world.claim() == []
        assert await take(world) == []
    shown = await world.message(message_id)
    assert (shown["state"], shown["reason"], shown["attention"]) == ("failed", "media_refused", True)
    assert shown["failed_at"] is not None
    assert await world.value("select count(*) from outbox") == 0
    (told,) = await world.rows("select data from event where kind = 'message.failed'")
    assert told["data"] == {"reason": "media_refused"}
    # Tomorrow a new message may try the same file again.
    world.clock.advance(days=1)
    await world.do("update conversation set window_until = $1", world.now + timedelta(days=1))
    await world.queue(aurora, type="image", image={"id": own})
    assert await world.claim() == []
    assert [one.kind for one in await take(world)] == ["media.upload"]


async def test_trouble_while_uploading_is_tried_again_ever_later_and_not_for_ever(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    message_id, _, job = await waiting_upload(world, aurora, ports)
    waits = []
    for tries in range(1, 8):
        graph.say(500, {})
        outcome = await run(ports, replace(job, tries=tries))
        assert isinstance(outcome, Retry)
        waits.append(outcome.after.total_seconds())
    assert all(6 * 2**n <= wait <= 10 * 2**n for n, wait in enumerate(waits))
    assert len({wait / 2**n for n, wait in enumerate(waits)}) > 1, "no jitter"
    graph.say(500, {})
    await finish(world, ports, replace(job, tries=8))
    assert await world.value("select state from job where kind = 'media.upload'") == "queued", "not ours"
    world.clock.advance(seconds=3)
    assert await world.claim() == []
    shown = await world.message(message_id)
    assert (shown["state"], shown["reason"]) == ("failed", "provider_fault")


async def test_a_token_that_does_not_open_stops_the_number_and_keeps_the_message(
    world: World, aurora: Company, graph: Graph, ports: WorkerPorts
) -> None:
    message_id, _, job = await waiting_upload(world, aurora, ports)
    graph.refuse(401, 190)
    await finish(world, ports, job)
    assert await world.value("select paused_reason from lane") == "token_expired"
    world.clock.advance(seconds=3)
    assert await world.claim() == []
    assert (await world.message(message_id))["state"] == "queued"
    world.clock.advance(minutes=5)
    assert await world.claim() == []
    (again,) = await take(world)
    await finish(world, ports, again)
    world.clock.advance(seconds=3)
    (intent,) = await world.claim()
    assert intent.row.due.message_id == message_id


async def test_a_lost_blob_or_a_bad_id_is_buried(world: World, aurora: Company, ports: WorkerPorts) -> None:
    _, _, job = await waiting_upload(world, aurora, ports)
    await ports.blobs.delete(await world.value("select blob from media"))
    assert isinstance(await run(ports, job), Bury)
    world.clock.advance(seconds=3)
    assert await world.claim() == []
    assert (await world.row("select reason from message where direction = 'out'")) == {
        "reason": "media_unavailable"
    }
    odd = {"media_id": "nonsense", "number_id": aurora.number.number_id.hex}
    bad = Job(tenant_id=job.tenant_id, job_id=job.job_id, kind=job.kind, payload=odd, tries=1)
    assert isinstance(await run(ports, bad), Bury)
