"""Webhooks of a number that is added later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.slices.world import MARINA, World, inbound, said, status, statuses, text

from recado.db.system import system
from recado.inbound.orphans import adopt

NEW = "106540352242999"


def foreign(body: dict[str, Any], number: str = NEW) -> dict[str, Any]:
    """The same webhook for a number nobody knows."""
    value = body["entry"][0]["changes"][0]["value"]
    value["metadata"]["phone_number_id"] = number
    return body


async def take(world: World) -> int:
    async with system(world.db) as tx:
        return await adopt(tx)


async def orphans(world: World) -> int:
    found: int = await world.value("select count(*) from orphan_event")
    return found


async def test_what_came_before_the_number_is_projected_when_the_number_is_there(world: World) -> None:
    at = world.now - timedelta(minutes=30)
    image = said("image", "wamid.F", at, {"id": "7788", "mime_type": "image/png"})
    await world.hear(
        foreign(inbound(None, text(MARINA, "wamid.A", at, "Bom dia!"), image)),
        foreign(statuses(None, status("read", "wamid.OTHERS", at))),
    )
    assert (await orphans(world), await take(world)) == (3, 0), "nobody's yet"
    await world.company(external_id=NEW)
    assert await take(world) == 2
    world.clock.advance(seconds=2)
    await world.project()
    assert await orphans(world) == 0
    kinds = await world.rows("select kind, state from message order by kind")
    assert kinds == [{"kind": "image", "state": "received"}, {"kind": "text", "state": "received"}]
    assert await world.value("select count(*) from job where kind = 'media.fetch'") == 1
    stale = await world.value("select bool_and((data ->> 'stale')::boolean) from event")
    assert stale is True, "nobody reacts to what is half an hour old"
    assert await take(world) == 0


async def test_the_rest_of_the_body_counts_once(world: World) -> None:
    company = await world.company()
    mixed = inbound(company, text(MARINA, "wamid.OURS", world.now))
    mixed["entry"] += foreign(inbound(None, text(MARINA, "wamid.NEW", world.now)))["entry"]
    mixed["entry"] += foreign(inbound(None, text(MARINA, "wamid.NOBODY", world.now)), "106540352242777")[
        "entry"
    ]
    await world.hear(mixed)
    assert await orphans(world) == 2
    await world.company(external_id=NEW)
    assert await take(world) == 1
    world.clock.advance(seconds=2)
    await world.project()
    assert await world.value("select count(*) from message") == 2
    assert await world.value("select max(unread) from conversation") == 1
    assert await orphans(world) == 1
    assert await take(world) == 0


async def test_what_names_no_number_is_not_taken_up_again_and_again(world: World) -> None:
    company = await world.company()
    nameless = inbound(company, text(MARINA, "wamid.A", world.now))
    del nameless["entry"][0]["changes"][0]["value"]["metadata"]
    await world.hear(nameless)
    assert await orphans(world) == 1
    assert await take(world) == 0


async def test_a_piece_whose_body_is_gone_stays(world: World) -> None:
    await world.hear(foreign(inbound(None, text(MARINA, "wamid.A", world.now))))
    await world.do("delete from ledger")
    await world.company(external_id=NEW)
    assert await take(world) == 0
    assert await orphans(world) == 1
