"""Stops by kind and by the platform, what waits behind them, and letting go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.slices.world import OTHER, Company, World, accepted

from recado.db.system import system
from recado.errors import Invalid
from recado.kit.ids import MessageId
from recado.messages import backlog, reading, restore
from recado.messages.backlog import Scope
from recado.messages.restore import HeldDecision
from recado.numbers import service as numbers
from recado.tenants import service as tenants
from recado.tenants import switches

HELLO: dict[str, Any] = {"text": {"body": "Bom dia!"}}


async def switch(world: World, company: Company, kind: str, on: bool) -> None:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        await switches.switch_kind(
            tx, world.now, company.tenant.tenant_id, kind, on=on, reason="modelo errado", actor="person:1"
        )


async def free(world: World, company: Company) -> int:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        return await backlog.free_kinds(tx, world.now, company.tenant.tenant_id)


async def plan(world: World, **scope: Any) -> backlog.Plan:
    async with system(world.db) as tx:
        return await backlog.plan(tx, world.now, Scope(**scope))


async def state(world: World, message_id: MessageId) -> tuple[str, str | None]:
    row = await world.message(message_id)
    return row["state"], row["reason"]


async def test_a_stopped_kind_waits_and_the_others_leave(world: World, aurora: Company) -> None:
    await world.open_window(aurora)
    await switch(world, aurora, "template", True)
    template = await world.queue(aurora)
    hello = await world.queue(aurora, **HELLO)
    assert [one.row.due.message_id for one in await world.claim()] == [hello]
    assert await state(world, template) == ("held", "kill_switch")
    assert await world.diary(template) == ["message.accepted", "message.held"]
    # Held ones are no work for later claims, and stay while the kind is stopped.
    assert await world.claim() == []
    assert await free(world, aurora) == 0
    await switch(world, aurora, "template", False)
    assert await free(world, aurora) == 1
    assert await state(world, template) == ("queued", None)
    (intent,) = await world.claim()
    assert intent.row.due.message_id == template
    await world.record(intent, accepted())
    assert (await world.diary(template))[2] == "message.released"


async def test_the_chore_frees_for_every_company(world: World, aurora: Company) -> None:
    await switch(world, aurora, "template", True)
    await world.queue(aurora)
    await world.claim()
    await switch(world, aurora, "template", False)
    async with system(world.db) as tx:
        assert await backlog.free_kinds(tx, world.now) == 1
        assert await backlog.free_kinds(tx, world.now) == 0


async def test_what_waited_too_long_ends_when_it_is_let_go(world: World, aurora: Company) -> None:
    await switch(world, aurora, "template", True)
    soon = world.now + timedelta(hours=1)
    message_id = await world.queue(aurora, expires_at=soon.isoformat())
    await world.claim()
    world.clock.advance(hours=2)
    await switch(world, aurora, "template", False)
    await free(world, aurora)
    assert await world.claim() == []
    assert await state(world, message_id) == ("expired", "expired")


async def test_a_word_about_a_restore_is_not_a_word_about_a_kind(world: World, aurora: Company) -> None:
    await switch(world, aurora, "template", True)
    message_id = await world.queue(aurora)
    await world.claim()
    async with system(world.db) as tx:
        assert await restore.held(tx) == []
        for decision in HeldDecision:
            tenant_id = aurora.tenant.tenant_id
            assert await restore.settle_held(tx, world.now, tenant_id, decision, actor="cli") == 0
    assert await state(world, message_id) == ("held", "kill_switch")
    # In a copy it may have left already: then a person decides about it like about everything that waited.
    async with system(world.db) as tx:
        await restore.hold(tx, world.now)
        assert [one.messages for one in await restore.held(tx)] == [1]
    await switch(world, aurora, "template", False)
    assert await free(world, aurora) == 0


async def test_the_plan_tells_what_leaves_and_what_ends(world: World, aurora: Company) -> None:
    await world.open_window(aurora)
    await world.queue(aurora, **HELLO)
    world.clock.advance(hours=1)
    await world.queue(aurora, expires_at=(world.now + timedelta(hours=2)).isoformat())
    # Not before the window closes: what waits for its own time is not late.
    later = (world.now + timedelta(days=3)).isoformat()
    await world.queue(aurora, to="+" + OTHER, scheduled_at=later)
    await world.queue(aurora, expires_at=(world.now + timedelta(days=2)).isoformat())
    world.clock.advance(hours=23)
    tenant_id, number_id = aurora.lane
    found = await plan(world, tenant_id=tenant_id)
    assert (found.waiting, found.leave, found.expired, found.future, found.more) == (4, 2, 2, 1, False)
    assert found.seconds == pytest.approx(1 / 80)
    assert (await plan(world)).waiting == 4
    assert (await plan(world, tenant_id=tenant_id, kind="text")).waiting == 1
    assert (await plan(world, tenant_id=tenant_id, number_id=number_id, kind="image")).waiting == 0
    async with world.db.tenant(tenant_id) as tx:
        assert await backlog.by_kind(tx, tenant_id) == {"text": 1, "template": 3}
        assert await backlog.by_number(tx, tenant_id) == {number_id: 4}
    async with system(world.db) as tx:
        assert await backlog.by_tenant(tx) == {tenant_id: 4}


async def test_a_free_message_whose_window_closed_meanwhile_is_counted_apart(
    world: World, aurora: Company
) -> None:
    await world.open_window(aurora)
    await world.queue(aurora, **HELLO, expires_at=(world.now + timedelta(days=2)).isoformat())
    world.clock.advance(hours=25)
    found = await plan(world, tenant_id=aurora.tenant.tenant_id)
    assert (found.waiting, found.leave, found.expired, found.closed) == (1, 0, 0, 1)


async def test_the_platforms_stop_is_not_the_companys_to_lift(world: World, aurora: Company) -> None:
    tenant_id = aurora.tenant.tenant_id
    message_id = await world.queue(aurora)
    async with system(world.db) as tx:
        await switches.switch_tenant(tx, world.now, tenant_id, on=True, reason="denúncia", actor="cli")
    async with world.db.tenant(tenant_id) as tx:
        row = await tenants.change_settings(tx, world.now, tenant_id, {"kill_switch": False}, actor="key:1")
        assert (row.platform_stop, row.platform_reason) == (True, "denúncia")
        shown = await reading.get(tx, tenant_id, message_id)
        assert shown.tenant_kill
    assert await world.claim() == []
    async with system(world.db) as tx:
        await switches.switch_tenant(tx, world.now, tenant_id, on=False, reason=None, actor="cli")
    assert len(await world.claim()) == 1
    log = await world.rows("select what, stops from switch_log where what = 'platform_stop' order by seq")
    assert log == [{"what": "platform_stop", "stops": True}, {"what": "platform_stop", "stops": False}]


async def test_a_companys_role_cannot_write_the_platforms_columns(world: World, aurora: Company) -> None:
    assert not await world.value(
        "select has_column_privilege('recado_app', 'tenant', 'platform_stop', 'update')"
    )
    assert await world.value("select has_column_privilege('recado_app', 'tenant', 'kind_stops', 'update')")


async def test_a_stop_needs_words_and_a_known_kind(world: World, aurora: Company) -> None:
    with pytest.raises(Invalid, match="kind"):
        await switch(world, aurora, "fax", True)
    for reason in (None, "", "  ", "x" * 501, "a\x00bc"):
        with pytest.raises(Invalid, match="reason"):
            switches.checked_reason(reason)
    assert switches.checked_reason("  modelo errado ") == "modelo errado"


async def test_stops_are_in_the_trail_with_their_reason(world: World, aurora: Company) -> None:
    await switch(world, aurora, "text", True)
    await switch(world, aurora, "template", True)
    row = await world.row("select * from audit_entry where action = 'kind.stopped' and target = 'template'")
    assert (row["was"], row["became"]) == ({"stopped": ["text"]}, {"stopped": ["template", "text"]})
    assert (row["why"], row["actor"]) == ("modelo errado", "person:1")
    async with system(world.db) as tx:
        await switches.switch_installation(tx, world.now, on=True, reason="incidente", actor="person:1")
        assert await numbers.list_numbers(tx, aurora.tenant.tenant_id)
    row = await world.row("select tenant_id, why from audit_entry where action = 'installation.stopped'")
    assert (row["tenant_id"].int, row["why"]) == (0, "incidente")
