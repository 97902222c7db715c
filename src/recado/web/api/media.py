"""`/api/v1/media`: files to send, files received."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Header, Request, Response
from starlette.datastructures import UploadFile
from starlette.types import Message, Receive

from recado.errors import Conflict, Invalid, NotFound, TooLarge
from recado.kit.ids import uuid4
from recado.kit.reason_texts import reason_text
from recado.kit.reasons import Reason
from recado.media import formats
from recado.media import service as media
from recado.tenants.model import ApiScope
from recado.web.api import views
from recado.web.api.openapi import problem_responses
from recado.web.auth import Caller, Deps, need

router = APIRouter(prefix="/api/v1/media", tags=["media"])
_CHUNK = 256 * 1024
_FORM_ROOM = 64 * 1024  # what a form adds around its file
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "contentMediaType": "application/octet-stream"}
                    },
                }
            }
        },
    }
}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\\"<>|:*?]+")
# Files come from strangers: never rendered, never run, wherever they are opened.
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, no-store",
}


def safe_filename(name: str | None) -> str:
    """Only the last part, without anything a file system or header could trip over."""
    last = (name or "arquivo").replace("\\", "/").rsplit("/", 1)[-1]
    return _UNSAFE.sub("_", last).strip(" .")[:120] or "arquivo"


async def _read(file: UploadFile, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := await file.read(_CHUNK):
        size += len(chunk)
        if size > most:
            raise TooLarge("file_too_large", f"file: at most {most} bytes")
        parts.append(chunk)
    return b"".join(parts)


def _counted(receive: Receive, most: int) -> Receive:
    size = 0

    async def counting() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise TooLarge("file_too_large", f"file: the request may have {most} bytes")
        return message

    return counting


async def _file_of(request: Request, most: int) -> UploadFile:
    """The form's `file`. Raises TooLarge before reading further than `most`, Invalid when there is none."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise TooLarge("file_too_large", f"file: the request may have {most} bytes")
    counted = Request(request.scope, _counted(request.receive, most))
    form = await counted.form(max_files=1, max_fields=4)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        message = "file: send the file as multipart/form-data, in the field `file`"
        violation = {"field": "file", "rule": "required", "limit": None, "length": None, "message": message}
        raise Invalid("invalid_file", message, violations=[violation])
    return file


@router.post(
    "",
    status_code=201,
    summary="Upload a file to send",
    responses=problem_responses("401", "403", "413", "422", "503"),
    openapi_extra=_UPLOAD,
)
async def upload(request: Request, deps: Deps, caller: Caller) -> dict[str, Any]:
    """Format by declared type and first bytes, size by Meta's table; refused files leave nothing behind.

    The body is read only after the key was looked at, and never further than the largest file goes.
    """
    need(caller, ApiScope.MEDIA)
    file = await _file_of(request, deps.media_max_bytes + _FORM_ROOM)
    data = await _read(file, deps.media_max_bytes)
    verdict = formats.judge(file.content_type, len(data), data[:512])
    if isinstance(verdict, formats.Misfit):
        body = {
            "field": "file",
            "rule": verdict.rule,
            "limit": verdict.limit,
            "length": len(data),
            "message": verdict.message,
        }
        if verdict.rule == "too_large":
            raise TooLarge("file_too_large", verdict.message, violations=[body])
        raise Invalid("invalid_file", verdict.message, violations=[body])
    media_id = uuid4(deps.random_bytes)
    await deps.blobs.put(media_id.hex, data)
    async with deps.db.tenant(caller.tenant_id) as tx:
        await media.store_upload(
            tx,
            deps.clock.now(),
            caller.tenant_id,
            media_id=media_id,
            mime_type=verdict.mime_type,
            filename=safe_filename(file.filename),
            data_size=len(data),
            sha256=hashlib.sha256(data).digest(),
            blob=media_id.hex,
        )
        row = await media.find(tx, caller.tenant_id, media_id)
    assert row is not None
    return views.media_body(row, "pt-BR")


async def _row(deps: Deps, caller: Caller, text: str) -> media.MediaRow:
    need(caller, ApiScope.MEDIA)
    media_id = media.read_id(text)
    row = None
    if media_id is not None:
        async with deps.db.tenant(caller.tenant_id) as tx:
            row = await media.find(tx, caller.tenant_id, media_id)
    if row is None:
        raise NotFound("media_not_found", "no such file")
    return row


@router.get(
    "/{media_id}",
    summary="The bytes of a file",
    response_class=Response,
    responses=problem_responses("401", "403", "404", "409"),
)
async def download(media_id: str, deps: Deps, caller: Caller) -> Response:
    row = await _row(deps, caller, media_id)
    data = await deps.blobs.get(row.blob) if row.state == "stored" and row.blob else None
    if data is None:
        reason = Reason(row.reason) if row.reason else Reason.MEDIA_PENDING
        words = reason_text(reason)
        raise Conflict(reason.value, words.text, next_step=words.next_step)
    name = quote(row.filename or "arquivo")
    disposition = f"attachment; filename*=UTF-8''{name}"
    return Response(
        data,
        media_type=row.mime_type or "application/octet-stream",
        headers=_HEADERS | {"content-disposition": disposition},
    )


@router.get("/{media_id}/info", summary="What is known about a file")
async def info(
    media_id: str,
    deps: Deps,
    caller: Caller,
    accept_language: Annotated[str, Header(alias="accept-language")] = "pt-BR",
) -> dict[str, Any]:
    row = await _row(deps, caller, media_id)
    return views.media_body(row, "en" if accept_language.lower().startswith("en") else "pt-BR")
