"""A webhook's JSON without people's words, names and numbers, and still worth reading."""

from __future__ import annotations

from typing import Any, Final

from recado.kit.redact import redact_json

# Digits that are nobody's phone: times, and the account's own ids.
_OURS: Final = frozenset(
    {"timestamp", "expiration_timestamp", "time", "phone_number_id", "message_template_id"}
)


def covered(value: Any, key: str = "") -> Any:
    """The same shape; times and ids of the account stay."""
    if isinstance(value, dict):
        return {name: covered(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [covered(inner, key) for inner in value]
    if key in _OURS and isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    return redact_json({key: value})[key]
