"""One short key per provider event, so that a repeated delivery is recognised.

Keys are keyed hashes: wamids contain phone numbers and must not be readable in an index or a log.
"""

from __future__ import annotations

import hmac
from typing import Final, assert_never

import msgspec

from recado.providers.contract import (
    AccountChanged,
    AppStateSynced,
    Echoed,
    EventBase,
    HistoryChunk,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    PreferenceChanged,
    ProviderEvent,
    StatusChanged,
    TemplateChanged,
    Unrecognised,
    ValueFault,
)

KEY_BYTES: Final = 16
_DASHBOARD_NUMBER_ID: Final = "123456123"
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


def event_key(event: ProviderEvent, key: bytes) -> bytes:
    """16 bytes that are equal for repeated deliveries of one event. `key` is the tenant's own.

    Inbound: number and wamid. Status: wamid, word, recipient and first error. Echo: number and
    wamid. History: phase and chunk. All else: the change itself, whatever its spacing and member
    order, and its time.
    """
    return hmac.digest(key, _natural(event), "sha256")[:KEY_BYTES]


def is_dashboard_test(event: EventBase) -> bool:
    """The App Dashboard's "Test" button: fixed ids and a date of 2017, not an unknown tenant."""
    return event.phone_number_id == _DASHBOARD_NUMBER_ID and event.waba_id in ("0", None)


def _natural(event: ProviderEvent) -> bytes:
    number = event.phone_number_id
    match event:
        case MessageReceived() | MessageEdited() | MessageRevoked():
            return _joined("in", number, event.wamid)
        case IdentityChanged():
            if event.wamid is None:
                return _canonical("identity", event)
            return _joined("in", number, event.wamid)
        case StatusChanged():
            person = event.person
            code = event.errors[0].code if event.errors else None
            return _joined("status", event.wamid, event.status, person.phone or person.bsuid, str(code))
        case Echoed():
            return _joined("echo", number, event.wamid)
        case HistoryChunk():
            if event.phase is None or event.chunk_order is None:
                return _canonical("history", event)
            return _joined("history", number, str(event.phase), str(event.chunk_order))
        case (
            AppStateSynced()
            | TemplateChanged()
            | AccountChanged()
            | PreferenceChanged()
            | ValueFault()
            | Unrecognised()
        ):
            return _canonical(type(event).__name__, event)
        case _:
            assert_never(event)


def _joined(*parts: str | None) -> bytes:
    """Lengths in front, so that no two different lists of parts look alike."""
    encoded = [b"" if part is None else part.encode("utf-8", "replace") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _canonical(kind: str, event: EventBase) -> bytes:
    try:
        raw = _encode(_decode(event.raw))
    except (ValueError, RecursionError):
        raw = event.raw
    at = None if event.at is None else event.at.isoformat()
    field = getattr(event, "field", None)
    return _joined(kind, field, event.waba_id, event.phone_number_id, at) + raw
