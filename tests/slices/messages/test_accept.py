"""Accepting: one verdict each, everything or nothing stored, the same answer for the same key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.slices.world import MARINA, OTHER, TEMPLATE, Company, World, accepted

from recado.db.system import system
from recado.media import service as media
from recado.messages.accept import (
    BadReference,
    KeyDead,
    KeyReused,
    Replayed,
    Request,
    Taken,
    WindowClosed,
    accept_many,
)
from recado.tenants import service as tenants
from recado.tenants.model import KeyRefused

HELLO: dict[str, Any] = {"text": {"body": "Bom dia!"}}
# Only in this database: other workers of the test run wait in theirs.
_WAITING = """select count(*) = {} from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'"""


async def test_an_accepted_message_has_its_place_in_the_lane_and_in_the_diary(
    world: World, aurora: Company
) -> None:
    message_id = await world.queue(aurora, client_reference="pedido-7", priority="high")
    message = await world.message(message_id)
    outbox = await world.outbox(message_id)
    assert outbox is not None
    assert (message["state"], message["direction"], message["kind"]) == ("queued", "out", "template")
    assert (message["recipient"], message["client_reference"]) == ("+" + MARINA, "pedido-7")
    assert (outbox["state"], outbox["priority"], outbox["due_at"]) == (0, 0, world.now)
    assert outbox["expires_at"] == world.now + timedelta(hours=24)
    assert await world.diary(message_id) == ["message.accepted"]


async def test_the_same_key_and_body_get_the_same_answer_and_one_message(
    world: World, aurora: Company
) -> None:
    first = (await world.accept(aurora, world.request(aurora, key="k", **TEMPLATE)))[0]
    world.clock.advance(hours=5)
    again = (await world.accept(aurora, world.request(aurora, key="k", **TEMPLATE)))[0]
    assert isinstance(first, Taken)
    assert again == Replayed(answer=first.answer)
    assert await world.value("select count(*) from message") == 1


async def test_the_same_key_with_another_body_is_refused(world: World, aurora: Company) -> None:
    await world.accept(aurora, world.request(aurora, key="k", **TEMPLATE))
    other = world.request(aurora, key="k", **TEMPLATE, client_reference="other")
    assert await world.accept(aurora, other) == [KeyReused()]


async def test_keys_of_two_tenants_have_nothing_to_do_with_each_other(world: World, aurora: Company) -> None:
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    await world.accept(aurora, world.request(aurora, key="k", **TEMPLATE))
    assert isinstance((await world.accept(bruma, world.request(bruma, key="k", **TEMPLATE)))[0], Taken)


async def test_a_duplicate_inside_one_batch_counts_once(world: World, aurora: Company) -> None:
    batch = [
        world.request(aurora, key="k", **TEMPLATE),
        world.request(aurora, key="k", **TEMPLATE),
        world.request(aurora, key="k", **TEMPLATE, client_reference="other"),
        world.request(aurora, key="l", **TEMPLATE),
    ]
    first, second, third, fourth = await world.accept(aurora, *batch)
    assert isinstance(first, Taken)
    assert second == Replayed(answer=first.answer)
    assert third == KeyReused()
    assert isinstance(fourth, Taken)
    assert await world.value("select count(*) from message") == 2


async def test_concurrent_repeats_wait_and_get_the_winners_answer(
    world: World, aurora: Company, eventually: Callable[..., Any]
) -> None:
    requests = [world.request(aurora, key="k", **TEMPLATE) for _ in range(3)]
    tenant_id = aurora.tenant.tenant_id

    async def repeat(request: Request) -> Any:
        return (await world.accept(aurora, request))[0]

    async with world.db.tenant(tenant_id) as tx:
        (winner,) = await accept_many(tx, world.now, tenant_id, requests[:1])
        losers = [asyncio.create_task(repeat(request)) for request in requests[1:]]
        waiting = _WAITING.format(2)
        await eventually(lambda: world.value(waiting))
        assert not any(task.done() for task in losers)
    assert isinstance(winner, Taken)
    assert await asyncio.gather(*losers) == [Replayed(answer=winner.answer)] * 2
    assert await world.value("select count(*) from message") == 1


