"""Received bodies and dead letters as people see them."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from tests.slices.world import Company, World, inbound, text

from recado.db.system import system
from recado.errors import Conflict, NotFound
from recado.inbound.letter_model import Scope
from recado.inbound.letters import BATCH_JOB, Letters, run_bite


@pytest.fixture
def letters(world: World) -> Letters:
    return Letters(world.projection)


def scope(company: Company, *, everything: bool = False) -> Scope:
    return Scope(tenant_id=company.tenant.tenant_id, everything=everything, actor="person:1")


async def sun(world: World) -> Company:
    return await world.company("clinica-sol", external_id="106540352242923", waba="102290129340399")


def both(one: Company, other: Company, world: World) -> dict[str, Any]:
    first, second = (
        inbound(company, text("5520955500111", f"wamid.{uuid4().hex}", world.now)) for company in (one, other)
    )
    return {"object": first["object"], "entry": first["entry"] + second["entry"]}


async def bury(world: World, body: dict[str, Any] | bytes, error: str = "KeyError at read:1") -> int:
    """A body the projector gave up."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    await world.ledger.append(raw)
    ledger_id = int(await world.value("select max(id) from ledger"))
    await world.do(
        "update ledger_work set state = 2, tries = 3, error = $2, dead_at = now() where ledger_id = $1",
        ledger_id,
        error,
    )
    return ledger_id


def wrote(company: Company | None, world: World, wamid: str = "wamid.IN1") -> dict[str, Any]:
    return inbound(company, text("5520955500111", wamid, world.now))


async def seen(letters: Letters, who: Scope) -> list[int]:
    page = await letters.received(who)
    return [one.stored.ledger_id for one in page.letters]


# --------------------------------------------------------------------------- who sees what


async def test_a_company_sees_only_what_is_about_it_alone(
    world: World, aurora: Company, letters: Letters
) -> None:
    other = await sun(world)
    await world.hear(wrote(aurora, world))
    own = int(await world.value("select max(id) from ledger"))
    await world.hear(wrote(other, world, "wamid.IN2"))
    await world.hear(both(aurora, other, world))
    await world.hear(wrote(None, world, "wamid.IN3"))
    assert await seen(letters, scope(aurora)) == [own]
    assert len(await seen(letters, scope(aurora, everything=True))) == 4


async def test_dead_letters_are_cut_the_same_way(world: World, aurora: Company, letters: Letters) -> None:
    other = await sun(world)
    own = await bury(world, wrote(aurora, world))
    shared = await bury(world, both(aurora, other, world))
    nobodys = await bury(world, wrote(None, world))
    unreadable = await bury(world, b"{", "unparseable: not JSON")
    mine = await letters.dead(scope(aurora))
    assert [one.stored.ledger_id for one in mine.letters] == [own]
    assert [(one.error, one.letters) for one in await letters.causes(scope(aurora))] == [
        ("KeyError at read:1", 1)
    ]
    assert sum(one.letters for one in await letters.causes(scope(aurora, everything=True))) == 4
    for hidden in (shared, nobodys, unreadable):
        with pytest.raises(NotFound):
            await letters.opened(scope(aurora), hidden)
        with pytest.raises(NotFound):
            await letters.put_back(scope(aurora), hidden)
        with pytest.raises(NotFound):
            await letters.rehearse(scope(aurora), hidden)
        with pytest.raises(NotFound):
            await letters.discard(scope(aurora), hidden, "sem dono")


async def test_pages_show_every_body_once(world: World, aurora: Company, letters: Letters) -> None:
    for n in range(60):
        await world.ledger.append(json.dumps(wrote(aurora, world, f"wamid.P{n}")).encode())
    await world.project()
    for everything in (False, True):
        who = scope(aurora, everything=everything)
        first = await letters.received(who)
        assert first.older is not None
        second = await letters.received(who, first.older)
        ids = [one.stored.ledger_id for one in (*first.letters, *second.letters)]
        assert len(ids) == len(set(ids)) == 60
    strange = await letters.received(scope(aurora), "nonsense")
    assert len(strange.letters) == 50


# --------------------------------------------------------------------------- one body


