"""Files up and down: streamed, bounded, and the token only to Meta."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.providers.meta.raw_graph import (
    CREDENTIALS,
    Behaviour,
    Graph,
    answering,
    graph_error,
    http,
)

from recado.kit.reasons import Reason
from recado.providers.contract import (
    Later,
    MediaGone,
    MediaInfo,
    Rejected,
    TooLarge,
    Unknown,
    Uploaded,
)
from recado.providers.meta.http import GraphHttp
from recado.providers.meta.media import MetaMedia

Start = Callable[[Behaviour], Awaitable[Graph]]
OpenHttp = Callable[..., GraphHttp]


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


@pytest.mark.parametrize("streamed", [True, False])
async def test_upload(graph: Start, open_http: OpenHttp, streamed: bool) -> None:
    server = await graph(answering(http("200 OK", b'{"id":"24000000000000011"}')))
    media = MetaMedia(open_http(server.base_url))
    data = pieces(b"%PDF-", b"1.7") if streamed else b"%PDF-1.7"
    outcome = await media.upload("106000000000023", data, "application/pdf", "guia ção.pdf", CREDENTIALS)
    assert outcome == Uploaded(provider_media_id="24000000000000011")
    request = server.requests[0]
    assert request.line == "POST /v25.0/106000000000023/media HTTP/1.1"
    assert request.header("Authorization") == "Bearer test-token"
    assert (request.header("Content-Length") is None) is streamed
    assert b"%PDF-1.7" in request.body
    assert b'name="messaging_product"' in request.body
    assert b"Content-Type: application/pdf" in request.body
    assert b'filename="guia' in request.body


async def test_a_file_name_cannot_break_out_of_its_part(graph: Start, open_http: OpenHttp) -> None:
    server = await graph(answering(http("200 OK", b'{"id":"1"}')))
    media = MetaMedia(open_http(server.base_url))
    name = 'a"\r\nX-Evil: 1\r\n\r\n.pdf'
    await media.upload("1", b"x", "application/pdf", name, CREDENTIALS)
    assert all(b"\r\nX-Evil" not in request.body for request in server.requests)
    refused = await media.upload("1", b"x", "text/plain\r\nX-Evil: 1", "a", CREDENTIALS)
    assert isinstance(refused, Rejected)
    assert len(server.requests) <= 1


async def test_upload_outcomes(graph: Start, open_http: OpenHttp, free_port: Callable[[], int]) -> None:
    server = await graph(answering(http("400 Bad", graph_error(131053)), http("200 OK", b"<html>")))
    media = MetaMedia(open_http(server.base_url))
    refused = await media.upload("1", b"x", "image/png", "a.png", CREDENTIALS)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.MEDIA_REFUSED
    assert isinstance(await media.upload("1", b"x", "image/png", "a.png", CREDENTIALS), Unknown)
    nobody = MetaMedia(open_http(f"http://127.0.0.1:{free_port()}"))
    assert isinstance(await nobody.upload("1", b"x", "image/png", "a.png", CREDENTIALS), Later)


async def test_info(graph: Start, open_http: OpenHttp) -> None:
    found = b'{"url":"https://lookaside.fbsbx.com/x","mime_type":"image/jpeg","file_size":"303833"}'
    server = await graph(
        answering(
            http("200 OK", found),
            http("404 Not Found", b""),
            http("400 Bad", graph_error(100, "gone", error_subcode=33)),
            http("401 No", graph_error(190)),
            http("200 OK", b"{}"),
        )
    )
    media = MetaMedia(open_http(server.base_url))

    async def ask() -> object:
        return await media.info("24000000000000011", "106000000000023", CREDENTIALS)

    assert await ask() == MediaInfo(
        url="https://lookaside.fbsbx.com/x", mime_type="image/jpeg", sha256=None, file_size=303833
    )
    assert server.requests[0].line == (
        "GET /v25.0/24000000000000011?phone_number_id=106000000000023 HTTP/1.1"
    )
    assert isinstance(await ask(), MediaGone)
    assert await ask() == MediaGone(detail="gone")
    assert isinstance(await ask(), Rejected)
    assert isinstance(await ask(), Unknown)


async def test_download(graph: Start, open_http: OpenHttp) -> None:
    server = await graph(answering(http("200 OK", b"x" * 1000), http("404 Not Found", b"")))
    media = MetaMedia(open_http(server.base_url))
    url = f"{server.base_url}/file?mid=1&hash=a%2Fb"
    assert await media.download(url, 1000, CREDENTIALS) == b"x" * 1000
    assert server.requests[0].header("Authorization") == "Bearer test-token"
    assert "mid=1&hash=a%2Fb" in server.requests[0].line
    assert isinstance(await media.download(url, 1000, CREDENTIALS), MediaGone)


async def test_the_size_limit_holds_whatever_the_server_announces(graph: Start, open_http: OpenHttp) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter, number: int) -> bool:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"2000\r\n" + b"x" * 8192 + b"\r\n")
            await writer.drain()
            sent += 8192
        return False

    server = await graph(endless)
    media = MetaMedia(open_http(server.base_url))
    url = f"{server.base_url}/f"
    assert await media.download(url, 100_000, CREDENTIALS) == TooLarge(limit_bytes=100_000)
    await asyncio.wait_for(server.closed.wait(), 5)  # the connection was dropped, not drained
    honest = await graph(answering(http("200 OK", b"x" * 50)))
    outcome = await MetaMedia(open_http(honest.base_url)).download(f"{honest.base_url}/f", 49, CREDENTIALS)
    assert outcome == TooLarge(limit_bytes=49)


async def test_the_token_follows_no_redirect(graph: Start, open_http: OpenHttp) -> None:
    thief = await graph(answering(http("200 OK", b"x")))
    server = await graph(answering(http("302 Found", b"", f"Location: {thief.base_url}/x")))
    media = MetaMedia(open_http(server.base_url))
    outcome = await media.download(f"{server.base_url}/f", 100, CREDENTIALS)
    assert isinstance(outcome, Unknown)
    assert thief.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://evilfbcdn.net/x",
        "https://fbcdn.net.evil.example/",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://user:pw@lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/x",
        "http://localhost:9/x",
        "https://[::1]/x",
        "file:///etc/passwd",
        "//lookaside.fbsbx.com/x",
        "https://",
        "",
        "https://lookaside.fbsbx.com\\@evil.example/",
        "https://[bad",
        "https://graph.example.com.evil.example/x",
    ],
)
async def test_the_token_goes_nowhere_else(open_http: OpenHttp, url: str) -> None:
    media = MetaMedia(open_http("https://graph.example.com"))
    outcome = await media.download(url, 100, CREDENTIALS)
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.MEDIA_UNAVAILABLE


@pytest.mark.parametrize(
    "url",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
        "https://LOOKASIDE.fbsbx.com/x",
        "https://scontent.xx.fbcdn.net/x",
        "https://mmg.whatsapp.net/x",
        "https://cdn.example.org/x",
        "https://graph.example.com/v25.0/x",
    ],
)
async def test_hosts_of_meta_are_allowed(open_http: OpenHttp, url: str) -> None:
    media = MetaMedia(open_http("https://graph.example.com"), frozenset({"CDN.example.org"}))
    assert media.allowed(url) is not None
