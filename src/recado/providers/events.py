"""What a provider's webhooks say, in recado's own words. Doors import these through `contract`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recado.kit.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whoever is on the other side, as far as one event tells. Any field may be absent."""

    phone: str | None = None  # digits only, as the provider writes it
    bsuid: str | None = None
    parent_bsuid: str | None = None
    name: str | None = None
    username: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBase:
    """`raw` is the smallest JSON value the event was read from (one message, one status, one change).

    `at` is the provider's own timestamp (UTC) or None when absent or unreadable.
    `waba_id` is the envelope's entry id. `phone_number_id` routes message events.
    """

    waba_id: str | None
    phone_number_id: str | None
    at: datetime | None
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRef:
    media_id: str
    mime_type: str | None
    sha256: str | None
    url: str | None
    filename: str | None
    caption: str | None
    voice: bool = False
    animated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(EventBase):
    """A person wrote. `kind` is Meta's type (`text`, `image`, `button`, `interactive`, `unsupported`, an unknown one…).

    `content` is the type's own object with Meta's names. `text` is what a person would read (body, caption,
    button title, chosen row), `reply_payload` the id or payload of a tapped button or row.
    `opens_window` is False for reaction, system and unsupported (meta-platform.md 2.2).
    """

    wamid: str
    person: Person
    kind: str
    content: Mapping[str, Any]
    text: str | None
    reply_payload: str | None
    context_wamid: str | None
    media: MediaRef | None
    opens_window: bool
    forwarded: bool = False
    referral: Mapping[str, Any] | None = None
    errors: Sequence[ProviderNote] = ()
    standby: bool = False
    group_id: str | None = None  # set: said in a group; never opens the person's own window


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(EventBase):
    wamid: str
    person: Person
    original_wamid: str
    content: Mapping[str, Any]
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRevoked(EventBase):
    wamid: str
    person: Person
    original_wamid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChanged(EventBase):
    """`system` messages: the person changed number and/or BSUID. Move the identity, never create a person."""

    wamid: str | None
    old: Person
    new: Person
    what: str  # user_changed_number | user_changed_user_id | …


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderNote:
    """One element of an `errors` array."""

    code: int | None
    title: str | None
    details: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(EventBase):
    """`status` is Meta's word (`sent|delivered|read|played|failed` or one nobody knows yet)."""

    wamid: str
    status: str
    person: Person
    opaque: str | None
    errors: Sequence[ProviderNote]
    reason: Reason | None  # of the first error, for `failed`
    pricing: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoed(EventBase):
    """The business itself wrote from the phone app or another system (coexistence). Never opens the window."""

    wamid: str
    person: Person  # the recipient
    kind: str  # Meta's type, also `edit` and `revoke`
    content: Mapping[str, Any]
    text: str | None
    media: MediaRef | None
    field: str  # smb_message_echoes | message_echoes


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChunk(EventBase):
    phase: int | None
    chunk_order: int | None
    progress: int | None
    messages: int
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStateSynced(EventBase):
    contacts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChanged(EventBase):
    field: str  # message_template_status_update, …_quality_update, template_category_update, …
    template_id: str | None  # text: the integer can exceed 2^53
    name: str | None
    language: str | None  # normalised to en_US
    event: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(EventBase):
    """Everything else about a WABA, number or portfolio: stored for onboarding, shown to operators."""

    field: str
    event: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceChanged(EventBase):
    person: Person
    category: str
    stop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFault(EventBase):
    """Value-level `errors[]` without messages or statuses: an app or account problem, not a message."""

    notes: Sequence[ProviderNote]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognised(EventBase):
    """Kept and counted, never a failure. `why` names what was not understood (field, type, shape)."""

    field: str | None
    why: str


ProviderEvent = (
    MessageReceived
    | MessageEdited
    | MessageRevoked
    | IdentityChanged
    | StatusChanged
    | Echoed
    | HistoryChunk
    | AppStateSynced
    | TemplateChanged
    | AccountChanged
    | PreferenceChanged
    | ValueFault
    | Unrecognised
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparseable:
    """The body is not JSON that could ever be read (bad UTF-8, truncated, too deep). Goes to the dead letters."""

    why: str
