"""The claim stays cheap however long the queue is: its plan at 100,000 queued rows."""

from __future__ import annotations

import json
from typing import Any

from tests.slices.world import Company, World

from recado.db import sql
from recado.db.system import system

ROWS = 100_000
BATCH = 100
_Q = sql.load("recado.messages", "dispatch.sql")

# Foreign keys are not checked here: what the planner sees is the point, not what the rows mean.
_SEED = """
set session_replication_role = replica;
insert into conversation (tenant_id, conversation_id, number_id, contact_id, last_at, created_at)
select '{tenant}', md5('c' || n)::uuid, '{number}', md5('p' || n)::uuid, now(), now()
from generate_series(1, {rows} / 10) n;
insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, class, content,
    recipient, state, at, created_at)
select '{tenant}', md5('m' || n)::uuid, 'out', '{number}', md5('c' || (n % ({rows} / 10) + 1))::uuid,
    md5('p' || n)::uuid, 'template', 'utility', '{{}}', '+5520955500111', 'queued', now(), now()
from generate_series(1, {rows}) n;
insert into outbox (tenant_id, message_id, number_id, conversation_id, class, free_form, priority, due_at, since)
select '{tenant}', md5('m' || n)::uuid, '{number}', md5('c' || (n % ({rows} / 10) + 1))::uuid, 'utility', false, 1,
    now() - interval '1 day' + n * interval '1 ms', now()
from generate_series(1, {rows}) n;
set session_replication_role = origin;
"""


def _nodes(plan: Any) -> list[dict[str, Any]]:
    if isinstance(plan, list):
        return [node for part in plan for node in _nodes(part)]
    if not isinstance(plan, dict):
        return []
    own = [plan] if "Node Type" in plan else []
    return own + [node for part in plan.values() for node in _nodes(part)]


async def _explain(world: World, name: str, **params: Any) -> list[dict[str, Any]]:
    statement = _Q[name]
    async with system(world.db) as tx:
        text = await tx.connection.fetchval(
            f"explain (analyze, timing off, format json) {statement.text}",
            *(params[each] for each in statement.params),
        )
    return _nodes(json.loads(text))


async def test_a_claim_reads_only_what_it_takes(world: World, aurora: Company) -> None:
    await world.do(_SEED.format(tenant=aurora.lane[0], number=aurora.lane[1], rows=ROWS))
    try:
        for node in await _plans(world, aurora):
            # Statistics are those of whatever was here before: still nothing is read from end to end.
            assert node["Node Type"] != "Seq Scan", node
        await world.do("analyze outbox, message, conversation, attempt")
        for node in await _plans(world, aurora):
            assert node["Node Type"] != "Seq Scan", node
            # A scan that throws rows away walks more of the queue than it takes.
            assert node.get("Rows Removed by Filter", 0) == 0, node
            assert node["Actual Rows"] * node["Actual Loops"] <= BATCH * 4, node
    finally:
        # Deleting them one by one takes longer than the test.
        await world.do("truncate outbox, message, conversation cascade")


async def _plans(world: World, aurora: Company) -> list[dict[str, Any]]:
    tenant_id, number_id = aurora.lane
    due = await _explain(
        world,
        "due_rows",
        now=world.now,
        tenant_ids=[tenant_id],
        number_ids=[number_id],
        quotas=[BATCH],
    )
    chosen = await world.rows(
        "select tenant_id, message_id, conversation_id from outbox order by due_at limit $1", BATCH
    )
    details = await _explain(
        world, "details", now=world.now, **{f"{name}s": [row[name] for row in chosen] for name in chosen[0]}
    )
    return due + details
