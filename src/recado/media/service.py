"""Use cases of files."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import MessageId, NumberId, TenantId, uuid4
from recado.kit.reasons import Reason
from recado.providers.contract import MediaRef
from recado.queue import jobs

_Q = sql.load("recado.media")
PREFIX = "med_"
# Meta keeps an upload for 30 days; ask again a little earlier.
UPLOAD_LIFE = timedelta(days=29)
FETCH_JOB = "media.fetch"
UPLOAD_JOB = "media.upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRow:
    media_id: UUID
    direction: str
    state: str
    reason: str | None
    mime_type: str | None
    filename: str | None = field(repr=False)
    size_bytes: int | None
    sha256: bytes | None
    blob: str | None
    provider_media_id: str | None
    number_id: NumberId | None
    message_id: MessageId | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredId:
    media_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyUpload:
    number_id: NumberId
    media_id: UUID
    provider_media_id: str


def write_id(media_id: UUID) -> str:
    """`med_` + 26 base32 characters."""
    return PREFIX + base64.b32encode(media_id.bytes).decode().rstrip("=").lower()


def read_id(text: str) -> UUID | None:
    """None for anything but the one spelling `write_id` gives: uploads are matched by their text."""
    if not text.startswith(PREFIX) or len(text) != len(PREFIX) + 26:
        return None
    try:
        found = UUID(bytes=base64.b32decode(text[len(PREFIX) :].upper() + "======"))
    except ValueError:
        return None
    return found if write_id(found) == text else None


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            if key == "id" and isinstance(inner, str) and inner.startswith(PREFIX):
                yield here, inner
            else:
                yield from _walk(inner, here)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{index}]")


def own_ids(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and id of every uploaded file a content points at, headers and template parameters included."""
    return list(_walk(content, ""))


def replace_ids(value: Any, known: dict[str, str]) -> Any:
    """The same content with our file ids replaced by the provider's."""
    if isinstance(value, dict):
        return {
            key: known.get(inner, inner)
            if key == "id" and isinstance(inner, str)
            else replace_ids(inner, known)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [replace_ids(inner, known) for inner in value]
    return value


async def stored_ids(tx: Tx, tenant_id: TenantId, files: Sequence[tuple[str, str]]) -> set[str]:
    """Which of these this tenant really has."""
    wanted = {read_id(own): own for _, own in files}
    ids = [media_id for media_id in wanted if media_id is not None]
    rows = await tx.many(_Q["stored_media"], StoredId, tenant_id=tenant_id, ids=ids)
    return {wanted[row.media_id] for row in rows}


async def store_upload(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    *,
    media_id: UUID,
    mime_type: str,
    filename: str,
    data_size: int,
    sha256: bytes,
    blob: str,
) -> None:
    """Metadata of a file whose bytes are already safe in the blob store."""
    await tx.execute(
        _Q["insert_media"],
        tenant_id=tenant_id,
        media_id=media_id,
        direction="out",
        state="stored",
        mime_type=mime_type,
        filename=filename,
        size_bytes=data_size,
        sha256=sha256,
        blob=blob,
        provider_media_id=None,
        number_id=None,
        message_id=None,
        now=now,
    )


async def expect_inbound(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    *,
    number_id: NumberId,
    message_id: MessageId,
    ref: MediaRef,
) -> str:
    """A file a person sent: noted at once, fetched by a job (its URL lives five minutes). Returns our id."""
    media_id = uuid4(secrets.token_bytes)
    await tx.execute(
        _Q["insert_media"],
        tenant_id=tenant_id,
        media_id=media_id,
        direction="in",
        state="pending",
        mime_type=ref.mime_type,
        filename=ref.filename,
        size_bytes=None,
        sha256=None,
        blob=None,
        provider_media_id=ref.media_id,
        number_id=number_id,
        message_id=message_id,
        now=now,
    )
    payload = {"media_id": media_id.hex, "url": ref.url}
    await jobs.enqueue(tx, now, tenant_id, FETCH_JOB, payload, dedupe=media_id.hex)
    return write_id(media_id)


async def find(tx: Tx, tenant_id: TenantId, media_id: UUID) -> MediaRow | None:
    return await tx.one(_Q["media_by_id"], MediaRow, tenant_id=tenant_id, media_id=media_id)


async def of_message(tx: Tx, tenant_id: TenantId, message_id: MessageId) -> list[MediaRow]:
    return await tx.many(_Q["media_of_message"], MediaRow, tenant_id=tenant_id, message_id=message_id)


async def mark_stored(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    media_id: UUID,
    *,
    mime_type: str,
    data: bytes,
    blob: str,
) -> None:
    await tx.execute(
        _Q["mark_stored"],
        tenant_id=tenant_id,
        media_id=media_id,
        mime_type=mime_type,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).digest(),
        blob=blob,
        now=now,
    )


async def mark_unavailable(tx: Tx, tenant_id: TenantId, media_id: UUID, reason: Reason) -> None:
    await tx.execute(_Q["mark_unavailable"], tenant_id=tenant_id, media_id=media_id, reason=reason.value)


async def provider_ids(
    tx: Tx, now: datetime, wanted: Sequence[tuple[TenantId, NumberId, str]]
) -> dict[tuple[NumberId, str], str]:
    """The provider's ids of uploaded files that are still valid, by number and our id."""
    asked = [(tenant, number, read_id(own)) for tenant, number, refs in wanted for own in refs.split(",")]
    rows = await tx.many(
        _Q["ready_uploads"],
        ReadyUpload,
        now=now,
        tenant_ids=[one[0] for one in asked],
        number_ids=[one[1] for one in asked],
        media_ids=[one[2] for one in asked],
    )
    return {(row.number_id, write_id(row.media_id)): row.provider_media_id for row in rows}


async def ready_uploads(
    tx: Tx, now: datetime, wanted: Sequence[tuple[TenantId, NumberId, str]]
) -> dict[tuple[NumberId, str], dict[str, str]]:
    """For each message whose files are all uploaded: our ids to the provider's. Missing ones get a job."""
    if not wanted:
        return {}
    known = await provider_ids(tx, now, wanted)
    ready: dict[tuple[NumberId, str], dict[str, str]] = {}
    for tenant, number, refs in wanted:
        ids = {own: known.get((number, own)) for own in refs.split(",")}
        complete = {own: theirs for own, theirs in ids.items() if theirs is not None}
        if len(complete) == len(ids):
            ready[(number, refs)] = complete
            continue
        for own in sorted(ids.keys() - complete.keys()):
            await jobs.enqueue(
                tx,
                now,
                tenant,
                UPLOAD_JOB,
                {"media_id": own, "number_id": number.hex},
                dedupe=f"{own}:{number.hex}",
                again=True,
            )
    return ready


async def save_upload(
    tx: Tx, now: datetime, tenant_id: TenantId, media_id: UUID, number_id: NumberId, theirs: str
) -> None:
    await tx.execute(
        _Q["save_upload"],
        tenant_id=tenant_id,
        media_id=media_id,
        number_id=number_id,
        provider_media_id=theirs,
        expires_at=now + UPLOAD_LIFE,
    )
