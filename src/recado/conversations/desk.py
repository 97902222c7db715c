"""The front desk: which conversations wait, what was said in them, who holds them, what is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Invalid, NotFound
from recado.kit.ids import ContactId, ConversationId, NumberId, TenantId, uuid7

_Q = sql.load("recado.conversations", "desk.sql")
TABS: Final = ("waiting", "all", "resolved")
NOTE_MOST: Final = 4000
LAST: Final = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Somebody of the company who acts; `actor` is how the trail names them."""

    person_id: UUID
    name: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One conversation as a list shows it. `resolved` ends by itself when the customer writes."""

    conversation_id: ConversationId
    number_id: NumberId
    contact_id: ContactId
    window_until: datetime
    last_inbound_at: datetime | None
    last_at: datetime
    unread: int
    name: str | None = field(repr=False)
    username: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    bsuid: str | None = field(repr=False)
    holder_id: UUID | None
    holder: str | None
    resolved: bool
    direction: str | None
    preview: str | None = field(repr=False)
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One stored message of a thread. A file that came with it has `media_id`; ours are named in the content."""

    id: UUID
    direction: str
    kind: str
    content: dict[str, Any] = field(repr=False)
    preview: str = field(repr=False)
    context_wamid: str | None = field(repr=False)
    state: str
    reason: str | None
    wamid: str | None = field(repr=False)
    at: datetime
    media_id: UUID | None
    media_state: str | None
    mime_type: str | None
    filename: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    id: UUID
    wamid: str = field(repr=False)
    number_id: NumberId


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    note_id: UUID
    person_name: str
    body: str = field(repr=False)
    created_at: datetime


def _like(text: str) -> str:
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


async def listed(
    tx: Tx,
    tenant_id: TenantId,
    *,
    tab: str = "all",
    search: str = "",
    before: tuple[datetime, UUID] | None = None,
    ids: Sequence[UUID] | None = None,
    most: int = 50,
) -> list[Talk]:
    """The latest first. `tab`: waiting (the customer wrote last, not settled), all, resolved."""
    wanted = search.replace("\x00", "").strip()
    numerals = "".join(one for one in wanted if one.isdecimal())
    return await tx.many(
        _Q["list_talks"],
        Talk,
        tenant_id=tenant_id,
        tab=tab,
        search=_like(wanted) if wanted else None,
        phone=f"%{numerals}%" if len(numerals) >= 4 else None,
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        ids=list(ids) if ids is not None else None,
        most=most,
    )


async def talk(tx: Tx, tenant_id: TenantId, conversation_id: UUID) -> Talk:
    """Raises NotFound; another company's conversation is not found either."""
    rows = await listed(tx, tenant_id, ids=[conversation_id], most=1)
    if not rows:
        raise NotFound("conversation_not_found", "this tenant has no such conversation")
    return rows[0]


async def thread(
    tx: Tx, tenant_id: TenantId, conversation_id: UUID, *, before: UUID = LAST, most: int = 60
) -> list[Line]:
    """The newest `most` before an id, oldest first."""
    rows = await tx.many(
        _Q["thread"], Line, tenant_id=tenant_id, conversation_id=conversation_id, before=before, most=most
    )
    return rows[::-1]


async def latest_inbound(tx: Tx, tenant_id: TenantId, conversation_id: UUID) -> Inbound | None:
    return await tx.one(_Q["latest_inbound"], Inbound, tenant_id=tenant_id, conversation_id=conversation_id)


async def notes(tx: Tx, tenant_id: TenantId, conversation_id: UUID) -> list[Note]:
    """The newest first, at most 100. Never sent to anybody."""
    return await tx.many(_Q["notes"], Note, tenant_id=tenant_id, conversation_id=conversation_id)


# --------------------------------------------------------------------------- acting


async def assign(
    tx: Tx, now: datetime, tenant_id: TenantId, conversation_id: UUID, holder: Staff | None, *, by: Staff
) -> None:
    """`holder` takes it, or nobody does. Audit: conversation.assigned, conversation.released."""
    was = await talk(tx, tenant_id, conversation_id)
    person_id = holder.person_id if holder else None
    if was.holder_id == person_id:
        return
    await tx.execute(
        _Q["assign"],
        tenant_id=tenant_id,
        conversation_id=conversation_id,
        person_id=person_id,
        person_name=holder.name if holder else None,
        now=now,
    )
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=by.actor,
        action="conversation.assigned" if holder else "conversation.released",
        target=str(conversation_id),
        was={"person": str(was.holder_id) if was.holder_id else None},
        became={"person": str(person_id) if person_id else None},
    )


async def resolve(tx: Tx, now: datetime, tenant_id: TenantId, conversation_id: UUID, *, by: Staff) -> None:
    """Settled until the customer writes again; nothing stays unread. Audit: conversation.resolved."""
    await talk(tx, tenant_id, conversation_id)
    await tx.execute(_Q["see"], tenant_id=tenant_id, conversation_id=conversation_id)
    await tx.execute(_Q["resolve"], tenant_id=tenant_id, conversation_id=conversation_id, now=now)
    await _told(tx, now, tenant_id, conversation_id, "conversation.resolved", by)


async def reopen(tx: Tx, now: datetime, tenant_id: TenantId, conversation_id: UUID, *, by: Staff) -> None:
    """Audit: conversation.reopened."""
    await talk(tx, tenant_id, conversation_id)
    await tx.execute(_Q["reopen"], tenant_id=tenant_id, conversation_id=conversation_id)
    await _told(tx, now, tenant_id, conversation_id, "conversation.reopened", by)


async def note(
    tx: Tx, now: datetime, tenant_id: TenantId, conversation_id: UUID, body: str, *, by: Staff
) -> None:
    """Kept for the company's people. Raises Invalid when empty or too long. Audit: conversation.noted."""
    words = body.replace("\x00", "").strip()
    if not 1 <= len(words) <= NOTE_MOST:
        raise Invalid("invalid_note", f"a note has 1 to {NOTE_MOST} characters")
    await talk(tx, tenant_id, conversation_id)
    await tx.execute(
        _Q["add_note"],
        tenant_id=tenant_id,
        note_id=uuid7(now),
        conversation_id=conversation_id,
        person_id=by.person_id,
        person_name=by.name,
        body=words,
        now=now,
    )
    await _told(tx, now, tenant_id, conversation_id, "conversation.noted", by)


async def see(
    tx: Tx, now: datetime, tenant_id: TenantId, conversation_id: UUID, *, by: Staff
) -> Inbound | None:
    """Nothing is unread any more. Returns what the provider may be told was read, None when nothing was unread.

    Audit: conversation.seen.
    """
    was = await talk(tx, tenant_id, conversation_id)
    if was.unread == 0:
        return None
    await tx.execute(_Q["reopen_unread"], tenant_id=tenant_id, conversation_id=conversation_id)
    await tx.execute(_Q["see"], tenant_id=tenant_id, conversation_id=conversation_id)
    await _told(tx, now, tenant_id, conversation_id, "conversation.seen", by)
    return await latest_inbound(tx, tenant_id, conversation_id)


async def _told(
    tx: Tx, now: datetime, tenant_id: TenantId, conversation_id: UUID, action: str, by: Staff
) -> None:
    await audit.record(tx, now, tenant_id, actor=by.actor, action=action, target=str(conversation_id))