async def test_a_body_behind_many_lines_of_our_own_is_reached(
    world: World, aurora: Company, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company that mostly sends has a diary of lines that no body told: a page goes over some of them and goes on."""
    await world.hear(wrote(aurora, world))
    body = int(await world.value("select max(id) from ledger"))
    for _ in range(7):
        await world.queue(aurora)
    monkeypatch.setattr("recado.inbound.letters._LOOK", 3)
    page = await letters.received(scope(aurora))
    assert page.letters == []
    found: list[int] = []
    while page.older is not None:
        page = await letters.received(scope(aurora), page.older)
        found += [one.stored.ledger_id for one in page.letters]
    assert found == [body]


async def test_an_opened_body_hides_words_and_people_and_tells_what_it_changed(
    world: World, aurora: Company, letters: Letters
) -> None:
    body = wrote(aurora, world)
    await world.hear(body)
    await world.hear(body)
    first, second = await world.rows("select id from ledger order by id")
    opened = await letters.opened(scope(aurora), first["id"])
    shown = json.dumps(opened.tree)
    assert "Bom dia" not in shown
    assert "5520955500111" not in shown
    assert "wamid.IN1" not in shown
    assert aurora.number.external_id in shown
    (change,) = opened.changes
    assert (change.outcome, change.kind) == ("applied", "message.received")
    assert change.message_id is not None
    again = await letters.opened(scope(aurora), second["id"])
    assert [(one.outcome, one.first_ledger_id) for one in again.changes] == [("repeated", first["id"])]
    whole = await letters.opened(scope(aurora), first["id"], revealed=True)
    assert "Bom dia" in json.dumps(whole.tree)
    assert await world.value("select action from audit_entry order by seq desc limit 1") == "webhook.revealed"


async def test_a_rehearsal_shows_what_would_change_and_changes_nothing(
    world: World, aurora: Company, letters: Letters
) -> None:
    ledger_id = await bury(world, wrote(aurora, world))
    before = await world.counts()
    done = await letters.rehearse(scope(aurora), ledger_id)
    assert done.trouble is None
    assert done.applied is not None
    assert done.applied.effects == 1
    assert [(one.kind, one.was, one.becomes) for one in done.shifts] == [
        ("message.received", None, "received")
    ]
    assert await world.counts() == before


async def test_a_replay_goes_through_and_a_discard_keeps_the_reason(
    world: World, aurora: Company, letters: Letters
) -> None:
    replayed = await bury(world, wrote(aurora, world))
    assert await letters.put_back(scope(aurora), replayed)
    assert not await letters.put_back(scope(aurora), replayed)
    await world.do("update ledger_work set next_at = next_at - interval '1 minute'")
    await world.project()
    assert await world.value("select count(*) from message where direction = 'in'") == 1
    discarded = await bury(world, wrote(aurora, world, "wamid.IN9"))
    assert await letters.discard(scope(aurora), discarded, "teste do fornecedor")
    assert await world.value("select count(*) from ledger where id = $1", discarded) == 1
    said = await world.row("select action, why, actor from audit_entry order by seq desc limit 1")
    assert said == {"action": "webhook.discarded", "why": "teste do fornecedor", "actor": "person:1"}


# --------------------------------------------------------------------------- many


async def test_a_cause_is_taken_up_as_a_named_job(world: World, aurora: Company, letters: Letters) -> None:
    other = await sun(world)
    for n in range(3):
        await bury(world, wrote(aurora, world, f"wamid.B{n}"))
    kept = await bury(world, wrote(other, world, "wamid.OTHER"))
    who = scope(aurora)
    cause = "KeyError at read:1"
    batch = await letters.start(who, name="Leitor novo", action="replay", cause=cause, why=None)
    assert (batch.letters, batch.done, batch.state) == (3, 0, "running")
    assert await world.value("select count(*) from job where kind = $1", BATCH_JOB) == 1
    async with system(world.db) as tx:
        assert not await run_bite(tx, world.now, aurora.tenant.tenant_id, batch.batch_id)
    (after,) = await letters.batches(who)
    assert (after.state, after.done, after.waiting, after.dead) == ("done", 3, 3, 0)
    assert await world.value("select ledger_id from ledger_work where state = 2") == kept
    with pytest.raises(Conflict):
        await letters.start(who, name="De novo", action="replay", cause=cause, why=None)
    assert await letters.batches(scope(other)) == []


async def test_a_cancelled_job_leaves_the_rest_alone(world: World, aurora: Company, letters: Letters) -> None:
    await bury(world, wrote(aurora, world))
    who = scope(aurora)
    batch = await letters.start(
        who, name="Engano", action="discard", cause="KeyError at read:1", why="sem uso"
    )
    assert await letters.cancel(who, batch.batch_id)
    async with system(world.db) as tx:
        assert not await run_bite(tx, world.now, aurora.tenant.tenant_id, batch.batch_id)
    assert await world.value("select count(*) from ledger_work where state = 2") == 1
