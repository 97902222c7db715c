"""Whole bodies in, whole answers out, past the framework's messages: the same HTTP as ever, on a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.doors.street import Street, signed
from tests.doors.test_slow_callers import API, HOOK, call, head, listening

from recado.app.http import LimitedProtocol
from recado.web.direct import head_of

BODY = b'{"object":"whatsapp_business_account","entry":[]}'


def hook(*more: bytes, body: bytes = BODY) -> bytes:
    signature = signed(body)["x-hub-signature-256"].encode()
    return head(HOOK, len(body), b"x-hub-signature-256: " + signature, *more) + body


@pytest.fixture
async def port(street: Street) -> AsyncIterator[int]:
    async with listening(street.app, LimitedProtocol) as number:
        yield number


async def stored(street: Street) -> int:
    return (await street.world.counts())["ledger"]


async def test_many_requests_in_one_piece_get_their_answers_in_order(port: int, street: Street) -> None:
    unsigned = head(HOOK, len(BODY), b"connection: close") + BODY
    async with call(port) as line:
        line.send(hook() * 3 + unsigned)
        answers = await line.rest()
    found = [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert found == [b"200", b"200", b"200", b"401"]
    assert await stored(street) == 3


async def test_a_caller_that_wants_to_close_is_let_go(port: int, street: Street) -> None:
    async with call(port) as line:
        line.send(hook(b"connection: close"))
        answer = await line.rest()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer
    assert answer.endswith(b"\r\n\r\nok")
    assert await stored(street) == 1


async def test_a_caller_of_the_old_version_is_let_go_too(port: int, street: Street) -> None:
    async with call(port) as line:
        line.send(hook().replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        answer = await line.rest()
    assert b" 200 " in answer.split(b"\r\n", 1)[0]
    assert await stored(street) == 1


async def test_a_body_in_pieces_is_put_together(port: int, street: Street) -> None:
    body = b'{"object":"whatsapp_business_account","entry":[],"x":"' + b"y" * 300_000 + b'"}'
    whole = hook(b"connection: close", body=body)
    async with call(port) as line:
        for start in range(0, len(whole), 50_000):
            line.send(whole[start : start + 50_000])
            await line.writer.drain()
        answer = await line.rest()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert await stored(street) == 1


async def test_who_asks_before_sending_is_told_to_go_on(port: int, street: Street) -> None:
    request = hook(b"expect: 100-continue", b"connection: close")
    async with call(port) as line:
        line.send(request[: -len(BODY)])
        assert await line.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.send(BODY)
        answer = await line.rest()
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_refusal_of_the_send_api_keeps_its_headers(port: int) -> None:
    async with call(port) as line:
        line.send(head(API, 2) + b"{}" + head(API, 2, b"connection: close") + b"{}")
        answers = await line.rest()
    assert answers.count(b"HTTP/1.1 401 ") == 2
    assert answers.count(b"x-correlation-id: ") == 2
    assert answers.count(b"application/problem+json") == 2


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\r\n\r\nbody"])
def test_a_header_cannot_end_its_line(value: bytes) -> None:
    with pytest.raises(ValueError, match="end of a line"):
        head_of([(b"x-correlation-id", value)])
