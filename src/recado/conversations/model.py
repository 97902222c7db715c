"""People and conversations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from recado.kit.ids import ContactId, ConversationId, NumberId
from recado.kit.phone import digits

WINDOW = timedelta(hours=24)
# Meta refuses a little before the full 24 h now and then (131047 seen "in rare cases"); leave a minute.
WINDOW_MARGIN = timedelta(seconds=60)
FUTURE_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFound:
    kind: str
    value: str
    contact_id: ContactId


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """Somebody a webhook spoke of. `former_owner` is who had their phone before and is somebody else."""

    contact_id: ContactId
    former_owner: ContactId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFound:
    conversation_id: ConversationId
    number_id: NumberId
    contact_id: ContactId
    window_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFound:
    """Somebody known under an identity, with the conversation on one number if there is one."""

    kind: str
    value: str
    number_id: NumberId
    contact_id: ContactId
    conversation_id: ConversationId | None
    window_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationOf:
    conversation_id: ConversationId
    number_id: NumberId
    window_until: datetime
    last_inbound_at: datetime | None
    last_at: datetime
    unread: int
    pair_tat: datetime
    pair_blocked_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    conversation_id: ConversationId
    number_id: NumberId
    contact_id: ContactId
    window_until: datetime
    last_inbound_at: datetime | None
    last_at: datetime
    unread: int
    phone_number_id: str
    name: str | None
    username: str | None
    phone: str | None
    bsuid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    contact_id: ContactId
    phone: str | None
    bsuid: str | None
    name: str | None
    username: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """How a message names its recipient: exactly one of phone (`+` and digits) and BSUID."""

    phone: str | None
    bsuid: str | None

    @property
    def key(self) -> tuple[str, str]:
        if self.bsuid is not None:
            return ("bsuid", self.bsuid)
        return ("phone", digits(self.phone or ""))

    @property
    def text(self) -> str:
        return self.bsuid or self.phone or ""


def window_close(at: datetime | None, received_at: datetime) -> datetime:
    """When the window opened by an inbound message closes: its own time (never ours, if later) + 24 h - 60 s."""
    opened = received_at if at is None else min(at, received_at)
    return opened + WINDOW - WINDOW_MARGIN


def clamp_time(at: datetime | None, received_at: datetime) -> datetime:
    """The provider's time, unless it is missing or lies in the future by more than a clock can drift."""
    if at is None or at > received_at + FUTURE_TOLERANCE:
        return received_at
    return at


Json = dict[str, Any]
