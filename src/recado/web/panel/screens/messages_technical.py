"""What a developer asks of one message: ids, keys, what was sent and answered, what webhooks said. All covered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recado.db.pool import Tx
from recado.inbound.covering import covered
from recado.inbound.told import Part, parts_about
from recado.kit.redact import redact_json, redact_text
from recado.messages import listing_one
from recado.messages.listing_one import Answer, ToldBy
from recado.messages.model import AttemptRow, MessageRow
from recado.providers.contract import Outbound
from recado.web.services import Services

_OPENED = 20  # bodies on one page; the others are opened by their own
_KEPT = 4  # of a Meta id: enough to tell two apart, and behind the part that holds the phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One webhook; `kinds` are the names of what it told, `again` when all of it was known already."""

    ledger_id: int
    kinds: tuple[str, ...]
    again: bool
    received_at: datetime | None = None
    tree: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """An attempt and what came back; `answer` is None when nothing was kept."""

    row: AttemptRow
    detail: str
    answer: Any = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Technical:
    """`request` is made again from what is stored: bodies of sends are not kept."""

    key: str | None
    wamid: str | None
    request: Any = field(repr=False)
    tries: list[Try]
    told: list[Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the database holds about it, read in one transaction."""

    key: str | None
    sent_by: listing_one.SentBy | None
    answers: dict[int, Answer]
    bodies: list[ToldBy]


async def stored(tx: Tx, row: MessageRow) -> Stored:
    return Stored(
        key=await listing_one.request_key(tx, row),
        sent_by=await listing_one.sent_by(tx, row),
        answers=await listing_one.answers(tx, row.tenant_id, row.id),
        bodies=await listing_one.bodies(tx, row.tenant_id, row.id),
    )


async def technical(
    deps: Services, row: MessageRow, attempts: Sequence[AttemptRow], found: Stored
) -> Technical:
    """Opens the bodies of the webhooks, of each only what is about this message."""
    told = _told(found.bodies)
    ids = [one.ledger_id for one in told[:_OPENED]]
    parts = await parts_about(deps.db, ids, row.wamid) if row.wamid is not None else []
    by_id = {part.ledger_id: part for part in parts}
    return Technical(
        key=None if found.key is None else redact_text(found.key),
        wamid=None if row.wamid is None else masked_wamid(row.wamid),
        request=_request(deps, row, found),
        tries=[_try(one, found.answers.get(one.n)) for one in attempts],
        told=[_with(one, by_id.get(one.ledger_id)) for one in told],
    )


def masked_wamid(wamid: str) -> str:
    """`wamid.…QTcA`: the middle of a wamid holds the person's number."""
    return f"wamid.…{wamid[-_KEPT:]}" if len(wamid) > 6 * _KEPT else "wamid.…"


def _told(bodies: Sequence[ToldBy]) -> list[Told]:
    kinds: dict[int, list[ToldBy]] = {}
    for body in bodies:
        kinds.setdefault(body.ledger_id, []).append(body)
    return [
        Told(
            ledger_id=ledger_id,
            kinds=tuple(dict.fromkeys(one.kind for one in found)),
            again=all(one.again for one in found),
        )
        for ledger_id, found in kinds.items()
    ]


def _with(told: Told, part: Part | None) -> Told:
    if part is None:
        return told
    return Told(
        ledger_id=told.ledger_id,
        kinds=told.kinds,
        again=told.again,
        received_at=part.received_at,
        tree=part.tree,
    )


def _request(deps: Services, row: MessageRow, found: Stored) -> Any:
    """None for what we did not send, and for a content that has no valid form any more."""
    provider = deps.providers.get(found.sent_by.provider) if found.sent_by is not None else None
    if row.direction != "out" or found.sent_by is None or provider is None or provider.written is None:
        return None
    recipient = row.recipient or ""
    by_phone = recipient.startswith("+")
    message = Outbound(
        phone_number_id=row.phone_number_id,
        phone=recipient if by_phone else None,
        bsuid=None if by_phone else recipient,
        content=row.content,
        context_wamid=found.sent_by.context_wamid,
        opaque="",
    )
    try:
        return covered(json.loads(provider.written(message)))
    except ValueError:
        return None


def _try(row: AttemptRow, answer: Answer | None) -> Try:
    kept = answer.answer if answer is not None else None
    return Try(
        row=row,
        detail=redact_text(answer.detail or "") if answer is not None else "",
        answer=None if not kept else redact_json(kept.decode("utf-8", "replace")),
    )
