"""Lists of messages for people: tabs, filters, search, problems by cause.

Every look is bounded: it goes back over at most `LOOK` messages and says where it stopped, so a page costs the same at
ten thousand and at ten million messages whatever the filters are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Conflict
from recado.kit.ids import ContactId, ConversationId, MessageId, NumberId, TenantId
from recado.messages import finding, reading
from recado.messages.finding import Found as Found
from recado.messages.finding import Search
from recado.messages.model import State
from recado.tenants.vault import TenantKeys

_Q = sql.load("recado.messages", "listing.sql")
_M = sql.load("recado.messages")

LOOK = 10_000
# Words are compared letter by letter, with the text and with the person's name: a shorter look.
READ = 3_000
COUNTED = 1_000
_FEW = 500
FIRST, LAST = finding.FIRST, finding.LAST
TABS = ("voce", "todas", "fila", "agendadas", "sairam", "nao-enviadas")
UNSENT = (
    State.REJECTED,
    State.FAILED,
    State.EXPIRED,
    State.EXPIRED_IN_DOUBT,
    State.SKIPPED,
    State.SIMULATED,
    State.CANCELLED,
    State.DISCARDED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is narrowed to; None means all. `words` is what somebody typed into the search."""

    tab: str = "todas"
    since: UUID = FIRST
    number_id: NumberId | None = None
    kind: str | None = None
    message_class: str | None = None
    states: tuple[str, ...] | None = None
    template: str | None = None
    free: bool | None = None
    reason: str | None = None
    words: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A webhook that said something about a message."""

    ledger_id: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateName:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One line of a list. Names of the columns as in MessageRow, so that `effective` reads both."""

    id: MessageId
    direction: str
    kind: str
    message_class: str | None
    template: str | None
    preview: str = field(repr=False)
    recipient: str | None = field(repr=False)
    number_id: NumberId
    conversation_id: ConversationId
    contact_id: ContactId
    state: str
    rank: int
    reason: str | None
    reason_code: int | None
    reason_detail: str | None
    attention: bool
    client_reference: str | None
    scheduled_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    accepted_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    bsuid: str | None = field(repr=False)
    number_label: str
    outbox_state: int | None
    outbox_due_at: datetime | None
    outbox_tries: int | None
    lane_reason: str | None
    lane_kill: bool
    tenant_kill: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Each counted up to COUNTED; `left_us` and `unsent` over the last LOOK messages."""

    attention: int
    everything: int
    waiting: int
    scheduled: int
    left_us: int
    unsent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    reason: str
    messages: int
    newest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedLane:
    number_id: NumberId
    number_label: str
    reason: str
    paused_at: datetime | None
    paused_until: datetime | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`older` continues the list below the last row. With `stopped_early` nothing more was found within one look:
    there may be more further back."""

    rows: list[ListRow]
    older: UUID | None
    stopped_early: bool


async def page(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    wanted: Wanted,
    *,
    keys: TenantKeys,
    before: UUID = LAST,
    most: int = 50,
) -> Page:
    """Newest first, ids below `before`."""
    search = await finding.meaning_of(tx, tenant_id, wanted.words, keys)
    if search.points:
        found, end = await _pointed(tx, now, tenant_id, wanted, search, before, most + 1)
    else:
        found = await _look(tx, now, tenant_id, wanted, search, before, most + 1)
        end = None if len(found) > most else await _end_of_look(tx, tenant_id, wanted, before, _far(search))
    rows = await rows_of(tx, tenant_id, found[:most])
    if len(found) > most:
        return Page(rows=rows, older=found[most - 1], stopped_early=False)
    return Page(rows=rows, older=end, stopped_early=end is not None)


async def rows_of(tx: Tx, tenant_id: TenantId, ids: Sequence[UUID]) -> list[ListRow]:
    """These messages, newest first; those of other companies are not there."""
    return await tx.many(_Q["rows"], ListRow, tenant_id=tenant_id, ids=list(ids)) if ids else []


async def among(
    tx: Tx, now: datetime, tenant_id: TenantId, wanted: Wanted, ids: Sequence[UUID], *, keys: TenantKeys
) -> list[ListRow]:
    """Those of these messages that belong to the list."""
    search = await finding.meaning_of(tx, tenant_id, wanted.words, keys)
    named = [one for one in ids if search.ids is None or one in search.ids]
    return await rows_of(tx, tenant_id, await _sift(tx, now, tenant_id, wanted, search, named, len(named)))


async def counts(tx: Tx, now: datetime, tenant_id: TenantId) -> Counts:
    found = await tx.one(
        _Q["counts"],
        Counts,
        tenant_id=tenant_id,
        now=now,
        most=COUNTED,
        look=LOOK,
        unsent=[state.value for state in UNSENT],
    )
    assert found is not None
    return found


async def attention_count(tx: Tx, tenant_id: TenantId, most: int) -> int:
    """How many want somebody, counted up to `most`."""
    return int(await tx.value(_Q["count_attention"], tenant_id=tenant_id, most=most))


async def causes(tx: Tx, tenant_id: TenantId) -> list[Cause]:
    """Problems that want somebody, by what caused them."""
    return await tx.many(_Q["causes"], Cause, tenant_id=tenant_id, look=COUNTED)


