"""What one send puts on the wire and what each answer becomes, against raw sockets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
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

from recado.kit import failpoints
from recado.kit.reasons import Reason
from recado.providers.contract import (
    Accepted,
    Blame,
    Credentials,
    Done,
    Later,
    Rejected,
    Unknown,
)
from recado.providers.meta.client import MetaSender
from recado.providers.meta.http import GraphHttp
from recado.providers.meta.provider import build

Start = Callable[[Behaviour], Awaitable[Graph]]
MakeSender = Callable[..., MetaSender]


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


async def test_a_failpoint_that_does_nothing_slows_nothing_down(
    graph: Start, open_http: Callable[..., GraphHttp]
) -> None:
    server = await graph(answering(http("200 OK", sent())))
    graph_http = open_http(server.base_url, probe=failpoints.reached)  # no plan in tests
    assert isinstance(await MetaSender(graph_http).send(text_message(), CREDENTIALS), Accepted)
    assert not graph_http.stepped
    assert open_http(server.base_url, probe=print).stepped


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
