"""Use cases of files."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
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
# How long a file counts as refused. What the provider said of the file itself will not change; trouble that lasted
# through every try may have passed by then.
REFUSED_FOR = timedelta(days=1)
GAVE_UP_FOR = timedelta(minutes=10)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFile:
    """The provider will not have this file for this number; what needs it ends with this reason."""

    number_id: NumberId
    media_id: UUID
    reason: str
    code: int | None
    detail: str | None


# What is known of the files of one message: all uploaded (our ids to the provider's), or one of them refused.
Files = dict[str, str] | RefusedFile


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


def _walk(value: Any, path: str, found: list[tuple[str, str]]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str):
                if key == "id" and inner.startswith(PREFIX):
                    found.append((f"{path}.{key}" if path else key, inner))
            elif isinstance(inner, (dict, list)):
                _walk(inner, f"{path}.{key}" if path else key, found)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _walk(inner, f"{path}[{index}]", found)


def own_ids(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and id of every uploaded file a content points at, headers and template parameters included."""
    found: list[tuple[str, str]] = []
    _walk(content, "", found)
    return found


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


async def refused_files(
    tx: Tx, now: datetime, wanted: Sequence[tuple[TenantId, NumberId, str]]
) -> dict[tuple[NumberId, str], RefusedFile]:
    """Those of these files (by number and our id) that need not be uploaded again for a while."""
    if not wanted:
        return {}
    rows = await tx.many(
        _Q["refused_files"],
        RefusedFile,
        now=now,
        tenant_ids=[one[0] for one in wanted],
        number_ids=[one[1] for one in wanted],
        media_ids=[read_id(one[2]) for one in wanted],
    )
    return {(row.number_id, write_id(row.media_id)): row for row in rows}


async def refuse(
    tx: Tx,
    until: datetime,
    tenant_id: TenantId,
    media_id: UUID,
    number_id: NumberId,
    reason: Reason,
    *,
    code: int | None = None,
    detail: str = "",
) -> None:
    """Messages that need this file end with `reason` until then."""
    await tx.execute(
        _Q["refuse_file"],
        tenant_id=tenant_id,
        media_id=media_id,
        number_id=number_id,
        reason=reason.value,
        code=code,
        detail=detail[:1000] or None,
        until=until,
    )


async def ready_uploads(
    tx: Tx, now: datetime, wanted: Sequence[tuple[TenantId, NumberId, str]]
) -> dict[tuple[NumberId, str], Files]:
    """What is known of each message's files. Those nobody has asked for yet get a job; one at a time."""
    if not wanted:
        return {}
    known = await provider_ids(tx, now, wanted)
    missing = sorted(
        {
            (tenant, number, own)
            for tenant, number, refs in wanted
            for own in refs.split(",")
            if (number, own) not in known
        }
    )
    refused = await refused_files(tx, now, missing)
    for tenant, number, own in missing:
        if (number, own) not in refused:
            await jobs.enqueue(
                tx,
                now,
                tenant,
                UPLOAD_JOB,
                {"media_id": own, "number_id": number.hex},
                dedupe=f"{own}:{number.hex}",
                again=True,
            )
    found: dict[tuple[NumberId, str], Files] = {}
    for _, number, refs in wanted:
        ids = refs.split(",")
        if objection := next((refused[number, own] for own in ids if (number, own) in refused), None):
            found[number, refs] = objection
        elif all((number, own) in known for own in ids):
            found[number, refs] = {own: known[number, own] for own in ids}
    return found


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
