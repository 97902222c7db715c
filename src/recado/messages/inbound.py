"""What people (and the business's own phone) write: stored once, shown in the conversation.

Each function answers False when the event was already known; then nothing at all changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.conversations import service as conversations
from recado.conversations.model import Met, clamp_time, window_close
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.failpoints import reached
from recado.kit.ids import ContactId, ConversationId, MessageId, NumberId, TenantId, uuid7
from recado.media import service as media
from recado.messages import loose_ends
from recado.messages.loose_ends import EDIT, REVOKE, LooseEnd
from recado.messages.statuses import StatusItem, apply_statuses
from recado.messages.tying import PREVIEW, Awaited, change_content, mark_revoked, tie
from recado.providers.contract import (
    Echoed,
    MediaRef,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Person,
)
from recado.tenants.vault import TenantKeys

_Q = sql.load("recado.messages", "inbound.sql")
_D = sql.load("recado.messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where an event belongs and where it came from."""

    tenant_id: TenantId
    number_id: NumberId
    keys: TenantKeys = field(repr=False)
    key: bytes
    ledger_id: int
    received_at: datetime
    now: datetime
    # Whether anything may be done by itself because of it: `inbound/reactions.py` decides, everybody else obeys.
    may_react: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeq:
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WamidMatch:
    id: MessageId
    conversation_id: ConversationId
    direction: str
    state: str
    content: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    token: UUID
    message_id: MessageId


async def _once(
    tx: Tx,
    where: Arrival,
    kind: str,
    at: datetime,
    *,
    message_id: MessageId | None = None,
    conversation_id: ConversationId | None = None,
    data: Mapping[str, Any] | None = None,
) -> bool:
    """Appends the event unless its natural key is known."""
    facts = dict(data or {}) | ({} if where.may_react else {"stale": True})
    row = await tx.one(
        _Q["insert_event_once"],
        EventSeq,
        tenant_id=where.tenant_id,
        message_id=message_id,
        conversation_id=conversation_id,
        kind=kind,
        at=at,
        key=where.key,
        ledger_id=where.ledger_id,
        data=facts or None,
    )
    return row is not None


async def note(tx: Tx, where: Arrival, kind: str, at: datetime | None, data: Mapping[str, Any]) -> bool:
    """An event of the tenant that is about no message: templates, accounts, preferences, history."""
    return await _once(tx, where, kind, clamp_time(at, where.received_at), data=data)


async def _place(
    tx: Tx, where: Arrival, person: Person, at: datetime
) -> tuple[ContactId, ConversationId] | None:
    met = await conversations.meet(tx, where.now, where.tenant_id, person, where.number_id)
    if met is None:
        return None
    pair = (where.number_id, met.contact_id)
    rows = await conversations.ensure_conversations(tx, at, where.tenant_id, [pair])
    conversation_id = rows[pair].conversation_id
    await note_parting(tx, where, met, at, conversation_id)
    return met.contact_id, conversation_id


async def note_parting(
    tx: Tx, where: Arrival, met: Met, at: datetime, conversation_id: ConversationId | None = None
) -> None:
    """The phone of one person is another's now. Event: contact.phone_recycled, once for the two of them."""
    if met.former_owner is None:
        return
    pair = {"former_contact": str(met.former_owner), "contact": str(met.contact_id)}
    await tx.execute(
        _D["append_event"],
        tenant_id=where.tenant_id,
        message_id=None,
        conversation_id=conversation_id,
        kind="contact.phone_recycled",
        at=at,
        key=where.keys.hash(f"recycled|{met.former_owner}|{met.contact_id}"),
        ledger_id=where.ledger_id,
        data=pair,
    )


async def receive(tx: Tx, where: Arrival, event: MessageReceived) -> bool:
    """A person wrote. Stores the message, opens the window from its own time, asks for its file.

    Events: message.received. Late copies of a known message change nothing.
    """
    at = clamp_time(event.at, where.received_at)
    message_id = MessageId(uuid7(where.now))
    if not await _once(tx, where, "message.received", at, message_id=message_id, data=_received_data(event)):
        return False
    place = await _place(tx, where, event.person, at)
    if place is None:
        # Nobody to attach it to (no phone, no BSUID): the event stays in the diary with its raw body.
        return True
    contact_id, conversation_id = place
    await _store(
        tx,
        where,
        message_id,
        "in",
        event.kind,
        event.content,
        event.text,
        event.wamid,
        event.context_wamid,
        contact_id,
        conversation_id,
        at,
    )
    reached("project.inbound_stored")
    if event.opens_window:
        # `standby` too: the person wrote to this business, whoever holds the conversation at Meta.
        await conversations.note_inbound(
            tx,
            where.tenant_id,
            conversation_id,
            at=at,
            window_until=window_close(event.at, where.received_at),
        )
    if event.media is not None:
        await _expect_media(tx, where, message_id, event.media)
    if event.context_wamid:
        await _quote_proves_arrival(tx, where, conversation_id, event.context_wamid, at)
    return True


def _received_data(event: MessageReceived) -> dict[str, Any]:
    data: dict[str, Any] = {"type": event.kind}
    if event.standby:
        data["standby"] = True
    if event.reply_payload is not None:
        data["reply_payload"] = event.reply_payload
    if event.forwarded:
        data["forwarded"] = True
    if event.errors:
        data["errors"] = [{"code": one.code, "title": one.title} for one in event.errors]
    return data


