"""Lines that carry sends: kept, shared, given up, and never misled by what comes unasked or twice."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.providers.meta.certificate import self_signed
from tests.providers.meta.raw_graph import (
    CREDENTIALS,
    Behaviour,
    Graph,
    answering,
    http,
    sent,
    text_message,
)
from tests.support.waiting import eventually

from recado.kit.reasons import Reason
from recado.providers.contract import Accepted, Credentials, Later, SendOutcome, Unknown
from recado.providers.meta.client import MetaSender

Start = Callable[[Behaviour], Awaitable[Graph]]
MakeSender = Callable[..., MetaSender]


async def ids(client: MetaSender, times: int) -> list[str | None]:
    """The wamid of each send, one after the other; None for what is in doubt."""
    told: list[str | None] = []
    for _ in range(times):
        outcome = await client.send(text_message(), CREDENTIALS)
        told.append(outcome.wamid if isinstance(outcome, Accepted) else None)
    return told


def numbered(shape: Callable[[bytes], bytes], *, keep: bool = True) -> Behaviour:
    async def behave(writer: asyncio.StreamWriter, number: int) -> bool:
        writer.write(shape(sent(f"wamid.{number}")))
        await writer.drain()
        return keep

    return behave


@pytest.mark.parametrize(
    ("shape", "keep", "connections"),
    [
        (lambda body: http("200 OK", body), True, 1),
        (lambda body: b"HTTP/1.1 100 Continue\r\n\r\n" + http("200 OK", body), True, 1),
        (lambda body: b"HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n" + http("200 OK", body), True, 1),
        (lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
            % (len(body), body), True, 1),
        (lambda body: http("200 OK", body, "Connection: close"), False, 3),
        (lambda body: b"HTTP/1.1 200 OK\r\n\r\n" + body, False, 3),
        (lambda body: b"HTTP/1.0 200 OK\r\n\r\n" + body, False, 3),
    ],
)  # fmt: skip
async def test_every_form_of_an_answer_is_understood(
    graph: Start, sender: MakeSender, shape: Callable[[bytes], bytes], keep: bool, connections: int
) -> None:
    server = await graph(numbered(shape, keep=keep))
    assert await ids(sender(server.base_url), 3) == ["wamid.1", "wamid.2", "wamid.3"]
    assert (server.connections, len(server.requests)) == (connections, 3)


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_an_answer_in_pieces_is_put_together(graph: Start, sender: MakeSender, size: int) -> None:
    async def dribble(writer: asyncio.StreamWriter, number: int) -> bool:
        whole = http("200 OK", sent())
        for start in range(0, len(whole), size):
            writer.write(whole[start : start + size])
            await writer.drain()
        return True

    server = await graph(dribble)
    assert await ids(sender(server.base_url), 1) == ["wamid.TEST1"]


@pytest.mark.parametrize(
    "more", [http("200 OK", sent("wamid.FORGED")), b"HTTP/1.1 200 OK\r\nContent-", b"\x00\x01nonsense"]
)
async def test_an_answer_to_nothing_is_never_taken_for_the_next(
    graph: Start, sender: MakeSender, more: bytes
) -> None:
    """Two answers to one request: the second must not become the answer to another message."""
    server = await graph(numbered(lambda body: http("200 OK", body) + more))
    assert await ids(sender(server.base_url), 2) == ["wamid.1", "wamid.2"]
    assert server.connections == 2


async def test_what_comes_while_nobody_asked_ends_the_line(graph: Start, sender: MakeSender) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def behave(writer: asyncio.StreamWriter, number: int) -> bool:
        writers.append(writer)
        writer.write(http("200 OK", sent(f"wamid.{number}")))
        await writer.drain()
        return True

    server = await graph(behave)
    client = sender(server.base_url)
    assert await ids(client, 1) == ["wamid.1"]
    writers[0].write(http("200 OK", sent("wamid.FORGED")))
    await asyncio.wait_for(server.closed.wait(), 5)
    assert await ids(client, 1) == ["wamid.2"]


async def test_a_head_without_an_end_is_in_doubt(graph: Start, sender: MakeSender) -> None:
    async def endless(writer: asyncio.StreamWriter, number: int) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"X-Filler: " + b"x" * 4000 + b"\r\n")
            await writer.drain()
        return False

    server = await graph(endless)
    assert await ids(sender(server.base_url), 1) == [None]


async def test_an_upgrade_is_no_answer(graph: Start, sender: MakeSender) -> None:
    server = await graph(
        answering(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello")
    )
    outcome = await sender(server.base_url).send(text_message(), CREDENTIALS)
    assert isinstance(outcome, Unknown)
    assert outcome.reason is Reason.IN_DOUBT_NO_ANSWER


async def test_whoever_waits_for_a_line_gets_the_next_free_one(graph: Start, sender: MakeSender) -> None:
    gate = asyncio.Semaphore(0)

    async def patient(writer: asyncio.StreamWriter, number: int) -> bool:
        await gate.acquire()
        writer.write(http("200 OK", sent(f"wamid.{number}")))
        await writer.drain()
        return True

    server = await graph(patient)
    client = sender(server.base_url, limit=2)
    tasks = [asyncio.create_task(client.send(text_message(), CREDENTIALS)) for _ in range(6)]
    await eventually(lambda: len(server.requests) == 2)
    for _ in range(6):
        gate.release()
    outcomes: list[SendOutcome] = await asyncio.gather(*tasks)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert (server.connections, len(server.requests)) == (2, 6)


async def test_who_gives_up_frees_the_place(graph: Start, sender: MakeSender) -> None:
    async def first_is_silent(writer: asyncio.StreamWriter, number: int) -> bool:
        if number == 1:
            return await asyncio.Event().wait()
        writer.write(http("200 OK", sent(f"wamid.{number}")))
        await writer.drain()
        return True

    server = await graph(first_is_silent)
    client = sender(server.base_url, limit=1)
    given_up = asyncio.create_task(client.send(text_message(), CREDENTIALS))
    await eventually(lambda: server.requests)
    waiting = asyncio.create_task(client.send(text_message(), CREDENTIALS))
    await asyncio.wait({waiting}, timeout=0.05)
    given_up.cancel()
    outcome = await waiting
    assert isinstance(outcome, Accepted)
    assert outcome.wamid == "wamid.2"


async def test_a_waiter_that_is_cancelled_takes_nobodys_place(graph: Start, sender: MakeSender) -> None:
    gate = asyncio.Event()

    async def patient(writer: asyncio.StreamWriter, number: int) -> bool:
        await gate.wait()
        writer.write(http("200 OK", sent(f"wamid.{number}")))
        await writer.drain()
        return True

    server = await graph(patient)
    client = sender(server.base_url, limit=1)
    first = asyncio.create_task(client.send(text_message(), CREDENTIALS))
    await eventually(lambda: server.requests)
    waiting = [asyncio.create_task(client.send(text_message(), CREDENTIALS)) for _ in range(3)]
    await asyncio.wait(waiting, timeout=0.05)
    waiting[0].cancel()
    gate.set()
    outcomes = await asyncio.gather(first, *waiting[1:])
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(server.requests) == 3


async def test_a_line_that_rested_too_long_is_not_used_again(graph: Start, sender: MakeSender) -> None:
    server = await graph(numbered(lambda body: http("200 OK", body)))
    assert await ids(sender(server.base_url, keepalive_s=0.0), 2) == ["wamid.1", "wamid.2"]
    assert server.connections == 2


async def test_after_closing_no_line_is_left(graph: Start, sender: MakeSender) -> None:
    server = await graph(answering(http("200 OK", sent())))
    client = sender(server.base_url)
    await ids(client, 1)
    await client.aclose()
    await asyncio.wait_for(server.closed.wait(), 5)


async def test_a_certificate_somebody_vouches_for_is_enough(sender: MakeSender, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    made = Graph(answering(http("200 OK", sent())))
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: Any, writer: Any) -> None:
        tasks.add(asyncio.ensure_future(made.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    trusted = ssl.create_default_context(cafile=str(certificate))
    async with server:
        client = sender(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", ssl=trusted)
        assert await ids(client, 3) == ["wamid.TEST1"] * 3
        await client.aclose()
    await asyncio.gather(*tasks)
    assert made.connections == 1


async def test_what_stands_on_the_wire(graph: Start, sender: MakeSender) -> None:
    """The same head with and without the points at which crash tests stop."""
    server = await graph(answering(http("200 OK", sent())))
    for probe in (None, lambda point: None):
        credentials = Credentials(access_token="tok", app_secret="shh")
        assert isinstance(
            await sender(server.base_url, probe=probe).send(text_message(), credentials), Accepted
        )
    plain, stepped = (request.head for request in server.requests)
    assert plain == stepped
    names = [line.partition(":")[0] for line in plain.split("\r\n")[1:-2]]
    assert len(names) == len(set(names))
    assert {"Host", "Authorization", "Content-Type", "Content-Length", "User-Agent"} <= set(names)
    assert server.requests[0].header("Host") == server.base_url.removeprefix("http://")


async def test_time_to_connect_is_not_spent_on_answers(graph: Start, sender: MakeSender) -> None:
    """A line that is never free within the time for connecting: certainly not sent."""
    server = await graph(answering(http("200 OK", sent())))
    client = sender(server.base_url, limit=0, total_s=0.4)
    outcome = await client.send(text_message(), CREDENTIALS)
    assert isinstance(outcome, Later)
    assert server.connections == 0
