"""A webhook under way: what uvicorn's protocol asks of a request, and nothing of what an application needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from recado.web.direct import Knocks

# Larger ones are rare, and reading them has to be slowed down when we are busy: uvicorn knows how.
_MOST_BYTES: Final = 256 * 1024
_UNUSUAL: Final = frozenset({b"transfer-encoding", b"expect", b"upgrade"})


class _Nobody:
    """Nobody waits for messages of this request."""

    def set(self) -> None: ...


class Knock:
    """One request that is answered without a task. The first six attributes are read and set by uvicorn."""

    __slots__ = (
        "_header",
        "_knocks",
        "_parts",
        "_protocol",
        "disconnected",
        "keep_alive",
        "message_event",
        "more_body",
        "response_complete",
        "response_started",
    )

    def __init__(self, header: bytes | None, protocol: HttpToolsProtocol, knocks: Knocks) -> None:
        self.disconnected = self.response_started = self.response_complete = False
        self.keep_alive = self.more_body = True
        self.message_event = _NOBODY
        self._header = header
        self._parts: list[bytes] = []
        self._protocol = protocol
        self._knocks = knocks

    @classmethod
    def of(
        cls, headers: Sequence[tuple[bytes, bytes]], protocol: HttpToolsProtocol, knocks: Knocks
    ) -> Knock | None:
        """None when these headers ask for more than a knock can do."""
        header: bytes | None = None
        declared = -1
        for name, value in headers:
            if name == knocks.header:
                header = value
            elif name == b"content-length":
                declared = int(value) if value.isdigit() else -1
            elif name in _UNUSUAL:
                return None
        return cls(header, protocol, knocks) if 0 <= declared <= _MOST_BYTES else None

    def more(self, body: bytes) -> None:
        self._parts.append(body)

    def whole(self) -> None:
        self.more_body = False
        parts, self._parts = self._parts, []
        if not self.disconnected:
            body = parts[0] if len(parts) == 1 else b"".join(parts)
            self._knocks.take(body, self._header, self.answer)

    def lost(self) -> None:
        """The connection is gone."""
        if self.more_body:
            self.more_body = False
            self._knocks.gave_up(self._header)

    def answer(self, status: int, head: bytes, body: bytes) -> None:
        self.response_started = self.response_complete = True
        transport: Any = self._protocol.transport
        if self.disconnected or transport.is_closing():
            return
        if self.keep_alive:
            transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head, body))
            self._protocol.on_response_complete()
        else:  # the server is stopping
            transport.write(b"%b%bconnection: close\r\n\r\n%b" % (STATUS_LINE[status], head, body))
            transport.close()


_NOBODY: Final = _Nobody()