async def stopped_lanes(tx: Tx, tenant_id: TenantId) -> list[StoppedLane]:
    return await tx.many(_Q["stopped_lanes"], StoppedLane, tenant_id=tenant_id, most=COUNTED)


async def sources(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> list[Source]:
    """Which stored webhooks the story was told by."""
    return await tx.many(_Q["sources"], Source, tenant_id=tenant_id, id=message_id)


async def templates_used(tx: Tx, tenant_id: TenantId) -> list[str]:
    """Names among the last thousand messages, for the filter."""
    rows = await tx.many(_Q["templates_used"], TemplateName, tenant_id=tenant_id, look=COUNTED)
    return [row.name for row in rows]


async def dismiss(
    tx: Tx, now: datetime, tenant_id: TenantId, message_id: MessageId, *, actor: str, why: str
) -> None:
    """A person says that nothing more is to be done. The state stays what it is. Event: message.dismissed.

    Raises NotFound, Conflict when nobody is waited for or the message is in doubt. Audited.
    """
    row = await reading.get(tx, tenant_id, message_id)
    if await tx.one(_Q["dismiss"], Found, tenant_id=tenant_id, id=message_id) is None:
        raise Conflict("nothing_to_discard", "this message does not wait for anybody's decision")
    await note(tx, now, tenant_id, row.id, row.conversation_id, "message.dismissed", {"by": actor})
    await audit.record(
        tx, now, tenant_id, actor=actor, action="message.dismissed", target=str(message_id), why=why
    )


async def note(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    message_id: MessageId,
    conversation_id: ConversationId,
    kind: str,
    data: dict[str, Any],
) -> None:
    """One line in the diary that changes no state."""
    await tx.execute(
        _M["append_event"],
        tenant_id=tenant_id,
        message_id=message_id,
        conversation_id=conversation_id,
        kind=kind,
        at=now,
        key=None,
        ledger_id=None,
        data=data,
    )


# --------------------------------------------------------------------------- looking


async def _look(
    tx: Tx, now: datetime, tenant_id: TenantId, wanted: Wanted, search: Search, before: UUID, most: int
) -> list[UUID]:
    shared = _narrowed(now, tenant_id, wanted, search) | {
        "before": before,
        "look": _far(search),
        "most": most,
    }
    return [row.id for row in await tx.many(_Q[_statement(wanted)], Found, **shared)]


async def _pointed(
    tx: Tx, now: datetime, tenant_id: TenantId, wanted: Wanted, search: Search, before: UUID, most: int
) -> tuple[list[UUID], UUID | None]:
    """Those an index leads to; a few are asked about the list's filters first, since most often they will do. Also
    where the look ended, when there may be more."""
    found: list[UUID] = []
    for look in (min(_FEW, LOOK), LOOK):
        named = await finding.candidates(tx, tenant_id, search, before=before, since=wanted.since, look=look)
        found += await _sift(tx, now, tenant_id, wanted, search, named, most - len(found))
        if len(named) < look:
            return found, None
        if len(found) >= most:
            break
        before = named[-1]
    return found, before


async def _sift(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    wanted: Wanted,
    search: Search,
    ids: Sequence[UUID],
    most: int,
) -> list[UUID]:
    if not ids:
        return []
    statement = _statement(wanted)
    found = await tx.many(
        _Q["sift"],
        Found,
        **_narrowed(now, tenant_id, wanted, search),
        ids=list(ids),
        wants_somebody=statement == "look_attention",
        in_line=statement == "look_waiting",
        ended_unsent=statement == "look_unsent",
        reference=search.reference,
        conversations=list(search.conversations) if search.conversations is not None else None,
        most=most,
    )
    return [row.id for row in found]


def _narrowed(now: datetime, tenant_id: TenantId, wanted: Wanted, search: Search) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "since": wanted.since,
        "number_id": wanted.number_id,
        "kind": wanted.kind,
        "class": wanted.message_class,
        "states": list(wanted.states) if wanted.states else None,
        "template": wanted.template,
        "free": wanted.free,
        "text": search.text,
        "numerals": search.numerals,
        "word_first": search.people.first if search.people else None,
        "word_last": search.people.last if search.people else None,
        "reason": wanted.reason,
        "unsent": [state.value for state in UNSENT],
        "left": wanted.tab == "sairam",
        "later": wanted.tab == "agendadas",
        "now": now,
    }


def _statement(wanted: Wanted) -> str:
    if wanted.tab == "voce":
        return "look_attention"
    if wanted.tab in ("fila", "agendadas"):
        return "look_waiting"
    return "look_unsent" if wanted.tab == "nao-enviadas" or wanted.reason is not None else "look"


_ENDS = {
    "look": "end_of_look",
    "look_attention": "end_of_look_attention",
    "look_unsent": "end_of_look_unsent",
    "look_waiting": "end_of_look_waiting",
}


def _far(search: Search) -> int:
    """Over how many messages one look goes."""
    return LOOK if search.text is None else min(LOOK, READ)


async def _end_of_look(tx: Tx, tenant_id: TenantId, wanted: Wanted, before: UUID, look: int) -> UUID | None:
    """Where to look on, when what was looked for may lie further back."""
    row = await tx.one(
        _Q[_ENDS[_statement(wanted)]],
        Found,
        tenant_id=tenant_id,
        before=before,
        since=wanted.since,
        look=look,
    )
    return row.id if row is not None else None
