"""The parts of received bodies that are about one message, covered: nothing of anybody else comes along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from recado.db import sql
from recado.db.pool import Database
from recado.db.system import system
from recado.inbound.letter_model import Stored
from recado.inbound.trees import covered_tree

_Q = sql.load("recado.inbound", "letters.sql")
# Larger bodies carry hundreds of other people's events: they are opened by themselves.
_READABLE: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`tree` is None when the body is too large, is no JSON, or does not name the message by its id."""

    ledger_id: int
    received_at: datetime
    tree: Any = field(repr=False)


async def parts_about(db: Database, ledger_ids: Sequence[int], wamid: str) -> list[Part]:
    """What these bodies say about the message with this id, oldest first. Bodies deleted meanwhile are missing.

    The caller has read the id and the numbers of the bodies under the company's own scope.
    """
    if not ledger_ids:
        return []
    async with system(db) as tx:
        rows = await tx.many(_Q["these"], Stored, ids=list(ledger_ids), readable=_READABLE)
    return [
        Part(ledger_id=row.ledger_id, received_at=row.received_at, tree=_tree(row.body, wamid))
        for row in reversed(rows)
    ]


def _tree(body: bytes | None, wamid: str) -> Any:
    if body is None:
        return None
    return covered_tree(body, lambda whole: only_about(whole, wamid))


def only_about(whole: Any, wamid: str) -> dict[str, Any] | None:
    """The same envelope with the changes that name the message, and of their lists only the items that do."""
    if not isinstance(whole, dict):
        return None
    entries = []
    for entry in _dicts(whole.get("entry")):
        changes = [kept for one in _dicts(entry.get("changes")) if (kept := _change(one, wamid)) is not None]
        if changes:
            entries.append(entry | {"changes": changes})
    return whole | {"entry": entries} if entries else None


def _change(change: dict[str, Any], wamid: str) -> dict[str, Any] | None:
    value = change.get("value")
    if not isinstance(value, dict) or not _names(value, wamid):
        return None
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        if not isinstance(inner, list):
            kept[name] = inner
        elif about := [item for item in inner if _names(item, wamid)]:
            kept[name] = about
    return change | {"value": kept}


def _names(value: Any, wamid: str) -> bool:
    if isinstance(value, dict):
        return any(_names(inner, wamid) for inner in value.values())
    if isinstance(value, list):
        return any(_names(inner, wamid) for inner in value)
    return bool(value == wamid)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
