"""Who an item speaks of: `from`, `recipient_id` and friends joined with the `contacts` array.

Since April 2026 the phone may be missing and the BSUID is the identity; BSUIDs have been seen in
phone fields. Contacts are matched by id, never by position: one array serves several senders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recado.providers.contract import Person
from recado.providers.meta.values import as_bsuid, as_dict, as_phone, as_text, same_phone


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item was found: what every event of one change shares."""

    field: str | None
    waba_id: str | None
    phone_number_id: str | None
    display_phone: str | None
    entry_at: datetime | None
    contacts: Sequence[Person]
    lone: bool = False  # one item and one contact: they belong together


NOBODY = Person()


def read_contact(item: Any) -> Person:
    contact = as_dict(item)
    profile = as_dict(contact.get("profile"))
    return person(
        contact.get("wa_id"),
        contact.get("user_id"),
        contact.get("parent_user_id"),
        name=as_text(profile.get("name")),
        username=as_text(profile.get("username")),
    )


def person(
    phone: Any,
    user_id: Any,
    parent_id: Any,
    *,
    name: str | None = None,
    username: str | None = None,
) -> Person:
    """A person from raw members; a BSUID in the phone's place is moved to where it belongs."""
    return Person(
        phone=None if phone is None else as_phone(phone),
        bsuid=as_text(user_id) or as_bsuid(phone),
        parent_bsuid=None if parent_id is None else as_text(parent_id),
        name=name,
        username=username,
    )


def completed(found: Person, place: Place) -> Person:
    """`found` with whatever its own contact adds."""
    contact = _contact_of(found, place)
    if contact is None:
        return found
    return Person(
        phone=found.phone or contact.phone,
        bsuid=found.bsuid or contact.bsuid,
        parent_bsuid=found.parent_bsuid or contact.parent_bsuid,
        name=found.name or contact.name,
        username=found.username or contact.username,
    )


def _contact_of(found: Person, place: Place) -> Person | None:
    contacts = place.contacts
    for contact in contacts:
        if found.bsuid is not None and contact.bsuid == found.bsuid:
            return contact
    for contact in contacts:
        if _same_by_phone(found, contact):
            return contact
    if place.lone and _nothing_to_compare(found, contacts[0]):
        return contacts[0]
    return None


def _same_by_phone(found: Person, contact: Person) -> bool:
    if found.phone is None or contact.phone is None:
        return False
    if found.bsuid is not None and contact.bsuid is not None:
        return False  # compared by BSUID already, and different
    return same_phone(found.phone, contact.phone)


def _nothing_to_compare(found: Person, contact: Person) -> bool:
    """One side has only a phone, the other only a BSUID.

    Only good enough when there is nobody else to confuse them with: joining a phone to another
    person's BSUID would merge two people.
    """
    both_phones = found.phone is not None and contact.phone is not None
    both_ids = found.bsuid is not None and contact.bsuid is not None
    return not both_phones and not both_ids
