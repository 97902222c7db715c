"""Everything in a request beside its content: context, times, priority, class, references.

Each reader takes one field out of the payload, appends what is wrong with it to `found`, and
answers a value that is only used when nothing was found.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from recado.messages.content.fields import MAX_WAMID
from recado.messages.content.model import (
    MAX_PRIORITY,
    NORMAL_PRIORITY,
    PRIORITIES,
    Kind,
    MessageClass,
    Violation,
)
from recado.messages.content.violations import path_of, violation

MAX_REFERENCE = 256
PHONE_NUMBER_ID = r"[A-Za-z0-9_\-]{1,64}"
FIRST_YEAR, LAST_YEAR = 2000, 2100

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)

# Fields of Meta's that recado keeps for itself or does not offer, each with what to do instead.
REFUSED_FIELDS = {
    "biz_opaque_callback_data": (
        "is how recado recognises its own tries; put your own reference in `client_reference`."
    ),
    "recipient_identity_key_hash": "is not offered: recado does not check identity keys.",
    "messaging_account_id": "is not offered: choose the number with `phone_number_id`.",
    "message_activity_sharing": "belongs to the Marketing Messages API, which recado does not use.",
    "product_policy": "belongs to the Marketing Messages API, which recado does not use.",
    "status": "does not belong to a message; mark messages as read through their own route.",
    "typing_indicator": "does not belong to a message; mark a message as read with `typing`.",
}


def read_constants(payload: dict[str, Any], found: list[Violation]) -> None:
    """`messaging_product` and `recipient_type` have one possible value each."""
    if payload.get("messaging_product") not in (None, "whatsapp"):
        sentence = "has to be whatsapp, or left out."
        found.append(violation("messaging_product", "not_allowed", sentence, limit="whatsapp"))
    if payload.get("recipient_type") not in (None, "individual"):
        sentence = "has to be individual, or left out; groups are not offered."
        found.append(violation("recipient_type", "not_allowed", sentence, limit="individual"))


def read_text(
    payload: dict[str, Any], name: str, maximum: int, found: list[Violation], prefix: str = ""
) -> str | None:
    """An optional text of 1 to `maximum` characters."""
    value, field = payload.get(name), prefix + name
    if value is None:
        return None
    if not isinstance(value, str):
        found.append(violation(field, "wrong_type", "has to be a string.", limit="a string"))
        return None
    length = len(value)
    if length > maximum:
        sentence = f"has {length} characters; the most allowed is {maximum}."
        found.append(violation(field, "too_long", sentence, limit=maximum, length=length))
    elif not value:
        sentence = "is empty; leave it out instead."
        found.append(violation(field, "too_short", sentence, limit=1, length=0))
    return value


def read_context(payload: dict[str, Any], kind: Kind | None, found: list[Violation]) -> str | None:
    """The quoted message. Reactions name their message inside and take no context."""
    context = payload.get("context")
    if context is None:
        return None
    if kind is Kind.REACTION:
        sentence = "is not allowed for a reaction, which names its message in `reaction.message_id`."
        found.append(violation("context", "not_allowed", sentence))
        return None
    if not isinstance(context, dict):
        found.append(violation("context", "wrong_type", "has to be an object.", limit="an object"))
        return None
    if context.get("message_id") is None:
        found.append(violation("context.message_id", "required", "is required."))
    quoted = read_text(context, "message_id", MAX_WAMID, found, "context.")
    for name in context:
        if name != "message_id":
            sentence = "is not a field of this object."
            found.append(violation(path_of(("context", name)), "unknown_field", sentence))
    return quoted


def read_phone_number_id(payload: dict[str, Any], found: list[Violation]) -> str | None:
    """Which of the tenant's numbers sends; whether it is theirs is checked later."""
    value = read_text(payload, "phone_number_id", 64, found)
    if value and len(value) <= 64 and not re.fullmatch(PHONE_NUMBER_ID, value):
        sentence = "has to be the id of one of your numbers: letters, digits, - and _."
        found.append(violation("phone_number_id", "bad_format", sentence, limit=PHONE_NUMBER_ID))
    return value


def read_moment(payload: dict[str, Any], name: str, found: list[Violation]) -> datetime | None:
    """An RFC 3339 moment with an offset, answered in UTC."""
    value = payload.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        found.append(violation(name, "wrong_type", "has to be a string.", limit="a string"))
        return None
    moment = _moment(value)
    if moment is None:
        sentence = "has to be a date and time with an offset, like 2026-11-22T15:30:00-03:00."
        found.append(violation(name, "bad_format", sentence, limit="RFC 3339"))
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        sentence = f"has to lie between the years {FIRST_YEAR} and {LAST_YEAR}."
        found.append(violation(name, "out_of_range", sentence, limit=LAST_YEAR, length=moment.year))
        return None
    return moment.astimezone(UTC)


def _moment(text: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def check_order(scheduled_at: datetime | None, expires_at: datetime | None, found: list[Violation]) -> None:
    """A message that expires before it is due could never leave."""
    if scheduled_at is not None and expires_at is not None and expires_at <= scheduled_at:
        sentence = "has to be later than `scheduled_at`."
        found.append(violation("expires_at", "bad_order", sentence))


def read_priority(payload: dict[str, Any], found: list[Violation]) -> int:
    """`high`, `normal`, `low`, or the numbers 0 (first) to 2 (last)."""
    value = payload.get("priority")
    if value is None:
        return NORMAL_PRIORITY
    names = ", ".join(PRIORITIES)
    if isinstance(value, str):
        if value not in PRIORITIES:
            sentence = f"has to be one of {names}."
            found.append(violation("priority", "not_allowed", sentence, limit=names))
        return PRIORITIES.get(value, NORMAL_PRIORITY)
    if isinstance(value, bool) or not isinstance(value, int):
        sentence = f"has to be one of {names}, or a whole number from 0 to {MAX_PRIORITY}."
        found.append(violation("priority", "wrong_type", sentence, limit=names))
        return NORMAL_PRIORITY
    if not 0 <= value <= MAX_PRIORITY:
        sentence = f"is {value}; it has to be from 0 (first) to {MAX_PRIORITY} (last)."
        found.append(violation("priority", "out_of_range", sentence, limit=MAX_PRIORITY, length=value))
    return value


def read_class(payload: dict[str, Any], kind: Kind | None, found: list[Violation]) -> MessageClass:
    """The field `class`. Unsaid: utility for a template, session for everything else."""
    value = payload.get("class")
    usual = MessageClass.UTILITY if kind is Kind.TEMPLATE else MessageClass.SESSION
    if value is None:
        return usual
    allowed = _classes_for(kind)
    if not isinstance(value, str):
        found.append(violation("class", "wrong_type", "has to be a string.", limit="a string"))
        return usual
    if value not in allowed:
        listed = ", ".join(allowed)
        subject = f"for a message of type {kind.value}" if kind else "here"
        sentence = f"has to be one of {listed} {subject}."
        found.append(violation("class", "not_allowed", sentence, limit=listed))
        return usual
    return MessageClass(value)


def _classes_for(kind: Kind | None) -> tuple[str, ...]:
    # `session` means "inside the window", which makes a message free-form; a template is not.
    excluded = MessageClass.SESSION if kind is Kind.TEMPLATE else None
    return tuple(item.value for item in MessageClass if item is not excluded)
