"""One id for everything that one request causes in the logs."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("recado_correlation", default="-")
_SHAPE = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


def correlation_id() -> str:
    return _current.get()


def begin(given: str | None) -> str:
    """Keeps a caller's id when it looks like one, else makes one."""
    value = given if given and _SHAPE.match(given) else secrets.token_hex(8)
    _current.set(value)
    return value
