"""Every way a send can end, against raw sockets: what was certainly not sent, what nobody knows."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
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
    Blame,
    Credentials,
    Done,
    Later,
    Rejected,
    Scope,
    Unknown,
)
from recado.providers.meta.client import MetaSender
from recado.providers.meta.http import GraphHttp
from recado.providers.meta.provider import build

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


async def test_an_accepted_message_brings_its_ids(graph: Start, sender: MakeSender) -> None:
    server = await graph(answering(http("200 OK", sent())))
    outcome = await sender(server.base_url).send(text_message(), CREDENTIALS)
    assert isinstance(outcome, Accepted)
    assert (outcome.wamid, outcome.message_status) == ("wamid.TEST1", "accepted")
    assert (outcome.wa_id, outcome.user_id) == ("552055500111", None)
    assert outcome.exchange.http_status == 200
    assert outcome.exchange.answer == sent()
    assert 0 < outcome.exchange.elapsed_s < 5
    request = server.requests[0]
    assert request.line == "POST /v25.0/106000000000023/messages HTTP/1.1"
    assert request.header("Authorization") == "Bearer test-token"
    assert request.header("Content-Type") == "application/json"
    assert json.loads(request.body)["to"] == "+5520955500111"


async def test_the_app_secret_is_proved_and_never_sent(graph: Start, sender: MakeSender) -> None:
    server = await graph(answering(http("200 OK", sent())))
    credentials = Credentials(access_token="tok", app_secret="shh")
    await sender(server.base_url).send(text_message(), credentials)
    proof = hmac.new(b"shh", b"tok", hashlib.sha256).hexdigest()
    assert f"?appsecret_proof={proof} " in server.requests[0].line
    assert "shh" not in server.requests[0].head + server.requests[0].body.decode()
    assert "tok" not in repr(credentials)
    assert "shh" not in repr(credentials)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>ok</html>",
        b"{}",
        b"[]",
        b'{"messages":[]}',
        b'{"messages":[{}]}',
        b'{"messages":[{"id":""}]}',
        b'{"messages":[{"id":7}]}',
        b'{"messages":{"id":"x"}}',
        b'{"messages":[{"id":"wamid.A"}',
        b"[" * 100_000,
        b"x" * 200_000,
    ],
)
async def test_yes_without_a_readable_id_is_never_sent_again(
    graph: Start, sender: MakeSender, body: bytes
) -> None:
    server = await graph(answering(http("200 OK", body)))
    outcome = await sender(server.base_url).send(text_message(), CREDENTIALS)
    assert isinstance(outcome, Unknown)
    assert (outcome.no_id, outcome.soft) == (True, False)
    assert outcome.reason is Reason.IN_DOUBT_NO_ID
    assert outcome.exchange is not None
    assert len(outcome.exchange.answer) <= 16 * 1024


async def test_contacts_may_be_missing(graph: Start, sender: MakeSender) -> None:
    server = await graph(answering(http("200 OK", b'{"messages":[{"id":"wamid.B"}]}')))
    outcome = await sender(server.base_url).send(text_message(), CREDENTIALS)
    assert isinstance(outcome, Accepted)
    assert (outcome.wamid, outcome.wa_id, outcome.message_status) == ("wamid.B", None, None)


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


@pytest.mark.parametrize("status", ["301 Moved", "307 Temporary Redirect", "308 Permanent"])
async def test_a_redirect_is_not_followed(graph: Start, sender: MakeSender, status: str) -> None:
    elsewhere = await graph(answering(http("200 OK", sent())))
    server = await graph(answering(http(status, b"", f"Location: {elsewhere.base_url}/v25.0/1/messages")))
    assert in_doubt(await sender(server.base_url).send(text_message(), CREDENTIALS))
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (http("500 Oops", b"<html>oops</html>"), Unknown),
        (http("502 Bad Gateway", b""), Unknown),
        (http("400 Bad Request", b"<html></html>"), Unknown),
        (http("408 Request Timeout", graph_error(100)), Unknown),
        (http("400 Bad Request", graph_error(131026)), Rejected),
        (http("429 Too Many Requests", b""), Later),
    ],
)
async def test_refusals_are_judged(graph: Start, sender: MakeSender, answer: bytes, expected: type) -> None:
    server = await graph(answering(answer))
    outcome = await sender(server.base_url).send(text_message(), CREDENTIALS)
    assert isinstance(outcome, expected)
    if isinstance(outcome, Unknown):
        assert not outcome.soft


async def test_a_fault_of_the_graph_is_soft(graph: Start, sender: MakeSender) -> None:
    server = await graph(answering(http("500 Oops", graph_error(131016))))
    outcome = await sender(server.base_url).send(text_message(), CREDENTIALS)
    assert isinstance(outcome, Unknown)
    assert outcome.soft


async def test_the_wait_comes_from_the_headers(graph: Start, sender: MakeSender) -> None:
    usage = json.dumps({"1": [{"estimated_time_to_regain_access": 2}]})
    server = await graph(
        answering(
            http("400 Bad Request", graph_error(80007), f"X-Business-Use-Case-Usage: {usage}"),
            http("429 Too Many", graph_error(130429), "Retry-After: 9"),
        )
    )
    client = sender(server.base_url)
    waits = [await client.send(text_message(), CREDENTIALS) for _ in range(2)]
    assert [wait.retry_after_s for wait in waits if isinstance(wait, Later)] == [120.0, 9.0]
    assert all(isinstance(wait, Later) and wait.slow_down for wait in waits)


@pytest.mark.parametrize(
    ("changes", "token", "reason", "blame"),
    [
        ({"phone": "5520955500111"}, "t", Reason.INVALID_RECIPIENT, Blame.RECIPIENT),
        ({"content": {"type": "text"}}, "t", Reason.INVALID_CONTENT, Blame.MESSAGE),
        ({"phone_number_id": "../me"}, "t", Reason.NO_ROUTE, Blame.NUMBER),
        ({"phone_number_id": ""}, "t", Reason.NO_ROUTE, Blame.NUMBER),
        ({}, "bad\r\nX-Evil: 1", Reason.CREDENTIALS_UNREADABLE, Blame.TOKEN),
        ({}, "", Reason.CREDENTIALS_UNREADABLE, Blame.TOKEN),
    ],
)
async def test_what_cannot_form_a_request_is_refused_here(
    graph: Start,
    sender: MakeSender,
    changes: dict[str, Any],
    token: str,
    reason: Reason,
    blame: Blame,
) -> None:
    server = await graph(answering(http("200 OK", sent())))
    client = sender(server.base_url)
    outcome = await client.send(text_message(**changes), Credentials(access_token=token))
    assert isinstance(outcome, Rejected)
    assert (outcome.reason, outcome.blame) == (reason, blame)
    assert outcome.exchange.http_status is None
    assert server.connections == 0


@pytest.mark.parametrize("url", ["http://graph.example.com", "ftp://x", "", "https://u:p@h.example"])
def test_only_https_or_loopback_is_a_graph(url: str) -> None:
    with pytest.raises(ValueError, match="Graph API address"):
        GraphHttp(url, "v25.0")


async def test_marking_as_read(graph: Start, sender: MakeSender) -> None:
    server = await graph(
        answering(
            http("200 OK", b'{"success":true}'),
            http("200 OK", b'{"success":true}'),
            http("400 Bad Request", graph_error(131009)),
        )
    )
    client = sender(server.base_url)
    assert await client.mark_read("106000000000023", "wamid.A", False, CREDENTIALS) == Done()
    assert await client.mark_read("106000000000023", "wamid.A", True, CREDENTIALS) == Done()
    assert "typing_indicator" in json.loads(server.requests[1].body)
    refused = await client.mark_read("106000000000023", "wamid.A", True, CREDENTIALS)
    assert isinstance(refused, Rejected)


async def test_crash_tests_can_stop_between_the_steps(graph: Start, sender: MakeSender) -> None:
    server = await graph(answering(http("200 OK", sent())))
    steps: list[tuple[str, int]] = []

    def probe(point: str) -> None:
        steps.append((point, len(server.requests)))

    client = sender(server.base_url, probe=probe)
    assert isinstance(await client.send(text_message(), CREDENTIALS), Accepted)
    assert [point for point, _ in steps] == [
        "send.before_connect",
        "send.half_request",
        "send.request_written",
        "send.response_read",
    ]
    assert dict(steps)["send.half_request"] == 0
    assert dict(steps)["send.response_read"] == 1
    assert json.loads(server.requests[0].body)["text"] == {"body": "Olá, Marina!"}
    assert server.requests[0].header("Transfer-Encoding") is None


async def test_cancelling_passes_through(graph: Start, sender: MakeSender) -> None:
    arrived = asyncio.Event()

    async def silent(writer: asyncio.StreamWriter, number: int) -> bool:
        arrived.set()
        return await asyncio.Event().wait()

    server = await graph(silent)
    task = asyncio.create_task(sender(server.base_url).send(text_message(), CREDENTIALS))
    await asyncio.wait_for(arrived.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_provider_has_every_role(graph: Start) -> None:
    server = await graph(answering(http("200 OK", sent())))
    provider = build(server.base_url, "v25.0")
    assert provider.media is not None
    assert {"text", "template", "interactive"} <= provider.capabilities.kinds
    assert isinstance(await provider.sender.send(text_message(), CREDENTIALS), Accepted)
    assert provider.receiver.parse(b"{") is not None
    assert not provider.receiver.verify(b"{}", None, [b"secret"])
    await provider.sender.aclose()
