"""What somebody typed into the search: an id, a reference, a phone, a name, or words to look for in the texts.

Everything but words leads to its messages by an index. The list's other filters hold all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from recado.conversations import service as conversations
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId
from recado.kit.phone import digits
from recado.tenants.vault import TenantKeys

_Q = sql.load("recado.messages", "listing.sql")
FIRST = UUID(int=0)
LAST = UUID(int=(1 << 128) - 1)
_LEAST_PHONE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the words mean. At most one is set; none of them: everything."""

    ids: tuple[UUID, ...] | None = None
    reference: str | None = field(default=None, repr=False)
    conversations: list[UUID] | None = None
    # A pattern for ILIKE.
    text: str | None = field(default=None, repr=False)

    @property
    def points(self) -> bool:
        """Whether an index leads there, so that nothing has to be looked through."""
        return self.ids is not None or self.reference is not None or self.conversations is not None


async def meaning_of(
    tx: Tx, tenant_id: TenantId, words: str | None, keys: TenantKeys, *, look: int
) -> Search:
    """What the words mean: the same on every page of a list. Names are sought among the `look` people who were
    talked to last."""
    words = (words or "").strip()
    if not words:
        return Search()
    if (own := _as_uuid(words)) is not None:
        return Search(ids=(own,))
    if words.startswith("wamid."):
        found = await tx.many(_Q["by_wamid"], Found, tenant_id=tenant_id, wamid_hash=keys.hash(words))
        return Search(ids=tuple(row.id for row in found))
    referred = Search(reference=words)
    if await candidates(tx, tenant_id, referred, before=LAST, since=FIRST, look=1):
        return referred
    if people := await _people(tx, tenant_id, words, look):
        return Search(conversations=people)
    return Search(text=f"%{_literal(words)}%")


async def candidates(
    tx: Tx, tenant_id: TenantId, search: Search, *, before: UUID, since: UUID, look: int
) -> list[UUID]:
    """Where a search that points leads, newest first, at most `look` of them; the list's filters are not asked yet."""
    if search.ids is not None:
        return sorted((one for one in search.ids if since <= one < before), reverse=True)
    asked = {"tenant_id": tenant_id, "before": before, "since": since, "look": look}
    if search.reference is not None:
        found = await tx.many(_Q["of_reference"], Found, reference=search.reference, **asked)
    else:
        found = await tx.many(_Q["of_people"], Found, conversations=search.conversations, **asked)
    return [row.id for row in found]


async def _people(tx: Tx, tenant_id: TenantId, words: str, look: int) -> list[UUID]:
    plain = digits(words)
    if len(plain) >= _LEAST_PHONE and len(plain) >= len(words) - 6:
        keys = [("phone", plain), ("phone", "55" + plain)]
        contacts = await conversations.find_contacts(tx, tenant_id, keys)
        if contacts:
            rows = await tx.many(
                _Q["conversations_of_people"],
                Found,
                tenant_id=tenant_id,
                contact_ids=list(set(contacts.values())),
            )
            return [row.id for row in rows]
    rows = await tx.many(
        _Q["named_people"],
        Found,
        tenant_id=tenant_id,
        look=look,
        text=f"%{_literal(words)}%",
        phone=f"%{plain}%" if len(plain) >= 4 and len(plain) == len(words) else None,
    )
    return [row.id for row in rows]


def _as_uuid(text: str) -> UUID | None:
    if len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def _literal(words: str) -> str:
    """Text for ILIKE in which nothing is a pattern."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\x00", "")
