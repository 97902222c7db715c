"""`GET /{phone-number-id}/message_history`: what Meta remembers of what a number sent.

Documented in Meta's OpenAPI (v23.0); availability, delay and retention are not proven against a real number,
so an installation has to switch it on.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from recado.providers.contract import Credentials, HistoryEntry, Later, Rejected, Unknown
from recado.providers.meta.client import refusal
from recado.providers.meta.http import Answer, GraphHttp, authorization, usable

_FIELDS: Final = "id,message_id,events"


class _Event(msgspec.Struct):
    timestamp: int | None = None


class _Events(msgspec.Struct):
    data: list[_Event] = []


class _Entry(msgspec.Struct):
    message_id: str
    events: _Events = msgspec.field(default_factory=_Events)


class _Page(msgspec.Struct):
    data: list[_Entry] = []


_decode = msgspec.json.Decoder(_Page).decode


def names(wamid: str, digits: str) -> bool:
    """Whether a wamid is about this recipient: it holds the number in clear inside its base64."""
    body = wamid.removeprefix("wamid.")
    try:
        return digits.encode() in base64.b64decode(body + "==", validate=False)
    except (binascii.Error, ValueError):
        return False


class MetaHistory:
    """The `History` role."""

    def __init__(self, http: GraphHttp) -> None:
        self._http = http

    async def sent_between(
        self, phone_number_id: str, recipient: str, since: datetime, until: datetime, credentials: Credentials
    ) -> Sequence[HistoryEntry] | Rejected | Later | Unknown:
        """Messages of this number to `recipient` (digits) whose first event lies in the interval."""
        if not usable(credentials):
            return []
        url = self._http.url(phone_number_id, "message_history", params={"fields": _FIELDS, "limit": "100"})
        answer = await self._http.call("GET", url, credentials, headers=authorization(credentials))
        if not isinstance(answer, Answer):
            return answer
        if not 200 <= answer.status < 300:
            return refusal(answer)
        try:
            page = _decode(answer.body)
        except msgspec.MsgspecError:
            return []
        return [
            HistoryEntry(wamid=entry.message_id, at=at)
            for entry in page.data
            if names(entry.message_id, recipient) and (at := _first(entry)) and since <= at <= until
        ]


def _first(entry: _Entry) -> datetime | None:
    stamps = [event.timestamp for event in entry.events.data if event.timestamp is not None]
    return datetime.fromtimestamp(min(stamps), UTC) if stamps else None
