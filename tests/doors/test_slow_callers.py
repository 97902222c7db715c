"""Callers who send too much head, or too slowly: on a real socket, against the server that runs in production."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.doors.street import HOOK_TOKEN, Street, signed
from tests.support.waiting import eventually

from recado.app.http import HttpServer, LimitedProtocol, Limits, http_server
from recado.web.front import Asgi
from recado.web.hooks.receive import HookConfig, MetaHook


class Hasty(LimitedProtocol):
    limits = Limits(head_bytes=4096, head_s=0.6, body_s=0.6, body_rate=1024)


@asynccontextmanager
async def listening(
    app: Asgi, protocol: type[LimitedProtocol] = Hasty, *, make: Callable[..., HttpServer] = http_server
) -> AsyncIterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = make(app, "127.0.0.1", 0, protocol=protocol)
        running = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            await eventually(lambda: server.started)
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            await asyncio.wait_for(running, 10)


class Call:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def rest(self, within_s: float = 10) -> bytes:
        """Everything until the other side closes."""
        return await asyncio.wait_for(self.reader.read(), within_s)


@asynccontextmanager
async def call(port: int) -> AsyncIterator[Call]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Call(reader, writer)
    finally:
        writer.close()


HOOK = f"/hooks/meta/{HOOK_TOKEN}".encode()
API = b"/api/v1/messages"


def head(path: bytes, length: int, *more: bytes) -> bytes:
    lines = [b"POST " + path + b" HTTP/1.1", b"host: recado.test", b"content-length: %d" % length, *more]
    return b"\r\n".join(lines) + b"\r\n\r\n"


@pytest.fixture
async def port(street: Street) -> AsyncIterator[int]:
    async with listening(street.app) as number:
        yield number


async def test_who_never_says_anything_is_dropped(port: int) -> None:
    async with call(port) as line:
        assert await line.rest() == b""


@pytest.mark.parametrize("path", [HOOK, API])
async def test_a_head_that_does_not_end_gets_408(port: int, path: bytes) -> None:
    async with call(port) as line:
        line.send(b"POST " + path + b" HTTP/1.1\r\nhost: recado.test\r\nx-slow: ")
        assert (await line.rest()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", [HOOK, API])
async def test_a_body_that_does_not_end_gets_408_and_nothing_is_stored(
    port: int, street: Street, path: bytes
) -> None:
    key = await street.key(await street.world.company())
    async with call(port) as line:
        line.send(head(path, 5000, b"authorization: Bearer " + key.secret.encode()) + b"{")
        assert (await line.rest()).startswith(b"HTTP/1.1 408 ")
    assert await street.world.value("select count(*) from ledger") == 0


async def test_dripping_does_not_help(port: int) -> None:
    async with call(port) as line:
        line.send(head(HOOK, 5000))
        answer = asyncio.create_task(line.rest())
        while not answer.done():
            line.send(b" ")
            await asyncio.wait({answer}, timeout=0.05)
        assert answer.result().startswith(b"HTTP/1.1 408 ")


async def test_a_caller_who_is_slow_but_steady_is_heard(port: int, street: Street) -> None:
    body = b'{"object": "whatsapp_business_account", "entry": []}' + b" " * 3000
    async with call(port) as line:
        extra = b"x-hub-signature-256: " + signed(body)["x-hub-signature-256"].encode()
        line.send(head(HOOK, len(body), extra, b"connection: close"))
        answer = asyncio.create_task(line.rest())
        # Longer than a body may rest, at more than the least rate.
        for start in range(0, len(body), 300):
            line.send(body[start : start + 300])
            await asyncio.wait({answer}, timeout=0.1)
        assert (await answer).startswith(b"HTTP/1.1 200 ")
    assert await street.world.value("select count(*) from ledger") == 1


@pytest.mark.parametrize("ending", [b"", b"\r\n\r\n"])
async def test_a_head_that_is_too_large_gets_431(port: int, ending: bytes) -> None:
    async with call(port) as line:
        line.send(b"GET /health/live HTTP/1.1\r\nhost: recado.test\r\nx-large: " + b"x" * 5000 + ending)
        assert (await line.rest()).startswith(b"HTTP/1.1 431 ")


async def test_a_large_body_right_behind_a_small_head_is_no_large_head(port: int) -> None:
    async with call(port) as line:
        line.send(head(HOOK, 20_000, b"connection: close") + b"x" * 20_000)
        assert (await line.rest()).startswith(b"HTTP/1.1 401 ")


async def test_who_was_answered_before_the_body_ended_is_not_waited_for(port: int) -> None:
    async with call(port) as line:
        line.send(head(API, 5000, b"authorization: Bearer wrong") + b"{")
        answer = await line.rest()
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b" 408 " not in answer


async def test_a_connection_between_two_requests_may_rest(port: int) -> None:
    ask = b"GET /health/live HTTP/1.1\r\nhost: recado.test\r\n\r\n"
    async with call(port) as line:
        line.send(ask)
        first = await asyncio.wait_for(line.reader.readuntil(b'{"status":"ok"}'), 10)
        assert first.startswith(b"HTTP/1.1 200 ")
        # Twice as long as a request may take.
        await asyncio.wait({asyncio.create_task(line.reader.read(1))}, timeout=1.5)
        assert not line.reader.at_eof()
        assert not line.writer.is_closing()


async def test_the_time_in_which_we_do_not_read_is_not_the_callers() -> None:
    """The application takes the first piece and rests; meanwhile the caller cannot send, and is not to blame."""
    wanted = asyncio.Event()
    size = 4 * 1024 * 1024

    async def lazy(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await wanted.wait()
        more = True
        while more:
            more = (await receive()).get("more_body", False)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    class Fast(LimitedProtocol):
        limits = Limits(head_s=2, body_s=2, body_rate=1024 * 1024 * 1024)

    async with listening(lazy, Fast) as port, call(port) as line:
        line.send(head(b"/", size, b"connection: close") + b"x" * size)
        answer = asyncio.create_task(line.rest())
        await asyncio.wait({answer}, timeout=3)
        assert not answer.done()
        wanted.set()
        assert (await answer).startswith(b"HTTP/1.1 204 ")


@pytest.mark.parametrize(
    ("signature", "knocked"), [(b"x-other: 1", False), (b"x-hub-signature-256: sha256=" + b"0" * 64, True)]
)
async def test_only_a_signed_body_that_is_given_up_counts_against_our_door(
    street: Street, signature: bytes, knocked: bool
) -> None:
    """Meta always signs: an unsigned body left half sent proves nothing about our door, whoever left it."""
    heard: list[tuple[int, bool]] = []

    class Meter:
        def answered(self, status: int, *, knocked: bool) -> None:
            heard.append((status, knocked))

    async def append(body: bytes) -> None:
        raise AssertionError("half a body was taken")

    config = HookConfig(token=HOOK_TOKEN, secrets=(b"secret",), verify_token=None)
    receiver = street.house.providers["meta"].receiver
    async with listening(MetaHook(config, receiver, append, Meter())) as port, call(port) as line:
        line.send(head(HOOK, 5000, signature) + b"{")
        assert (await line.rest()).startswith(b"HTTP/1.1 408 ")
        await eventually(lambda: heard)
    assert heard == [(499, knocked)]