async def _expect_media(tx: Tx, where: Arrival, message_id: MessageId, ref: MediaRef) -> None:
    await media.expect_inbound(
        tx, where.now, where.tenant_id, number_id=where.number_id, message_id=message_id, ref=ref
    )


async def _store(
    tx: Tx,
    where: Arrival,
    message_id: MessageId,
    direction: str,
    kind: str,
    content: Mapping[str, Any],
    text: str | None,
    wamid: str,
    context_wamid: str | None,
    contact_id: ContactId,
    conversation_id: ConversationId,
    at: datetime,
) -> None:
    wamid_hash = where.keys.hash(wamid)
    ends = await tx.many(
        _Q["insert_inbound"],
        LooseEnd,
        tenant_id=where.tenant_id,
        id=message_id,
        direction=direction,
        number_id=where.number_id,
        conversation_id=conversation_id,
        contact_id=contact_id,
        kind=kind,
        content={"type": kind, kind: content},
        preview=(text or "")[:PREVIEW],
        context_wamid=context_wamid,
        state="received" if direction == "in" else "sent",
        wamid=wamid,
        wamid_hash=wamid_hash,
        at=at,
        now=where.now,
    )
    if ends:
        found = Awaited(
            tenant_id=where.tenant_id,
            message_id=message_id,
            conversation_id=conversation_id,
            wamid=wamid,
            wamid_hash=wamid_hash,
        )
        await tie(tx, found, ends)


async def _quote_proves_arrival(
    tx: Tx, where: Arrival, conversation_id: ConversationId, quoted: str, at: datetime
) -> None:
    """Somebody quotes a message whose id we never learned: our undecided one of this pair arrived."""
    known = await tx.one(
        _Q["message_by_wamid"],
        WamidMatch,
        tenant_id=where.tenant_id,
        wamid_hash=where.keys.hash(quoted),
    )
    if known is not None:
        return
    attempts = await tx.many(
        _Q["open_attempt_by_pair"],
        OpenAttempt,
        tenant_id=where.tenant_id,
        conversation_id=conversation_id,
    )
    if len(attempts) != 1:
        return
    await apply_statuses(
        tx,
        [
            StatusItem(
                tenant_id=where.tenant_id,
                key=where.keys.hash(f"quote|{quoted}"),
                ledger_id=where.ledger_id,
                status="delivered",
                at=at,
                wamid=quoted,
                wamid_hash=where.keys.hash(quoted),
                token=attempts[0].token,
                reason=None,
                code=None,
                skip=False,
                data={"evidence": "quoted"},
            )
        ],
    )


async def echo(tx: Tx, where: Arrival, event: Echoed) -> bool:
    """The business wrote from its phone or another system: shown, never opens the window."""
    at = clamp_time(event.at, where.received_at)
    message_id = MessageId(uuid7(where.now))
    kind = "message.echoed"
    if not await _once(
        tx, where, kind, at, message_id=message_id, data={"type": event.kind, "field": event.field}
    ):
        return False
    place = await _place(tx, where, event.person, at)
    if place is not None and event.kind not in {"edit", "revoke"}:
        contact_id, conversation_id = place
        await _store(
            tx,
            where,
            message_id,
            "echo",
            event.kind,
            event.content,
            event.text,
            event.wamid,
            None,
            contact_id,
            conversation_id,
            at,
        )
    return True


async def edit(tx: Tx, where: Arrival, event: MessageEdited) -> bool:
    """A person changed a message within 15 minutes: the first text stays, the latest is shown."""
    original = await _original(tx, where, event.original_wamid)
    at = clamp_time(event.at, where.received_at)
    fresh = await _once(
        tx,
        where,
        "message.edited",
        at,
        message_id=original.id if original else None,
        conversation_id=original.conversation_id if original else None,
        data={"known": original is not None},
    )
    text = event.text or ""
    if fresh and original is not None:
        await change_content(tx, where.tenant_id, original.id, dict(event.content), text, at)
    elif fresh:
        data = {"latest": dict(event.content), "preview": text[:PREVIEW], "ledger_id": where.ledger_id}
        await _keep_for(tx, where, event.original_wamid, EDIT, at, data)
    return fresh


async def revoke(tx: Tx, where: Arrival, event: MessageRevoked) -> bool:
    """A person deleted a message for everyone: marked, kept."""
    original = await _original(tx, where, event.original_wamid)
    at = clamp_time(event.at, where.received_at)
    fresh = await _once(
        tx,
        where,
        "message.revoked",
        at,
        message_id=original.id if original else None,
        conversation_id=original.conversation_id if original else None,
        data={"known": original is not None},
    )
    if fresh and original is not None:
        await mark_revoked(tx, where.tenant_id, original.id)
    elif fresh:
        await _keep_for(tx, where, event.original_wamid, REVOKE, at, {"ledger_id": where.ledger_id})
    return fresh


async def _keep_for(
    tx: Tx, where: Arrival, wamid: str, kind: str, at: datetime, data: dict[str, Any]
) -> None:
    """The original has not come yet; when it does, this is applied to it."""
    end = LooseEnd(key=where.key, kind=kind, at=at, data=data)
    await loose_ends.keep(tx, [(where.tenant_id, where.keys.hash(wamid), end)])


async def _original(tx: Tx, where: Arrival, wamid: str) -> WamidMatch | None:
    return await tx.one(
        _Q["message_by_wamid"],
        WamidMatch,
        tenant_id=where.tenant_id,
        wamid_hash=where.keys.hash(wamid),
    )
