"""Accepting messages: many requests in one transaction, each judged alone.

Data flow: idempotency key -> number -> contact -> conversation and window -> message + outbox + event.
A refused draft stores nothing; an accepted one is durable when the transaction commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from recado.conversations import service as conversations
from recado.conversations.model import Address
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.failpoints import reached
from recado.kit.ids import ContactId, ConversationId, MessageId, NumberId, TenantId, uuid7
from recado.messages.content import Draft, MessageClass, Violation, needs_window, preview
from recado.messages.references import WamidOf, resolve_references

_Q = sql.load("recado.messages", "accept.sql")

# How long a message may wait before it is worthless, when the caller does not say (delivery 2.5).
DEFAULT_LIFE: Mapping[MessageClass, timedelta] = {
    MessageClass.AUTHENTICATION: timedelta(minutes=10),
    MessageClass.UTILITY: timedelta(hours=24),
    MessageClass.SESSION: timedelta(hours=24),
    MessageClass.MARKETING: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One draft somebody wants to send. `id` is chosen by the caller, so repeating after an error is safe."""

    id: MessageId
    draft: Draft
    number_id: NumberId
    idempotency_key: str | None = None
    request_hash: bytes = b""
    api_key_hash: bytes | None = field(default=None, repr=False)
    # Rules broken only because of the time of asking: a repeat of what was once taken is still a repeat.
    untimely: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Stored. `answer` is what the caller gets now and on every repeat."""

    id: MessageId
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The same key and body came before: the stored answer again."""

    answer: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReused:
    """The key was used with another body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClosed:
    """Free text to somebody who has not written in the last 24 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadReference:
    """The draft points at something this tenant does not have."""

    violations: list[Violation]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDead:
    """The API key was revoked or expired between the door and the commit."""


