"""Reading what Meta remembers of a number: whose message an entry is, and when it left."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import msgspec
import pytest

from recado.providers.meta.history import _decode, _first, names


def wamid(text: str) -> str:
    return "wamid." + base64.b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("tail", ["", "x", "xy"])
def test_a_wamid_names_its_recipient_whatever_its_padding(tail: str) -> None:
    made = wamid(f"\x1d\x0a5520955500111\x15{tail}")
    assert names(made, "5520955500111") is True
    assert names(made, "5520955500112") is False
    assert names(made.removeprefix("wamid."), "5520955500111") is True


@pytest.mark.parametrize("text", ["wamid.", "", "wamid.A", "wamid.é"])
def test_what_is_no_wamid_names_nobody(text: str) -> None:
    assert names(text, "5520955500111") is False


def test_the_first_event_is_when_it_left() -> None:
    page = _decode(
        b'{"data":[{"message_id":"a","events":{"data":[{"timestamp":1790416805},{},{"timestamp":1790416800}]}},'
        b'{"message_id":"b"},{"message_id":"c","events":{"data":[{}]}}]}'
    )
    first = datetime.fromtimestamp(1790416800, UTC)
    assert [_first(entry) for entry in page.data] == [first, None, None]
    assert _decode(b"{}").data == []


def test_an_entry_without_its_id_is_no_entry() -> None:
    with pytest.raises(msgspec.ValidationError):
        _decode(b'{"data":[{"id":"x"}]}')
