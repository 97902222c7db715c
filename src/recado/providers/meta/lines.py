"""The connections to one host on which messages leave. What fails before `ask` was certainly not sent."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import Final

from aiohttp.abc import AbstractResolver
from yarl import URL

from recado.providers.meta.line import Line, Lost, Reply

# What connecting can raise: refused, unknown host, a certificate nobody vouches for, no time left.
_UNREACHED: Final = (OSError, ssl.SSLError, TimeoutError, ValueError)
Probe = Callable[[str], None]


class NotSent(Exception):
    """Not one byte of the request has left."""


class Lines:
    """At most `limit` connections, the most recently used first. For one event loop."""

    def __init__(
        self,
        base: URL,
        *,
        connect_s: float,
        read_s: float,
        total_s: float,
        limit: int,
        keepalive_s: float,
        cap: int,
        tls: ssl.SSLContext | None,
        resolver: AbstractResolver | None,
        probe: Probe | None,
    ) -> None:
        assert base.host is not None
        self._host = base.host
        self._port = base.port or 443
        self._tls = (tls or ssl.create_default_context()) if base.scheme == "https" else None
        self._resolver = resolver
        self._connect_s, self._read_s, self._total_s = connect_s, read_s, total_s
        self._limit = limit
        self._keepalive_s = keepalive_s
        self._cap = cap
        self._probe = probe
        self._idle: deque[Line] = deque()
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False

    async def post(self, head: bytes, body: bytes) -> Reply:
        """One request, never repeated. Raises NotSent and Lost; cancelling leaves the outcome open."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._total_s
        line = await self._line(loop)
        try:
            answer = line.ask(self._read_s, until)
            if self._probe is None:
                line.write(head + body)
            else:
                await _in_halves(line, head, body, self._probe)
            return await answer
        except BaseException:
            line.drop()
            raise
        finally:
            self._give_back(line, loop.time())

    async def aclose(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().drop()

    # ------------------------------------------------------------------ the pool

    async def _line(self, loop: asyncio.AbstractEventLoop) -> Line:
        if (line := self._kept(loop.time())) is not None:
            return line
        try:
            async with asyncio.timeout(self._connect_s):
                while self._open >= self._limit and not self._idle:
                    await self._turn(loop)
                if (line := self._kept(loop.time())) is not None:
                    return line
                self._open += 1
                try:
                    return await self._connected(loop)
                except BaseException:
                    self._open -= 1
                    self._wake()
                    raise
        except _UNREACHED as fault:
            raise NotSent(f"{type(fault).__name__}: {fault}"[:300]) from fault

    async def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        turn = loop.create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._wake()  # the place was ours already: the next one may have it
            raise

    def _kept(self, now: float) -> Line | None:
        while self._idle:
            line = self._idle.pop()
            # The other side closes idle connections too; being earlier keeps the race small.
            if line.usable and now - line.idle_since < self._keepalive_s:
                return line
            self._end(line)
        return None

    async def _connected(self, loop: asyncio.AbstractEventLoop) -> Line:
        name = self._host if self._tls is not None else None
        for address, port in await self._addresses():
            try:
                _, line = await loop.create_connection(
                    lambda: Line(loop, self._cap), address, port, ssl=self._tls, server_hostname=name
                )
            except OSError as fault:
                failed = fault
            else:
                return line
        raise failed

    async def _addresses(self) -> list[tuple[str, int]]:
        """The name itself where the loop resolves it; a resolver of our own is asked first."""
        if self._resolver is None:
            return [(self._host, self._port)]
        found = await self._resolver.resolve(self._host, self._port)
        if not found:
            raise OSError("the host has no address")
        return [(one["host"], one["port"]) for one in found]

    def _give_back(self, line: Line, now: float) -> None:
        if line.usable and not self._closed:
            line.idle_since = now
            self._idle.append(line)
            self._tidy(now)
            self._wake()
        else:
            self._end(line)

    def _tidy(self, now: float) -> None:
        """The oldest ones, which a quiet hour leaves behind."""
        while self._idle and now - self._idle[0].idle_since >= self._keepalive_s:
            self._end(self._idle.popleft())

    def _end(self, line: Line) -> None:
        line.drop()
        self._open -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return


async def _in_halves(line: Line, head: bytes, body: bytes, reached: Probe) -> None:
    """Gives crash tests a moment where half of the request is out and one where all of it is."""
    middle = len(body) // 2
    line.write(head + body[:middle])
    await asyncio.sleep(0)  # uvloop hands written bytes to the kernel at the end of its turn
    reached("send.half_request")
    line.write(body[middle:])
    await asyncio.sleep(0)
    reached("send.request_written")


__all__ = ["Lines", "Lost", "NotSent", "Probe", "Reply"]
