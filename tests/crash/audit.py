"""The end of a run: what clients were told, what the database says, what the provider took, what handsets show."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import asyncpg

_MARKER = re.compile(r"m-\d+")
_UNDECIDED = {"needs_decision", "expired_in_doubt"}
_TAKEN = {"accepted", "sent", "delivered", "read", "played"}
_RANK = {"sent": 2, "delivered": 3, "read": 4}


@dataclass(slots=True)
class Findings:
    """`lost`, `duplicated` and `stuck` must be empty; each entry says what it is about."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    # What the product's own audit says.
    broken: list[str] = field(default_factory=list)
    messages: int = 0
    needs_decision: int = 0
    unsent: int = 0
    incidents: int = 0
    resent: int = 0
    doubts: int = 0
    refused: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)  # of stuck messages

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.stuck or self.broken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """`clients`: rows of the load's ledger. `provider`: the stand-in's dump."""

    clients: list[Any]
    provider: dict[str, Any]


async def audit(dsn: str, books: Books) -> Findings:
    connection = await asyncpg.connect(dsn)
    try:
        found = Findings()
        rows = {
            str(row["id"]): row
            for row in await connection.fetch(
                "select id, state, rank, content::text as content, wamid from message where direction = 'out'"
            )
        }
        _clients(found, books, rows)
        _handsets(found, books, rows)
        await _inbound(found, books, connection)
        await _statuses(found, books, rows, connection)
        await _stuck(found, connection)
        await _facts(found, connection)
        return found
    finally:
        await connection.close()


def _clients(found: Findings, books: Books, rows: dict[str, Any]) -> None:
    """Each 202 exists, and a repeated key got the same answer."""
    for marker, _, ids, refused, _ in books.clients:
        found.refused += refused is not None
        found.messages += bool(ids)
        if len(set(ids)) > 1:
            found.duplicated.append(f"{marker}: one key was answered with {len(set(ids))} ids")
        for one in set(ids):
            if one not in rows:
                found.lost.append(f"{marker}: a 202 whose message does not exist")


def _handsets(found: Findings, books: Books, rows: dict[str, Any]) -> None:
    """A text appears once; what counts as sent was taken; what nobody decided was not delivered."""
    shown = Counter(marker for marker, _, _, _ in books.provider["taken"])
    for marker, times in shown.items():
        if times > 1:
            found.duplicated.append(f"{marker}: {times} times on the handset")
    for row in rows.values():
        text = _MARKER.search(row["content"])
        marker = text.group() if text else "?"
        if row["state"] in _TAKEN and not shown[marker]:
            found.lost.append(f"{marker}: {row['state']}, but the provider never took it")
        elif row["state"] in _UNDECIDED:
            found.needs_decision += 1
            found.unsent += not shown[marker]
            if shown[marker]:
                found.stuck.append(f"{marker}: {row['state']} although its echo came")
                found.ids.append(str(row["id"]))
        elif row["state"] not in _TAKEN:
            found.stuck.append(f"{marker}: ended as {row['state']}")
            found.ids.append(str(row["id"]))


async def _inbound(found: Findings, books: Books, connection: Any) -> None:
    """Everything people wrote and we confirmed is there exactly once."""
    rows = await connection.fetch(
        "select wamid, count(*) as n from message where direction = 'in' group by 1"
    )
    stored = {row["wamid"]: row["n"] for row in rows}
    for wamid, kind, acked in books.provider["inbound"]:
        if acked and wamid not in stored:
            found.lost.append(f"inbound {kind} {wamid[-14:]}: answered 200, not there")
        elif stored.get(wamid, 0) > 1:
            found.duplicated.append(f"inbound {kind} {wamid[-14:]}: {stored[wamid]} times")


async def _statuses(found: Findings, books: Books, rows: dict[str, Any], connection: Any) -> None:
    """Each confirmed status had one effect, and the message shows the highest of them."""
    events = await connection.fetch(
        "select message_id, kind, count(*) as n from event"
        " where kind in ('status.sent', 'status.delivered', 'status.read') group by 1, 2"
    )
    told: dict[tuple[str, str], int] = {(str(e["message_id"]), e["kind"][7:]): e["n"] for e in events}
    by_marker: dict[str, list[str]] = defaultdict(list)
    for one, row in rows.items():
        if text := _MARKER.search(row["content"]):
            by_marker[text.group()].append(one)
    tries = Counter(marker for marker, _, _, _ in books.provider["taken"])
    marker_of = {wamid: marker for marker, _, wamid, _ in books.provider["taken"]}
    for wamid, status, acked in books.provider["statuses"]:
        ids = by_marker.get(marker_of[wamid], [])
        if not acked or tries[marker_of[wamid]] != 1 or len(ids) != 1:
            continue
        times = told.get((ids[0], status), 0)
        if times == 0:
            found.lost.append(f"status {status} of {marker_of[wamid]}: answered 200, no effect")
        elif times > 1:
            found.duplicated.append(f"status {status} of {marker_of[wamid]}: {times} effects")
        if rows[ids[0]]["rank"] < _RANK[status] and times:
            found.lost.append(
                f"status {status} of {marker_of[wamid]}: the message shows {rows[ids[0]]['state']}"
            )


_OPEN = {
    "outbox: queued": "select count(*) from outbox where state = 0",
    "outbox: sending": "select count(*) from outbox where state = 1",
    "outbox: in doubt": "select count(*) from outbox where state = 2",
    "messages without a row in the outbox": """select count(*) from message m where direction = 'out'
        and state in ('scheduled', 'queued', 'held', 'claimed', 'sending', 'in_doubt', 'needs_decision')
        and not exists (select 1 from outbox o where o.tenant_id = m.tenant_id and o.message_id = m.id)""",
    "bodies not projected": "select count(*) from ledger_work where state = 0",
    "dead letters": "select count(*) from ledger_work where state = 2",
    "jobs": "select count(*) from job where state <> 'done' and due_at < clock_timestamp()",
    "files": "select count(*) from media where direction = 'in' and state <> 'stored'",
    "orphans": "select count(*) from orphan_event",
    "attempts open without an outbox row": """select count(*) from attempt a where state in ('intent')
        and not exists (select 1 from outbox o where o.tenant_id = a.tenant_id and o.token = a.token)""",
    "resent without proof": "select count(*) from attempt where state = 'presumed_lost' and proof is null",
}


async def _stuck(found: Findings, connection: Any) -> None:
    for name, query in _OPEN.items():
        if count := await connection.fetchval(query):
            found.stuck.append(f"{name}: {count}")


async def _facts(found: Findings, connection: Any) -> None:
    found.incidents = await connection.fetchval("select count(*) from incident")
    found.resent = await connection.fetchval("select count(*) from attempt where state = 'presumed_lost'")
    found.doubts = await connection.fetchval("select count(*) from event where kind = 'provider.in_doubt'")
    states = await connection.fetch(
        "select state, count(*) as n from message where direction = 'out' group by 1 order by 2 desc"
    )
    why = await connection.fetch(
        "select reason_detail as why, count(*) as n from message where state = 'needs_decision' group by 1"
    )
    taints = await connection.fetch("select reason, count(*) as n from receiver_taint group by 1")
    found.facts = {
        "taints": {row["reason"]: row["n"] for row in taints},
        "states": {row["state"]: row["n"] for row in states},
        "asked_because": {str(row["why"]): row["n"] for row in why},
    }


def read_books(ledger: str, provider: dict[str, Any]) -> Books:
    return Books(clients=json.loads(ledger), provider=provider)
