"""A Graph API made of raw sockets, so that tests decide every byte and every broken connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recado.providers.contract import Credentials, Outbound

FIXTURES = Path(__file__).parent / "fixtures"


@dataclass
class Request:
    head: str
    body: bytes

    @property
    def line(self) -> str:
        return self.head.partition("\r\n")[0]

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


Behaviour = Callable[[asyncio.StreamWriter, int], Awaitable[bool]]


@dataclass
class Graph:
    """`requests` holds what arrived whole; `connections` counts accepted sockets."""

    behaviour: Behaviour
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    base_url: str = ""
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._one(reader, writer):
                    pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self.closed.set()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request = Request(head, b"")
        if "chunked" in (request.header("Transfer-Encoding") or ""):
            request.body = await _chunked(reader)
        else:
            request.body = await reader.readexactly(int(request.header("Content-Length") or 0))
        self.requests.append(request)
        return await self.behaviour(writer, len(self.requests))


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def graph_error(code: int, details: str = "why", **more: Any) -> bytes:
    error = {"message": "m", "code": code, "error_data": {"details": details}, **more}
    return json.dumps({"error": error}).encode()


def sent(wamid: str = "wamid.TEST1") -> bytes:
    return json.dumps(
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": "+5520955500111", "wa_id": "552055500111"}],
            "messages": [{"id": wamid, "message_status": "accepted"}],
        }
    ).encode()


def answering(*answers: bytes) -> Behaviour:
    """The n-th request gets the n-th answer, later ones the last; the connection stays open."""

    async def behave(writer: asyncio.StreamWriter, number: int) -> bool:
        writer.write(answers[min(number, len(answers)) - 1])
        await writer.drain()
        return True

    return behave


CREDENTIALS = Credentials(access_token="test-token")


def text_message(**changes: Any) -> Outbound:
    given: dict[str, Any] = {
        "phone_number_id": "106000000000023",
        "phone": "+5520955500111",
        "bsuid": None,
        "content": {"type": "text", "text": {"body": "Olá, Marina!"}},
        "context_wamid": None,
        "opaque": "v1.token.mac",
    }
    return Outbound(**(given | changes))
