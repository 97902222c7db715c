"""The words of this package: kinds, classes, a broken rule, a draft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a message is. The value is Meta's `type` and the name of the object that carries it."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    REACTION = "reaction"
    INTERACTIVE = "interactive"
    TEMPLATE = "template"


MEDIA_KINDS = frozenset({Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.STICKER})


class MessageClass(StrEnum):
    """Why a message is sent; decides how doubt is settled and what quiet hours mean for it."""

    AUTHENTICATION = "authentication"
    UTILITY = "utility"
    SESSION = "session"
    MARKETING = "marketing"


# The lanes claim in ascending order, so the most urgent is the smallest. Both the name and the
# number are accepted from outside; inside it is always the number.
PRIORITIES = {"high": 0, "normal": 1, "low": 2}
NORMAL_PRIORITY = PRIORITIES["normal"]
MAX_PRIORITY = max(PRIORITIES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule.

    `field` is a path in Meta's names (`interactive.action.buttons[0].reply.title`), empty for the
    payload itself. `rule` is a stable code. `limit` is what the rule allows; `length` is the
    length, count or value that was found. `message` is an English sentence for developers.
    """

    field: str
    rule: str
    limit: int | float | str | None
    length: int | float | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that keeps every rule that can be checked without looking at the database.

    `content` is exactly `{"type": kind, kind: {...}}` in Meta's names, ready to be stored and sent.
    Exactly one of `phone` (E.164 with `+`) and `bsuid` is set. `context_wamid` holds what the
    client gave: a wamid or one of our own message ids, resolved later; so does
    `reaction.message_id`.
    Times are aware and in UTC; whether they lie in the past is for the caller, who knows `now`.
    """

    kind: Kind
    content: dict[str, Any]
    phone: str | None
    bsuid: str | None
    message_class: MessageClass
    priority: int = NORMAL_PRIORITY
    context_wamid: str | None = None
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None
    client_reference: str | None = None
    phone_number_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRead:
    """Mark a received message and the earlier ones as read; `typing` shows 25 s of "typing"."""

    message_id: str
    typing: bool


def needs_window(kind: Kind) -> bool:
    """Whether the kind may only be sent inside the 24 h customer-service window."""
    return kind is not Kind.TEMPLATE