async def test_when_the_winner_fails_a_waiting_repeat_takes_its_place(
    world: World, aurora: Company, eventually: Callable[..., Any]
) -> None:
    one, other = (world.request(aurora, key="k", **TEMPLATE) for _ in range(2))
    tenant_id = aurora.tenant.tenant_id

    async def fail() -> asyncio.Task[Any]:
        async with world.db.tenant(tenant_id) as tx:
            await accept_many(tx, world.now, tenant_id, [one])
            task = asyncio.create_task(world.accept(aurora, other))
            waiting = _WAITING.format(1)
            await eventually(lambda: world.value(waiting))
            raise ConnectionError(task)

    try:
        await fail()
    except ConnectionError as error:
        (verdict,) = await error.args[0]
    assert isinstance(verdict, Taken)
    assert verdict.id == other.id


# --------------------------------------------------------------------------- window


async def test_free_text_to_a_stranger_stores_nothing_at_all(world: World, aurora: Company) -> None:
    before = await world.counts()
    assert await world.accept(aurora, world.request(aurora, key="k", **HELLO)) == [WindowClosed()]
    assert await world.counts() == before


async def test_free_text_after_the_window_stores_nothing_at_all(world: World, aurora: Company) -> None:
    await world.open_window(aurora)
    assert isinstance((await world.accept(aurora, world.request(aurora, **HELLO)))[0], Taken)
    world.clock.advance(hours=24)
    before = await world.counts()
    assert await world.accept(aurora, world.request(aurora, key="k", **HELLO)) == [WindowClosed()]
    assert await world.counts() == before


async def test_a_refused_one_does_not_cost_its_neighbours(world: World, aurora: Company) -> None:
    verdicts = await world.accept(
        aurora,
        world.request(aurora, **TEMPLATE),
        world.request(aurora, **HELLO),
        world.request(aurora, **TEMPLATE, to="+" + OTHER),
    )
    assert [type(verdict) for verdict in verdicts] == [Taken, WindowClosed, Taken]
    assert await world.value("select count(*) from message") == 2


async def test_the_window_is_the_numbers_own(world: World, aurora: Company) -> None:
    await world.open_window(aurora)
    second = await world.company(external_id="106540352242923")
    assert await world.accept(second, world.request(second, **HELLO)) == [WindowClosed()]


async def test_scheduled_free_text_is_taken_outside_the_window_and_skipped_when_it_stays_shut(
    world: World, aurora: Company
) -> None:
    at = (world.now + timedelta(hours=2)).isoformat()
    message_id = await world.queue(aurora, **HELLO, scheduled_at=at)
    assert (await world.message(message_id))["state"] == "scheduled"
    assert await world.claim() == []
    world.clock.advance(hours=2)
    assert await world.claim() == []
    message = await world.message(message_id)
    assert (message["state"], message["reason"], message["attention"]) == ("skipped", "window_closed", False)
    assert await world.outbox(message_id) is None
    assert await world.diary(message_id) == ["message.accepted", "message.skipped"]


async def test_a_schedule_in_the_past_means_now(world: World, aurora: Company) -> None:
    at = (world.now - timedelta(hours=2)).isoformat()
    assert await world.accept(aurora, world.request(aurora, **HELLO, scheduled_at=at)) == [WindowClosed()]
    message_id = await world.queue(aurora, **TEMPLATE, scheduled_at=at)
    assert (await world.message(message_id))["state"] == "queued"


# --------------------------------------------------------------------------- people


async def test_two_spellings_of_a_stranger_in_one_batch_are_one_person(world: World, aurora: Company) -> None:
    verdicts = await world.accept(
        aurora,
        world.request(aurora, **TEMPLATE, to="+5520955500111"),
        world.request(aurora, **TEMPLATE, to="+552055500111"),
    )
    assert [type(verdict) for verdict in verdicts] == [Taken, Taken]
    assert await world.value("select count(*) from contact") == 1
    assert await world.value("select count(*) from conversation") == 1


async def test_a_bsuid_is_a_person_without_a_phone(world: World, aurora: Company) -> None:
    message_id = await world.queue(aurora, **TEMPLATE, recipient="BR.1a2b3c")
    contact = await world.row("select * from contact")
    assert (contact["phone"], contact["bsuid"]) == (None, "BR.1a2b3c")
    assert (await world.message(message_id))["recipient"] == "BR.1a2b3c"


