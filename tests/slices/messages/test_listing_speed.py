"""Mensagens stays quick: rows read of 20,000 messages and 12,000 people, whatever is chosen or typed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.slices.world import Company, World

from recado.db.pool import Tx
from recado.messages import listing
from recado.messages.listing import TABS, Page, Wanted

MESSAGES, PEOPLE = 20_000, 12_000
LOOK = 1_000
MOST = 50
# Each row of a page is read once in its list and once more with everything that stands beside it.
PAGE = (MOST + 1) * 9
CROWD = 5_001
# Plans are kept after the fifth call.
OFTEN = 7

# Foreign keys are not checked here: what is read is the point, not what the rows mean. The newest message is number
# one. Half of all people share a name, one in forty another; three have one of their own, who wrote only long ago.
#
# Emptied first, and in one go: autovacuum that swept the tables of an earlier test notes them as holding nothing, and
# until it has been round again (10 s) the planner believes that of 12,000 rows too, and takes any index for any other.
_EMPTY = "truncate contact, contact_identity, contact_word, conversation, message, outbox cascade"
_SEED = (
    _EMPTY
    + """;
set session_replication_role = replica;
insert into contact (tenant_id, contact_id, phone, name, created_at, updated_at)
select '{tenant}', md5('p' || n)::uuid, '+55209' || (50000000 + n),
    case when n > {people} - 3 then 'Quitéria Sobral' when n % 2 = 0 then 'Tomás Azevedo'
        when n % 40 = 1 then 'Íris Falcão' else 'Davi Prado' end, now(), now()
from generate_series(1, {people}) n;
insert into contact_identity (tenant_id, kind, value, contact_id, created_at)
select tenant_id, 'phone', ltrim(phone, '+'), contact_id, now() from contact;
insert into contact_word (tenant_id, contact_id, word)
select c.tenant_id, c.contact_id, w from contact c
cross join lateral words_of_contact(c.name, c.username, c.phone) as w;
insert into conversation (tenant_id, conversation_id, number_id, contact_id, created_at, last_at)
select '{tenant}', md5('c' || n)::uuid, '{number}', md5('p' || n)::uuid, now(), now() - n * interval '1 minute'
from generate_series(1, {people}) n;
insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, class, content, preview,
    client_reference, state, rank, reason, attention, at, created_at)
select '{tenant}', lpad(to_hex({messages} - n), 32, '0')::uuid, 'out', '{number}', md5('c' || p)::uuid,
    md5('p' || p)::uuid, case when n % 2 = 0 then 'text' else 'template' end, 'utility', '{{}}',
    case when n = {messages} then 'zebra' else 'Até amanhã! (' || n || ')' end, 'pedido-' || n,
    case when n % 10 = 3 then 'rejected' else 'read' end, case when n % 10 = 3 then 0 else 4 end,
    case when n % 10 = 3 then 'undeliverable' end, n % 10 = 3, now(), now()
from generate_series(1, {messages}) n,
    lateral (select case when n > {messages} - 3 then {people} - {messages} + n else n % ({people} - 3) + 1 end as p) x;
insert into outbox (tenant_id, message_id, number_id, conversation_id, class, free_form, priority, due_at, since)
select tenant_id, id, number_id, conversation_id, 'utility', false, 1, now(),
    now() + case when reason is null then interval '-1 day' else interval '1 day' end
from message where id >= lpad(to_hex({messages} / 2), 32, '0')::uuid;
set session_replication_role = origin;
"""
)
_READ = """select coalesce(sum(idx_tup_fetch + seq_tup_read), 0) from pg_stat_xact_user_tables"""
# What is typed, and how many rows may be read beside the page: nothing for what an index leads to.
SEARCHES = {
    "pedido-19000": 0,
    "+5520950000007": 0,
    "000007": 0,
    "quiteria": 0,
    "sobral": 0,
    "Íris Fal": CROWD + 3 * LOOK,
    "azevedo": CROWD + 5 * LOOK,
    "amanhã": 3 * LOOK,
    "zevedo": 3 * LOOK,
    "5009": 4 * LOOK,
    "zebra": 4 * LOOK,
    "girafa": 4 * LOOK,
}
FILTERS = {
    "frequent": Wanted(kind="text"),
    "rare": Wanted(kind="location"),
    "template": Wanted(template="nenhum"),
    "state": Wanted(states=("failed",)),
    "cause": Wanted(tab="voce", reason="undeliverable"),
    "no cause": Wanted(reason="expired"),
}


@pytest.fixture
async def crowd(world: World, aurora: Company, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Company]:
    monkeypatch.setattr(listing, "LOOK", LOOK)
    tenant, number = aurora.lane
    await world.do(_SEED.format(tenant=tenant, number=number, messages=MESSAGES, people=PEOPLE))
    yield aurora
    # Deleting them one by one takes longer than the test.
    await world.do(_EMPTY)


async def test_no_page_reads_more_than_one_look(world: World, crowd: Company) -> None:
    """First with the statistics of whatever was here before, then with those of what is."""
    for often in (1, OFTEN):
        for tab in TABS:
            page = await _bounded(
                world, crowd, Wanted(tab=tab), LOOK * (2 if tab == "agendadas" else 0), often
            )
            assert len(page.rows) == MOST, tab
        for name, wanted in FILTERS.items():
            page = await _bounded(world, crowd, wanted, 2 * LOOK, often)
            assert page.rows or page.stopped_early, name
        for words, more in SEARCHES.items():
            page = await _bounded(world, crowd, Wanted(words=words), more, often)
            assert page.rows or page.stopped_early, words
            assert more or page.rows, words
        await _counted(world, crowd, often)
        await world.do("analyze contact, contact_word, contact_identity, conversation, message, outbox")


async def _bounded(world: World, company: Company, wanted: Wanted, more: int, often: int) -> Page:
    tenant_id = company.tenant.tenant_id
    async with world.db.tenant(tenant_id) as tx:
        for _time in range(often):
            already = await _read(tx)
            page = await listing.page(tx, world.now, tenant_id, wanted, keys=company.keys, most=MOST)
            assert await _read(tx) - already <= PAGE + more, wanted
    return page


async def _counted(world: World, company: Company, often: int) -> None:
    async with world.db.tenant(company.tenant.tenant_id) as tx:
        for _time in range(often):
            already = await _read(tx)
            await listing.counts(tx, world.now, company.tenant.tenant_id)
            assert await _read(tx) - already <= 5 * LOOK + 4 * listing.COUNTED


async def _read(tx: Tx) -> int:
    return int(await tx.connection.fetchval(_READ))
