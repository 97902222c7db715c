"""The front desk stays quick: rows read of 100,000 conversations and of a thread of 50,000 messages."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from tests.slices.world import Company, World

from recado.conversations import desk
from recado.db.pool import Tx

TALKS = 100_000
MESSAGES = 50_000
MOST = 40
ME = UUID(int=1)
THREAD = UUID(int=77)
# Plans are kept after the fifth call: what is measured is the kept one.
OFTEN = 7

# Foreign keys are not checked here: what is read is the point, not what the rows mean. Of twenty conversations one
# waits, one is open and answered, one came back after it was settled, two were never answered by anybody, and the
# rest were settled although the customer had the last word. Somebody else holds nearly all.
_SEED = """
set session_replication_role = replica;
insert into contact (tenant_id, contact_id, phone, name, created_at, updated_at)
select '{tenant}', md5('p' || n)::uuid, '+55209' || (50000000 + n), 'Pessoa ' || n, now(), now()
from generate_series(1, {talks}) n;
insert into conversation (tenant_id, conversation_id, number_id, contact_id, created_at, last_at, last_inbound_at,
    unread, settled_at, settled_after, holder_id, holder_name)
select '{tenant}', md5('c' || n)::uuid, '{number}', md5('p' || n)::uuid, at, at,
    case when n % 20 < 2 then null when n % 20 = 2 then at - interval '1 hour' else at end,
    case when n % 20 = 3 then 2 else 0 end,
    case when n % 20 > 3 then at end, case when n % 20 > 4 then at when n % 20 = 4 then at - interval '1 day' end,
    case when n % 100 = 2 then '{me}'::uuid when n % 20 > 2 and n % 1000 <> 3 then md5('somebody')::uuid end, 'X'
from generate_series(1, {talks}) n, lateral (select now() - n * interval '1 minute' as at) t;
insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, content, state, at,
    created_at)
select '{tenant}'::uuid, lpad(to_hex(n), 32, '0')::uuid, 'out', '{number}'::uuid, '{thread}'::uuid, md5('p1')::uuid,
    'text', '{{}}'::jsonb, 'sent', now(), now()
from generate_series(1, {messages}) n
union all
select '{tenant}', md5('m' || n)::uuid, 'out', '{number}', md5('c' || n)::uuid, md5('p' || n)::uuid, 'text', '{{}}',
    'sent', now(), now()
from generate_series(1, {talks}) n where n % 20 < 2;
insert into contact_word (tenant_id, contact_id, word)
select tenant_id, contact_id, lower(name) from contact;
set session_replication_role = origin;
analyze contact, contact_word, conversation, message;
"""
_READ = """select coalesce(sum(idx_tup_fetch + seq_tup_read), 0) from pg_stat_xact_user_tables
where relname in ('conversation', 'contact', 'contact_word', 'message', 'conversation_note')"""


async def read(tx: Tx) -> int:
    return int(await tx.connection.fetchval(_READ))


@pytest.fixture
async def crowd(world: World, aurora: Company) -> Company:
    tenant, number = aurora.lane
    await world.do(
        _SEED.format(tenant=tenant, number=number, me=ME, thread=THREAD, talks=TALKS, messages=MESSAGES)
    )
    return aurora


async def test_no_page_reads_more_than_it_shows(world: World, crowd: Company) -> None:
    tenant_id = crowd.tenant.tenant_id
    try:
        async with world.db.tenant(tenant_id) as tx:
            for tab in desk.TABS:
                await _walk(tx, crowd, tab)
        async with world.db.tenant(tenant_id) as tx:
            await _counts(tx, crowd)
            await _thread(tx, crowd)
        async with world.db.tenant(tenant_id) as tx:
            await _search(tx, crowd)
    finally:
        # Deleting them one by one takes longer than the test.
        await world.do("truncate contact, contact_word, conversation, message cascade")


async def _walk(tx: Tx, crowd: Company, tab: str) -> None:
    """The first pages, then one from far down."""
    before: desk.Cursor | None = None
    for _page in range(OFTEN):
        already = await read(tx)
        page = await desk.listed(tx, crowd.tenant.tenant_id, tab=tab, holder_id=ME, before=before, most=MOST)
        spent = await read(tx) - already
        assert len(page.talks) == MOST or tab == "free", tab
        # Each row once in its list and once more with its person; what nobody holds is looked for among the open.
        assert spent <= (MOST + 1) * 5 or tab == "free", (tab, spent)
        assert spent <= desk.LOOK * 4, (tab, spent)
        before = page.older
        assert before is not None
    assert before is not None
    far = (before[0] - timedelta(minutes=TALKS // 2), before[1])
    already = await read(tx)
    await desk.listed(tx, crowd.tenant.tenant_id, tab=tab, holder_id=ME, before=far, most=MOST)
    assert await read(tx) - already <= desk.LOOK * 4 if tab == "free" else (MOST + 1) * 5


async def _counts(tx: Tx, crowd: Company) -> None:
    for _time in range(OFTEN):
        already = await read(tx)
        counted = await desk.counts(tx, crowd.tenant.tenant_id, ME)
        assert (counted.waiting, counted.mine) == (desk.COUNTED, desk.COUNTED)
        assert await read(tx) - already <= desk.COUNTED * 2 + 2


async def _thread(tx: Tx, crowd: Company) -> None:
    before = desk.LAST
    for _page in range(OFTEN):
        already = await read(tx)
        lines = await desk.thread(tx, crowd.tenant.tenant_id, THREAD, before=before, most=60)
        assert len(lines) == 60
        assert await read(tx) - already <= 61
        before = lines[0].id
    already = await read(tx)
    assert await desk.latest_inbound(tx, crowd.tenant.tenant_id, THREAD) is None
    assert await read(tx) - already <= desk.LOOK


async def _search(tx: Tx, crowd: Company) -> None:
    """Who is named is read at once, however far back; a crowd fills the page on the way; what has no index costs one
    look, and the page says where the look ended."""
    for words, most_read in ((f"Pessoa {TALKS}", 20), ("Pessoa 1", 5_001 + MOST * 30)):
        for _time in range(OFTEN):
            already = await read(tx)
            page = await desk.listed(tx, crowd.tenant.tenant_id, search=words, most=MOST)
            assert page.talks, words
            assert await read(tx) - already <= most_read, words
    already = await read(tx)
    page = await desk.listed(tx, crowd.tenant.tenant_id, search=f"essoa {TALKS}", most=MOST)
    assert page.talks == []
    assert page.stopped_early
    assert await read(tx) - already <= desk.LOOK * 4
    found = 0
    while page.older is not None:
        page = await desk.listed(
            tx, crowd.tenant.tenant_id, search=f"essoa {TALKS}", before=page.older, most=MOST
        )
        found += len(page.talks)
    assert found == 1
