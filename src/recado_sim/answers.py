"""JSON in and out of the doors."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from recado_sim.refusals import Refusal
from recado_sim.state import World

Json = dict[str, Any]
GRAPH_TYPE = "application/json; charset=UTF-8"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(_encode(value), status_code=status, media_type=GRAPH_TYPE)


def refuse(world: World, refusal: Refusal) -> Response:
    """Graph's error body with its HTTP status."""
    headers = {"WWW-Authenticate": 'OAuth "Facebook Platform"'} if refusal.http == 401 else None
    body = _encode(refusal.body(world.ids.fbtrace()))
    return Response(body, status_code=refusal.http, media_type=GRAPH_TYPE, headers=headers)


def parsed(raw: bytes) -> Json | None:
    """A JSON object, or None for anything else. An empty body is an empty object."""
    if not raw:
        return {}
    try:
        value = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


async def fields_of(request: Request) -> Json | None:
    """Parameters of a Graph call, wherever they are: query, form or JSON. The body wins."""
    found: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        async with request.form() as form:
            return found | {key: value for key, value in form.items() if isinstance(value, str)}
    body = parsed(await request.body())
    return None if body is None else found | body
