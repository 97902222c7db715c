"""JSON lines with a static event name and identifiers. What people write, their names and numbers never get in."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from recado.kit.correlation import correlation_id
from recado.kit.redact import redact_text


def _correlate(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event["correlation_id"] = correlation_id()
    return event


def _frames(error: BaseException) -> list[str]:
    """Where it broke, never what it said: a database error quotes the row."""
    return [
        f"{f.filename.rsplit('/', 2)[-1]}:{f.lineno}:{f.name}"
        for f in traceback.extract_tb(error.__traceback__)
    ]


def _trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["trace"] = _frames(error)[-12:]
    return event


def _mask(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The last net; call sites pass identifiers only."""
    return {
        key: redact_text(value) if isinstance(value, str) and key not in _SAFE else value
        for key, value in event.items()
    }


_SAFE = frozenset({"timestamp", "level", "event", "logger", "correlation_id", "role"})


class _Bridge(logging.Handler):
    """Libraries' records: name, level and where; their free text is masked."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {
            "logger": record.name,
            "message": redact_text(record.getMessage())[:300],
        }
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = type(record.exc_info[1]).__name__
            fields["trace"] = _frames(record.exc_info[1])[-12:]
        structlog.get_logger("library").log(record.levelno, "library.message", **fields)


def configure(level: str, role: str) -> None:
    """Once for each process, before anything is logged."""
    number = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _correlate,
            _trace,
            _mask,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.clear_contextvars()
    root = logging.getLogger()
    root.handlers[:] = [_Bridge()]
    root.setLevel(max(number, logging.WARNING))
    structlog.get_logger("recado").debug("logs.ready", role=role)
