"""What happens to the connection itself: resets, silence, half an answer.

ASGI offers none of this, so the server's protocol class puts its transport into the scope. Under
another server the faults that need it degrade to a plain 500.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

KEY = "recado_sim.transport"
_RESET = struct.pack("ii", 1, 0)


class SimProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the transport in the scope's extensions."""

    def on_headers_complete(self) -> None:
        """Called when the request line and the headers are known, before the application runs."""
        self.scope["extensions"] = {KEY: {"transport": self.transport}}
        super().on_headers_complete()


def _transport(scope: Scope) -> Any:
    return (scope.get("extensions") or {}).get(KEY, {}).get("transport")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def reset(scope: Scope, receive: Receive) -> None:
    """Answer with a TCP reset."""
    transport = _transport(scope)
    if transport is None:
        return
    # Lingering zero seconds turns close() into RST. The duplicate shares the socket's options.
    with socket.socket(fileno=socket.dup(transport.get_extra_info("socket").fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
    await _gone(receive)


async def silence(scope: Scope, receive: Receive, seconds: float, closing: asyncio.Event) -> None:
    """Say nothing for so long (or until the caller gives up, or we stop), then hang up."""
    waits = [asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(closing.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    transport = _transport(scope)
    if transport is not None and not transport.is_closing():
        transport.abort()
        await _gone(receive)


async def half_an_answer(scope: Scope, receive: Receive, body: bytes) -> None:
    """Promise a whole body, send half of it, hang up."""
    transport = _transport(scope)
    if transport is None:
        return
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    transport.write(head.encode() + body[: len(body) // 2])
    transport.close()
    await _gone(receive)
