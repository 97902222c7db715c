"""Looking at messages: pages, one with its diary, cancelling before it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Conflict, Invalid, NotFound
from recado.kit.ids import ConversationId, MessageId, NumberId, TenantId
from recado.kit.reasons import Reason
from recado.media import service as media
from recado.messages.content import parse_phone
from recado.messages.model import PUBLIC_STATUS, AttemptRow, EventRow, MessageRow, State
from recado.tenants.vault import TenantKeys

_Q = sql.load("recado.messages")
_R = sql.load("recado.messages", "reading.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed to; None means all."""

    states: list[str] | None = None
    direction: str | None = None
    kind: str | None = None
    recipient: str | None = None
    reference: str | None = None
    conversation: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    message_id: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundTarget:
    id: MessageId
    conversation_id: ConversationId
    number_id: NumberId
    wamid: str


def _bad(field: str, allowed: Sequence[str]) -> Invalid:
    message = f"{field}: one of {', '.join(allowed)}"
    violation = {
        "field": field,
        "rule": "not_allowed",
        "limit": ", ".join(allowed),
        "length": None,
        "message": message,
    }
    return Invalid("invalid_filter", message, violations=[violation])


def states_for(status: str | None, state: str | None) -> list[str] | None:
    """Public status and detailed state as a list of states. Raises Invalid naming what is allowed."""
    if state is not None:
        if state not in set(State):
            raise _bad("state", [each.value for each in State])
        return [state]
    if status is None:
        return None
    found = [each.value for each, public in PUBLIC_STATUS.items() if public == status]
    if not found:
        raise _bad("status", sorted(set(PUBLIC_STATUS.values())))
    return found


def normal_recipient(text: str | None) -> str | None:
    """A phone in the spelling it is stored in; a BSUID or anything else as it is.

    A `+` of a query string arrives as a space; it is put back.
    """
    if text is None:
        return None
    text = "+" + text[1:] if text.startswith(" ") else text
    return parse_phone(text) or text


def parse_id(text: str) -> MessageId:
    """Raises NotFound for anything that is no id: same answer as for somebody else's message."""
    try:
        return MessageId(UUID(text))
    except ValueError as error:
        raise NotFound("message_not_found", "no such message") from error


async def page(tx: Tx, tenant_id: TenantId, found: Filter, *, before: UUID, most: int) -> list[MessageRow]:
    """Newest first, ids below `before`."""
    return await tx.many(
        _Q["list_messages"],
        MessageRow,
        tenant_id=tenant_id,
        before=before,
        most=most,
        states=found.states,
        direction=found.direction,
        kind=found.kind,
        recipient=found.recipient,
        reference=found.reference,
        conversation=found.conversation,
        since=found.since,
        until=found.until,
    )


async def get(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> MessageRow:
    """Raises NotFound."""
    row = await tx.one(_Q["message"], MessageRow, tenant_id=tenant_id, id=message_id)
    if row is None:
        raise NotFound("message_not_found", "no such message")
    return row


async def events(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> list[EventRow]:
    return await tx.many(_Q["events_of"], EventRow, tenant_id=tenant_id, id=message_id)


async def attempts(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> list[AttemptRow]:
    return await tx.many(_Q["attempts_of"], AttemptRow, tenant_id=tenant_id, id=message_id)


async def files(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> list[media.MediaRow]:
    return await media.of_message(tx, tenant_id, message_id)


async def cancel(
    tx: Tx, now: datetime, tenant_id: TenantId, message_id: MessageId, *, actor: str
) -> MessageRow:
    """Only while no attempt was made or is under way. Event: message.cancelled. Raises NotFound, Conflict."""
    row = await get(tx, tenant_id, message_id)
    if row.state == State.CANCELLED:
        return row
    gone = await tx.one(_Q["cancel_waiting"], Cancelled, tenant_id=tenant_id, id=message_id)
    if gone is None:
        raise Conflict("already_left", "this message already left or is leaving now; it cannot be cancelled")
    await tx.execute(
        _Q["close_message"],
        tenant_id=tenant_id,
        id=message_id,
        state=State.CANCELLED.value,
        reason=Reason.CANCELLED.value,
        detail=None,
        attention=False,
        failed=False,
        now=now,
    )
    await tx.execute(
        _Q["append_event"],
        tenant_id=tenant_id,
        message_id=message_id,
        conversation_id=row.conversation_id,
        kind="message.cancelled",
        at=now,
        key=None,
        ledger_id=None,
        data={"reason": Reason.CANCELLED.value},
    )
    await audit.record(tx, now, tenant_id, actor=actor, action="message.cancelled", target=str(message_id))
    return await get(tx, tenant_id, message_id)


async def find_inbound(tx: Tx, tenant_id: TenantId, given: str, keys: TenantKeys) -> InboundTarget | None:
    """A received message by our id or by the provider's."""
    own: Any = None
    try:
        own = UUID(given)
    except ValueError:
        own = None
    return await tx.one(
        _R["find_inbound"], InboundTarget, tenant_id=tenant_id, id=own, wamid_hash=keys.hash(given)
    )


async def mark_seen(tx: Tx, tenant_id: TenantId, conversation_id: ConversationId) -> None:
    """Nothing is unread in this conversation any more."""
    await tx.execute(_R["mark_seen"], tenant_id=tenant_id, conversation_id=conversation_id)
