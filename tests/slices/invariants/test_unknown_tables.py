"""The audit does not depend on what the planner knows: 4,000 messages written since anybody looked at the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.slices.world import Company, World

from recado.db import sql
from recado.db.pool import Tx
from recado.db.system import system
from recado.invariants import service

MESSAGES = 4_000
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_TABLES = "message, event, attempt, outbox, conversation"
# Foreign keys are not checked here: what is read is the point. Each message has a person, a try and four entries.
_SEED = """
set session_replication_role = replica;
insert into conversation (tenant_id, conversation_id, number_id, contact_id, window_until, last_inbound_at, last_at,
    created_at)
select '{tenant}', md5('c' || n)::uuid, '{number}', md5('p' || n)::uuid, now() + interval '23 hours',
    now() - interval '1 hour', now(), now() from generate_series(1, {messages}) n;
insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, class, content, recipient,
    state, rank, wamid_hash, at, created_at)
select '{tenant}', lpad(to_hex(n), 32, '0')::uuid, 'out',
    '{number}', md5('c' || n)::uuid, md5('p' || n)::uuid, 'text', 'session', '{{}}', '+5520955500111', 'delivered', 3,
    decode(md5('w' || n), 'hex'), now(), now()
from generate_series(1, {messages}) n;
insert into attempt (tenant_id, token, message_id, number_id, n, fence, state, started_at, finished_at, wamid_hash)
select tenant_id, md5('t' || id)::uuid, id, number_id, 1, 1, 'accepted',
    now() - interval '1 hour' + row_number() over () * interval '700 ms',
    now() - interval '1 hour' + row_number() over () * interval '700 ms', wamid_hash
from message;
insert into event (tenant_id, message_id, conversation_id, kind, at, key)
select m.tenant_id, m.id, m.conversation_id, k.kind, now(), decode(md5(m.id || k.kind), 'hex')
from message m cross join unnest(array['message.accepted', 'provider.accepted', 'status.sent', 'status.delivered'])
    with ordinality as k (kind, place) order by m.id, k.place;
set session_replication_role = origin;
"""
_READ = "select coalesce(sum(idx_tup_fetch + seq_tup_read), 0) from pg_stat_xact_user_tables"
_S = sql.load("recado.invariants", "slices.sql")
LAST = UUID(int=(1 << 128) - 1)
# Four entries, the message, its try and its line: nothing is read more often than a few times.
MOST = MESSAGES * 16


async def test_nothing_is_read_once_for_every_other_row(world: World, aurora: Company) -> None:
    # What is remembered of these tables now is what other days' tests left: a handful of rows, or none.
    await world.do(f"truncate {_TABLES} cascade")
    await world.do(_SEED.format(tenant=aurora.lane[0], number=aurora.lane[1], messages=MESSAGES))
    try:
        async with system(world.db) as tx:
            await _messages(tx, aurora, [name for name in _by_message() if name != "stored_twice"])
        await world.do(f"analyze {_TABLES}")
        async with system(world.db) as tx:
            await _messages(tx, aurora, _by_message())
            await _lane(tx, aurora)
    finally:
        # Deleting them one by one takes longer than the test.
        await world.do(f"truncate {_TABLES} cascade")


async def _messages(tx: Tx, company: Company, names: list[str]) -> None:
    part = {"tenant_id": company.lane[0], "after": UUID(int=0), "upto": LAST}
    assert await _asked(tx, "standings", **part) == 1
    for name in names:
        assert await _asked(tx, name, **part) == 0, name


async def _lane(tx: Tx, company: Company) -> None:
    lane: dict[str, Any] = {"tenant_id": company.lane[0], "number_id": company.lane[1]}
    first = await tx.value(_S["next_attempt"], **lane, from_at=BEGINNING)
    lane |= {"from_at": first, "to_at": first + timedelta(days=1), "first_id": UUID(int=0), "last_id": LAST}
    for name in ("overtaken", "lane_too_fast", "pair_too_fast", "sent_while_stopped", "outside_window"):
        assert await _asked(tx, name, **lane, jitter_s=1.0, whats=["mode"]) == 0, name


def _by_message() -> list[str]:
    return [name for names in service.BY_MESSAGE.values() for name in names]


async def _asked(tx: Tx, name: str, **params: Any) -> int:
    """How many rows come back; none may have been looked for in vain."""
    already = await tx.connection.fetchval(_READ)
    rows = await tx.fetch(_S[name], most=20, **params)
    assert await tx.connection.fetchval(_READ) - already <= MOST, name
    return len(rows)
