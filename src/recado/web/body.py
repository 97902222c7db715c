"""Reading a JSON body with a limit and a clear error."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from fastapi import Request

from recado.errors import Malformed, TooLarge
from recado.web.direct import direct_of

MAX_BODY = 512 * 1024
_decode = msgspec.json.Decoder().decode


async def read_json(request: Request) -> Any:
    """Raises TooLarge, or Malformed naming the place of the mistake."""
    body = await _read(request)
    try:
        return _decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _read_slowly(body)


async def _read(request: Request) -> bytes:
    direct = direct_of(request.scope)
    if direct is not None and (whole := direct.whole_body()) is not None:
        if len(whole) > MAX_BODY:
            raise _too_large()
        return whole
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_large()
        parts.append(chunk)
    return b"".join(parts)


def _too_large() -> TooLarge:
    return TooLarge("body_too_large", f"the body may have {MAX_BODY} bytes")


def _read_slowly(body: bytes) -> Any:
    """What the fast reader will not take: mostly mistakes, which this one can place."""
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        raise Malformed(
            "malformed_json", f"not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        ) from error
    except (ValueError, RecursionError) as error:
        # ValueError: bad UTF-8, or a whole number of thousands of digits.
        raise Malformed(
            "malformed_json", "not JSON: must be UTF-8, not too deep, numbers not too long"
        ) from error
