"""The projector: effect and mark together, one bad body alone, nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.slices.world import MARINA, OTHER, Company, World, accepted, inbound, status, statuses, text

from recado.db.system import system
from recado.errors import NotReady
from recado.inbound import deadletters
from recado.inbound.ledger import Ledger
from recado.inbound.projector import is_quiet, project_batch
from recado.kit.crypto import KeyRing
from recado.providers.contract import MessageReceived, ProviderEvent
from recado.providers.event_keys import event_key
from recado.tenants.vault import Vault


class Poison(Exception):
    """A bug that only one body wakes."""


def stumbling(wamid: str) -> Callable[[ProviderEvent, bytes], bytes]:
    def key(event: ProviderEvent, secret: bytes) -> bytes:
        if isinstance(event, MessageReceived) and event.wamid == wamid:
            raise Poison(f"never show {event.wamid} of {event.person.phone}")
        return event_key(event, secret)

    return key


async def write_down(world: World, *bodies: dict[str, Any]) -> None:
    for body in bodies:
        await world.ledger.append(json.dumps(body).encode())


async def test_what_is_projected_leaves_the_queue_and_the_body_stays(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, text(MARINA, "wamid.A", world.now)))
    assert await world.value("select count(*) from ledger_work") == 0
    assert await world.value("select count(*) from ledger") == 1
    async with system(world.db) as tx:
        assert await is_quiet(tx)


async def test_every_event_of_a_body_is_counted_in_exactly_one_place(world: World, aurora: Company) -> None:
    await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, accepted("wamid.OUT"))
    world.tally.applied.clear()
    body = inbound(aurora, text(MARINA, "wamid.A", world.now), text(MARINA, "wamid.A", world.now))
    body["entry"] += statuses(
        aurora, status("sent", "wamid.OUT", world.now), status("sent", "wamid.FOREIGN", world.now)
    )["entry"]
    body["entry"] += inbound(None, text(MARINA, "wamid.ORPHAN", world.now))["entry"]
    body["entry"][0]["changes"].append({"field": "messages", "value": {"metadata": 7}})
    await world.hear(body)
    (applied,) = world.tally.applied
    assert (applied.effects, applied.repeated, applied.foreign, applied.orphans) == (2, 1, 1, 1)
    assert applied.unhandled == 1
    assert applied.total == sum(applied.kinds.values()) == 6


async def test_a_poison_body_is_tried_alone_and_buried_with_its_reason(world: World, aurora: Company) -> None:
    bodies = [inbound(aurora, text(MARINA, f"wamid.{name}", world.now)) for name in ("A", "BAD", "C")]
    await write_down(world, *bodies)
    sick = replace(world.projection, event_key=stumbling("wamid.BAD"))
    for tries in (1, 2, 3):
        while await project_batch(sick, 100):
            pass
        assert await world.value("select count(*) from message") == 2
        work = await world.row("select * from ledger_work")
        assert work["tries"] == tries
        assert await project_batch(sick, 100) == 0, "it was not left alone for a while"
        world.clock.advance(minutes=5)
    assert (work["state"], work["dead_at"]) == (2, world.now - timedelta(minutes=5))
    assert work["error"].startswith("Poison at key:")
    assert MARINA not in work["error"]
    assert "wamid" not in work["error"]
    assert world.tally.dead == 1


async def test_a_dead_letter_is_listed_and_projected_when_replayed(world: World, aurora: Company) -> None:
    await write_down(world, inbound(aurora, text(MARINA, "wamid.BAD", world.now)))
    sick = replace(world.projection, event_key=stumbling("wamid.BAD"))
    for _ in range(3):
        await project_batch(sick, 100)
        world.clock.advance(minutes=5)
    async with system(world.db) as tx:
        (letter,) = await deadletters.list_dead(tx)
        assert (letter.tries, await deadletters.dead_count(tx)) == (3, 1)
        assert await deadletters.replay(tx, [letter.ledger_id + 1]) == 0
        assert await deadletters.replay(tx, None) == 1
    await world.project()
    assert await world.value("select count(*) from message") == 1
    assert await world.value("select count(*) from ledger_work") == 0


async def test_what_is_no_json_is_dead_at_once_and_its_neighbours_go_on(
    world: World, aurora: Company
) -> None:
    await world.ledger.append(b'{"entry": [')
    await world.ledger.append(b"\xff\xfe")
    await world.hear(inbound(aurora, text(MARINA, "wamid.A", world.now)))
    assert await world.value("select count(*) from message") == 1
    work = await world.rows("select state, tries, error from ledger_work order by ledger_id")
    assert [(row["state"], row["tries"]) for row in work] == [(2, 1), (2, 1)]
    assert all(row["error"].startswith("unparseable: ") for row in work)


@pytest.mark.parametrize("body", [b"[]", b"null", b"{}", b'"x"', b"0", b'{"entry": 5}', b'{"entry": [null]}'])
async def test_odd_but_readable_bodies_are_no_failures(world: World, aurora: Company, body: bytes) -> None:
    await world.hear(body)
    assert await world.value("select count(*) from ledger_work where state = 0") == 0
    await world.hear(inbound(aurora, text(MARINA, "wamid.A", world.now)))
    assert await world.value("select count(*) from message") == 1


# --------------------------------------------------------------------------- routing


async def test_an_orphan_is_kept_once_and_a_number_added_later_is_found(world: World) -> None:
    body = inbound(None, text(MARINA, "wamid.A", world.now))
    await world.hear(body, body)
    orphan = await world.row("select * from orphan_event")
    assert (orphan["number_external_id"], orphan["kind"]) == ("999999999999999", "MessageReceived")
    assert json.loads(orphan["raw"])["id"] == "wamid.A"
    assert await world.value("select count(*) from message") == 0
    company = await world.company(external_id="999999999999999", waba="888888888888888")
    world.clock.advance(seconds=1)
    await world.hear(inbound(company, text(MARINA, "wamid.B", world.now)))
    assert await world.value("select count(*) from message") == 1


async def test_a_failed_look_at_the_routes_does_not_make_orphans(world: World, aurora: Company) -> None:
    """The database hiccups at the very first look; the retry within the same second must look again."""
    await write_down(world, inbound(aurora, text(MARINA, "wamid.A", world.now)))
    await world.do("alter table route rename to route_away")
    await project_batch(world.projection, 100)
    await world.do("alter table route_away rename to route")
    world.clock.advance(minutes=5)
    await world.project()
    assert await world.value("select count(*) from orphan_event") == 0
    assert await world.value("select count(*) from message") == 1


async def test_one_tenants_unreadable_key_does_not_stop_the_others(world: World, aurora: Company) -> None:
    stranger = Vault(KeyRing({"lost": bytes(32)}))
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    await world.do(
        "update tenant set dek = $1 where client_id = 'casa-bruma'",
        stranger.new_dek(bruma.tenant.tenant_id),
    )
    fresh = World(world.db, world.eye, world.clock)
    await fresh.hear(
        inbound(aurora, text(MARINA, "wamid.A", world.now)), inbound(bruma, text(OTHER, "wamid.B", world.now))
    )
    assert [row["wamid"] for row in await world.rows("select wamid from message")] == ["wamid.A"]
    work = await world.row("select * from ledger_work")
    assert work["error"].startswith("SecretUnreadable")
    assert await world.value("select count(*) from orphan_event") == 0


async def test_events_of_a_waba_are_noted_without_a_number(world: World, aurora: Company) -> None:
    change = {
        "field": "message_template_status_update",
        "value": {
            "event": "APPROVED",
            "message_template_id": 9007199254740993,
            "message_template_name": "lembrete_consulta",
            "message_template_language": "pt_BR",
        },
    }
    entry = {"id": aurora.number.waba_external_id, "time": int(world.now.timestamp()), "changes": [change]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    await world.hear(body, body)
    (event,) = await world.rows("select kind, data from event")
    assert event["kind"] == "template.changed"
    assert event["data"]["template_id"] == "9007199254740993"


# --------------------------------------------------------------------------- several at once


async def test_projectors_side_by_side_apply_everything_once(world: World, aurora: Company) -> None:
    people = [f"55209555{n:05d}" for n in range(5)]
    bodies = [
        inbound(aurora, *(text(person, f"wamid.{n}.{person}", world.now) for person in order))
        for n in range(12)
        for order in (people if n % 2 else people[::-1],)
    ]
    await write_down(world, *bodies, *bodies[:4])

    async def projector() -> None:
        while await project_batch(world.projection, 3):
            pass

    await asyncio.gather(*(projector() for _ in range(3)))
    await world.project()
    assert await world.value("select count(*) from ledger_work") == 0
    assert await world.value("select count(*) from message") == 60
    assert await world.value("select count(*) from contact") == 5
    assert await world.value("select sum(unread) from conversation") == 60
    assert sum(applied.repeated for applied in world.tally.applied) == 20


async def test_two_projectors_holding_the_same_poison_count_one_try(world: World, aurora: Company) -> None:
    await write_down(world, inbound(aurora, text(MARINA, "wamid.BAD", world.now)))
    sick = replace(world.projection, event_key=stumbling("wamid.BAD"))
    await asyncio.gather(project_batch(sick, 100), project_batch(sick, 100), project_batch(sick, 100))
    assert await world.value("select tries from ledger_work") == 1


# --------------------------------------------------------------------------- the ledger


async def test_bodies_that_arrive_together_share_commits(world: World) -> None:
    before = await world.value("select pg_current_xact_id()::text::bigint")
    await asyncio.gather(*(world.ledger.append(b"{%d}" % n) for n in range(200)))
    spent = await world.value("select pg_current_xact_id()::text::bigint") - before
    assert await world.value("select count(*) from ledger") == 200
    assert await world.value("select count(*) from ledger_work") == 200
    assert spent < 20


async def test_when_nothing_can_be_stored_every_caller_hears_it(world: World) -> None:
    await world.do("alter table ledger_work rename to away")
    results = await asyncio.gather(*(world.ledger.append(b"{}") for _ in range(30)), return_exceptions=True)
    assert all(isinstance(result, Exception) for result in results)
    await world.do("alter table away rename to ledger_work")
    assert await world.value("select count(*) from ledger") == 0
    await world.ledger.append(b"{}")
    assert await world.value("select count(*) from ledger") == 1


async def test_a_closed_pool_is_an_error_and_not_a_promise(world: World) -> None:
    ledger = Ledger(world.db, "meta")
    await world.db.close()
    with pytest.raises(Exception):  # noqa: B017, PT011 - any error at all: the door answers 503
        await ledger.append(b"{}")


async def test_with_a_full_queue_callers_are_told_at_once(world: World) -> None:
    callers = [asyncio.create_task(world.ledger.append(b"{}")) for _ in range(6000)]
    results = await asyncio.gather(*callers, return_exceptions=True)
    refused = [result for result in results if isinstance(result, NotReady)]
    assert 0 < len(refused) <= 1000
    assert await world.value("select count(*) from ledger") == 6000 - len(refused)
