"""One message as its own page needs it: what was told again, the window at the decision, the answer, the technical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from recado.conversations.model import window_close
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import MessageId, TenantId, uuid7
from recado.media import service as media
from recado.messages.model import AttemptRow, EventRow, MessageRow

_Q = sql.load("recado.messages", "listing_one.sql")
_LOOK = 1_000
# So long after it left, what the person writes still counts as said to it.
ANSWERS_WITHIN = timedelta(hours=24)
# What ends a message that never left us.
_ENDINGS = frozenset({"message.skipped", "message.failed", "message.expired", "message.simulated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAgain:
    seq: int
    again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBy:
    """A webhook that told of the message, `again` when the diary knew it already."""

    ledger_id: int
    kind: str
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    id: MessageId
    content: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBy:
    provider: str
    context_wamid: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the provider said to try number `n`. `answer` is None when it was taken or nothing came."""

    n: int
    detail: str | None = field(repr=False)
    answer: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something the person wrote."""

    id: MessageId
    at: datetime
    kind: str
    preview: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The window when it was decided whether the message may leave. `at` is None while that is still to come."""

    at: datetime | None
    heard: Heard | None
    open: bool


async def contents(tx: Tx, tenant_id: TenantId, ids: Sequence[UUID]) -> dict[MessageId, dict[str, Any]]:
    """What these messages say, as it was asked for."""
    rows = await tx.many(_Q["contents"], Content, tenant_id=tenant_id, ids=list(ids)) if ids else []
    return {row.id: row.content for row in rows}


async def last_failure(tx: Tx, tenant_id: TenantId) -> datetime | None:
    """When something failed last, as far as one look goes back."""
    found = await tx.one(_Q["last_failure"], Failure, tenant_id=tenant_id, look=_LOOK)
    return found.at if found is not None else None


async def told_again(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> dict[int, int]:
    """Repetitions by the number of the event in the diary; events told once are not in it."""
    rows = await tx.many(_Q["told_again"], ToldAgain, tenant_id=tenant_id, id=message_id)
    return {row.seq: row.again for row in rows}


async def bodies(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> list[ToldBy]:
    """Webhooks about the message, in the order in which they came."""
    return await tx.many(_Q["bodies"], ToldBy, tenant_id=tenant_id, id=message_id)


async def request_key(tx: Tx, row: MessageRow) -> str | None:
    """The key under which the message was asked for; keys are forgotten after a week."""
    found = await tx.one(
        _Q["key_of_request"], RequestKey, tenant_id=row.tenant_id, created_at=row.created_at, id=row.id
    )
    return found.key if found is not None else None


async def sent_by(tx: Tx, row: MessageRow) -> SentBy | None:
    """Which provider carries it, and the message it quotes."""
    return await tx.one(_Q["sent_by"], SentBy, tenant_id=row.tenant_id, id=row.id)


async def answers(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> dict[int, Answer]:
    """By number of the try, the last twenty."""
    rows = await tx.many(_Q["answers"], Answer, tenant_id=tenant_id, id=message_id)
    return {row.n: row for row in rows}


async def decision(
    tx: Tx, now: datetime, row: MessageRow, events: Sequence[EventRow], attempts: Sequence[AttemptRow]
) -> Decision:
    """The last word of the person that counted when the message left, or when it was held back; until then, now."""
    at = _decided_at(events, attempts)
    moment = at or now
    heard = await tx.one(
        _Q["heard_before"],
        Heard,
        tenant_id=row.tenant_id,
        conversation_id=row.conversation_id,
        before=uuid7(moment, bytes),
        look=_LOOK,
    )
    is_open = heard is not None and window_close(heard.at, heard.at) > moment
    return Decision(at=at, heard=heard, open=is_open)


def _decided_at(events: Sequence[EventRow], attempts: Sequence[AttemptRow]) -> datetime | None:
    if attempts:
        return attempts[-1].started_at
    return next((event.at for event in reversed(events) if event.kind in _ENDINGS), None)


async def answered(tx: Tx, row: MessageRow) -> Heard | None:
    """What the person said to it, once it had left."""
    if row.direction != "out" or row.accepted_at is None:
        return None
    return await tx.one(
        _Q["heard_after"],
        Heard,
        tenant_id=row.tenant_id,
        conversation_id=row.conversation_id,
        id=row.id,
        wamid=row.wamid,
        # Providers tell whole seconds.
        since=row.accepted_at.replace(microsecond=0),
        until=row.accepted_at + ANSWERS_WITHIN,
        look=_LOOK,
    )


async def files(tx: Tx, row: MessageRow) -> list[media.MediaRow]:
    """What came with the message, or what we sent with it, headers of templates included."""
    came = await media.of_message(tx, row.tenant_id, row.id)
    for _path, own in media.own_ids(row.content):
        media_id: UUID | None = media.read_id(own)
        sent = await media.find(tx, row.tenant_id, media_id) if media_id is not None else None
        if sent is not None and sent.media_id not in {one.media_id for one in came}:
            came.append(sent)
    return came
