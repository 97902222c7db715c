"""`statuses[]` items: what became of a message we (or another application) sent."""

from __future__ import annotations

from typing import Any

from recado.providers.contract import (
    Person,
    ProviderEvent,
    ProviderNote,
    StatusChanged,
    Unrecognised,
)
from recado.providers.meta.codes import reason_for_code
from recado.providers.meta.people import Place, completed, person
from recado.providers.meta.values import as_code, as_dict, as_text, as_time


def read_notes(given: Any) -> tuple[ProviderNote, ...]:
    """An `errors` array; `error_data` and `href` may be missing, entries may be anything."""
    if type(given) is not list:
        return ()
    return tuple(_note(item) for item in given if type(item) is dict)


def _note(item: dict[str, Any]) -> ProviderNote:
    details = as_dict(item.get("error_data")).get("details")
    return ProviderNote(
        code=as_code(item.get("code")),
        title=as_text(item.get("title")) or as_text(item.get("message")),
        details=as_text(details),
    )


def read_status(raw: bytes, given: Any, place: Place) -> ProviderEvent:
    item = as_dict(given)
    wamid = as_text(item.get("id"))
    status = as_text(item.get("status"))
    if wamid is None or status is None:
        return Unrecognised(
            waba_id=place.waba_id,
            phone_number_id=place.phone_number_id,
            at=as_time(item.get("timestamp")),
            raw=raw,
            field=place.field,
            why="a status without id or word",
        )
    notes = read_notes(item["errors"]) if "errors" in item else ()
    reason = None
    if status == "failed":
        reason = reason_for_code(notes[0].code if notes else None)
    pricing = item.get("pricing")
    return StatusChanged(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=as_time(item.get("timestamp")),
        raw=raw,
        wamid=wamid,
        status=status,
        person=_recipient(item, place),
        opaque=as_text(item.get("biz_opaque_callback_data")),
        errors=notes,
        reason=reason,
        pricing=pricing if type(pricing) is dict else None,
    )


def _recipient(item: dict[str, Any], place: Place) -> Person:
    # For groups `recipient_id` is the group; the person is the participant.
    phone = item.get("recipient_id")
    if item.get("recipient_type") == "group":
        phone = item.get("recipient_participant_id")
    # `parent_recipient_user_id` was renamed on 5 May 2026 (Meta changelog).
    parent = item.get("recipient_parent_user_id") or item.get("parent_recipient_user_id")
    found = person(phone, item.get("recipient_user_id"), parent)
    return completed(found, place) if place.contacts else found
