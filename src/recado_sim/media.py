"""Uploaded and received files: ids, links that live five minutes, bytes kept in memory only."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlencode

import aiohttp

from recado_sim.refusals import Refusal, parameter
from recado_sim.state import Media, Message, World

Json = dict[str, Any]
LINK_LIVES_S = 300.0
BYTES_MAX = 256 * 1024 * 1024
MB = 1024 * 1024
# What Meta takes, and how large (Cloud API media reference, July 2026).
LIMITS: dict[str, int] = {
    "audio/aac": 16 * MB,
    "audio/amr": 16 * MB,
    "audio/mpeg": 16 * MB,
    "audio/mp4": 16 * MB,
    "audio/ogg": 16 * MB,
    "audio/opus": 16 * MB,
    "image/jpeg": 5 * MB,
    "image/png": 5 * MB,
    "image/webp": 500 * 1024,
    "video/mp4": 16 * MB,
    "video/3gpp": 16 * MB,
    "text/plain": 100 * MB,
    "application/pdf": 100 * MB,
    "application/msword": 100 * MB,
    "application/vnd.ms-excel": 100 * MB,
    "application/vnd.ms-powerpoint": 100 * MB,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": 100 * MB,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": 100 * MB,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": 100 * MB,
}


class Library:
    """The files of one simulation."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._key = secrets.token_bytes(32)  # links of an earlier process are worthless, as they are
        self._bytes = 0
        self._fetching: set[asyncio.Task[None]] = set()

    def refuse(self, mime_type: str, size: int) -> Refusal | None:
        """Why Graph would not take this upload."""
        plain = mime_type.split(";")[0].strip().lower()
        limit = LIMITS.get(plain)
        if limit is None:
            allowed = ", ".join(sorted(LIMITS))
            return parameter(
                f"Param file must be a file with one of the following types: {allowed}. "
                f"Received file of type '{plain}'."
            )
        if size == 0:
            return parameter("Param file must not be empty.")
        if size > limit:
            return parameter(f"Param file must be at most {limit} bytes for type '{plain}'.")
        return None

    def store(self, data: bytes, mime_type: str, filename: str | None = None) -> Media:
        """Keep bytes under a new id; the oldest files go when memory would grow too large."""
        media = Media(
            id=self.world.ids.number(),
            mime_type=mime_type,
            sha256=hashlib.sha256(data).hexdigest(),
            data=data,
            filename=filename,
            at=self.world.now(),
        )
        self.world.media[media.id] = media
        self._bytes = sum(len(kept.data) for kept in self.world.media.values())
        while self._bytes > BYTES_MAX and len(self.world.media) > 1:
            oldest = self.world.media.pop(next(iter(self.world.media)))
            self._bytes -= len(oldest.data)
        return media

    def link(self, media_id: str, source: str) -> str:
        """A download URL on the simulator that lives five minutes."""
        expires = int(self.world.now() + LINK_LIVES_S)
        query = {
            "mid": media_id,
            "source": source,
            "ext": str(expires),
            "hash": self._hash(media_id, str(expires)),
        }
        return f"{self.world.base_url}/whatsapp_business/attachments/?{urlencode(query)}"

    def at_link(self, media_id: str, expires: str, given: str) -> Media | None:
        """The file behind a download URL, while the URL lives."""
        if not hmac.compare_digest(self._hash(media_id, expires).encode(), given.encode()):
            return None
        if int(expires) < self.world.now():
            return None
        return self.world.media.get(media_id)

    def _hash(self, media_id: str, expires: str) -> str:
        return hmac.new(self._key, f"{media_id}:{expires}".encode(), hashlib.sha256).hexdigest()

    def described(self, media: Media) -> Json:
        """The answer of `GET /{media_id}`."""
        return {
            "messaging_product": "whatsapp",
            "url": self.link(media.id, "getMedia"),
            "mime_type": media.mime_type,
            "sha256": media.sha256,
            "file_size": len(media.data),
            "id": media.id,
        }

    def in_webhook(self, media: Media) -> Json:
        """The media object of an inbound message; there the hash is base64."""
        return {
            "mime_type": media.mime_type,
            "sha256": base64.b64encode(bytes.fromhex(media.sha256)).decode(),
            "id": media.id,
            "url": self.link(media.id, "webhook"),
        }

    def fetch_for(self, message: Message, link: str) -> None:
        """Get a linked file of this machine so that the handset can show it."""
        task = asyncio.get_running_loop().create_task(self._fetch(message, link))
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    async def _fetch(self, message: Message, link: str) -> None:
        timeout = aiohttp.ClientTimeout(total=5.0)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(link, allow_redirects=False) as response,
            ):
                if response.status == 200:
                    data = await response.read()
                    mime_type = response.content_type or "application/octet-stream"
                    message.media_id = self.store(data, mime_type).id
        except (aiohttp.ClientError, TimeoutError, OSError):
            return  # the handset shows the link instead
