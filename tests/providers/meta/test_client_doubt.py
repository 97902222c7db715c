"""Where a send breaks decides what is known: certainly not sent, or in doubt. Never sent twice."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from tests.providers.meta.certificate import self_signed
from tests.providers.meta.raw_graph import (
    CREDENTIALS,
    Behaviour,
    Graph,
    answering,
    graph_error,
    http,
    sent,
    text_message,
)

from recado.kit.reasons import Reason
from recado.providers.contract import (
    Accepted,
    Later,
    Scope,
    Unknown,
)
from recado.providers.meta.client import MetaSender

Start = Callable[[Behaviour], Awaitable[Graph]]
MakeSender = Callable[..., MetaSender]


def unreachable(outcome: object) -> bool:
    return (
        isinstance(outcome, Later)
        and outcome.reason is Reason.PROVIDER_UNREACHABLE
        and outcome.scope is Scope.MESSAGE
    )


def in_doubt(outcome: object) -> bool:
    return (
        isinstance(outcome, Unknown)
        and outcome.reason is Reason.IN_DOUBT_NO_ANSWER
        and not outcome.soft
        and not outcome.no_id
    )


async def test_nobody_listening_is_certainly_not_sent(
    sender: MakeSender, free_port: Callable[[], int]
) -> None:
    outcome = await sender(f"http://127.0.0.1:{free_port()}").send(text_message(), CREDENTIALS)
    assert unreachable(outcome)


class NoSuchHost(AbstractResolver):
    async def resolve(self, host: str, *args: Any, **more: Any) -> list[ResolveResult]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def close(self) -> None: ...


async def test_an_unknown_host_name_is_certainly_not_sent(sender: MakeSender) -> None:
    client = sender("https://graph.invalid", resolver=NoSuchHost())
    assert unreachable(await client.send(text_message(), CREDENTIALS))


async def test_a_certificate_nobody_vouches_for_is_certainly_not_sent(
    sender: MakeSender, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    read: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        read.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = sender(f"https://127.0.0.1:{port}")
        assert unreachable(await client.send(text_message(), CREDENTIALS))
    assert not b"".join(read)


async def test_plain_text_where_tls_was_expected_is_certainly_not_sent(
    graph: Start, sender: MakeSender
) -> None:
    server = await graph(answering(http("200 OK", sent())))
    client = sender(server.base_url.replace("http:", "https:"))
    task = asyncio.create_task(client.send(text_message(), CREDENTIALS))
    outcome = await asyncio.wait_for(task, 10)
    assert unreachable(outcome)
    assert server.requests == []


async def test_a_full_pool_is_certainly_not_sent(
    graph: Start, sender: MakeSender, eventually: Callable[..., Awaitable[Any]]
) -> None:
    release = asyncio.Event()

    async def stuck(writer: asyncio.StreamWriter, number: int) -> bool:
        await release.wait()
        return False

    server = await graph(stuck)
    client = sender(server.base_url, limit=1)
    first = asyncio.create_task(client.send(text_message(), CREDENTIALS))
    await eventually(lambda: server.requests)
    outcome = await client.send(text_message(), CREDENTIALS)
    assert unreachable(outcome)
    release.set()
    assert in_doubt(await first)
    assert len(server.requests) == 1


async def hang_up(writer: asyncio.StreamWriter, number: int) -> bool:
    return False


async def reset(writer: asyncio.StreamWriter, number: int) -> bool:
    plain = writer.get_extra_info("socket")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


async def half_a_head(writer: asyncio.StreamWriter, number: int) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await writer.drain()
    return False


async def nonsense(writer: asyncio.StreamWriter, number: int) -> bool:
    writer.write(b"this is not HTTP at all\r\n\r\n")
    await writer.drain()
    return False


@pytest.mark.parametrize("behaviour", [hang_up, reset, half_a_head, nonsense])
async def test_a_connection_lost_after_the_request_is_in_doubt(
    graph: Start, sender: MakeSender, behaviour: Behaviour
) -> None:
    server = await graph(behaviour)
    outcome = await sender(server.base_url).send(text_message(), CREDENTIALS)
    assert in_doubt(outcome)
    assert len(server.requests) == 1


async def test_a_yes_that_breaks_off_counts_as_yes(graph: Start, sender: MakeSender) -> None:
    async def broken(writer: asyncio.StreamWriter, number: int) -> bool:
        writer.write(http("200 OK", sent())[:-20])
        await writer.drain()
        return False

    server = await graph(broken)
    outcome = await sender(server.base_url).send(text_message(), CREDENTIALS)
    assert isinstance(outcome, Unknown)
    assert outcome.no_id


async def test_a_refusal_that_breaks_off_proves_nothing(graph: Start, sender: MakeSender) -> None:
    async def broken(writer: asyncio.StreamWriter, number: int) -> bool:
        writer.write(http("400 Bad Request", graph_error(131026))[:-5])
        await writer.drain()
        return False

    server = await graph(broken)
    assert in_doubt(await sender(server.base_url).send(text_message(), CREDENTIALS))


async def test_silence_ends_with_the_read_budget(graph: Start, sender: MakeSender) -> None:
    forever = asyncio.Event()

    async def silent(writer: asyncio.StreamWriter, number: int) -> bool:
        return await forever.wait()

    server = await graph(silent)
    outcome = await sender(server.base_url, read_s=0.2).send(text_message(), CREDENTIALS)
    assert in_doubt(outcome)
    assert outcome.exchange is not None
    assert 0.15 < outcome.exchange.elapsed_s < 3


async def test_a_slow_drip_ends_with_the_total_budget(graph: Start, sender: MakeSender) -> None:
    async def drip(writer: asyncio.StreamWriter, number: int) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 0.05)
        return False

    server = await graph(drip)
    client = sender(server.base_url, read_s=5.0, total_s=0.4)
    outcome = await asyncio.wait_for(client.send(text_message(), CREDENTIALS), 5)
    assert isinstance(outcome, Unknown)
    assert outcome.no_id  # the status line already said yes


async def test_a_stale_connection_never_repeats_a_post(graph: Start, sender: MakeSender) -> None:
    """The server answers, then closes when the next request arrives on the kept connection."""

    async def once_per_connection(writer: asyncio.StreamWriter, number: int) -> bool:
        if number == 1:
            writer.write(http("200 OK", sent("wamid.1")))
            await writer.drain()
            return True
        return False

    server = await graph(once_per_connection)
    client = sender(server.base_url)
    assert isinstance(await client.send(text_message(), CREDENTIALS), Accepted)
    outcome = await client.send(text_message(opaque="second"), CREDENTIALS)
    assert in_doubt(outcome)
    assert len(server.requests) == 2
    assert server.connections == 1


async def test_a_connection_closed_while_idle_is_replaced(graph: Start, sender: MakeSender) -> None:
    async def answer_and_close(writer: asyncio.StreamWriter, number: int) -> bool:
        writer.write(http("200 OK", sent(f"wamid.{number}")))
        await writer.drain()
        return False

    server = await graph(answer_and_close)
    client = sender(server.base_url)
    for _ in range(3):
        outcome = await client.send(text_message(), CREDENTIALS)
        # Usually the close was seen in time and a new connection made; if not, it is in doubt.
        assert isinstance(outcome, Accepted) or in_doubt(outcome)
        if isinstance(outcome, Accepted):
            await asyncio.wait_for(server.closed.wait(), 5)
            server.closed.clear()
    assert 1 <= len(server.requests) <= 3  # never more than one POST for each send


async def test_a_kept_connection_is_used_again(graph: Start, sender: MakeSender) -> None:
    server = await graph(answering(http("200 OK", sent())))
    client = sender(server.base_url)
    for _ in range(5):
        assert isinstance(await client.send(text_message(), CREDENTIALS), Accepted)
    assert (server.connections, len(server.requests)) == (1, 5)
