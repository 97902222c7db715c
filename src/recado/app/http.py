"""The HTTP server with the limits uvicorn leaves out: how large a head may be, and how slowly a request may come.

Without them anybody can hold connections and memory for ever by sending one byte now and then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from recado.app.knock import Knock
from recado.web.direct import KEY, Knocks
from recado.web.front import Front

_TICKS_A_LOOK = 5  # uvicorn ticks ten times a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`head_s` from the first byte (or the connection) to the end of the head. A body gets `body_s` and one more
    second for every `body_rate` bytes that came; time in which we did not want to read does not count."""

    head_bytes: int = 32 * 1024
    head_s: float = 10.0
    body_s: float = 20.0
    body_rate: int = 16 * 1024


class _Phase(Enum):
    WAITING = "waiting"
    HEAD = "head"
    BODY = "body"


class _TooLarge(Exception):
    """The head is larger than the limit; stops the parser."""


class _Direct:
    """A request whose body is here and whose answer is ready, without the messages in between."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def whole_body(self) -> bytes | None:
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def answer(self, status: int, head: bytes, body: bytes) -> bool:
        cycle = self._cycle
        if cycle.disconnected:
            return True  # nobody is there to be told
        if cycle.response_started or cycle.more_body or not cycle.keep_alive or cycle.flow.write_paused:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head, body))
        cycle.message_event.set()
        cycle.on_response()
        return True


class LimitedProtocol(HttpToolsProtocol):
    """One connection. Counts while it reads; `look` is called from outside and ends what takes too long."""

    limits: ClassVar[Limits] = Limits()
    knocks: ClassVar[Knocks | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._phase = _Phase.HEAD
        self._since = self.loop.time()
        self._head_seen = 0
        self._body_seen = 0
        self._too_large = False

    def data_received(self, data: bytes) -> None:
        if self._phase is _Phase.BODY:
            self._body_seen += len(data)
        else:
            self._head_seen += len(data)
        super().data_received(data)
        if self._phase is _Phase.HEAD and self._head_seen > self.limits.head_bytes:
            self._refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = _Phase.HEAD
        self._since = self.loop.time()

    def on_headers_complete(self) -> None:
        # What came so far may hold a piece of the body too; only then is the head worth adding up.
        if self._head_seen > self.limits.head_bytes and self._head_size() > self.limits.head_bytes:
            self._too_large = True
            raise _TooLarge
        self._phase = _Phase.BODY
        self._since = self.loop.time()
        self._head_seen = self._body_seen = 0
        if (knock := self._knock()) is not None:
            # All that uvicorn asks of a request under way.
            self.cycle = knock  # type: ignore[assignment]
            return
        super().on_headers_complete()
        if self.cycle is not None:
            # The application's task is made but has not begun: it will find this in its scope.
            self.cycle.scope[KEY] = _Direct(self.cycle)  # type: ignore[literal-required]

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _knock(self) -> Knock | None:
        """For a request that the hook door takes without a task; None for what is not quite as usual."""
        waiting = self.cycle is not None and not self.cycle.response_complete
        if self.knocks is None or waiting or self.pipeline or self.flow.write_paused:
            return None
        if self.parser.get_method() != b"POST" or not self.knocks.hears(self.url):
            return None
        if self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive():
            return None
        return Knock.of(self.headers, self, self.knocks)

    def on_body(self, body: bytes) -> None:
        cycle: Any = self.cycle
        if type(cycle) is Knock:
            cycle.more(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._phase = _Phase.WAITING
        cycle: Any = self.cycle
        if type(cycle) is Knock:
            cycle.whole()
        else:
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        cycle: Any = self.cycle
        if type(cycle) is Knock:
            cycle.lost()

    def send_400_response(self, msg: str) -> None:
        if self._too_large:
            self._refuse(431)
        else:
            super().send_400_response(msg)

    def look(self, now: float) -> None:
        """Ends the connection when its request comes too slowly."""
        if self._phase is _Phase.WAITING or self.transport is None or self.transport.is_closing():
            return
        if self.flow.read_paused:
            self._since = now
            return
        if self._phase is _Phase.HEAD:
            allowed = self.limits.head_s
        else:
            allowed = self.limits.body_s + self._body_seen / self.limits.body_rate
        if now - self._since > allowed:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        """Says why where that is still possible. Whoever reads the body is told that the caller is gone."""
        cycle = self.cycle
        answering = cycle is not None and not cycle.response_complete
        silent = self._phase is _Phase.HEAD and not self._head_seen
        begun = answering and (self._phase is _Phase.HEAD or cycle.response_started)
        if not silent and not begun and not self.pipeline and not self._answered_early():
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        if answering:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()

    def _answered_early(self) -> bool:
        """The answer went out before the body was whole: a second one would be nonsense."""
        return self._phase is _Phase.BODY and self.cycle is not None and bool(self.cycle.response_complete)


class HttpServer(uvicorn.Server):
    """Signals are ours: stopping is the same for every role."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_A_LOOK == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, LimitedProtocol):
                    connection.look(connection.loop.time())
        return await super().on_tick(counter)


def http_server(
    app: Any, host: str, port: int, *, protocol: type[LimitedProtocol] = LimitedProtocol
) -> HttpServer:
    """A server that is not running yet; `serve` runs it, `should_exit` ends it."""
    if isinstance(app, Front):
        protocol = type(protocol.__name__, (protocol,), {"knocks": app.knocks})
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="none",
        http=protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        backlog=2048,
        proxy_headers=False,
    )
    return HttpServer(config)
