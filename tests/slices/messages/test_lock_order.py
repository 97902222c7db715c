"""Who writes about a send takes its message first: projector and recorder never wait in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.slices.world import Company, World, accepted, status, statuses

from recado.db.system import system
from recado.messages.claim import Intent

_HOLD = "select 1 from message for no key update"
_WAITING = "select count(*) from pg_locks where not granted"


async def _hear(world: World, company: Company, intent: Intent) -> None:
    await world.hear(
        statuses(company, status("sent", "wamid.L", world.now, company.keys.write_token(intent.token)))
    )


async def _record(world: World, company: Company, intent: Intent) -> None:
    await world.record(intent, accepted("wamid.L"))


@pytest.mark.parametrize("write", [_hear, _record])
async def test_nothing_of_a_send_is_touched_before_its_message_is_held(
    world: World,
    aurora: Company,
    eventually: Callable[..., Awaitable[object]],
    write: Callable[[World, Company, Intent], Awaitable[None]],
) -> None:
    await world.queue(aurora)
    (intent,) = await world.claim()
    async with system(world.db) as other:
        await other.connection.execute(_HOLD)
        writing = asyncio.ensure_future(write(world, aurora, intent))
        await eventually(lambda: world.value(_WAITING))
        # Both would fail at once if the waiting one already held them.
        for table in ("attempt", "outbox"):
            assert await other.connection.fetch(f"select 1 from {table} for update nowait")
    await writing
    message_id = intent.row.due.message_id
    assert await world.outbox(message_id) is None
    (attempt,) = await world.attempts(message_id)
    assert attempt["state"] == "accepted"
