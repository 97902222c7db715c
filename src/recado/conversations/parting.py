"""A phone that changed hands: two people with one number, one after the other, must never become one.

Operators give numbers of former customers to new ones. The new owner writes with the old phone and a BSUID of their
own; joining them by phone would show a stranger somebody's whole history.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import ContactId, NumberId, TenantId
from recado.kit.phone import variants

_Q = sql.load("recado.conversations", "parting.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownId:
    contact_id: ContactId
    kind: str
    value: str = field(repr=False)


async def are_strangers(
    tx: Tx,
    tenant_id: TenantId,
    number_id: NumberId | None,
    names: Collection[str],
    *,
    known: ContactId | None,
    other: ContactId,
) -> bool:
    """Whether `other` has ids from the same account and none of them is one of `names` or of `known`'s.

    Somebody of whom only a phone is known is nobody's stranger.
    """
    contacts = [one for one in (known, other) if one is not None]
    rows = await tx.many(
        _Q["ids_of"], KnownId, tenant_id=tenant_id, contact_ids=contacts, number_id=number_id
    )
    mine = set(names) | {row.value for row in rows if row.contact_id == known}
    theirs = [row for row in rows if row.contact_id == other]
    named = any(row.kind == "bsuid" for row in theirs)
    return bool(mine) and named and not any(row.value in mine for row in theirs)


async def take_phone(tx: Tx, now: datetime, tenant_id: TenantId, phone: str, former: ContactId) -> None:
    """The former owner keeps everything but the number, in any of its spellings."""
    await tx.execute(
        _Q["take_phone"], now=now, tenant_id=tenant_id, contact_id=former, spellings=sorted(variants(phone))
    )
