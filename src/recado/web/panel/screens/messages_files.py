"""Files of a message: pictures, sound and video are shown, everything else is saved, nothing is ever a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from recado.errors import Forbidden, NotFound
from recado.kit.ids import MessageId
from recado.media.service import MediaRow
from recado.messages import listing_one, reading
from recado.web.auth import Deps
from recado.web.panel.visitor import Viewer, needs

router = APIRouter()
PATH = "/painel/mensagens/{message_id:uuid}/arquivo/{media_id}"
# What browsers play by themselves; WhatsApp's own voice format among them.
SHOWN: Final[dict[str, str]] = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "image",
    "audio/aac": "audio",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/ogg": "audio",
    "video/mp4": "video",
}
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, no-store",
    "accept-ranges": "bytes",
}
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_KINDS: Final = ("image", "video", "audio", "document", "sticker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file of the message. `shows` is image, audio, video, or empty for one to be saved; `ready` once it is here.
    `elsewhere` is the place of a file that only its address was given of: it is not fetched."""

    shows: str
    name: str = field(repr=False)
    address: str = ""
    size_bytes: int | None = None
    ready: bool = True
    elsewhere: str = ""


def attached(message_id: UUID, content: dict[str, Any], files: Sequence[MediaRow]) -> list[Attached]:
    """Files of a message with their addresses in the panel."""
    found = [_file(message_id, row) for row in files]
    return found or _linked(content)


def _file(message_id: UUID, row: MediaRow) -> Attached:
    return Attached(
        shows=SHOWN.get(_mime(row), ""),
        name=row.filename or "",
        address=f"/painel/mensagens/{message_id}/arquivo/{row.media_id}",
        size_bytes=row.size_bytes,
        ready=row.state == "stored" and row.blob is not None,
    )


def _linked(content: dict[str, Any]) -> list[Attached]:
    kind = content.get("type")
    inner = content.get(kind) if kind in _KINDS else None
    link = inner.get("link") if isinstance(inner, dict) else None
    if not isinstance(link, str):
        return []
    return [Attached(shows="", name=str((inner or {}).get("filename") or ""), elsewhere=_host(link))]


def _host(link: str) -> str:
    try:
        return urlsplit(link).hostname or link[:80]
    except ValueError:
        return link[:80]


def _mime(row: MediaRow) -> str:
    return (row.mime_type or "").split(";")[0].strip().lower()


@router.get(PATH)
@needs("messages.read")
async def file(request: Request, deps: Deps, visitor: Viewer, message_id: UUID, media_id: UUID) -> Response:
    """Only files of this message. What people send is for who may read conversations."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        message = await reading.get(tx, visitor.tenant_id, MessageId(message_id))
        if message.direction != "out" and not visitor.allowed("conversations.read"):
            raise Forbidden("missing_right", "the role may not read what people write")
        files = await listing_one.files(tx, message)
    row = next((one for one in files if one.media_id == media_id), None)
    data = await deps.blobs.get(row.blob) if row and row.state == "stored" and row.blob else None
    if row is None or data is None:
        raise NotFound("media_not_found", "no such file")
    return as_file(request, row, data)


def as_file(request: Request, row: MediaRow, data: bytes) -> Response:
    """What browsers show or play is shown; everything else is only ever saved."""
    mime = _mime(row)
    shown = mime in SHOWN
    how = "inline" if shown else "attachment"
    headers = _HEADERS | {
        "content-disposition": f"{how}; filename*=UTF-8''{quote(row.filename or 'arquivo', safe='')}"
    }
    kind = mime if shown else "application/octet-stream"
    return _part(data, request.headers.get("range", ""), kind, headers)


def _part(data: bytes, asked: str, kind: str, headers: dict[str, str]) -> Response:
    """The whole, or the piece a player asks for: some play nothing of a server that knows no pieces."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not any(found.groups()) or not data:
        return Response(data, media_type=kind, headers=headers)
    first, last = found.groups()
    if first:
        start, end = int(first), min(int(last) if last else len(data) - 1, len(data) - 1)
    else:
        start, end = max(0, len(data) - int(last)), len(data) - 1
    if start > end:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{len(data)}"})
    piece = headers | {"content-range": f"bytes {start}-{end}/{len(data)}"}
    return Response(data[start : end + 1], status_code=206, media_type=kind, headers=piece)
