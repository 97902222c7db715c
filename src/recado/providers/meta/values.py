"""Careful readings of single JSON values a provider wrote: text, numbers, times, identities."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

_BSUID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_PHONE: Final = re.compile(r"\+?([0-9]{5,20})")
# U+0000 and lone surrogates cannot be stored as PostgreSQL text.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
# Milliseconds instead of seconds have been seen in `timestamp`; no second-based time is this large.
_MILLISECONDS_FROM: Final = 100_000_000_000
_LATEST_S: Final = 4_102_444_800  # the year 2100


def storable(text: str) -> str:
    """The same text with U+0000 and lone surrogates replaced by U+FFFD."""
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub("\ufffd", text)


def as_text(value: Any) -> str | None:
    """A non-empty text, also from a number (ids arrive as integers in some events)."""
    if type(value) is str:
        return value or None
    return str(value) if type(value) is int and abs(value) < 10**40 else None


def as_int(value: Any) -> int | None:
    if type(value) is int:
        return value
    if type(value) is str and len(value) <= 20 and value.isascii() and value.isdigit():
        return int(value)
    return None


def as_code(value: Any) -> int | None:
    number = as_int(value)
    return number if number is not None and abs(number) < 2**31 else None


def as_dict(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def as_list(value: Any) -> list[Any]:
    return value if type(value) is list else []


def as_time(value: Any) -> datetime | None:
    """Seconds since 1970 (text or number) as UTC; None for anything that is no plausible time."""
    seconds = as_int(value)
    if seconds is None:
        return None
    if seconds >= _MILLISECONDS_FROM:
        seconds //= 1000
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST_S else None


def as_phone(value: Any) -> str | None:
    """Digits only. A BSUID or a placeholder in a phone field is no phone."""
    text = as_text(value)
    found = None if text is None else _PHONE.fullmatch(text)
    return None if found is None else found[1]


def as_bsuid(value: Any) -> str | None:
    """A business-scoped user id, recognised by its shape (seen in `from` and `wa_id` too)."""
    return value if type(value) is str and _BSUID.fullmatch(value) else None


def same_phone(one: str, other: str) -> bool:
    """Equal, or one Brazilian mobile with and without its ninth digit (Meta drops or adds it)."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return (
        len(short) == 12
        and len(long) == 13
        and short.startswith("55")
        and long[4] == "9"
        and long[:4] + long[5:] == short
    )
