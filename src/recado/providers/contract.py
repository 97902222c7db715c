"""What recado asks of a WhatsApp provider, in recado's own words.

A provider is a frozen `Provider` value made of roles. A missing role is `None`, so using it unguarded
is a type error. Every answer is a closed union: callers `match` and end with `assert_never`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from recado.kit.reasons import Reason

# --------------------------------------------------------------------------- sending


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Secrets of one sending number, decrypted just before use; never logged, never stored in this form."""

    access_token: str = field(repr=False)
    app_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One message ready to leave. `content` keeps Meta's field names: `{"type": "text", "text": {...}}`.

    Exactly one of `phone` (E.164 with `+`) and `bsuid` is set. `opaque` travels in the provider's
    callback-data field and comes back with every status of this attempt.
    """

    phone_number_id: str
    phone: str | None
    bsuid: str | None
    content: Mapping[str, Any]
    context_wamid: str | None
    opaque: str


class Blame(StrEnum):
    """Who a refusal is about: decides whether to fail one message or to stop a number."""

    MESSAGE = "message"
    RECIPIENT = "recipient"
    TEMPLATE = "template"
    NUMBER = "number"
    TOKEN = "token"  # noqa: S105 - a name, not a secret


class Scope(StrEnum):
    """What has to wait before the next try."""

    MESSAGE = "message"
    PAIR = "pair"
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The redacted request and answer, for the technical view. Bodies are as sent, without credentials."""

    http_status: int | None
    answer: bytes
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took the message. `message_status` is Meta's `accepted|held_for_quality_assessment|paused`."""

    wamid: str
    message_status: str | None
    wa_id: str | None
    user_id: str | None
    exchange: Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A definite, permanent refusal: nothing was sent and trying again unchanged is useless.

    With blame NUMBER or TOKEN the caller pauses the lane and keeps the message queued instead of failing it.
    With `skip` the message is `skipped` (for example 131047), not failed.
    """

    code: int | None
    reason: Reason
    detail: str
    blame: Blame
    skip: bool = False
    exchange: Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Definitely not sent, and worth another try. `retry_after_s` None means the caller's backoff decides."""

    code: int | None
    reason: Reason
    detail: str
    scope: Scope
    retry_after_s: float | None
    slow_down: bool = False
    exchange: Exchange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody can tell whether it was sent. `soft`: the provider answered an error that hints at "not sent"
    (5xx with a Graph body) but does not promise it. `no_id`: it said 200 without an id: never resend."""

    reason: Reason
    detail: str
    soft: bool = False
    no_id: bool = False
    exchange: Exchange | None


SendOutcome = Accepted | Rejected | Later | Unknown


class SendHooks(Protocol):
    """Points of interest inside one HTTP send, for crash tests. Production passes a no-op."""

    def reached(self, point: str) -> None: ...


class Sender(Protocol):
    async def send(self, message: Outbound, credentials: Credentials) -> SendOutcome:
        """One try, no automatic repetition. Never raises for network or provider trouble."""
        ...

    async def mark_read(
        self, phone_number_id: str, wamid: str, typing: bool, credentials: Credentials
    ) -> SimpleOutcome:
        """Marks a received message as read; with `typing` also shows the typing indicator (25 s)."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The small call succeeded."""


SimpleOutcome = Done | Rejected | Later | Unknown


# --------------------------------------------------------------------------- receiving


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


class Receiver(Protocol):
    """Pure: no I/O. `parse` never raises for any bytes, however hostile; one bad item never hides its neighbours."""

    def verify(self, body: bytes, signature: str | None, secrets: Sequence[bytes]) -> bool:
        """True when `signature` (header value) is right for these raw bytes under any secret. Constant time."""
        ...

    def parse(self, body: bytes) -> list[ProviderEvent] | Unparseable: ...


# --------------------------------------------------------------------------- media


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    provider_media_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    url: str
    mime_type: str | None
    sha256: str | None
    file_size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaGone:
    """The provider does not have it any more (404, expired id)."""

    detail: str


class MediaStore(Protocol):
    async def upload(
        self,
        phone_number_id: str,
        data: AsyncIterator[bytes] | bytes,
        mime_type: str,
        filename: str,
        credentials: Credentials,
    ) -> Uploaded | Rejected | Later | Unknown: ...

    async def info(
        self, media_id: str, phone_number_id: str, credentials: Credentials
    ) -> MediaInfo | MediaGone | Rejected | Later | Unknown: ...

    async def download(
        self, url: str, max_bytes: int, credentials: Credentials
    ) -> bytes | MediaGone | TooLarge | Rejected | Later | Unknown:
        """Fetches with the bearer token, only from allowed hosts, without following redirects."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    limit_bytes: int


# --------------------------------------------------------------------------- the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can express; conformance tests derive their skips from it."""

    kinds: frozenset[str]
    echoes_token: bool
    templates: bool
    typing: bool
    media_upload: bool
    bsuid: bool
    signed_webhooks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    name: str
    capabilities: Capabilities
    sender: Sender
    receiver: Receiver
    media: MediaStore | None = None
