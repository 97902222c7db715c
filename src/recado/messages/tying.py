"""Applying facts that came before their message, when the message is there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import ConversationId, MessageId, TenantId
from recado.kit.reasons import Reason
from recado.messages.loose_ends import EDIT, REVOKE, STATUS, LooseEnd
from recado.messages.statuses import StatusItem, apply_statuses

_Q = sql.load("recado.messages", "loose_ends.sql")
_D = sql.load("recado.messages")
PREVIEW = 200
# Longer than any projection takes, and than the pause between two looks.
LATELY_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """The message that was waited for."""

    tenant_id: TenantId
    message_id: MessageId
    conversation_id: ConversationId
    wamid: str = field(repr=False)
    wamid_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LateEnd:
    tenant_id: TenantId
    wamid_hash: bytes
    key: bytes
    kind: str
    at: datetime
    data: dict[str, Any] = field(repr=False)
    message_id: MessageId
    conversation_id: ConversationId
    wamid: str = field(repr=False)


async def tie(tx: Tx, found: Awaited, ends: Sequence[LooseEnd]) -> None:
    """Folds statuses, shows edits and deletions. Events: status.*, message.edited, message.revoked, on the message
    this time; their keys follow from those of the first telling, so that doing it twice changes nothing."""
    statuses = [_status(found, end) for end in ends if end.kind == STATUS]
    if statuses:
        await apply_statuses(tx, statuses)
    for end in sorted((one for one in ends if one.kind != STATUS), key=lambda one: one.at):
        if end.kind == EDIT:
            await change_content(
                tx, found.tenant_id, found.message_id, end.data["latest"], end.data["preview"], end.at
            )
            await _tell(tx, found, end, "message.edited")
        elif end.kind == REVOKE:
            await mark_revoked(tx, found.tenant_id, found.message_id)
            await _tell(tx, found, end, "message.revoked")


async def tie_late(tx: Tx) -> int:
    """What two projectors at once missed of each other. Returns how many facts found their message."""
    rows = await tx.many(_Q["late_ends"], LateEnd, lately_s=LATELY_S)
    for _, group in groupby(rows, key=lambda row: (row.tenant_id, row.message_id)):
        own = list(group)
        first = own[0]
        found = Awaited(
            tenant_id=first.tenant_id,
            message_id=first.message_id,
            conversation_id=first.conversation_id,
            wamid=first.wamid,
            wamid_hash=first.wamid_hash,
        )
        await tie(tx, found, [LooseEnd(key=row.key, kind=row.kind, at=row.at, data=row.data) for row in own])
    return len(rows)


async def change_content(
    tx: Tx, tenant_id: TenantId, message_id: MessageId, latest: dict[str, Any], text: str, at: datetime
) -> None:
    """The first text stays, the latest is shown; an older edit does not cover a newer one."""
    await tx.execute(
        _Q["edit_content"], tenant_id=tenant_id, id=message_id, latest=latest, preview=text[:PREVIEW], at=at
    )


async def mark_revoked(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> None:
    await tx.execute(_Q["mark_revoked"], tenant_id=tenant_id, id=message_id)


def _key(end: LooseEnd) -> bytes:
    return hashlib.sha256(b"tied|" + end.key).digest()[: len(end.key)]


def _status(found: Awaited, end: LooseEnd) -> StatusItem:
    reason = end.data["reason"]
    return StatusItem(
        tenant_id=found.tenant_id,
        key=_key(end),
        ledger_id=end.data["ledger_id"],
        status=end.data["status"],
        at=end.at,
        wamid=found.wamid,
        wamid_hash=found.wamid_hash,
        token=None,
        reason=None if reason is None else Reason(reason),
        code=end.data["code"],
        skip=end.data["skip"],
        data=end.data["data"],
    )


async def _tell(tx: Tx, found: Awaited, end: LooseEnd, kind: str) -> None:
    await tx.execute(
        _D["append_event"],
        tenant_id=found.tenant_id,
        message_id=found.message_id,
        conversation_id=found.conversation_id,
        kind=kind,
        at=end.at,
        key=_key(end),
        ledger_id=end.data["ledger_id"],
        data={"known": True},
    )
