"""Facts that come before the message they are about: nothing of them is lost, whatever the order."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.slices.world import MARINA, Company, World, envelope, failed, inbound, said, status, statuses, text

from recado.db.system import system
from recado.messages.tying import tie_late
from recado.worker.housekeeping import sweep


def echo(company: Company, wamid: str, at: datetime) -> dict[str, Any]:
    item = {
        "from": "16505550100",
        "to": MARINA,
        "id": wamid,
        "timestamp": str(int(at.timestamp())),
        "type": "text",
        "text": {"body": "Oi!"},
    }
    return envelope(company, {"message_echoes": [item]}, "smb_message_echoes")


def edit(wamid: str, at: datetime, body: str) -> dict[str, Any]:
    inner = {"type": "text", "text": {"body": body}}
    return said("edit", wamid, at, {"original_message_id": "wamid.O", "message": inner})


def revoke(at: datetime) -> dict[str, Any]:
    return said("revoke", "wamid.R", at, {"original_message_id": "wamid.O"})


async def only(world: World) -> dict[str, Any]:
    return await world.row("select * from message")


async def ends(world: World) -> int:
    found: int = await world.value("select count(*) from loose_end")
    return found


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_an_echo_and_its_statuses_in_any_order(
    world: World, aurora: Company, order: tuple[int, ...]
) -> None:
    at = world.now - timedelta(minutes=1)
    bodies = [
        echo(aurora, "wamid.ECHO", at),
        statuses(aurora, status("delivered", "wamid.ECHO", at + timedelta(seconds=2))),
        statuses(aurora, status("read", "wamid.ECHO", at + timedelta(seconds=9))),
    ]
    for index in order:
        await world.hear(bodies[index])
    message = await only(world)
    assert (message["direction"], message["state"], message["rank"]) == ("echo", "read", 4)
    assert message["delivered_at"] is not None
    assert message["read_at"] is not None
    diary = await world.diary(message["id"])
    assert sorted(diary) == ["message.echoed", "status.delivered", "status.read"]
    assert await ends(world) == 0
    # And once more, all of it: every event counts once.
    for body in bodies:
        await world.hear(body)
    assert await world.diary(message["id"]) == diary
    assert await only(world) == message


async def test_a_failure_before_its_echo_is_told_with_its_reason(world: World, aurora: Company) -> None:
    await world.hear(statuses(aurora, failed("wamid.ECHO", world.now, 131026)))
    await world.hear(echo(aurora, "wamid.ECHO", world.now))
    message = await only(world)
    assert (message["state"], message["reason"], message["reason_code"]) == (
        "failed",
        "undeliverable",
        131026,
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_an_original_and_its_edits_in_any_order(
    world: World, aurora: Company, order: tuple[int, ...]
) -> None:
    at = world.now - timedelta(minutes=5)
    said_things = [
        text(MARINA, "wamid.O", at, "primeira"),
        edit("wamid.E1", at + timedelta(seconds=30), "segunda"),
        edit("wamid.E2", at + timedelta(seconds=60), "terceira"),
    ]
    for index in order:
        await world.hear(inbound(aurora, said_things[index]))
    message = await only(world)
    assert message["preview"] == "terceira"
    assert message["content"]["text"] == {"body": "primeira"}
    assert message["content"]["latest"] == {"body": "terceira"}
    assert sorted(await world.diary(message["id"])) == [
        "message.edited",
        "message.edited",
        "message.received",
    ]
    assert await ends(world) == 0


async def test_a_deletion_before_its_original_applies(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, revoke(world.now)), inbound(aurora, revoke(world.now)))
    await world.hear(inbound(aurora, text(MARINA, "wamid.O", world.now, "segredo")))
    message = await only(world)
    assert message["content"]["revoked"] is True
    assert await world.diary(message["id"]) == ["message.received", "message.revoked"]


async def test_what_two_projectors_missed_of_each_other_is_found(world: World, aurora: Company) -> None:
    """One had the echo, the other the status, and neither saw the other's transaction."""
    await world.hear(statuses(aurora, status("read", "wamid.ECHO", world.now)))
    (kept,) = await world.rows("select * from loose_end")
    await world.do("delete from loose_end")
    await world.hear(echo(aurora, "wamid.ECHO", world.now))
    await world.do(
        "insert into loose_end (tenant_id, wamid_hash, key, kind, at, data) values ($1, $2, $3, $4, $5, $6)",
        *(kept[name] for name in ("tenant_id", "wamid_hash", "key", "kind", "at", "data")),
    )
    for expected in (1, 0):
        async with system(world.db) as tx:
            assert await tie_late(tx) == expected
    assert (await only(world))["state"] == "read"


async def test_what_never_finds_its_message_is_forgotten_after_a_week(world: World, aurora: Company) -> None:
    await world.hear(statuses(aurora, status("read", "wamid.OTHERS", world.now)))
    assert await ends(world) == 1
    for days, left in ((6, 1), (8, 0)):
        async with system(world.db) as tx:
            await sweep(tx, world.now + timedelta(days=days))
        assert await ends(world) == left
    assert await world.value("select count(*) from event where kind = 'status.foreign'") == 1
