"""Holding everything that waits after a restore, and letting it go by a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import MessageId, TenantId
from recado.messages.record import rescue

_Q = sql.load("recado.messages", "restore.sql")
_BITE = 5000


class HeldDecision(StrEnum):
    """What a person may say about messages held after a restore."""

    RELEASE = "release"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCount:
    client_id: str
    messages: int


async def hold(tx: Tx, now: datetime) -> int:
    """One bite: queued messages become held, those on the wire in doubt. Repeat until it returns 0.

    Call it only while nothing may leave. Events: message.held, provider.in_doubt.
    """
    await tx.execute(_Q["end_leases"])
    await tx.execute(_Q["hold_stopped_too"])
    held = await tx.execute(_Q["hold_waiting"], now=now, most=_BITE)
    return held + await rescue(tx, now)


async def held(tx: Tx) -> list[HeldCount]:
    """How many messages of which company wait for a word."""
    return await tx.many(_Q["held_counts"], HeldCount)


async def settle_held(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    decision: HeldDecision,
    *,
    message_id: MessageId | None = None,
    actor: str,
) -> int:
    """One bite of a company's held messages, or one message: back in line, or closed. Returns how many.

    Events: message.released, message.discarded. Audited.
    """
    statement = _Q["release_held"] if decision is HeldDecision.RELEASE else _Q["discard_held"]
    count = await tx.execute(
        statement, now=now, tenant_id=tenant_id, message_id=message_id, most=_BITE, actor=actor
    )
    if count:
        await audit.record(
            tx,
            now,
            tenant_id,
            actor=actor,
            action=f"held.{decision}",
            target=str(message_id) if message_id else None,
            data={"messages": count},
        )
    return count
