"""How long the calm phase waits: as long as the product's own timers say that something will still move.

Stuck is what none of them will ever move. A figure of seconds chosen beforehand would call a slow machine a bug
and a bug a slow machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

# Each row: what it is, what would change if it moved, and the moment by which it has to have moved.
_OPEN = """
select 'message' as what, o.message_id::text as id,
    concat_ws('/', o.state, o.tries, o.due_at, o.lease_until, a.waited_from) as face,
    case o.state
        when 0 then greatest(o.due_at, l.paused_until) + make_interval(
            secs => line.ahead / (l.rate_per_s * greatest(l.slow_factor, 0.05)))
        when 1 then o.lease_until
        else coalesce(a.waited_from, a.doubt_at) + make_interval(secs => $1) end as by
from outbox o
join lane l on l.tenant_id = o.tenant_id and l.number_id = o.number_id
left join attempt a on a.tenant_id = o.tenant_id and a.token = o.token
cross join lateral (
    select count(*) as ahead from outbox e
    where e.tenant_id = o.tenant_id and e.number_id = o.number_id and e.state = 0) line
where o.state < 3
union all
select 'body', ledger_id::text, concat_ws('/', tries, next_at), next_at from ledger_work where state = 0
union all
select 'job ' || kind, job_id::text, concat_ws('/', tries, due_at, lease_until),
    greatest(due_at, nullif(lease_until, '-infinity')) from job where state = 'queued'
"""
_STORY = """
select jsonb_build_object('marker', substring(m.content::text from 'm-[0-9]+'),
    'message', to_jsonb(m) - 'content' - 'wamid' - 'wamid_hash' - 'recipient', 'outbox', to_jsonb(o),
    'attempts', (select jsonb_agg(to_jsonb(a) - 'answer' order by a.n) from attempt a
                 where a.tenant_id = m.tenant_id and a.message_id = m.id),
    'events', (select jsonb_agg(jsonb_build_array(e.at, e.kind, e.data) order by e.seq) from event e
               where e.tenant_id = m.tenant_id and e.message_id = m.id),
    'lane', to_jsonb(l),
    'pair', to_jsonb(c) - 'search')::text
from message m
left join outbox o on o.tenant_id = m.tenant_id and o.message_id = m.id
left join lane l on l.tenant_id = m.tenant_id and l.number_id = m.number_id
left join conversation c on c.tenant_id = m.tenant_id and c.conversation_id = m.conversation_id
where m.id = $1::uuid
"""
# What a busy machine may need beyond a timer before a loop gets its turn.
GRACE = timedelta(seconds=15)
_DAYS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Open:
    """One thing that still has to happen by itself. `face` changes whenever something happened to it."""

    what: str
    id: str
    face: str
    by: datetime | None


async def open_things(dsn: str, doubt_s: float) -> tuple[datetime, list[Open]]:
    """The database's time, and everything open. `doubt_s`: the longest wait in doubt."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(_OPEN, doubt_s)
        return await connection.fetchval("select clock_timestamp()"), [Open(**row) for row in rows]
    finally:
        await connection.close()


class Watch:
    """Looks again and again; `hopeless` names what should have moved and did not."""

    def __init__(self) -> None:
        self._faces: dict[tuple[str, str], str] = {}
        self._moved_at: datetime | None = None

    def look(self, now: datetime, things: list[Open]) -> list[Open]:
        """What nothing will move any more: its own timer ran out long ago, and everything stands still."""
        faces = {(one.what, one.id): one.face for one in things}
        if faces != self._faces or self._moved_at is None:
            self._faces, self._moved_at = faces, now
        if now - self._moved_at < GRACE:
            return []
        return [one for one in things if one.by is None or one.by + GRACE < now or one.by - _DAYS > now]


async def stories(dsn: str, ids: list[str]) -> list[str]:
    """Everything the database knows about these messages: why do they not leave?"""
    connection = await asyncpg.connect(dsn)
    try:
        told = [await connection.fetchval(_STORY, one) for one in ids]
        now = await connection.fetchval("select clock_timestamp()")
        return [f"{now.isoformat()} {_short(json.loads(one))}" for one in told if one]
    finally:
        await connection.close()


def _short(story: dict[str, Any]) -> str:
    return json.dumps({name: part for name, part in story.items() if part}, default=str)
