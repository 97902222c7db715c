"""A lean HTTP/1.1 client over uvloop: keep-alive connections, one request at a time on each.

Load generators share the machine with what they measure, so they must cost next to nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

Answered = Callable[[int, float], None]  # status (0: connection lost), when it was handed over


def _missing(data: bytes, end: int) -> int:
    """Bytes of the body still to come, given where the header ends."""
    head = data[:end].lower()
    mark = head.find(b"content-length:")
    if mark < 0:
        return 0
    stop = head.find(b"\r", mark)
    length = int(head[mark + 15 : stop if stop >= 0 else end])
    return length - (len(data) - end - 4)


class _Connection(asyncio.Protocol):
    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._buffer = b""
        self._since = 0.0
        self._busy = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop has its own classes

    def ask(self, request: bytes, since: float) -> None:
        assert self._transport is not None
        self._since, self._busy = since, True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        if end < 0 or _missing(data, end) > 0:
            self._buffer = data
            return
        self._buffer, self._busy = b"", False
        self._lines.back(self, int(data[9:12]), self._since)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lines.lost(self, self._since if self._busy else None)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Lines:
    """A fixed number of connections and a queue in front of them.

    `answered` gets the status and the moment given to `ask`: with the due time of an open loop the
    waiting in this queue counts as latency too, as it would for a person.
    """

    def __init__(self, host: str, port: int, count: int, answered: Answered) -> None:
        self._address = (host, port)
        self._count = count
        self._answered = answered
        # In turn: one that rests for long is closed by the server, maybe while a request is on its way to it.
        self._idle: deque[_Connection] = deque()
        self._queue: deque[tuple[bytes, float]] = deque()
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.unanswered = 0

    async def open(self) -> None:
        await asyncio.gather(*(self._connect() for _ in range(self._count)))

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: _Connection(self), *self._address)
        self._free(connection)

    def ask(self, request: bytes, since: float) -> None:
        self.unanswered += 1
        if self._idle:
            self._idle.popleft().ask(request, since)
        else:
            self._queue.append((request, since))

    def back(self, connection: _Connection, status: int, since: float) -> None:
        self.unanswered -= 1
        self._free(connection)
        self._answered(status, since)

    def _free(self, connection: _Connection) -> None:
        if self._queue:
            connection.ask(*self._queue.popleft())
        else:
            self._idle.append(connection)

    def lost(self, connection: _Connection, since: float | None) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        if since is not None:
            self.unanswered -= 1
            self._answered(0, since)
        if not self._closing:
            task = asyncio.ensure_future(self._again())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _again(self) -> None:
        try:
            await self._connect()
        except OSError:
            await asyncio.sleep(0.2)
            if not self._closing:
                await self._again()

    async def settle(self, within_s: float) -> None:
        """Waits until everything asked was answered, at most so long."""
        deadline = asyncio.get_running_loop().time() + within_s
        while self.unanswered > 0 and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)

    def close(self) -> None:
        self._closing = True
        for connection in self._idle:
            connection.close()