Acceptance = Taken | Replayed | KeyReused | WindowClosed | BadReference | KeyDead


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRow:
    key: str
    request_hash: bytes
    message_id: UUID
    answer: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWon:
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Either a live API key (`hash`) or an earlier request (`key` and what belongs to it)."""

    hash: bytes | None
    key: str | None
    request_hash: bytes | None
    message_id: UUID | None
    answer: dict[str, Any] | None


@dataclass(slots=True)
class _Pending:
    """A request on its way through the steps."""

    request: Request
    answer: dict[str, Any]
    contact_id: ContactId | None = None
    conversation_id: ConversationId | None = None
    window_until: datetime | None = None
    context_wamid: str | None = None
    content: dict[str, Any] = field(default_factory=dict)
    media_ref: str | None = None

    @property
    def address(self) -> Address:
        return Address(self.request.draft.phone, self.request.draft.bsuid)

    @property
    def pair(self) -> tuple[NumberId, ContactId]:
        assert self.contact_id is not None
        return (self.request.number_id, self.contact_id)


def first_answer(request: Request, now: datetime) -> dict[str, Any]:
    """The 202 body."""
    draft = request.draft
    scheduled = draft.scheduled_at is not None and draft.scheduled_at > now
    return {
        "id": str(request.id),
        "status": "pending",
        "state": "scheduled" if scheduled else "queued",
        "reason": None,
        "to": draft.bsuid or draft.phone,
        "type": draft.kind.value,
        "client_reference": draft.client_reference,
        "created_at": now.isoformat(),
        "timeline_url": f"/api/v1/messages/{request.id}",
    }


def _judge_repeat(request: Request, hash_then: bytes | None, answer: dict[str, Any] | None) -> Acceptance:
    return Replayed(answer=answer or {}) if hash_then == request.request_hash else KeyReused()


async def accept_many(
    tx: Tx, now: datetime, tenant_id: TenantId, requests: Sequence[Request]
) -> list[Acceptance]:
    """One verdict for each request, in order. Writes `message`, `outbox`, `event` (message.accepted),
    `idempotency`, and people and conversations met for the first time."""
    verdicts: dict[MessageId, Acceptance] = {}
    pending = [_Pending(one, first_answer(one, now)) for one in requests]
    pending = await _drop_dead_and_repeated(tx, now, tenant_id, pending, verdicts)
    pending = _drop_untimely(pending, verdicts)
    pending = await _resolve(tx, tenant_id, pending, verdicts)
    pending = _check_windows(now, pending, verdicts)
    reached("accept.judged")
    pending = await _win_keys(tx, now, tenant_id, pending, verdicts)
    reached("accept.keys_won")
    if pending:
        await _store(tx, now, tenant_id, pending)
    for one in pending:
        verdicts[one.request.id] = Taken(id=one.request.id, answer=one.answer)
    return [verdicts[one.id] for one in requests]


async def stored(tx: Tx, tenant_id: TenantId, ids: Sequence[MessageId]) -> bool:
    """Whether all of these messages are in the database; False when none is named."""
    rows = await tx.many(_Q["message_wamids"], WamidOf, tenant_id=tenant_id, ids=list(ids))
    return bool(ids) and len(rows) == len(set(ids))


async def _drop_dead_and_repeated(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    pending: list[_Pending],
    verdicts: dict[MessageId, Acceptance],
) -> list[_Pending]:
    """Dead API keys first: whoever holds one learns nothing, not even that a request came before."""
    hashes = {one.request.api_key_hash for one in pending if one.request.api_key_hash}
    keys = {one.request.idempotency_key for one in pending if one.request.idempotency_key}
    if not hashes and not keys:
        return pending
    rows = await tx.many(
        _Q["standing"], Standing, tenant_id=tenant_id, hashes=list(hashes), keys=list(keys), now=now
    )
    live = {bytes(row.hash) for row in rows if row.hash is not None}
    known = {row.key: row for row in rows if row.key is not None}
    kept = []
    for one in pending:
        earlier = known.get(one.request.idempotency_key or "")
        if one.request.api_key_hash and one.request.api_key_hash not in live:
            verdicts[one.request.id] = KeyDead()
        elif earlier is not None:
            verdicts[one.request.id] = _judge_repeat(one.request, earlier.request_hash, earlier.answer)
        else:
            kept.append(one)
    return kept


async def _answer_losers(
    tx: Tx, tenant_id: TenantId, losers: list[_Pending], verdicts: dict[MessageId, Acceptance]
) -> None:
    """Somebody else stored these keys between our look and our insert."""
    keys = [one.request.idempotency_key for one in losers if one.request.idempotency_key]
    rows = await tx.many(_Q["find_idempotency"], IdempotencyRow, tenant_id=tenant_id, keys=keys)
    known = {row.key: row for row in rows}
    for one in losers:
        row = known.get(one.request.idempotency_key or "")
        if row is not None:
            verdicts[one.request.id] = _judge_repeat(one.request, row.request_hash, row.answer)


def _drop_untimely(pending: list[_Pending], verdicts: dict[MessageId, Acceptance]) -> list[_Pending]:
    for one in pending:
        if one.request.untimely:
            verdicts[one.request.id] = BadReference(violations=list(one.request.untimely))
    return [one for one in pending if not one.request.untimely]


async def _resolve(
    tx: Tx, tenant_id: TenantId, pending: list[_Pending], verdicts: dict[MessageId, Acceptance]
) -> list[_Pending]:
    """People already known, and messages or files the draft points at."""
    found = await conversations.find_people(
        tx, tenant_id, [(one.request.number_id, one.address.key) for one in pending]
    )
    kept = []
    for one in pending:
        person = found.get((one.request.number_id, one.address.key))
        if person is not None:
            one.contact_id = person.contact_id
            one.conversation_id, one.window_until = person.conversation_id, person.window_until
        resolved = await resolve_references(tx, tenant_id, one.request.draft)
        if isinstance(resolved, list):
            verdicts[one.request.id] = BadReference(violations=resolved)
            continue
        one.content, one.context_wamid, one.media_ref = resolved
        kept.append(one)
    return kept


def _is_immediate(draft: Draft, now: datetime) -> bool:
    return draft.scheduled_at is None or draft.scheduled_at <= now


def _check_windows(
    now: datetime, pending: list[_Pending], verdicts: dict[MessageId, Acceptance]
) -> list[_Pending]:
    """Before anything is created, so that a refusal leaves no trace."""
    kept = []
    for one in pending:
        draft = one.request.draft
        open_now = one.window_until is not None and one.window_until > now
        if needs_window(draft.kind) and _is_immediate(draft, now) and not open_now:
            verdicts[one.request.id] = WindowClosed()
        else:
            kept.append(one)
    return kept


async def _win_keys(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    pending: list[_Pending],
    verdicts: dict[MessageId, Acceptance],
) -> list[_Pending]:
    keyed: dict[str, _Pending] = {}
    for one in pending:
        if one.request.idempotency_key:
            keyed.setdefault(one.request.idempotency_key, one)
    if not keyed:
        return pending
    won = await tx.many(
        _Q["insert_idempotency"],
        KeyWon,
        tenant_id=tenant_id,
        now=now,
        keys=list(keyed),
        hashes=[one.request.request_hash for one in keyed.values()],
        message_ids=[one.request.id for one in keyed.values()],
        answers=[one.answer for one in keyed.values()],
    )
    winners = {keyed[row.key].request.id for row in won}
    losers = [one for one in pending if one.request.idempotency_key and one.request.id not in winners]
    if losers:
        await _answer_losers(tx, tenant_id, losers, verdicts)
    return [one for one in pending if one.request.id not in verdicts]


async def _store(tx: Tx, now: datetime, tenant_id: TenantId, pending: list[_Pending]) -> None:
    strangers = [one.address for one in pending if one.contact_id is None]
    met = await conversations.create_contacts(tx, now, tenant_id, strangers)
    for one in pending:
        if one.contact_id is None:
            one.contact_id = met[one.address.key]
    reached("accept.before_insert")
    await tx.execute(
        _Q["insert_messages"], tenant_id=tenant_id, now=now, **_places(now, pending), **_columns(now, pending)
    )
    reached("accept.before_commit")


def _places(now: datetime, pending: list[_Pending]) -> dict[str, list[Any]]:
    """Conversations to begin, one for each number and person, and those that go on."""
    pairs = list(dict.fromkeys(one.pair for one in pending if one.conversation_id is None))
    return {
        "new_ids": [uuid7(now) for _ in pairs],
        "new_number_ids": [number_id for number_id, _ in pairs],
        "new_contact_ids": [contact_id for _, contact_id in pairs],
        "known_ids": list({one.conversation_id for one in pending if one.conversation_id is not None}),
    }


def _columns(now: datetime, pending: list[_Pending]) -> dict[str, list[Any]]:
    drafts = [one.request.draft for one in pending]
    due = [max(draft.scheduled_at, now) if draft.scheduled_at else now for draft in drafts]
    classes = [draft.message_class for draft in drafts]
    return {
        "ids": [one.request.id for one in pending],
        "number_ids": [one.request.number_id for one in pending],
        "conversation_ids": [one.conversation_id for one in pending],
        "contact_ids": [one.contact_id for one in pending],
        "kinds": [draft.kind.value for draft in drafts],
        "classes": [each.value for each in classes],
        "contents": [one.content for one in pending],
        "previews": [preview(one.content, "pt-BR") for one in pending],
        "recipients": [one.address.text for one in pending],
        "contexts": [one.context_wamid for one in pending],
        "references": [draft.client_reference for draft in drafts],
        "priorities": [draft.priority for draft in drafts],
        "scheduled": [draft.scheduled_at for draft in drafts],
        "expires": [
            draft.expires_at or when + DEFAULT_LIFE[each]
            for draft, when, each in zip(drafts, due, classes, strict=True)
        ],
        "due": due,
        "free": [needs_window(draft.kind) for draft in drafts],
        "media_refs": [one.media_ref for one in pending],
    }
