"""The front desk: which conversations wait, what was said in them, who holds them, what is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from recado.audit import service as audit
from recado.conversations import finding
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Invalid, NotFound
from recado.kit.ids import ContactId, ConversationId, NumberId, TenantId, uuid7

_Q = sql.load("recado.conversations", "desk.sql")
_LOOKS: Final = {
    "waiting": _Q["look_waiting"],
    "mine": _Q["look_mine"],
    "free": _Q["look_open"],
    "open": _Q["look_open"],
    "resolved": _Q["look_resolved"],
    "all": _Q["look_all"],
}
TABS: Final = tuple(_LOOKS)
NOTE_MOST: Final = 4000
LAST: Final = UUID(int=(1 << 128) - 1)
# How many conversations one page goes back over while it looks for somebody, and how many messages of a thread.
LOOK: Final = 10_000
# What stands inside a word has no index: a shorter walk, and the page says that it ended.
NEAR: Final = 500
COUNTED: Final = 100
_NOT_SOUGHT: Final = dict.fromkeys(("search", "phone", "word_first", "word_last"))
Cursor = tuple[datetime, UUID]
NEWEST: Final[Cursor] = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0))


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
class Spot:
    """Where a conversation stands in a list."""

    conversation_id: ConversationId
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`older` continues below the last row. With `stopped_early` nothing more was found within one look: there may
    be more further back."""

    talks: list[Talk]
    older: Cursor | None
    stopped_early: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Each counted up to COUNTED."""

    waiting: int
    mine: int


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


async def _sought(tx: Tx, tenant_id: TenantId, search: str) -> tuple[tuple[UUID, ...], dict[str, str | None]]:
    """Whose conversations are looked for, or the conditions by which a walk recognises them."""
    wanted = search.replace("\x00", "").strip()
    meant = await finding.meant(tx, tenant_id, wanted) if wanted else finding.People()
    inside = bool(wanted) and not meant.conversations and meant.span is None
    return meant.conversations, {
        "search": f"%{finding.literal(wanted)}%" if inside else None,
        "phone": finding.inside_phone(wanted) if inside else None,
        "word_first": meant.span.first if meant.span else None,
        "word_last": meant.span.last if meant.span else None,
    }


async def listed(
    tx: Tx,
    tenant_id: TenantId,
    *,
    tab: str = "all",
    holder_id: UUID | None = None,
    search: str = "",
    before: Cursor | None = None,
    most: int = 50,
) -> Page:
    """The latest first. `tab`: waiting (the customer wrote last), mine (`holder_id` holds it), free (nobody does),
    open (the customer wrote and it is not settled), resolved, all."""
    named, words = await _sought(tx, tenant_id, search)
    if named:
        return await _page_of(tx, tenant_id, named, tab=tab, holder_id=holder_id, before=before, most=most)
    at, ident = before or NEWEST
    statement = _LOOKS[tab]
    look = min(LOOK, NEAR) if words["search"] else LOOK
    asked: dict[str, Any] = {"tenant_id": tenant_id, "before_at": at, "before_id": ident, "look": look}
    asked |= {"holder_id": holder_id, "free": tab == "free", "skip": 0, "most": most + 1} | words
    spots = await tx.many(statement, Spot, **asked)
    found = await _lived(tx, tenant_id, spots[:most])
    if len(spots) > most:
        return Page(talks=found, older=_cursor(spots[most - 1]), stopped_early=False)
    if not search and tab != "free":
        return Page(talks=found, older=None, stopped_early=False)
    # Where this look ended, if there is anything below.
    asked |= {"free": False, "skip": look - 1, "most": 1} | dict.fromkeys(words)
    end = await tx.one(statement, Spot, **asked)
    return Page(talks=found, older=_cursor(end) if end else None, stopped_early=end is not None)


async def _page_of(
    tx: Tx,
    tenant_id: TenantId,
    named: Sequence[UUID],
    *,
    tab: str,
    holder_id: UUID | None,
    before: Cursor | None,
    most: int,
) -> Page:
    """Of a few people all conversations are known: nothing is looked through."""
    asked = {"tenant_id": tenant_id, "ids": list(named), "tab": tab, "holder_id": holder_id} | _NOT_SOUGHT
    at, ident = before or NEWEST
    spots = [
        one
        for one in await tx.many(_Q["among"], Spot, **asked)
        if one.last_at < at or (one.last_at == at and one.conversation_id > ident)
    ]
    older = _cursor(spots[most - 1]) if len(spots) > most else None
    return Page(talks=await _lived(tx, tenant_id, spots[:most]), older=older, stopped_early=False)


def _cursor(spot: Spot) -> Cursor:
    return spot.last_at, spot.conversation_id


async def _lived(tx: Tx, tenant_id: TenantId, spots: Sequence[Spot]) -> list[Talk]:
    """Without those whose messages moved to another conversation of the same person."""
    rows = await _talks(tx, tenant_id, spots)
    return [one for one in rows if one.direction is not None or one.last_inbound_at is not None]


async def _talks(tx: Tx, tenant_id: TenantId, spots: Sequence[Spot]) -> list[Talk]:
    ids = [one.conversation_id for one in spots]
    return await tx.many(_Q["talks"], Talk, tenant_id=tenant_id, ids=ids) if ids else []


async def among(
    tx: Tx,
    tenant_id: TenantId,
    ids: Sequence[UUID],
    *,
    tab: str = "all",
    holder_id: UUID | None = None,
    search: str = "",
) -> list[Talk]:
    """Those of these conversations that belong to the list, the latest first."""
    named, words = await _sought(tx, tenant_id, search)
    chosen = [one for one in ids if one in named] if named else list(ids)
    asked = {"tenant_id": tenant_id, "ids": chosen, "tab": tab, "holder_id": holder_id} | words
    spots = await tx.many(_Q["among"], Spot, **asked)
    return await _talks(tx, tenant_id, spots)


async def counts(tx: Tx, tenant_id: TenantId, holder_id: UUID) -> Counts:
    """What waits for somebody, and what this person holds."""
    found = await tx.one(_Q["counts"], Counts, tenant_id=tenant_id, holder_id=holder_id, most=COUNTED)
    return found or Counts(waiting=0, mine=0)


async def talk(tx: Tx, tenant_id: TenantId, conversation_id: UUID) -> Talk:
    """Raises NotFound; another company's conversation is not found either."""
    rows = await tx.many(_Q["talks"], Talk, tenant_id=tenant_id, ids=[conversation_id])
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
    return await tx.one(
        _Q["latest_inbound"], Inbound, tenant_id=tenant_id, conversation_id=conversation_id, look=LOOK
    )


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
    await tx.execute(_Q["see"], tenant_id=tenant_id, conversation_id=conversation_id)
    await _told(tx, now, tenant_id, conversation_id, "conversation.seen", by)
    return await latest_inbound(tx, tenant_id, conversation_id)


async def _told(
    tx: Tx, now: datetime, tenant_id: TenantId, conversation_id: UUID, action: str, by: Staff
) -> None:
    await audit.record(tx, now, tenant_id, actor=by.actor, action=action, target=str(conversation_id))
