"""HTTP to the Graph API: one keep-alive session, strict time budgets, and honest failures.

What aiohttp raises tells whether a byte of the request can have left (checked for 3.14):
`ClientConnectorError` with its DNS, TLS and certificate children and `ConnectionTimeoutError` come
from connecting only, so nothing was sent. Everything else can come after the request was written.
aiohttp repeats a request on a stale connection only for idempotent methods; POST is never repeated.
Messages leave on `lines.py`, which has the same two kinds of failure and a third of the cost.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from recado.kit import failpoints
from recado.kit.reasons import Reason
from recado.providers.contract import Credentials, Exchange, Later, Scope, Unknown
from recado.providers.meta.errors import ANSWER_CAP
from recado.providers.meta.lines import Lines, Lost, NotSent, Probe

_READ_CAP: Final = 64 * 1024
_URLS_KEPT: Final = 4096
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")
_NEVER_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_FAILURES: Final = (aiohttp.ClientError, OSError, TimeoutError)
_HEADERS: Final = {
    "Accept": "application/json",
    # Answers are a few hundred bytes: decompressing them costs more than reading them.
    "Accept-Encoding": "identity",
    "User-Agent": "recado",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status line and as much of the body as was read. `whole` is False when it broke off."""

    status: int
    body: bytes
    whole: bool
    retry_after: str | None
    usage: str | None
    elapsed_s: float

    @property
    def exchange(self) -> Exchange:
        return Exchange(http_status=self.status, answer=self.body[:ANSWER_CAP], elapsed_s=self.elapsed_s)


@dataclass(frozen=True, slots=True)
class Budget:
    """Seconds for one call: connecting (and waiting for a free connection), then each read.

    `connect_s` must be the smaller one: only its own timer proves that nothing was sent.
    """

    connect_s: float = 3.0
    read_s: float = 12.0
    total_s: float = 15.0

    def __post_init__(self) -> None:
        if not 0 < self.connect_s < self.total_s:
            raise ValueError("connecting must have less time than the whole call")

    def timeout(self) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=self.total_s,
            connect=self.connect_s,
            sock_connect=self.connect_s,
            sock_read=self.read_s,
        )


