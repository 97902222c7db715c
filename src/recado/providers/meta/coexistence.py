"""What the phone app tells us about itself: echoes, history, the address book."""

from __future__ import annotations

from typing import Any

from recado.providers.contract import (
    AppStateSynced,
    Echoed,
    HistoryChunk,
    ProviderEvent,
)
from recado.providers.meta.messages import content_of, kind_of, lost, media_of, words
from recado.providers.meta.people import Place, completed, person
from recado.providers.meta.values import as_dict, as_int, as_list, as_text, as_time


def read_echo(raw: bytes, given: Any, place: Place) -> ProviderEvent:
    """The business wrote from its phone or another system. Never an inbound message."""
    item = as_dict(given)
    wamid = as_text(item.get("id"))
    if wamid is None:
        return lost(raw, item, place, "an echo without id")
    kind = kind_of(item)
    content = content_of(item, kind)
    shown = content
    shown_kind = kind
    if kind == "edit":
        inner = as_dict(content.get("message"))
        shown_kind = kind_of(inner)
        shown = content_of(inner, shown_kind)
    to = item.get("to")
    if to is not None and to == place.display_phone:
        to = None  # the business itself is not the person it wrote to
    found = person(to, item.get("to_user_id"), item.get("to_parent_user_id"))
    return Echoed(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=as_time(item.get("timestamp")),
        raw=raw,
        wamid=wamid,
        person=completed(found, place),
        kind=kind,
        content=content,
        text=words(shown_kind, shown)[0],
        media=media_of(shown_kind, shown),
        field=place.field or "message_echoes",
    )


def read_history(raw: bytes, given: Any, place: Place) -> HistoryChunk:
    item = as_dict(given)
    metadata = as_dict(item.get("metadata"))
    threads = as_list(item.get("threads"))
    return HistoryChunk(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=place.entry_at,
        raw=raw,
        phase=as_int(metadata.get("phase")),
        chunk_order=as_int(metadata.get("chunk_order")),
        progress=as_int(metadata.get("progress")),
        messages=sum(len(as_list(as_dict(thread).get("messages"))) for thread in threads),
        refused=bool(as_list(item.get("errors"))),
    )


def history_media(raw: bytes, messages: int, place: Place) -> HistoryChunk:
    """Old media arrives as plain `messages` or `message_echoes` under the field `history`.

    They are not new: treating them as inbound would open a window and answer old conversations.
    """
    return HistoryChunk(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=place.entry_at,
        raw=raw,
        phase=None,
        chunk_order=None,
        progress=None,
        messages=messages,
        refused=False,
    )


def app_state(raw: bytes, contacts: int, place: Place) -> AppStateSynced:
    return AppStateSynced(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        at=place.entry_at,
        raw=raw,
        contacts=contacts,
    )
