"""The error tree. Only the web layer renders it.

RecadoError
├── Invalid 422      the request breaks a rule; `violations` has one entry for each
├── Unauthorized 401
├── Forbidden 403
├── NotFound 404
├── Conflict 409
├── TooLarge 413
├── TooMany 429
└── NotReady 503     try again; nothing was stored
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class RecadoError(Exception):
    """Something a caller can understand and act on. `code` is stable; `message` is for people."""

    status: ClassVar[int] = 500

    def __init__(
        self,
        code: str,
        message: str,
        *,
        next_step: str | None = None,
        violations: Sequence[Mapping[str, Any]] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.next_step = next_step
        self.violations = list(violations)
        self.retry_after_s = retry_after_s


class Invalid(RecadoError):
    status = 422


class Malformed(RecadoError):
    status = 400


class Unauthorized(RecadoError):
    status = 401


class Forbidden(RecadoError):
    status = 403


class NotFound(RecadoError):
    status = 404


class Conflict(RecadoError):
    status = 409


class TooLarge(RecadoError):
    status = 413


class TooMany(RecadoError):
    status = 429


class NotReady(RecadoError):
    status = 503
