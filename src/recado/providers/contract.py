"""What recado asks of a WhatsApp provider, in recado's own words.

A provider is a frozen `Provider` value made of roles. A missing role is `None`, so using it unguarded
is a type error. Every answer is a closed union: callers `match` and end with `assert_never`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from recado.kit.reasons import Reason
from recado.providers.events import (
    AccountChanged,
    AppStateSynced,
    Echoed,
    EventBase,
    HistoryChunk,
    IdentityChanged,
    MediaRef,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Person,
    PreferenceChanged,
    ProviderEvent,
    ProviderNote,
    StatusChanged,
    TemplateChanged,
    Unparseable,
    Unrecognised,
    ValueFault,
)

__all__ = [
    "Accepted",
    "AccountChanged",
    "AppStateSynced",
    "Blame",
    "Capabilities",
    "Catalogue",
    "Credentials",
    "Done",
    "Echoed",
    "EventBase",
    "Exchange",
    "History",
    "HistoryChunk",
    "HistoryEntry",
    "IdentityChanged",
    "Later",
    "ListedTemplate",
    "MediaGone",
    "MediaInfo",
    "MediaRef",
    "MediaStore",
    "MessageEdited",
    "MessageReceived",
    "MessageRevoked",
    "NumberFacts",
    "Outbound",
    "Person",
    "PreferenceChanged",
    "Provider",
    "ProviderEvent",
    "ProviderNote",
    "Receiver",
    "Rejected",
    "Scope",
    "SendHooks",
    "SendOutcome",
    "Sender",
    "SimpleOutcome",
    "StatusChanged",
    "TemplateChanged",
    "TooLarge",
    "Unknown",
    "Unparseable",
    "Unrecognised",
    "Uploaded",
    "ValueFault",
]

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


# --------------------------------------------------------------------------- history


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One message the provider remembers having sent for us."""

    wamid: str
    at: datetime


class History(Protocol):
    async def sent_between(
        self, phone_number_id: str, recipient: str, since: datetime, until: datetime, credentials: Credentials
    ) -> Sequence[HistoryEntry] | Rejected | Later | Unknown:
        """What left to `recipient` (digits) in the interval, as far as the provider tells."""
        ...


# --------------------------------------------------------------------------- what there is


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTemplate:
    """One template as the provider lists it now. Words and components are the provider's own; `quality` is None
    when there is no data yet."""

    external_id: str
    name: str
    language: str
    category: str | None
    status: str
    quality: str | None
    parameter_format: str | None
    components: Sequence[Mapping[str, Any]]
    rejected_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFacts:
    """What the provider says of a number, in its own words (`GREEN`, `CONNECTED`, `STANDARD`, `TIER_2K`)."""

    display_phone: str | None
    verified_name: str | None
    quality: str | None
    status: str | None
    throughput: str | None
    messaging_limit: str | None
    name_status: str | None


class Catalogue(Protocol):
    """Reading what an account has. Every call may be repeated."""

    async def templates(
        self, waba_id: str, credentials: Credentials
    ) -> Sequence[ListedTemplate] | Rejected | Later | Unknown:
        """All of them, page by page; a list that could not be read to its end is no list."""
        ...

    async def number(
        self, phone_number_id: str, credentials: Credentials
    ) -> NumberFacts | Rejected | Later | Unknown: ...


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
    history: History | None = None
    catalogue: Catalogue | None = None
    # The body of a send as it would leave, for the technical view. Raises ValueError when it has no valid form.
    written: Callable[[Outbound], bytes] | None = None
