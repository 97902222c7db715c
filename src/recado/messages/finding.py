"""What somebody typed into the search: an id, a reference, a phone, a name, or words to look for in the texts.

Everything but words leads to its messages by an index. The list's other filters hold all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from recado.conversations import finding as people
from recado.conversations.finding import Span
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId
from recado.tenants.vault import TenantKeys

_Q = sql.load("recado.messages", "listing.sql")
FIRST = UUID(int=0)
LAST = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the words mean. At most one is set; none of them: everything."""

    ids: tuple[UUID, ...] | None = None
    reference: str | None = field(default=None, repr=False)
    conversations: tuple[UUID, ...] | None = None
    # So many people that their messages are met by walking back.
    people: Span | None = None
    # Patterns: what stands in the text or within a name, and within a phone.
    text: str | None = field(default=None, repr=False)
    numerals: str | None = field(default=None, repr=False)

    @property
    def points(self) -> bool:
        """Whether an index leads there, so that nothing has to be looked through."""
        return self.ids is not None or self.reference is not None or self.conversations is not None


async def meaning_of(tx: Tx, tenant_id: TenantId, words: str | None, keys: TenantKeys) -> Search:
    """What the words mean: the same on every page of a list."""
    words = (words or "").strip()
    if not words:
        return Search()
    if (own := _as_uuid(words)) is not None:
        return Search(ids=(own,))
    if words.startswith("wamid."):
        found = await tx.many(_Q["by_wamid"], Found, tenant_id=tenant_id, wamid_hash=keys.hash(words))
        return Search(ids=tuple(row.id for row in found))
    words = words.replace("\x00", "")
    referred = Search(reference=words)
    if await candidates(tx, tenant_id, referred, before=LAST, since=FIRST, look=1):
        return referred
    meant = await people.meant(tx, tenant_id, words)
    if meant.conversations:
        return Search(conversations=meant.conversations)
    if meant.span is not None:
        return Search(people=meant.span)
    return Search(text=f"%{people.literal(words)}%", numerals=people.inside_phone(words))


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
        talks = list(search.conversations or ())
        found = await tx.many(_Q["of_people"], Found, conversations=talks, **asked)
    return [row.id for row in found]


def _as_uuid(text: str) -> UUID | None:
    if len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
