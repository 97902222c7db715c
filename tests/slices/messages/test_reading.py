"""Pages, filters, one message's story, and cancelling before it leaves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.slices.world import MARINA, OTHER, TEMPLATE, Company, World, accepted, inbound, text, unknown

from recado.db.system import system
from recado.errors import Conflict, Invalid, NotFound
from recado.kit.ids import MessageId
from recado.kit.reasons import Reason
from recado.messages import reading
from recado.messages.model import MessageRow, State, effective
from recado.numbers import service as numbers

LAST = UUID(int=(1 << 128) - 1)


async def look(world: World, company: Company, message_id: UUID) -> MessageRow:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await reading.get(tx, company.tenant.tenant_id, MessageId(message_id))


async def pages(world: World, company: Company, found: reading.Filter, most: int = 3) -> list[MessageRow]:
    """Everything, page by page, while nobody writes."""
    rows: list[MessageRow] = []
    while True:
        async with world.db.tenant(company.tenant.tenant_id) as tx:
            before = rows[-1].id if rows else LAST
            page = await reading.page(tx, company.tenant.tenant_id, found, before=before, most=most)
        rows += page
        if len(page) < most:
            return rows


async def test_a_walk_sees_each_message_once_newest_first(world: World, aurora: Company) -> None:
    ids = []
    for n in range(10):
        ids.append(await world.queue(aurora, to=f"+55209555{n:05d}"))
        world.clock.advance(milliseconds=1)
    rows = await pages(world, aurora, reading.Filter())
    assert [row.id for row in rows] == ids[::-1]


async def test_filters_narrow(world: World, aurora: Company) -> None:
    await world.queue(aurora, client_reference="a")
    world.clock.advance(seconds=10)
    other = await world.queue(aurora, to="+" + OTHER)
    await world.hear(inbound(aurora, text(MARINA, "wamid.I", world.now)))
    found = reading.Filter
    assert len(await pages(world, aurora, found())) == 3
    assert len(await pages(world, aurora, found(direction="in"))) == 1
    assert len(await pages(world, aurora, found(kind="text"))) == 1
    assert len(await pages(world, aurora, found(reference="a"))) == 1
    assert len(await pages(world, aurora, found(recipient="+" + OTHER))) == 1
    assert len(await pages(world, aurora, found(states=["received"]))) == 1
    assert len(await pages(world, aurora, found(since=world.now))) == 2
    assert len(await pages(world, aurora, found(until=world.now))) == 1
    conversation = (await look(world, aurora, other)).conversation_id
    assert len(await pages(world, aurora, found(conversation=conversation))) == 1


async def test_public_words_and_detailed_states_are_checked() -> None:
    assert reading.states_for(None, None) is None
    assert reading.states_for(None, "queued") == ["queued"]
    assert set(reading.states_for("pending", None) or []) == {
        "scheduled",
        "queued",
        "held",
        "claimed",
        "sending",
    }
    for status, state in ((None, "nonsense"), ("nonsense", None)):
        with pytest.raises(Invalid, match="one of"):
            reading.states_for(status, state)


async def test_the_state_shown_is_what_the_lane_knows(world: World, aurora: Company) -> None:
    message_id = await world.queue(aurora)

    async def shown() -> tuple[State, str | None]:
        state, reason = effective(await look(world, aurora, message_id), world.now)
        return state, str(reason) if reason else None

    assert await shown() == (State.QUEUED, None)
    tenant_id, number_id = aurora.lane
    async with system(world.db) as tx:
        await numbers.pause_lane(
            tx, world.now, tenant_id, number_id, reason=Reason.TOKEN_EXPIRED, detail="", until=None
        )
    assert await shown() == (State.HELD, "token_expired")
    await world.do("update lane set paused_reason = null")
    await world.do("update tenant set kill_switch = true")
    assert await shown() == (State.HELD, "kill_switch")
    await world.do("update tenant set kill_switch = false")
    (intent,) = await world.claim()
    assert (await shown())[0] is State.SENDING
    await world.record(intent, unknown())
    assert (await shown())[0] is State.IN_DOUBT
    await world.record(intent, accepted())
    assert (await shown())[0] is State.ACCEPTED


async def test_a_scheduled_message_is_shown_as_queued_when_its_time_came(
    world: World, aurora: Company
) -> None:
    at = (world.now + timedelta(hours=1)).isoformat()
    message_id = await world.queue(aurora, **TEMPLATE, scheduled_at=at)
    row = await look(world, aurora, message_id)
    assert effective(row, world.now)[0] is State.SCHEDULED
    assert effective(row, world.now + timedelta(hours=1))[0] is State.QUEUED


async def test_another_tenants_message_does_not_exist(world: World, aurora: Company) -> None:
    bruma = await world.company("casa-bruma", external_id="106540352242923", waba="102290129340399")
    message_id = await world.queue(bruma)
    with pytest.raises(NotFound):
        await look(world, aurora, message_id)
    assert await pages(world, aurora, reading.Filter()) == []


# --------------------------------------------------------------------------- cancelling


async def cancel(world: World, company: Company, message_id: UUID) -> MessageRow:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await reading.cancel(
            tx, world.now, company.tenant.tenant_id, MessageId(message_id), actor="key:test"
        )


async def test_a_waiting_message_is_cancelled_once_and_never_leaves(world: World, aurora: Company) -> None:
    message_id = await world.queue(aurora)
    assert (await cancel(world, aurora, message_id)).state == "cancelled"
    assert (await cancel(world, aurora, message_id)).state == "cancelled"
    assert await world.claim() == []
    assert await world.diary(message_id) == ["message.accepted", "message.cancelled"]
    trail = "select count(*) from audit_entry where action = 'message.cancelled'"
    assert await world.value(trail) == 1


async def test_what_is_on_the_wire_or_gone_cannot_be_cancelled(world: World, aurora: Company) -> None:
    message_id = await world.queue(aurora)
    (intent,) = await world.claim()
    with pytest.raises(Conflict):
        await cancel(world, aurora, message_id)
    await world.record(intent, unknown())
    with pytest.raises(Conflict):
        await cancel(world, aurora, message_id)
    await world.record(intent, accepted())
    with pytest.raises(Conflict):
        await cancel(world, aurora, message_id)
    with pytest.raises(NotFound):
        await cancel(world, aurora, uuid4())


async def test_cancel_and_claim_race_and_exactly_one_wins(world: World, aurora: Company) -> None:
    for n in range(6):
        message_id = await world.queue(aurora, to=f"+55209555{n:05d}")
        lanes = await world.lease()
        cancelled, claimed = await asyncio.gather(
            cancel(world, aurora, message_id), world.claim(lanes=lanes), return_exceptions=True
        )
        assert not isinstance(claimed, BaseException)
        assert isinstance(cancelled, Conflict) == bool(claimed)


# --------------------------------------------------------------------------- read receipts


async def test_a_received_message_is_found_by_either_id_and_seen(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, text(MARINA, "wamid.IN", world.now)))
    stored = await world.row("select id, conversation_id from message")
    tenant_id = aurora.tenant.tenant_id
    async with world.db.tenant(tenant_id) as tx:
        for given in ("wamid.IN", str(stored["id"])):
            target = await reading.find_inbound(tx, tenant_id, given, aurora.keys)
            assert target is not None
            assert target.wamid == "wamid.IN"
        assert await reading.find_inbound(tx, tenant_id, "wamid.OTHER", aurora.keys) is None
        await reading.mark_seen(tx, tenant_id, stored["conversation_id"])
    assert await world.value("select unread from conversation") == 0
