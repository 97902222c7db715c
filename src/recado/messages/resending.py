"""Sending again: always a new message, made from what the old one said, asked for once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Conflict
from recado.kit.ids import MessageId, TenantId, uuid7
from recado.messages import listing
from recado.messages.accept import Request
from recado.messages.content import Draft, Violation, parse_draft
from recado.messages.model import MessageRow, State

_Q = sql.load("recado.messages", "listing.sql")

# What ended without the person having it. In doubt is not among them: that is for evidence or a decision.
AGAIN = frozenset(
    {
        State.REJECTED,
        State.FAILED,
        State.EXPIRED,
        State.SKIPPED,
        State.CANCELLED,
        State.DISCARDED,
        State.SIMULATED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResentAs:
    new_id: str


def may_send_again(state: str) -> bool:
    """Whether this stored state is an end after which the same words may be sent anew."""
    return state in AGAIN


async def resent_as(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> UUID | None:
    """The message that went instead of this one, however long ago: keys of requests are forgotten after a week, the
    diary is not."""
    row = await tx.one(_Q["resent_as"], ResentAs, tenant_id=tenant_id, id=message_id)
    return None if row is None else UUID(row.new_id)


def request_for(row: MessageRow, now: datetime) -> Request | list[Violation]:
    """The same content to the same person by the same number, with a fresh life.

    Asked twice at once it is one message: the idempotency key is made of the old message's id. Ask `resent_as` first.

    Raises Conflict when the old message is not one that may be sent again.
    """
    if row.direction != "out" or not may_send_again(row.state):
        raise Conflict("not_resendable", "only a message that ended without arriving can be sent again")
    draft = _draft(row)
    if isinstance(draft, list):
        return draft
    return Request(
        id=MessageId(uuid7(now)),
        draft=draft,
        number_id=row.number_id,
        idempotency_key=f"resend:{row.id}",
        request_hash=row.id.bytes,
    )


def _draft(row: MessageRow) -> Draft | list[Violation]:
    kind = str(row.content.get("type", row.kind))
    to = row.recipient or ""
    payload: dict[str, Any] = {
        "type": kind,
        kind: row.content.get(kind),
        "to" if to.startswith("+") else "recipient": to,
    }
    if row.message_class is not None:
        payload["class"] = row.message_class
    if row.client_reference is not None:
        payload["client_reference"] = row.client_reference
    return parse_draft(payload, None)


async def settle_old(
    tx: Tx, now: datetime, tenant_id: TenantId, row: MessageRow, new_id: UUID, *, actor: str
) -> None:
    """The old message needs nobody any more. Event: message.resent, with the id of the new one. Audited."""
    await tx.one(_Q["dismiss"], listing.Found, tenant_id=tenant_id, id=row.id)
    await listing.note(
        tx, now, tenant_id, row.id, row.conversation_id, "message.resent", {"by": actor, "as": str(new_id)}
    )
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="message.resent",
        target=str(row.id),
        data={"as": str(new_id)},
    )
