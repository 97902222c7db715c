"""Finding and keeping people and conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from recado.conversations import parting
from recado.conversations.model import (
    Address,
    ContactRow,
    ConversationFound,
    ConversationOf,
    ConversationView,
    IdentityFound,
    Met,
    PersonFound,
)
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import ContactId, ConversationId, NumberId, TenantId, uuid7
from recado.kit.phone import variants
from recado.providers.contract import Person

_Q = sql.load("recado.conversations")
_M = sql.load("recado.conversations", "merge.sql")

Key = tuple[str, str]


def _spellings(key: Key) -> list[Key]:
    kind, value = key
    return [(kind, spelling) for spelling in variants(value)] if kind == "phone" else [key]


async def find_contacts(tx: Tx, tenant_id: TenantId, keys: Sequence[Key]) -> dict[Key, ContactId]:
    """Known people by identity; a phone is found under any of its spellings, its own spelling first."""
    wanted = {spelling for key in keys for spelling in _spellings(key)}
    if not wanted:
        return {}
    rows = await tx.many(
        _Q["find_identities"],
        IdentityFound,
        tenant_id=tenant_id,
        kinds=[kind for kind, _ in wanted],
        values=[value for _, value in wanted],
    )
    known = {(row.kind, row.value): row.contact_id for row in rows}
    found: dict[Key, ContactId] = {}
    for key in keys:
        for spelling in _spellings(key):
            if spelling in known:
                found[key] = known[spelling]
                break
    return found


async def create_contacts(
    tx: Tx, now: datetime, tenant_id: TenantId, addresses: Sequence[Address]
) -> dict[Key, ContactId]:
    """People met for the first time by sending to them. Safe when another writer meets them too."""
    # Two spellings of one phone in the same batch are one person: the first met names the others.
    firsts: dict[Key, Key] = {}
    leads = {one.key: firsts.setdefault(min(_spellings(one.key)), one.key) for one in addresses}
    fresh = {one.key: one for one in addresses if leads[one.key] == one.key}
    if not fresh:
        return {}
    ids = {key: ContactId(uuid7(now)) for key in fresh}
    won = await tx.many(
        _Q["insert_strangers"],
        IdentityFound,
        tenant_id=tenant_id,
        now=now,
        kinds=[key[0] for key in ids],
        values=[key[1] for key in ids],
        contact_ids=list(ids.values()),
        phones=[fresh[key].phone for key in ids],
        bsuids=[fresh[key].bsuid for key in ids],
    )
    mine = {(row.kind, row.value): row.contact_id for row in won}
    lost = [key for key in fresh if key not in mine]
    known = mine | await find_contacts(tx, tenant_id, lost)
    return {key: known[lead] for key, lead in leads.items()}


async def find_people(
    tx: Tx, tenant_id: TenantId, wanted: Sequence[tuple[NumberId, Key]]
) -> dict[tuple[NumberId, Key], PersonFound]:
    """Known people with their conversation on one number; spellings as in `find_contacts`."""
    asked = {(number_id, spelling) for number_id, key in wanted for spelling in _spellings(key)}
    if not asked:
        return {}
    rows = await tx.many(
        _Q["find_people"],
        PersonFound,
        tenant_id=tenant_id,
        kinds=[key[0] for _, key in asked],
        values=[key[1] for _, key in asked],
        number_ids=[number_id for number_id, _ in asked],
    )
    known = {(row.number_id, (row.kind, row.value)): row for row in rows}
    found: dict[tuple[NumberId, Key], PersonFound] = {}
    for number_id, key in wanted:
        for spelling in _spellings(key):
            if (row := known.get((number_id, spelling))) is not None:
                found[number_id, key] = row
                break
    return found


async def ensure_conversations(
    tx: Tx, now: datetime, tenant_id: TenantId, pairs: Sequence[tuple[NumberId, ContactId]]
) -> dict[tuple[NumberId, ContactId], ConversationFound]:
    """One conversation for each number and person; `last_at` moves forward to now."""
    unique = list(dict.fromkeys(pairs))
    if not unique:
        return {}
    rows = await tx.many(
        _Q["upsert_conversations"],
        ConversationFound,
        tenant_id=tenant_id,
        now=now,
        conversation_ids=[uuid7(now) for _ in unique],
        number_ids=[pair[0] for pair in unique],
        contact_ids=[pair[1] for pair in unique],
    )
    return {(row.number_id, row.contact_id): row for row in rows}


# --------------------------------------------------------------------------- people in webhooks


def _keys_of(person: Person) -> list[Key]:
    keys: list[Key] = []
    if person.bsuid:
        keys.append(("bsuid", person.bsuid))
    if person.phone:
        keys.append(("phone", person.phone))
    return keys


async def meet(
    tx: Tx, now: datetime, tenant_id: TenantId, person: Person, number_id: NumberId | None = None
) -> Met | None:
    """The contact a webhook talks about: found by BSUID, then phone; created when new; merged when the two
    identities turn out to be one person, parted when the phone has another owner now. None when the event names
    nobody. `number_id` is the number it came through."""
    keys = _keys_of(person)
    if not keys:
        return None
    found = await find_contacts(tx, tenant_id, keys)
    former = await _former_owner(tx, now, tenant_id, number_id, person, found)
    owners = list(dict.fromkeys(found[key] for key in keys if key in found and found[key] != former))
    if not owners:
        created = await create_contacts(
            tx,
            now,
            tenant_id,
            [
                Address(phone=None, bsuid=keys[0][1])
                if keys[0][0] == "bsuid"
                else Address(phone="+" + keys[0][1], bsuid=None)
            ],
        )
        owners = [created[keys[0]]]
    contact_id = owners[0]
    for other in owners[1:]:
        await merge(tx, tenant_id, keep=contact_id, absorb=other)
    if person.parent_bsuid:
        keys.append(("parent_bsuid", person.parent_bsuid))
    await _describe(tx, now, tenant_id, contact_id, person, keys, number_id)
    return Met(contact_id=contact_id, former_owner=former)


async def _former_owner(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    number_id: NumberId | None,
    person: Person,
    found: dict[Key, ContactId],
    known: ContactId | None = None,
) -> ContactId | None:
    """Who had this phone before, when that is certainly somebody else; the phone is then taken from them."""
    if person.phone is None:
        return None
    other = found.get(("phone", person.phone))
    known = known or found.get(("bsuid", person.bsuid or ""))
    if other is None or other == known:
        return None
    names = {name for name in (person.bsuid, person.parent_bsuid) if name}
    if not await parting.are_strangers(tx, tenant_id, number_id, names, known=known, other=other):
        return None
    await parting.take_phone(tx, now, tenant_id, person.phone, other)
    return other


async def _describe(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    contact_id: ContactId,
    person: Person,
    keys: list[Key],
    number_id: NumberId | None,
) -> None:
    await tx.execute(
        _Q["point_identities"],
        tenant_id=tenant_id,
        number_id=number_id,
        contact_id=contact_id,
        now=now,
        kinds=[kind for kind, _ in keys],
        values=[value for _, value in keys],
    )
    await tx.execute(
        _Q["describe_contact"],
        tenant_id=tenant_id,
        contact_id=contact_id,
        now=now,
        name=person.name,
        username=person.username,
        bsuid=person.bsuid,
        phone="+" + person.phone if person.phone else None,
    )


async def merge(tx: Tx, tenant_id: TenantId, *, keep: ContactId, absorb: ContactId) -> None:
    """Two contacts turned out to be one person. Conversations and messages move; nothing is deleted."""
    await tx.execute(_M["move_identities"], tenant_id=tenant_id, keep=keep, absorb=absorb)
    kept = {
        row.number_id: row
        for row in await tx.many(_Q["conversations_of"], ConversationOf, tenant_id=tenant_id, contact_id=keep)
    }
    moving = await tx.many(_Q["conversations_of"], ConversationOf, tenant_id=tenant_id, contact_id=absorb)
    for row in moving:
        twin = kept.get(row.number_id)
        if twin is None:
            await tx.execute(
                _Q["hand_over_conversation"],
                tenant_id=tenant_id,
                contact_id=keep,
                conversation_id=row.conversation_id,
            )
            continue
        await tx.execute(
            _Q["absorb_conversation"],
            tenant_id=tenant_id,
            conversation_id=twin.conversation_id,
            window_until=row.window_until,
            last_inbound_at=row.last_inbound_at,
            last_at=row.last_at,
            unread=row.unread,
            pair_tat=row.pair_tat,
            pair_blocked_until=row.pair_blocked_until,
        )
        for name in ("move_notes", "move_holder", "leave_empty"):
            await tx.execute(
                _M[name], tenant_id=tenant_id, keep=twin.conversation_id, absorb=row.conversation_id
            )
        for name in ("move_messages", "move_outbox"):
            await tx.execute(
                _M[name],
                tenant_id=tenant_id,
                keep=twin.conversation_id,
                absorb=row.conversation_id,
                contact_id=keep,
            )
    await tx.execute(_M["repoint_messages"], tenant_id=tenant_id, keep=keep, absorb=absorb)


async def change_identity(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    *,
    old: Person,
    new: Person,
    number_id: NumberId | None = None,
) -> Met | None:
    """The person got another number or BSUID: the same contact, known under the new identity too. A number that
    belonged to somebody else before is taken from them."""
    found = await find_contacts(tx, tenant_id, _keys_of(old))
    contact_id = next(iter(found.values()), None)
    if contact_id is None:
        return await meet(tx, now, tenant_id, new, number_id)
    keys = _keys_of(new)
    known = await find_contacts(tx, tenant_id, keys)
    former = await _former_owner(tx, now, tenant_id, number_id, new, known, contact_id)
    for other in dict.fromkeys(known.values()):
        if other not in (contact_id, former):
            await merge(tx, tenant_id, keep=contact_id, absorb=other)
    await _describe(tx, now, tenant_id, contact_id, new, keys, number_id)
    return Met(contact_id=contact_id, former_owner=former)


async def add_alias(
    tx: Tx, now: datetime, tenant_id: TenantId, contact_id: ContactId, phone_digits: str
) -> None:
    """Another spelling of the same person's phone, learned from the provider's answer."""
    await tx.many(
        _Q["insert_identities"],
        IdentityFound,
        tenant_id=tenant_id,
        now=now,
        kinds=["phone"],
        values=[phone_digits],
        contact_ids=[contact_id],
    )


async def note_inbound(
    tx: Tx,
    tenant_id: TenantId,
    conversation_id: ConversationId,
    *,
    at: datetime,
    window_until: datetime,
) -> None:
    """A person wrote: counts as unread and opens the window until `window_until` (never shortens it)."""
    await tx.execute(
        _Q["note_inbound"],
        tenant_id=tenant_id,
        conversation_id=conversation_id,
        at=at,
        window_until=window_until,
    )


async def contact(tx: Tx, tenant_id: TenantId, contact_id: ContactId) -> ContactRow | None:
    return await tx.one(_Q["contact"], ContactRow, tenant_id=tenant_id, contact_id=contact_id)


async def view(tx: Tx, tenant_id: TenantId, conversation_id: ConversationId) -> ConversationView | None:
    return await tx.one(
        _Q["conversation_by_id"],
        ConversationView,
        tenant_id=tenant_id,
        conversation_id=conversation_id,
    )