async def test_two_writers_meeting_one_stranger_create_one_person(world: World, aurora: Company) -> None:
    batches = [[world.request(aurora, **TEMPLATE) for _ in range(3)] for _ in range(4)]
    await asyncio.gather(*(world.accept(aurora, *batch) for batch in batches))
    assert await world.value("select count(*) from contact") == 1
    assert await world.value("select count(*) from conversation") == 1
    assert await world.value("select count(*) from message") == 12


# --------------------------------------------------------------------------- references


async def test_quoting_our_own_id_becomes_the_wamid(world: World, aurora: Company) -> None:
    first = await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, accepted("wamid.FIRST"))
    await world.open_window(aurora)
    second = await world.queue(aurora, **HELLO, context={"message_id": str(first)})
    assert (await world.message(second))["context_wamid"] == "wamid.FIRST"


async def test_what_is_not_there_or_has_not_left_cannot_be_quoted(world: World, aurora: Company) -> None:
    await world.open_window(aurora)
    waiting = await world.queue(aurora)
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    foreign = await world.queue(bruma)
    for quoted in (waiting, foreign, uuid4()):
        before = await world.counts()
        request = world.request(aurora, **HELLO, context={"message_id": str(quoted)})
        (verdict,) = await world.accept(aurora, request)
        assert isinstance(verdict, BadReference)
        assert [one.field for one in verdict.violations] == ["context.message_id"]
        assert await world.counts() == before


async def test_a_reaction_to_our_own_id_points_at_the_wamid(world: World, aurora: Company) -> None:
    first = await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, accepted("wamid.FIRST"))
    await world.open_window(aurora)
    reaction = {"message_id": str(first), "emoji": "👍"}
    message_id = await world.queue(aurora, type="reaction", reaction=reaction)
    content = (await world.message(message_id))["content"]
    assert content["reaction"] == {"message_id": "wamid.FIRST", "emoji": "👍"}


async def test_an_unknown_or_foreign_file_is_refused_by_its_path(world: World, aurora: Company) -> None:
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    media_id = uuid4()
    async with world.db.tenant(bruma.tenant.tenant_id) as tx:
        await media.store_upload(
            tx,
            world.now,
            bruma.tenant.tenant_id,
            media_id=media_id,
            mime_type="image/png",
            filename="a.png",
            data_size=3,
            sha256=b"x",
            blob=media_id.hex,
        )
    await world.open_window(aurora)
    own = media.write_id(media_id)
    (verdict,) = await world.accept(aurora, world.request(aurora, type="image", image={"id": own}))
    assert isinstance(verdict, BadReference)
    assert [one.field for one in verdict.violations] == ["image.id"]
    await world.open_window(bruma)
    assert isinstance(
        (await world.accept(bruma, world.request(bruma, type="image", image={"id": own})))[0], Taken
    )


# --------------------------------------------------------------------------- keys


async def test_a_key_revoked_between_door_and_commit_stores_nothing(world: World, aurora: Company) -> None:
    tenant_id = aurora.tenant.tenant_id
    async with system(world.db) as tx:
        key = await tenants.create_key(tx, world.now, tenant_id, name="site")
        principal = await tenants.authenticate(tx, world.now, key.secret)
    assert not isinstance(principal, KeyRefused)
    plain = world.request(aurora, key="k", **TEMPLATE)
    request = Request(
        id=plain.id,
        draft=plain.draft,
        number_id=plain.number_id,
        idempotency_key="k",
        request_hash=b"",
        api_key_hash=principal.hash,
    )
    async with system(world.db) as tx:
        assert await tenants.revoke_key(tx, world.now, tenant_id, key.prefix) == 1
    before = await world.counts()
    assert await world.accept(aurora, request) == [KeyDead()]
    assert await world.counts() == before


async def test_a_key_that_expired_meanwhile_counts_as_dead(world: World, aurora: Company) -> None:
    tenant_id = aurora.tenant.tenant_id
    async with system(world.db) as tx:
        key = await tenants.create_key(
            tx, world.now, tenant_id, name="site", expires_at=world.now + timedelta(minutes=1)
        )
        principal = await tenants.authenticate(tx, world.now, key.secret)
    assert not isinstance(principal, KeyRefused)
    plain = world.request(aurora, **TEMPLATE)
    request = Request(id=plain.id, draft=plain.draft, number_id=plain.number_id, api_key_hash=principal.hash)
    world.clock.advance(minutes=1)
    assert await world.accept(aurora, request) == [KeyDead()]
