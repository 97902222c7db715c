"""Who looks is told, whatever the order of commits, whoever forgot to say so, however slowly they read."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.slices.world import Company, World
from tests.support.cluster import Dsns

from recado.db.notes import listen
from recado.db.pool import Database
from recado.kit.clock import SystemClock
from recado.kit.ids import TenantId
from recado.live.hub import Full, Hub, Limits, Looker
from recado.live.model import MOST, Change
from recado.live.notifier import CHANNEL, Notifier

ME = UUID(int=1)
INSERT = "insert into event (tenant_id, kind, at, conversation_id) values ($1, 'test', now(), $2)"


async def deaf(heard: Callable[[str], None], connected: Callable[[bool], None]) -> None:
    await asyncio.Event().wait()


@pytest.fixture
async def hub(db: Database, database: Dsns) -> AsyncIterator[Hub]:
    made = Hub(db, SystemClock(), partial(listen, database.runtime, CHANNEL))
    yield made
    await made.close()


async def told(looker: Looker, wanted: set[UUID], patience_s: float = 15.0) -> set[UUID]:
    """Everything that came until all that was wanted had come."""
    heard: set[UUID] = set()
    async with asyncio.timeout(patience_s):
        while not wanted <= heard:
            change = await looker.next(1.0)
            assert change is not None
            heard |= change.conversations
    return heard


async def say(eye: asyncpg.Connection, tenant_id: TenantId, *ids: UUID) -> None:
    for one in ids:
        await eye.execute(INSERT, tenant_id, one)


async def test_a_hint_brings_the_news_at_once(
    hub: Hub, db: Database, eye: asyncpg.Connection, aurora: Company
) -> None:
    looker = await hub.join(aurora.tenant.tenant_id, ME, None)
    notifier = Notifier(db)
    notifier.start()
    clock = SystemClock()
    for _ in range(3):
        one = uuid4()
        await say(eye, aurora.tenant.tenant_id, one)
        began = clock.monotonic()
        notifier.changed([aurora.tenant.tenant_id])
        await told(looker, {one})
        assert clock.monotonic() - began < 2.0
    await notifier.stop()


async def test_without_any_hint_the_diary_is_looked_at(db: Database, eye: Any, aurora: Company) -> None:
    hub = Hub(db, SystemClock(), deaf)
    looker = await hub.join(aurora.tenant.tenant_id, ME, None)
    one = uuid4()
    await say(eye, aurora.tenant.tenant_id, one)
    await told(looker, {one})
    await hub.close()
    assert await looker.next(0) is None


async def test_ids_that_leave_no_entry_are_told_too(hub: Hub, db: Database, aurora: Company) -> None:
    looker = await hub.join(aurora.tenant.tenant_id, ME, None)
    notifier = Notifier(db)
    message, conversation = uuid4(), uuid4()
    heard = Change()
    async with asyncio.timeout(10):
        while not heard.topics:
            # The listening connection may still be on its way: said again until heard.
            notifier.changed(
                [aurora.tenant.tenant_id], messages=[message], conversations=[conversation], topics=["job"]
            )
            await notifier.flush()
            heard = await looker.next(0.2) or Change()
    assert (heard.messages, heard.conversations, heard.topics) == ({message: None}, {conversation}, {"job"})


async def test_nobody_hears_of_another_company(
    hub: Hub, world: World, db: Database, eye: Any, aurora: Company
) -> None:
    other = await world.company("casa-bruma", external_id="1065", waba="1022")
    looker = await hub.join(other.tenant.tenant_id, ME, None)
    mine = await hub.join(aurora.tenant.tenant_id, ME, None)
    notifier = Notifier(db)
    secret, own = uuid4(), uuid4()
    await say(eye, aurora.tenant.tenant_id, secret)
    notifier.changed([aurora.tenant.tenant_id], topics=["job"])
    await notifier.flush()
    await told(mine, {secret})
    await say(eye, other.tenant.tenant_id, own)
    heard = await told(looker, {own})
    assert secret not in heard
    assert not looker.pending


async def test_who_does_not_read_costs_one_bounded_change(hub: Hub, eye: Any, aurora: Company) -> None:
    slow = await hub.join(aurora.tenant.tenant_id, ME, None)
    await told(slow, set())
    for _ in range(20):
        slow.tell(Change(messages={uuid4(): uuid4() for _ in range(100)}))
        assert len(slow.pending.messages) <= MOST
    change = await slow.next(1)
    assert change is not None
    assert change.everything


async def test_streams_are_counted(db: Database, aurora: Company) -> None:
    hub = Hub(db, SystemClock(), deaf, Limits(streams=3, streams_of_one=2))
    tenant_id = aurora.tenant.tenant_id
    first = await hub.join(tenant_id, ME, None)
    await hub.join(tenant_id, ME, None)
    with pytest.raises(Full):
        await hub.join(tenant_id, ME, None)
    await hub.join(tenant_id, UUID(int=2), None)
    with pytest.raises(Full):
        await hub.join(tenant_id, UUID(int=3), None)
    hub.leave(first)
    await hub.join(tenant_id, ME, None)
    await hub.close()


async def test_a_company_with_a_long_diary_asks_once_for_a_fresh_look(
    hub: Hub, eye: Any, aurora: Company
) -> None:
    tenant_id = aurora.tenant.tenant_id
    await eye.execute(
        "insert into event (tenant_id, kind, at, recorded_at)"
        " select $1, 'old', now(), now() - interval '1 day' from generate_series(1, 1500)",
        tenant_id,
    )
    looker = await hub.join(tenant_id, ME, None)
    assert looker.cursor() is None
    async with asyncio.timeout(15):
        while not (change := await looker.next(1)) or not change.everything:
            assert change is not None
    assert looker.cursor() is not None


async def test_out_of_order_commits_lose_nothing_across_many_falls(
    db: Database, database: Dsns, eye: asyncpg.Connection, aurora: Company
) -> None:
    """Writers hold their numbers for random times; the reader falls again and again, the house too, and goes on
    from the last cursor it was given. In the end every committed id was told."""
    tenant_id, source = aurora.tenant.tenant_id, random.Random(20261122)

    async def writer() -> None:
        connection = await asyncpg.connect(database.owner)
        for _ in range(25):
            transaction = connection.transaction()
            await transaction.start()
            for _ in range(source.randrange(1, 4)):
                await connection.execute(INSERT, tenant_id, uuid4())
                await connection.execute("select pg_sleep($1)", source.choice((0, 0, 0.005, 0.05, 0.3)))
            await (transaction.commit() if source.random() < 0.9 else transaction.rollback())
        await connection.close()

    heard: set[UUID] = set()
    cursor: int | None = 0
    writing = asyncio.gather(*(writer() for _ in range(5)))
    falls = 0
    while not writing.done() or falls < 3:
        hub = Hub(db, SystemClock(), deaf if falls % 2 else partial(listen, database.runtime, CHANNEL))
        looker = await hub.join(tenant_id, ME, cursor)
        for _ in range(source.randrange(2, 6)):
            change = await looker.next(0.5)
            assert change is not None
            assert not change.everything
            heard |= change.conversations
            cursor = known if (known := looker.cursor()) is not None else cursor
        await hub.close()
        falls += 1
    await writing
    kept = {
        row[0] for row in await eye.fetch("select conversation_id from event where tenant_id = $1", tenant_id)
    }
    kept.discard(None)
    hub = Hub(db, SystemClock(), deaf)
    looker = await hub.join(tenant_id, ME, cursor)
    heard |= await told(looker, kept - heard)
    await hub.close()
    assert kept <= heard
    assert falls >= 3
