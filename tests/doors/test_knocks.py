"""The hook door asked by the server itself, on a real socket: it answers like the application, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.doors.street import HOOK_TOKEN, Street, signed
from tests.doors.test_slow_callers import HOOK, Hasty, call, head, listening
from tests.support.waiting import eventually

from recado.app.http import http_server
from recado.errors import NotReady
from recado.web.front import Front
from recado.web.hooks.knocks import MetaKnocks
from recado.web.hooks.receive import HookConfig, MetaHook

SECRET = "a-secret-only-for-tests"
BODY = b'{"object":"whatsapp_business_account","entry":[]}'
Tell = Callable[[Exception | None], None]


class Place:
    """A ledger that does what a test says, and a meter that remembers."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.kept: list[bytes] = []
        self.heard: list[tuple[int, bool]] = []
        self.asked: list[Tell] = []
        self.patient = False
        self.no_room = False

    def answered(self, status: int, *, knocked: bool) -> None:
        self.heard.append((status, knocked))

    def full(self) -> bool:
        return self.no_room

    async def append(self, body: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.kept.append(body)

    def submit(self, body: bytes, tell: Tell) -> None:
        if isinstance(self.error, NotReady):
            raise self.error
        if self.error is None:
            self.kept.append(body)
        if self.patient:
            self.asked.append(tell)
        else:
            asyncio.get_running_loop().call_soon(tell, self.error)

    def front(
        self, street: Street, *, straight: bool, secrets: tuple[bytes, ...] = (SECRET.encode(),)
    ) -> Front:
        config = HookConfig(token=HOOK_TOKEN, secrets=secrets, verify_token=None)
        receiver = street.house.providers["meta"].receiver
        hook = MetaHook(config, receiver, self.append, self, self.full)
        knocks = MetaKnocks(config, receiver, self.submit, self, self.full)
        return Front(hook, {}, street.app, knocks=knocks if straight else None)


def request(*more: bytes, body: bytes = BODY, signature: str | None = None) -> bytes:
    given = signature or signed(body, SECRET)["x-hub-signature-256"]
    return head(HOOK, len(body), b"x-hub-signature-256: " + given.encode(), *more) + body


async def ask(front: Front, data: bytes, answers: int = 1) -> bytes:
    """What comes back on a connection that stays open, up to so many answers."""
    async with listening(front, Hasty) as port, call(port) as line:
        line.send(data)
        told = b""
        while told.count(b"HTTP/1.1 ") < answers or not told.endswith((b"ok", b"ature", b"stored", b"room")):
            piece = await asyncio.wait_for(line.reader.read(4096), 5)
            if not piece:
                break
            told += piece
        return told


@pytest.mark.parametrize(
    ("data", "error", "status", "knocked"),
    [
        (request(), None, 200, True),
        (request(body=b""), None, 200, True),
        (request(body=b"\xff\x00" * 500), None, 200, True),
        (request(signature="sha256=" + "0" * 64), None, 401, True),
        (request(signature="nonsense"), None, 401, False),
        (request(), OSError("gone"), 503, True),
        (request(), NotReady("overloaded", "too many", retry_after_s=1), 503, True),
    ],
)
async def test_both_ways_answer_alike(
    street: Street, data: bytes, error: Exception | None, status: int, knocked: bool
) -> None:
    answers: list[bytes] = []
    for straight in (False, True):
        place = Place()
        place.error = error
        answers.append(await ask(place.front(street, straight=straight), data))
        assert place.heard == [(status, knocked)]
        assert len(place.kept) == (status == 200)
    assert answers[0] == answers[1]
    assert answers[0].startswith(f"HTTP/1.1 {status} ".encode())


async def test_without_room_nothing_is_taken(street: Street) -> None:
    place = Place()
    place.no_room = True
    answer = await ask(place.front(street, straight=True), request())
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 30\r\n" in answer
    assert (place.kept, place.heard) == ([], [(503, True)])


async def test_without_secrets_there_is_no_door(street: Street) -> None:
    place = Place()
    front = place.front(street, straight=True, secrets=())
    async with listening(front, Hasty) as port, call(port) as line:
        line.send(request(b"connection: close", signature="sha256=" + "0" * 64))
        assert (await line.rest()).startswith(b"HTTP/1.1 404 ")
    assert place.kept == []


@pytest.mark.parametrize("path", ["/api/v1/whatsapp/webhook", "/api/whatsapp/meta/webhook"])
async def test_the_fixed_addresses_are_the_same_door(street: Street, path: str) -> None:
    place = Place()
    data = request().replace(HOOK, path.encode(), 1)
    assert (await ask(place.front(street, straight=True), data)).endswith(b"ok")
    assert place.kept == [BODY]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        (lambda raw: raw.replace(HOOK, HOOK[:-1] + b"x", 1), b"404"),
        (lambda raw: raw.replace(HOOK, HOOK + b"?a=1", 1), b"200"),
        (lambda raw: raw.replace(b"HTTP/1.1", b"HTTP/1.0", 1), b"200"),
        (lambda raw: raw.replace(b"POST", b"PUT", 1), b"405"),
    ],
)
async def test_what_is_not_as_usual_takes_the_usual_way(
    street: Street, changed: Callable[[bytes], bytes], status: bytes
) -> None:
    place = Place()
    async with listening(place.front(street, straight=True), Hasty) as port, call(port) as line:
        line.send(changed(request(b"connection: close")))
        assert (await line.rest()).split(b" ", 2)[1] == status
    assert len(place.kept) == (status == b"200")
    assert not place.asked


