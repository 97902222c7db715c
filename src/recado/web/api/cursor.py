"""Opaque page cursors: the last id of a page, in base64url."""

from __future__ import annotations

import base64
from uuid import UUID

from recado.errors import Invalid

_LAST = UUID(int=(1 << 128) - 1)


def write_cursor(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def read_cursor(text: str | None) -> UUID:
    """Where the next page starts. Raises Invalid for anything that is not our cursor."""
    if text is None:
        return _LAST
    try:
        raw = base64.urlsafe_b64decode(text + "==")
        if len(raw) == 16:
            return UUID(bytes=raw)
    except ValueError:
        pass
    raise Invalid(
        "invalid_cursor",
        "cursor: take it from `next_cursor` of the page before",
        violations=[
            {
                "field": "cursor",
                "rule": "bad_format",
                "limit": None,
                "length": None,
                "message": "cursor: not one of ours",
            }
        ],
    )
