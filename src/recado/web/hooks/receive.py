"""Meta's webhook door as a bare ASGI application: no framework on the hot path.

Body limit, signature over the raw bytes, group commit into the ledger, then 200. What cannot be stored
is answered 503: Meta keeps it for seven days and comes again.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs

import structlog

from recado.errors import NotReady
from recado.kit.failpoints import reached
from recado.providers.contract import Receiver
from recado.web.direct import direct_of, head_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Meta's limit is 3 MB (meta-platform 2.1); a little room for growth.
MAX_BODY = 4 * 1024 * 1024
_DISCARD = 8 * 1024 * 1024
_SIGNED = re.compile(r"^sha256=[0-9a-fA-F]{64}$")
_CHALLENGE = re.compile(r"^[\w-]{1,128}$")
_log = structlog.get_logger("recado.hooks")


class Append(Protocol):
    async def __call__(self, body: bytes) -> None: ...


class Submit(Protocol):
    def __call__(self, body: bytes, tell: Callable[[Exception | None], None]) -> None:
        """`tell` gets None when the body is stored, or why it is not. Raises what is known at once."""
        ...


class HookMeter(Protocol):
    def answered(self, status: int, *, knocked: bool) -> None:
        """`knocked`: it was a webhook at the right address, whatever became of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HookConfig:
    """Without secrets the door does not exist: an empty key would let anybody sign."""

    token: str = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)
    verify_token: str | None = field(repr=False)


class BodyTooLarge(Exception):
    """More than MAX_BODY bytes; reading stopped there."""


_PLAIN = (b"content-type", b"text/plain; charset=utf-8")
_NOSNIFF = (b"x-content-type-options", b"nosniff")


def head_for(body: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    return head_of([(b"content-length", b"%d" % len(body)), _PLAIN, _NOSNIFF, *extra])


OK = head_for(b"ok")
ALIASES = ("/api/v1/whatsapp/webhook", "/api/whatsapp/meta/webhook")
PREFIX = "/hooks/meta/"


async def _answer(send: Send, status: int, body: bytes = b"", *extra: tuple[bytes, bytes]) -> None:
    headers = [(b"content-length", str(len(body)).encode()), _PLAIN, _NOSNIFF, *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read_body(receive: Receive, declared: int | None, most: int) -> bytes:
    """Raises BodyTooLarge before keeping more than `most`; ConnectionError when the caller went away."""
    if declared is not None and declared > most:
        raise BodyTooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("caller went away")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise BodyTooLarge
        if not message.get("more_body"):
            return chunk if not parts else b"".join([*parts, chunk])
        parts.append(chunk)


async def _discard(receive: Receive, most: int) -> None:
    """Reads a little more and throws it away: answering in the middle of an upload resets the connection and
    the caller never sees why. Bounded, so an endless body gets nothing but the reset."""
    size = 0
    while size <= most:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return
        size += len(message.get("body", b""))


def knock(status: int, signature: str | None) -> int:
    """The status; negative when it was no knock of the provider's, who always signs.

    A stranger's noise must not make us distrust our own door.
    """
    return status if _SIGNED.match(signature or "") else -status


class MetaHook:
    """`paths` answers whether a path is this door; `__call__` serves it."""

    def __init__(
        self,
        config: HookConfig,
        receiver: Receiver,
        append: Append,
        meter: HookMeter,
        full: Callable[[], bool] = lambda: False,
    ) -> None:
        self._full = full
        self._config = config
        self._receiver = receiver
        self._append = append
        self._meter = meter
        self._token = config.token.encode()

    def opens(self, path: str) -> bool:
        """`/hooks/meta/{token}` or one of the two fixed aliases."""
        return path in ALIASES or path.startswith(PREFIX)

    def _knows(self, path: str) -> bool:
        if not path.startswith(PREFIX):
            return True
        given = path.removeprefix(PREFIX).encode("utf-8", "replace")
        return hmac.compare_digest(given, self._token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if not self._config.secrets or not self._knows(path):
            status = 404
            await _answer(send, status)
        elif scope["method"] == "POST" and self._full():
            # Too little room to promise anything; the provider comes again for days.
            status = 503
            await _answer(send, status, b"no room", (b"retry-after", b"30"), (b"connection", b"close"))
        elif scope["method"] == "POST":
            status = await self._take(scope, receive, send)
        elif scope["method"] == "GET":
            status = await self._verify(scope, send)
        else:
            status = 405
            await _answer(send, status, b"", (b"allow", b"GET, POST"))
        # Negative: answered like that too, but it was no knock of the provider's.
        knocked = scope["method"] == "POST" and status > 0 and status != 404
        self._meter.answered(abs(status), knocked=knocked)

    async def _verify(self, scope: Scope, send: Send) -> int:
        query = parse_qs(scope["query_string"].decode("ascii", "replace"))
        mode = query.get("hub.mode", [""])[0]
        token = query.get("hub.verify_token", [""])[0]
        challenge = query.get("hub.challenge", [""])[0]
        expected = self._config.verify_token
        right = expected is not None and hmac.compare_digest(token.encode(), expected.encode())
        if mode == "subscribe" and right and _CHALLENGE.match(challenge):
            await _answer(send, 200, challenge.encode())
            return 200
        await _answer(send, 403, b"verification failed")
        return 403

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> int:
        signature: str | None = None
        declared: int | None = None
        for name, value in scope["headers"]:
            if name == b"x-hub-signature-256":
                signature = value.decode("latin-1")
            elif name == b"content-length" and value.isdigit():
                declared = int(value)
        try:
            direct = direct_of(scope)
            body = direct.whole_body() if direct is not None else None
            if body is None or len(body) > MAX_BODY:
                body = await read_body(receive, declared, MAX_BODY)
        except BodyTooLarge:
            await _discard(receive, _DISCARD)
            await _answer(send, 413, b"body too large", (b"connection", b"close"))
            return 413
        except ConnectionError:
            return knock(499, signature)
        reached("hook.received")
        if not self._receiver.verify(body, signature, self._config.secrets):
            await _answer(send, 401, b"bad signature")
            return knock(401, signature)
        reached("hook.verified")
        return await self._store(body, scope, send)

    async def _store(self, body: bytes, scope: Scope, send: Send) -> int:
        try:
            await self._append(body)
        except Exception as error:  # whatever it was: nothing was promised, the provider comes again
            _log.warning("hook.not_stored", error=type(error).__name__)
            retry = error.retry_after_s if isinstance(error, NotReady) else None
            await _answer(send, 503, b"not stored", (b"retry-after", str(retry or 5).encode()))
            return 503
        reached("hook.before_answer")
        direct = direct_of(scope)
        if direct is None or not direct.answer(200, OK, b"ok"):
            await _answer(send, 200, b"ok")
        return 200
