"""Media of the Cloud API: upload, where a file is, and its bytes.

A media address comes from outside (a webhook, an answer), so the bearer token goes only to hosts
that belong to Meta, over https, and never follows a redirect.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
from yarl import URL

from recado.kit.reasons import Reason
from recado.providers.contract import (
    Blame,
    Credentials,
    Exchange,
    Later,
    MediaGone,
    MediaInfo,
    Rejected,
    TooLarge,
    Unknown,
    Uploaded,
)
from recado.providers.meta.client import read_any_object, refusal
from recado.providers.meta.errors import read_graph_error
from recado.providers.meta.http import (
    Answer,
    Budget,
    GraphHttp,
    authorization,
    failure,
    is_loopback,
    read_some,
    usable,
)
from recado.providers.meta.values import as_int, as_text

_HOSTS: Final = frozenset({"lookaside.fbsbx.com"})
_HOST_SUFFIXES: Final = (".fbcdn.net", ".whatsapp.net")
_TRANSFER: Final = Budget(connect_s=3.0, read_s=30.0, total_s=300.0)
_ADDRESS: Final = re.compile(r"https?://[\x21-\x5b\x5d-\x7e]{1,4000}")
_ERROR_CAP: Final = 16 * 1024
_CHUNK: Final = 64 * 1024
_MISSING_NODE_SUBCODE: Final = 33
_NOTHING_SENT: Final = Exchange(http_status=None, answer=b"", elapsed_s=0.0)


class MetaMedia:
    """The `MediaStore` of Meta's Cloud API. `extra_hosts` are further exact names for downloads."""

    def __init__(self, http: GraphHttp, extra_hosts: frozenset[str] = frozenset()) -> None:
        self._http = http
        self._hosts = _HOSTS | {host.lower() for host in extra_hosts}

    async def upload(
        self,
        phone_number_id: str,
        data: AsyncIterator[bytes] | bytes,
        mime_type: str,
        filename: str,
        credentials: Credentials,
    ) -> Uploaded | Rejected | Later | Unknown:
        """Stores a file for 30 days. A repeated upload only leaves an unused copy behind.

        Bytes go with a length; an iterator is streamed in chunks and never held in memory.
        """
        form = aiohttp.FormData(quote_fields=True)
        try:
            url = self._http.url(phone_number_id, "media")
            form.add_field("messaging_product", "whatsapp")
            form.add_field("type", mime_type)
            form.add_field("file", data, filename=filename, content_type=mime_type)
        except (TypeError, ValueError) as fault:
            return _refused(str(fault))
        if not usable(credentials):
            return _refused_token()
        answer = await self._http.call(
            "POST",
            url,
            credentials,
            data=form,
            headers=authorization(credentials),
            budget=_TRANSFER,
        )
        if not isinstance(answer, Answer):
            return answer
        if not 200 <= answer.status < 300:
            return refusal(answer)
        media_id = as_text(read_any_object(answer.body).get("id"))
        if media_id is None:
            return _unreadable(answer)
        return Uploaded(provider_media_id=media_id)

    async def info(
        self, media_id: str, phone_number_id: str, credentials: Credentials
    ) -> MediaInfo | MediaGone | Rejected | Later | Unknown:
        """Where the file is; the address works for five minutes and needs the token."""
        if not usable(credentials):
            return _refused_token()
        try:
            url = self._http.url(media_id, params={"phone_number_id": phone_number_id})
        except ValueError as fault:
            return _refused(str(fault))
        answer = await self._http.call("GET", url, credentials, headers=authorization(credentials))
        if not isinstance(answer, Answer):
            return answer
        if 200 <= answer.status < 300:
            return _info(answer)
        return MediaGone(detail=_gone(answer)) if _is_gone(answer) else refusal(answer)

    async def download(
        self, url: str, max_bytes: int, credentials: Credentials
    ) -> bytes | MediaGone | TooLarge | Rejected | Later | Unknown:
        """The bytes of a file, at most `max_bytes`. Only from hosts of Meta, without redirects."""
        target = self.allowed(url)
        if target is None:
            return _refused("the address is not one of the provider's")
        if not usable(credentials):
            return _refused_token()
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with self._http.session().get(
                target,
                headers=authorization(credentials),
                allow_redirects=False,
                timeout=_TRANSFER.timeout(),
            ) as response:
                if response.status != 200:
                    return await _no_file(response, clock() - started)
                return await _bytes(response, max_bytes)
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            return failure(fault, clock() - started)

    def allowed(self, address: str) -> URL | None:
        """The address when the token may go there: Meta's hosts over https, or the base itself."""
        if not _ADDRESS.fullmatch(address):
            return None
        try:
            # Addresses are signed: not one character may be normalised.
            url = URL(address, encoded=True)
            host = (url.host or "").lower()
        except ValueError:
            return None
        if not host or url.user is not None or url.password is not None:
            return None
        base = self._http.base
        if url.origin() == base.origin():
            return url
        if is_loopback(base) and is_loopback(url) and url.scheme in ("http", "https"):
            return url
        trusted = host in self._hosts or host.endswith(_HOST_SUFFIXES)
        return url if trusted and url.scheme == "https" and url.port == 443 else None


def _info(answer: Answer) -> MediaInfo | Unknown:
    found = read_any_object(answer.body)
    url = as_text(found.get("url"))
    if url is None:
        return _unreadable(answer)
    return MediaInfo(
        url=url,
        mime_type=as_text(found.get("mime_type")),
        sha256=as_text(found.get("sha256")),
        file_size=as_int(found.get("file_size")),  # seen as a number and as a string
    )


def _is_gone(answer: Answer) -> bool:
    error = read_graph_error(answer.body)
    missing = error is not None and (error.code, error.subcode) == (100, _MISSING_NODE_SUBCODE)
    return answer.status in (404, 410) or missing


def _gone(answer: Answer) -> str:
    error = read_graph_error(answer.body)
    return f"HTTP {answer.status}" if error is None else error.detail


async def _no_file(
    response: aiohttp.ClientResponse, elapsed_s: float
) -> MediaGone | Rejected | Later | Unknown:
    body = bytearray()
    await read_some(response.content, body, _ERROR_CAP)
    answer = Answer(
        status=response.status,
        body=bytes(body),
        whole=True,
        retry_after=response.headers.get("Retry-After"),
        usage=None,
        elapsed_s=elapsed_s,
    )
    if response.status in (404, 410):
        return MediaGone(detail=_gone(answer))
    return refusal(answer)


async def _bytes(response: aiohttp.ClientResponse, max_bytes: int) -> bytes | TooLarge:
    """Stops at the limit whatever the server announced; leaving early closes the connection."""
    announced = response.content_length
    if announced is not None and announced > max_bytes:
        response.close()
        return TooLarge(limit_bytes=max_bytes)
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            response.close()
            return TooLarge(limit_bytes=max_bytes)
    return bytes(body)


def _unreadable(answer: Answer) -> Unknown:
    return Unknown(
        reason=Reason.IN_DOUBT_NO_ID,
        detail=f"HTTP {answer.status} without the expected members",
        no_id=True,
        exchange=answer.exchange,
    )


def _refused(detail: str) -> Rejected:
    return Rejected(
        code=None,
        reason=Reason.MEDIA_UNAVAILABLE,
        detail=detail[:300],
        blame=Blame.MESSAGE,
        exchange=_NOTHING_SENT,
    )


def _refused_token() -> Rejected:
    return Rejected(
        code=None,
        reason=Reason.CREDENTIALS_UNREADABLE,
        detail="the token is malformed",
        blame=Blame.TOKEN,
        exchange=_NOTHING_SENT,
    )
