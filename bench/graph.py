"""A lean stand-in for the Graph API: `python -m bench.graph PORT HOOK_PORT HOOK_PATH CONNECTIONS`.

Answers each POST after 20 ms with a wamid and reports sent, delivered and read back as signed webhooks.
`GET /stats` tells and forgets what happened since the last call. SIGTERM ends it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import sys
import time
from typing import cast

import msgspec
import uvloop

from bench import payloads
from bench.figures import milliseconds
from bench.wire import Lines

ANSWER_AFTER_S = 0.02
REPORTS = (("sent", 0.15), ("delivered", 0.6), ("read", 1.5))


class _Message(msgspec.Struct):
    to: str
    biz_opaque_callback_data: str = ""


_message = msgspec.json.Decoder(_Message).decode


class Graph:
    def __init__(self, hook_port: int, hook_path: str, connections: int) -> None:
        self._path = hook_path
        self._lines = Lines("127.0.0.1", hook_port, connections, self._answered)
        self._count = itertools.count()
        self._run = f"{int(time.time()) & 0xFFFFFFFF:08x}"
        self._loop = asyncio.get_running_loop()
        self._forget()

    def _forget(self) -> None:
        self._latencies: list[float] = []
        self._messages = self._webhooks = self._bad = 0

    async def open(self) -> None:
        await self._lines.open()

    def take(self, raw: bytes, connection: Connection) -> None:
        self._loop.call_later(ANSWER_AFTER_S, self._answer, _message(raw), connection)

    def _answer(self, message: _Message, connection: Connection) -> None:
        self._messages += 1
        to = message.to.lstrip("+")
        wamid = payloads.wamid(self._run, next(self._count))
        connection.reply(
            b'{"messaging_product":"whatsapp","contacts":[{"input":"%s","wa_id":"%s"}],'
            b'"messages":[{"id":"%s","message_status":"accepted"}]}'
            % (message.to.encode(), to.encode(), wamid.encode())
        )
        for status, after in REPORTS:
            self._loop.call_later(after, self._report, wamid, status, to, message.biz_opaque_callback_data)

    def _report(self, wamid: str, status: str, to: str, opaque: str) -> None:
        body = payloads.status_body(wamid, status, to, opaque, int(time.time()))
        self._webhooks += 1
        # Open loop: what waits here for a free connection waits in the latency too.
        self._lines.ask(payloads.hook_request(self._path, body), time.perf_counter())

    def _answered(self, status: int, since: float) -> None:
        self._latencies.append(time.perf_counter() - since)
        self._bad += status != 200

    def stats(self) -> bytes:
        found = {
            "messages": self._messages,
            "webhooks": self._webhooks,
            "bad": self._bad,
            "waiting": self._lines.unanswered,
        } | milliseconds(self._latencies)
        self._forget()
        return json.dumps(found).encode()


class Connection(asyncio.Protocol):
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop has its own classes

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            length = _declared(data[:end].lower())
            whole = end + 4 + length
            if len(data) < whole:
                break
            if data.startswith(b"GET"):
                self.reply(self._graph.stats())
            else:
                self._graph.take(data[end + 4 : whole], self)
            data = data[whole:]
        self._buffer = data

    def reply(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            self._transport.write(head % len(body) + body)


def _declared(head: bytes) -> int:
    mark = head.find(b"content-length:")
    if mark < 0:
        return 0
    stop = head.find(b"\r", mark)
    return int(head[mark + 15 : stop if stop >= 0 else len(head)])


async def _serve(port: int, hook_port: int, hook_path: str, connections: int) -> None:
    graph = Graph(hook_port, hook_path, connections)
    await graph.open()
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Connection(graph), "127.0.0.1", port, backlog=1024)
    over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()


def main() -> None:
    port, hook_port, hook_path, connections = sys.argv[1:5]
    uvloop.run(_serve(int(port), int(hook_port), hook_path, int(connections)))


if __name__ == "__main__":
    main()
