"""Who is meant by what somebody typed: a name from the beginning of any of its words, a phone whole or from its end.

Both are walks along `contact_word`, as quick among a million people as among a hundred. The middle of a word or of a
phone has no index: whoever lists something looks for it while walking back, and says where the walk ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from recado.conversations import service
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import ContactId, TenantId
from recado.kit.phone import digits

_Q = sql.load("recado.conversations", "finding.sql")
# So many people are named one by one; more of them are recognised by their words while walking a list.
MOST: Final = 200
_WHOLE_PHONE = 8
_END_OF_PHONE = 4
_BEHIND_ALL = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Called:
    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class TalkFound:
    conversation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Everybody with a word from `first` on and before `last`."""

    first: str = field(repr=False)
    last: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """All conversations of those who are meant, or with more than MOST people how they are recognised. Neither:
    nobody is."""

    conversations: tuple[UUID, ...] = ()
    span: Span | None = None


async def meant(tx: Tx, tenant_id: TenantId, words: str) -> People:
    """Whoever the words name. A phone that somebody has goes before everything else."""
    words = words.replace("\x00", "").strip()
    numerals = _numerals(words)
    if len(numerals) >= _WHOLE_PHONE:
        keys = [("phone", numerals), ("phone", "55" + numerals)]
        if whole := await service.find_contacts(tx, tenant_id, keys):
            return await _talks(tx, tenant_id, list(dict.fromkeys(whole.values())))
    for span in await _spans(tx, words, numerals):
        found = await tx.many(
            _Q["called"], Called, tenant_id=tenant_id, first=span.first, last=span.last, most=MOST + 1
        )
        if len(found) > MOST:
            return People(span=span)
        if found:
            return await _talks(tx, tenant_id, list(dict.fromkeys(one.contact_id for one in found)))
    return People()


async def _spans(tx: Tx, words: str, ending: str) -> list[Span]:
    """Where the words stand in the order of all words: as the end of a phone, as a name."""
    plain = await tx.value(_Q["plain"], said=words)
    starts = [f"#{ending[::-1]}"] if ending else []
    starts += [plain] if plain else []
    return [Span(first=start, last=start + _BEHIND_ALL) for start in starts]


async def _talks(tx: Tx, tenant_id: TenantId, contact_ids: list[ContactId]) -> People:
    found = await tx.many(_Q["talks_of"], TalkFound, tenant_id=tenant_id, contact_ids=contact_ids)
    return People(conversations=tuple(one.conversation_id for one in found))


def _numerals(words: str) -> str:
    """The digits of what looks like a phone or a piece of one."""
    numerals = digits(words)
    lettered = any(one.isalpha() for one in words)
    return numerals if len(numerals) >= _END_OF_PHONE and not lettered else ""


def inside_phone(words: str) -> str | None:
    """A pattern for LIKE."""
    numerals = _numerals(words.strip())
    return f"%{numerals}%" if numerals else None


def literal(words: str) -> str:
    """Text for ILIKE in which nothing is a pattern."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\x00", "")