class GraphHttp:
    """The connection pool of one Graph host. The session is made on first use, in the running loop.

    `base_url` is the host without version (`https://graph.facebook.com`), `version` like `v25.0`.
    Only https is accepted, except for a loopback host (the simulator). `probe` makes the body leave
    in two halves and is called between the steps of a send. Without one, or with the failpoint that
    does nothing, the request leaves in one piece and nothing is slowed down.
    """

    def __init__(
        self,
        base_url: str,
        version: str,
        *,
        budget: Budget | None = None,
        limit: int = 256,
        keepalive_s: float = 10.0,
        ssl: SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        probe: Probe | None = None,
    ) -> None:
        base = URL(base_url.rstrip("/"))
        if base.host is None or base.user is not None or not _SEGMENT.fullmatch(version):
            raise ValueError(f"not a Graph API address: {base_url!r} {version!r}")
        if base.scheme != "https" and not (base.scheme == "http" and is_loopback(base)):
            raise ValueError(f"a Graph API address must be https: {base_url!r}")
        self.base: Final = base
        self._root: Final = base / version
        self._budget: Final = (budget or Budget()).timeout()
        self._limit: Final = limit
        self._keepalive_s: Final = keepalive_s
        self._ssl: Final = ssl
        self._resolver: Final = resolver
        self._probe: Final = probe if failpoints.armed() or probe is not failpoints.reached else None
        self.stepped: Final = self._probe is not None
        self._urls: dict[str, URL] = {}
        self._open: aiohttp.ClientSession | None = None
        fixed = _HEADERS | {"Host": base.host_port_subcomponent or "", "Content-Type": "application/json"}
        self._fixed: Final = b"".join(f"{name}: {value}\r\n".encode() for name, value in fixed.items())
        given = budget or Budget()
        # Sends leave on lines of their own; everything else goes through aiohttp.
        self._lines: Final = Lines(
            base,
            connect_s=given.connect_s,
            read_s=given.read_s,
            total_s=given.total_s,
            limit=limit,
            keepalive_s=keepalive_s,
            cap=_READ_CAP,
            tls=ssl,
            resolver=resolver,
            probe=self._probe,
        )

    def session(self) -> aiohttp.ClientSession:
        if self._open is None or self._open.closed:
            self._open = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._limit,
                    # Graph closes idle connections; closing ours earlier keeps the race small.
                    keepalive_timeout=self._keepalive_s,
                    ttl_dns_cache=60,
                    ssl=self._ssl or True,
                    resolver=self._resolver,
                ),
                timeout=self._budget,
                headers=_HEADERS,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._open

    async def aclose(self) -> None:
        await self._lines.aclose()
        if self._open is not None:
            await self._open.close()

    def url(self, *segments: str, params: Mapping[str, str] | None = None) -> URL:
        """`base/version/segment/…`. Raises ValueError for a segment that could leave its place."""
        path = "/".join(segments)
        url = self._urls.get(path)
        if url is None:
            if not all(_SEGMENT.fullmatch(segment) for segment in segments):
                raise ValueError("not an id of the Graph API")
            url = self._root.joinpath(*segments)
            if len(self._urls) < _URLS_KEPT:
                self._urls[path] = url
        return url.with_query(params) if params else url

    async def post_json(self, url: URL, body: bytes, credentials: Credentials) -> Answer | Later | Unknown:
        """One POST, never repeated. With a probe it stops at the points crash tests know."""
        clock = asyncio.get_running_loop().time
        started = clock()
        if (reached := self._probe) is not None:
            reached("send.before_connect")
        try:
            reply = await self._lines.post(self._head(url, len(body), credentials), body)
        except NotSent as fault:
            return _unreached(str(fault), clock() - started)
        except Lost as fault:
            return _in_doubt(str(fault), clock() - started)
        if reached is not None:
            reached("send.response_read")
        return Answer(
            status=reply.status,
            body=reply.body,
            whole=reply.whole,
            retry_after=reply.retry_after,
            usage=reply.usage,
            elapsed_s=clock() - started,
        )

    def _head(self, url: URL, size: int, credentials: Credentials) -> bytes:
        """The path is one of ours, the token one that `usable` has seen: no line can end before its time."""
        target = url.raw_path_qs.encode()
        if credentials.app_secret is not None:
            mark = b"&" if b"?" in target else b"?"
            target += (
                mark + b"appsecret_proof=" + _proof(credentials.app_secret, credentials.access_token).encode()
            )
        token = credentials.access_token.encode()
        return b"POST %b HTTP/1.1\r\n%bAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n" % (
            target,
            self._fixed,
            token,
            size,
        )

    async def call(
        self,
        method: str,
        url: URL,
        credentials: Credentials,
        *,
        headers: Mapping[str, str],
        data: Any = None,
        budget: Budget | None = None,
        cap: int = _READ_CAP,
    ) -> Answer | Later | Unknown:
        """One request and its answer, of which at most `cap` bytes are read. Network trouble is a value;
        cancelling passes through."""
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            response = await self.session().request(
                method,
                proved(url, credentials),
                data=data,
                headers=headers,
                allow_redirects=False,
                timeout=self._budget if budget is None else budget.timeout(),
            )
        except _FAILURES as fault:
            return failure(fault, clock() - started)
        async with response:
            whole = True
            body = bytearray()
            try:
                await read_some(response.content, body, cap)
            except _FAILURES:
                whole = False
            return Answer(
                status=response.status,
                body=bytes(body),
                whole=whole,
                retry_after=response.headers.get("Retry-After"),
                usage=response.headers.get("X-Business-Use-Case-Usage"),
                elapsed_s=clock() - started,
            )


async def read_some(stream: aiohttp.StreamReader, into: bytearray, cap: int) -> bool:
    """Reads up to `cap` bytes. True when the body ended within it."""
    while len(into) < cap:
        chunk = await stream.read(cap - len(into))
        if not chunk:
            return True
        into += chunk
    return stream.at_eof()


def failure(fault: BaseException, elapsed_s: float) -> Later | Unknown:
    """`Later` only where not one byte of the request can have left."""
    detail = f"{type(fault).__name__}: {fault}"[:300]
    return (_unreached if isinstance(fault, _NEVER_SENT) else _in_doubt)(detail, elapsed_s)


def _unreached(detail: str, elapsed_s: float) -> Later:
    return Later(
        code=None,
        reason=Reason.PROVIDER_UNREACHABLE,
        detail=detail,
        scope=Scope.MESSAGE,
        retry_after_s=None,
        exchange=Exchange(http_status=None, answer=b"", elapsed_s=elapsed_s),
    )


def _in_doubt(detail: str, elapsed_s: float) -> Unknown:
    exchange = Exchange(http_status=None, answer=b"", elapsed_s=elapsed_s)
    return Unknown(reason=Reason.IN_DOUBT_NO_ANSWER, detail=detail, exchange=exchange)


def authorization(credentials: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials.access_token}"}


def usable(credentials: Credentials) -> bool:
    """False for a token that could not stand in a header line."""
    return _TOKEN.fullmatch(credentials.access_token) is not None


def proved(url: URL, credentials: Credentials) -> URL:
    """With an app secret every call carries `appsecret_proof`: a stolen token alone is useless."""
    if credentials.app_secret is None:
        return url
    return url.update_query(appsecret_proof=_proof(credentials.app_secret, credentials.access_token))


def _proof(secret: str, token: str) -> str:
    return hmac.digest(secret.encode(), token.encode(), "sha256").hex()


def is_loopback(url: URL) -> bool:
    return url.host in ("127.0.0.1", "::1", "localhost")
