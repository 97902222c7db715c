"""RFC 9457 problem+json: the only renderer of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from recado.db.pool import UNAVAILABLE
from recado.errors import NotReady, RecadoError
from recado.kit.correlation import correlation_id
from recado.messages.content import Violation

_log = structlog.get_logger("recado.web")
TYPE_BASE = "https://recado.invalid/problems/"
MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "Malformed request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible now",
    413: "Too large",
    415: "Unsupported format",
    422: "Breaks a rule",
    429: "Too many requests",
    500: "Our fault",
    503: "Not available right now",
}


def violations_body(violations: Sequence[Violation]) -> list[dict[str, Any]]:
    return [asdict(violation) for violation in violations]


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    next_step: str | None = None,
    errors: Sequence[Any] = (),
    retry_after_s: int | None = None,
) -> JSONResponse:
    """One problem document. `code` is stable; `detail` and `next_step` are for people."""
    body: dict[str, Any] = {
        "type": TYPE_BASE + code,
        "title": _TITLES.get(status, "Problem"),
        "status": status,
        "code": code,
        "detail": detail,
        "correlation_id": correlation_id(),
    }
    if next_step:
        body["next_step"] = next_step
    if errors:
        body["errors"] = list(errors)
    headers = {"retry-after": str(retry_after_s)} if retry_after_s else None
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _of(error: RecadoError) -> JSONResponse:
    return problem(
        error.status,
        error.code,
        error.message,
        next_step=error.next_step,
        errors=error.violations,
        retry_after_s=error.retry_after_s,
    )


async def _known(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RecadoError)
    return _of(error)


async def _away(_: Request, error: Exception) -> JSONResponse:
    return _unavailable(error)


async def _bug(_: Request, error: Exception) -> JSONResponse:
    return _broken(error)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return problem(error.status_code, code, str(error.detail))


async def _shape(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {
            "field": ".".join(str(part) for part in one["loc"][1:]),
            "rule": one["type"],
            "limit": None,
            "length": None,
            "message": one["msg"],
        }
        for one in error.errors()
    ]
    return problem(422, "invalid_request", "the request breaks a rule", errors=errors)


def _unavailable(error: Exception) -> JSONResponse:
    _log.warning("web.database_away", error=type(error).__name__)
    return _of(
        NotReady(
            "unavailable",
            "the database is not answering; repeat the request with the same Idempotency-Key",
            retry_after_s=2,
        )
    )


def _broken(error: Exception) -> JSONResponse:
    _log.error("web.failed", error=type(error).__name__, exc_info=error)
    return problem(500, "internal", "something broke on our side; it was written down")


def answer_to(error: Exception) -> JSONResponse:
    """The same answer that the framework's handlers below give, for doors that stand before it."""
    if isinstance(error, RecadoError):
        return _of(error)
    return _unavailable(error) if isinstance(error, UNAVAILABLE) else _broken(error)


def install(app: FastAPI) -> None:
    app.add_exception_handler(RecadoError, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _shape)
    for kind in UNAVAILABLE:
        app.add_exception_handler(kind, _away)
    app.add_exception_handler(Exception, _bug)
