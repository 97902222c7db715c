"""Taking a whole body and giving a whole answer, where the server offers it.

The server may leave a `Direct` in the scope. The two busiest doors use it: the messages of the framework's interface
(one for the body, one for the head, one for the answer, and the checks between them) cost a quarter of a webhook.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from starlette.types import Scope, Send

KEY = "recado.direct"


class Direct(Protocol):
    def whole_body(self) -> bytes | None:
        """The body, once, when all of it is here already; else None, and it comes by `receive` as ever."""
        ...

    def answer(self, status: int, head: bytes, body: bytes) -> bool:
        """Answers at once. False when that is not possible now: then `send` has to do it."""
        ...


class Answer(Protocol):
    """Answers one request, once. `head` ends with its last line."""

    def __call__(self, status: int, head: bytes, body: bytes) -> None: ...


class Knocks(Protocol):
    """A door that needs nothing of a request but its body and one header, and answers by itself later.

    The server asks it while it reads: for such a request neither a task nor a scope is made.
    """

    # The name of that header, in lower case.
    header: bytes

    def hears(self, target: bytes) -> bool:
        """Whether a POST to this target, as it stands in the request line, is for this door."""
        ...

    def take(self, body: bytes, header: bytes | None, answer: Answer) -> None:
        """A whole request. Never raises."""
        ...

    def gave_up(self, header: bytes | None) -> None:
        """The caller went away in the middle of its body."""
        ...


def direct_of(scope: Scope) -> Direct | None:
    found: Direct | None = scope.get(KEY)
    return found


def head_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Header lines as they travel. Raises ValueError for a value that would end its line."""
    parts = [b"%b: %b\r\n" % header for header in headers]
    lines = b"".join(parts)
    if lines.count(b"\n") != len(parts) or lines.count(b"\r") != len(parts):
        raise ValueError("a header may not hold the end of a line")
    return lines


async def respond(scope: Scope, send: Send, response: Any) -> None:
    """Sends a finished response (status, raw headers, body) the shortest way."""
    direct = direct_of(scope)
    headers = response.raw_headers
    # A closing answer is the framework's business: it knows when the connection ends.
    closing = any(name == b"connection" for name, _ in headers)
    if direct is None or closing or not direct.answer(response.status_code, head_of(headers), response.body):
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
