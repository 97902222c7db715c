"""A company that came after the planner's last sample is served as quickly as those it knows."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from tests.slices.world import Company, World

from recado.conversations import service as people
from recado.db import sql
from recado.db.pool import Tx
from recado.messages import finding, listing
from recado.messages.listing import Wanted

OTHERS, OWN = 60_000, 2_000
# A company that has been there for years; foreign keys are not checked: what is read is the point.
_OLD, _OLD_NUMBER = UUID(int=1), UUID(int=2)
_TABLES = "contact, contact_identity, contact_word, conversation, message, outbox"
_SEED = """
set session_replication_role = replica;
insert into contact (tenant_id, contact_id, phone, name, created_at, updated_at)
select '{tenant}', md5('p' || n)::uuid, '+55209' || (50000000 + n), 'Davi Prado', now(), now()
from generate_series(1, {rows}) n;
insert into contact_identity (tenant_id, kind, value, contact_id, created_at)
select '{tenant}', 'phone', '55209' || (50000000 + n), md5('p' || n)::uuid, now() from generate_series(1, {rows}) n;
insert into contact_word (tenant_id, contact_id, word)
select '{tenant}', md5('p' || n)::uuid, '#' || reverse('55209' || (50000000 + n)) from generate_series(1, {rows}) n;
insert into conversation (tenant_id, conversation_id, number_id, contact_id, created_at, last_at)
select '{tenant}', md5('c' || n)::uuid, '{number}', md5('p' || n)::uuid, now(), now() - n * interval '1 minute'
from generate_series(1, {rows}) n;
insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, class, content, state, at,
    created_at, wamid_hash, client_reference)
select '{tenant}', md5('m' || n)::uuid, 'out', '{number}', md5('c' || n)::uuid, md5('p' || n)::uuid, 'text', 'utility',
    '{{}}', 'sent', now(), now(), decode(md5('w' || n), 'hex'), 'pedido-' || n
from generate_series(1, {rows}) n;
insert into outbox (tenant_id, message_id, number_id, conversation_id, class, free_form, priority, due_at, since)
select '{tenant}', md5('m' || n)::uuid, '{number}', md5('c' || n)::uuid, 'utility', false, 1, now(), now()
from generate_series(1, {rows}) n;
set session_replication_role = origin;
"""
_READ = "select coalesce(sum(idx_tup_fetch + seq_tup_read), 0) from pg_stat_xact_user_tables"
_LISTING = sql.load("recado.messages", "listing.sql")


@pytest.fixture
async def newcomer(world: World, aurora: Company) -> AsyncIterator[Company]:
    """Three in a hundred of the rows: too few for PostgreSQL to look again."""
    tenant, number = aurora.lane
    await world.do(
        f"truncate {_TABLES} cascade;" + _SEED.format(tenant=_OLD, number=_OLD_NUMBER, rows=OTHERS)
    )
    await world.do(f"analyze {_TABLES}")
    await world.do(_SEED.format(tenant=tenant, number=number, rows=OWN))
    yield aurora
    await world.do(f"truncate {_TABLES} cascade")


async def test_single_rows_are_met_at_once(world: World, newcomer: Company) -> None:
    tenant_id = newcomer.tenant.tenant_id
    phone = ("phone", "5520950000077")

    async def read(tx: Tx) -> int:
        return int(await tx.connection.fetchval(_READ))

    async def wamid(tx: Tx) -> object:
        hashed = hashlib.md5(b"w77", usedforsecurity=False).digest()
        return await tx.many(_LISTING["by_wamid"], finding.Found, tenant_id=tenant_id, wamid_hash=hashed)

    asked: dict[str, Callable[[Tx], Awaitable[object]]] = {
        "identity": lambda tx: people.find_contacts(tx, tenant_id, [phone]),
        "person": lambda tx: people.find_people(tx, tenant_id, [(newcomer.number.number_id, phone)]),
        "wamid": wamid,
        "search by phone": lambda tx: finding.meaning_of(tx, tenant_id, "+5520950000077", newcomer.keys),
        "search by reference": lambda tx: finding.meaning_of(tx, tenant_id, "pedido-77", newcomer.keys),
        "page": lambda tx: listing.page(
            tx, world.now, tenant_id, Wanted(words="0000077"), keys=newcomer.keys, most=10
        ),
    }
    for name, ask in asked.items():
        async with world.db.tenant(tenant_id) as tx:
            already = await read(tx)
            assert await ask(tx), name
            assert await read(tx) - already <= 40, name
