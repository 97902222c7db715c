"""One connection that carries small requests and small answers, one after the other. HTTP itself is llhttp's business.

Sending is the busiest thing we do and needs nothing of what makes a general client heavy (redirects, cookies,
decompression, streams). Whether a byte can have left is known here better than anywhere: before `ask` nothing has,
after it everything may have.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, cast

import httptools

_HEAD_CAP: Final = 64 * 1024
_CLOSED_BY_END: Final = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Reply:
    """A status line and as much of the body as came. `whole` is False when it broke off."""

    status: int
    body: bytes
    whole: bool
    retry_after: str | None
    usage: str | None


class Lost(Exception):
    """No answer: the request may or may not have been taken."""


class Line(asyncio.Protocol):
    """Knows its last request only. `usable` until something went wrong or the other side closed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, cap: int) -> None:
        """`cap` bounds the body of an answer, in bytes."""
        self._loop = loop
        self._cap = cap
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._broken = False
        self.idle_since = 0.0
        self._renew()

    def _renew(self) -> None:
        # One for each answer: what came of an earlier one must not be taken for a part of the next.
        self._parser = httptools.HttpResponseParser(self)
        self._head_seen = 0
        self._status = 0
        self._sized = False
        self._complete = False
        self._keep = False
        self._body: list[bytes] = []
        self._body_size = 0
        self._retry_after: str | None = None
        self._usage: str | None = None

    @property
    def usable(self) -> bool:
        return not (self._broken or self._transport is None or self._transport.is_closing())

    # ------------------------------------------------------------------ asking

    def ask(self, read_s: float, until: float) -> asyncio.Future[Reply]:
        """Before the first byte leaves. The future gets the reply, or Lost after `read_s` without a byte and at `until`
        on the loop's clock in any case."""
        self._renew()
        self._read_s = read_s
        self._until = until
        self._heard = self._loop.time()
        self._waiter = self._loop.create_future()
        self._timer = self._loop.call_at(min(self._heard + read_s, until), self._late)
        return self._waiter

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def drop(self) -> None:
        """Whatever is under way is over. Safe to repeat."""
        self._broken = True
        self._stop_waiting()
        if self._transport is not None:
            self._transport.abort()

    def _late(self) -> None:
        next_at = min(self._heard + self._read_s, self._until)
        if next_at > self._loop.time():
            self._timer = self._loop.call_at(next_at, self._late)
        else:
            self._break("TimeoutError: no answer in time")

    def _stop_waiting(self) -> asyncio.Future[Reply] | None:
        waiter, self._waiter = self._waiter, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return None if waiter is None or waiter.done() else waiter

    def _break(self, why: str) -> None:
        """An answer that had begun is told as far as it came; else nobody knows."""
        begun = self._status >= 200
        waiter = self._stop_waiting()
        if waiter is not None and begun:
            waiter.set_result(self._reply(whole=False))
        elif waiter is not None:
            waiter.set_exception(Lost(why))
        self.drop()

    def _reply(self, *, whole: bool) -> Reply:
        return Reply(
            status=self._status,
            body=b"".join(self._body)[: self._cap],
            whole=whole,
            retry_after=self._retry_after,
            usage=self._usage,
        )

    def _answered(self, *, keep: bool) -> None:
        reply = self._reply(whole=True)
        waiter = self._stop_waiting()
        if waiter is not None:
            waiter.set_result(reply)
        if not keep:
            self.drop()

    # ------------------------------------------------------------------ what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop has its own classes

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            # Said without having been asked: whatever it is, it would be taken for the next answer.
            self.drop()
            return
        self._heard = self._loop.time()
        if not self._status:
            self._head_seen += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as fault:
            if not self._complete:
                self._break(f"{type(fault).__name__}: {fault}"[:200])
                return
            self._broken = True  # nonsense after the answer
        if self._complete:
            self._answered(keep=self._keep and not self._broken)
        elif not self._status and self._head_seen > _HEAD_CAP:
            self._break("the head of the answer is too large")

    def connection_lost(self, exc: Exception | None) -> None:
        self._broken = True
        if self._waiter is not None and self._status >= 200 and not self._sized and exc is None:
            self._answered(keep=False)  # a body without a length ends with the connection
        else:
            self._break(
                f"{type(exc).__name__ if exc else 'ServerDisconnectedError'}: {exc or 'no answer'}"[:200]
            )

    # ------------------------------------------------------------------ what the parser calls

    def on_message_begin(self) -> None:
        if self._status >= 200:
            self._broken = True  # more than one answer to one request

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if self._complete:
            return  # of a second answer
        if name in _CLOSED_BY_END:
            self._sized = True
        elif name == b"retry-after":
            self._retry_after = value.decode("latin-1")
        elif name == b"x-business-use-case-usage":
            self._usage = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and not self._status:
            self._status = status

    def on_body(self, body: bytes) -> None:
        if not self._complete:
            self._body.append(body)
            self._body_size += len(body)
            # As much as anybody will read: what follows is not waited for.
            self._complete = self._body_size >= self._cap

    def on_message_complete(self) -> None:
        if self._status < 200:
            self._sized = False  # 100 Continue and its kind: the answer is still to come
        elif not self._complete:
            self._complete = True
            self._keep = bool(self._parser.should_keep_alive())
