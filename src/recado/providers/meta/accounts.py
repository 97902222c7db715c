"""Changes of a WABA, number, template or preference: everything that is not a conversation."""

from __future__ import annotations

from typing import Any, Final

from recado.providers.contract import (
    AccountChanged,
    IdentityChanged,
    PreferenceChanged,
    ProviderEvent,
    TemplateChanged,
    Unrecognised,
)
from recado.providers.meta.messages import lost
from recado.providers.meta.people import Place, completed, person
from recado.providers.meta.values import as_dict, as_text, as_time

_TEMPLATE_FIELDS: Final = frozenset(
    {
        "message_template_status_update",
        "message_template_quality_update",
        "message_template_components_update",
        "template_category_update",
        "template_correct_category_detection",
    }
)
_ACCOUNT_FIELDS: Final = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_settings_update",
        "account_update",
        "automatic_events",
        "business_capability_update",
        "business_status_update",
        "business_username_updates",
        "calls",
        "flows",
        "group_lifecycle_update",
        "group_participants_update",
        "group_settings_update",
        "group_status_update",
        "messaging_handovers",
        "partner_solutions",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
    }
)
# Where each field keeps the word that says what happened, in order of preference.
_EVENT_MEMBERS: Final = (
    "event",
    "decision",
    "status",
    "new_quality_score",
    "new_category",
    "alert_status",
)


def read_account_change(raw: bytes, given: Any, place: Place) -> ProviderEvent:
    field = place.field
    if type(given) is not dict:
        return lost(raw, {}, place, "the value is not an object")
    if field is None:
        field = "account_update" if "event" in given else None
    if field is not None and field in _TEMPLATE_FIELDS:
        return _template(raw, given, field, place)
    if field is None or field not in _ACCOUNT_FIELDS:
        return Unrecognised(
            waba_id=place.waba_id,
            phone_number_id=place.phone_number_id,
            at=place.entry_at,
            raw=raw,
            field=field,
            why="unknown field" if field else "no field",
        )
    return AccountChanged(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=place.entry_at,
        raw=raw,
        field=field,
        event=_event(given),
    )


def _event(value: dict[str, Any]) -> str | None:
    alert = as_dict(value.get("alert_info"))
    for holder in (value, alert):
        for member in _EVENT_MEMBERS:
            word = as_text(holder.get(member))
            if word is not None:
                return word
    return as_text(alert.get("alert_type"))


def _template(raw: bytes, value: dict[str, Any], field: str, place: Place) -> TemplateChanged:
    if "new_quality_score" in value and "event" not in value:
        # An older page of Meta's documentation printed this value under the status field's name.
        field = "message_template_quality_update"
    language = as_text(value.get("message_template_language"))
    return TemplateChanged(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=place.entry_at,
        raw=raw,
        field=field,
        template_id=as_text(value.get("message_template_id")),
        name=as_text(value.get("message_template_name")),
        # Samples write `en-US`, sending wants `en_US`.
        language=None if language is None else language.replace("-", "_"),
        event=_event(value),
    )


def read_preference(raw: bytes, given: Any, place: Place) -> ProviderEvent:
    item = as_dict(given)
    value = as_text(item.get("value"))
    category = as_text(item.get("category"))
    if value not in ("stop", "resume") or category is None:
        return lost(raw, item, place, "a preference of unknown form")
    found = person(item.get("wa_id"), item.get("user_id"), item.get("parent_user_id"))
    return PreferenceChanged(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=as_time(item.get("timestamp")) or place.entry_at,
        raw=raw,
        person=completed(found, place),
        category=category,
        stop=value == "stop",
    )


def read_user_id_update(raw: bytes, given: Any, place: Place) -> ProviderEvent:
    """A field documented from March to August 2026 and then withdrawn for `system` messages."""
    item = as_dict(given)
    ids = as_dict(item.get("user_id"))
    old = person(item.get("wa_id"), ids.get("previous"), None)
    new = person(item.get("wa_id"), ids.get("current"), None)
    if new.bsuid is None:
        return lost(raw, item, place, "a user id update without the new id")
    return IdentityChanged(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=as_time(item.get("timestamp")) or place.entry_at,
        raw=raw,
        wamid=None,
        old=old,
        new=new,
        what="user_changed_user_id",
    )
