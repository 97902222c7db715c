"""Bad keys, as many as somebody likes: webhooks are taken, the door's pulse beats, known callers go on."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import pytest
from tests.doors.street import HOOK_TOKEN, Street, signed, written
from tests.slices.world import MARINA, inbound, text
from tests.support.waiting import eventually

from recado.app.directory import STRANGERS, Directory
from recado.db.system import system
from recado.tenants.model import Principal

BEATS = "select last_beat_at from receiver_span"


async def posted(street: Street, wamid: str) -> int:
    body = written(inbound(None, text(MARINA, wamid, street.world.now)))
    answer = await street.client().post(f"/hooks/meta/{HOOK_TOKEN}", content=body, headers=signed(body))
    return answer.status_code


async def test_intake_and_pulse_do_not_need_the_connections_of_the_rest(street: Street) -> None:
    pulse = street.house.pulse()
    async with AsyncExitStack() as taken:
        for _ in range(street.house.settings.engine_connections):
            await taken.enter_async_context(system(street.house.db))
        assert await asyncio.wait_for(posted(street, "wamid.A"), 5) == 200
        await asyncio.wait_for(pulse.start(), 5)
        first = await street.world.value(BEATS)
        await eventually(lambda: street.world.value("select last_beat_at > $1 from receiver_span", first))
    await pulse.stop()


@pytest.mark.parametrize("callers", [200])
async def test_unknown_keys_stand_in_a_line_of_their_own(
    street: Street, eye: asyncpg.Connection, callers: int
) -> None:
    """All look-ups of keys hang; those of strangers hold two connections, and the others work."""
    company = await street.world.company()
    key = await street.key(company)
    directory = Directory(street.house)
    assert isinstance(await directory.authenticate(key.secret), Principal)
    async with eye.transaction():
        await eye.execute("lock table api_key in access exclusive mode")
        flood = [asyncio.create_task(directory.authenticate(f"rk_stranger{n}")) for n in range(callers)]
        waiting = "select count(*) from pg_locks where relation = 'api_key'::regclass and not granted"
        await eventually(lambda: street.world.value(f"select ({waiting}) >= {STRANGERS}"))
        for n in range(5):
            async with asyncio.timeout(5), system(street.house.db) as tx:
                assert await tx.connection.fetchval("select $1::integer", n) == n
            assert await posted(street, f"wamid.{n}") == 200
        assert await street.world.value(waiting) == STRANGERS
    refused = await asyncio.gather(*flood)
    assert not any(isinstance(one, Principal) for one in refused)
    assert isinstance(await directory.authenticate(key.secret), Principal)


async def test_an_answer_that_ran_out_is_looked_up_by_one_for_all(
    street: Street, eye: asyncpg.Connection
) -> None:
    """Every two seconds each of the callers in line used to look up the key and the numbers for itself."""
    company = await street.world.company()
    key = await street.key(company)
    directory = Directory(street.house, fresh_s=0)
    assert isinstance(await directory.authenticate(key.secret), Principal)
    async with eye.transaction():
        await eye.execute("lock table api_key, phone_number in access exclusive mode")
        crowd = [asyncio.create_task(directory.authenticate(key.secret, lately=True)) for _ in range(50)]
        crowd += [asyncio.create_task(directory.find(company.tenant.tenant_id, None)) for _ in range(50)]
        waiting = "select count(*) from pg_locks where relation = any($1::regclass[]) and not granted"
        tables = ["api_key", "phone_number"]
        await eventually(lambda: street.world.value(f"select ({waiting}) >= 2", tables))
        # Each of the crowd has asked by now: the statement before this one went through the same loop.
        assert await street.world.value(waiting, tables) == 2
    told = await asyncio.gather(*crowd)
    assert all(told)
