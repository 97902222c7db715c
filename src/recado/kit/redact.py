"""Keeping personal data out of logs and technical views.

A wamid is personal data: its base64 contains the person's number. Logs get a keyed hash instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_WAMID = re.compile(r"wamid\.[A-Za-z0-9+/=_-]+")
_PHONE = re.compile(r"(?<![\w.-])\+?\d[\d ().-]{7,17}\d(?![\w-])")
_SECRET = re.compile(r"(Bearer\s+|EAA|rk_)[A-Za-z0-9._~+/=-]{8,}")
_TEXT_KEYS = frozenset(
    {
        "body",
        "text",
        "caption",
        "name",
        "formatted_name",
        "first_name",
        "last_name",
        "filename",
        "title",
        "description",
        "address",
        "wa_id",
        "input",
        "to",
        "recipient",
        "from",
        "phone",
        "user_id",
        "emoji",
        "footer",
        "header",
        "email",
        "username",
    }
)


def redact_text(text: str) -> str:
    """Masks wamids, phone numbers and secrets wherever they stand in a text."""
    text = _SECRET.sub("[secret]", text)
    text = _WAMID.sub("wamid.[redacted]", text)
    return _PHONE.sub("[number]", text)


def _value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping | list):
        return _walk(value)
    if isinstance(value, str):
        return f"[{len(value)} characters]" if key in _TEXT_KEYS else redact_text(value)
    return value


def _walk(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _value(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value("", inner) for inner in value]
    return redact_text(value) if isinstance(value, str) else value


def redact_json(value: Any) -> Any:
    """The same shape without people's words, names and numbers. A text that is JSON is opened first."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return redact_text(value)[:2000]
    return _walk(value)