async def test_answers_keep_the_order_of_what_was_asked(street: Street) -> None:
    """The second request waits for the first, whichever way each of them takes."""
    place = Place()
    data = request() + request(signature="nonsense") + request(b"connection: close")
    async with listening(place.front(street, straight=True), Hasty) as port, call(port) as line:
        line.send(data)
        answers = await line.rest()
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"200", b"401", b"200"]
    assert len(place.kept) == 2


@pytest.mark.parametrize(("signature", "knocked"), [("sha256=" + "0" * 64, True), ("nonsense", False)])
@pytest.mark.parametrize("hang_up", [True, False])
async def test_a_body_that_is_given_up_counts_once(
    street: Street, signature: str, knocked: bool, hang_up: bool
) -> None:
    place = Place()
    half = head(HOOK, 5000, b"x-hub-signature-256: " + signature.encode()) + b"{"
    async with listening(place.front(street, straight=True), Hasty) as port, call(port) as line:
        line.send(half)
        if hang_up:
            await line.writer.drain()
            line.writer.close()
        else:
            assert (await line.rest()).startswith(b"HTTP/1.1 408 ")
        await eventually(lambda: place.heard)
    assert place.heard == [(499, knocked)]
    assert not place.kept


async def test_who_is_gone_when_it_is_stored_harms_nobody(street: Street) -> None:
    place = Place()
    place.patient = True
    async with listening(place.front(street, straight=True), Hasty) as port:
        async with call(port) as line:
            line.send(request())
            await eventually(lambda: place.asked)
        place.patient = False
        assert (await _one(port)).endswith(b"ok")
        place.asked[0](None)
    assert [status for status, _ in place.heard] == [200, 200]


async def _one(port: int) -> bytes:
    async with call(port) as line:
        line.send(request(b"connection: close"))
        return await line.rest()


async def test_stopping_waits_for_what_is_being_stored(street: Street) -> None:
    place = Place()
    place.patient = True
    server: Any = None

    def remember(app: Any, *given: Any, **more: Any) -> Any:
        nonlocal server
        server = http_server(app, *given, **more)
        return server

    async with (
        listening(place.front(street, straight=True), Hasty, make=remember) as port,
        call(port) as line,
    ):
        line.send(request())
        await eventually(lambda: place.asked)
        server.should_exit = True
        await eventually(lambda: not server.servers or not server.servers[0].is_serving())
        await eventually(lambda: all(not one.cycle.keep_alive for one in server.server_state.connections))
        place.asked[0](None)
        answer = await line.rest()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close\r\n" in answer
