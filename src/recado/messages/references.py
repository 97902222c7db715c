"""What a draft may point at: another message of this tenant, or an uploaded file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId
from recado.media import service as media
from recado.messages.content import Draft, Violation

_Q = sql.load("recado.messages", "accept.sql")

Resolved = tuple[dict[str, Any], str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WamidOf:
    id: Any
    wamid: str | None


def _as_uuid(text: str | None) -> UUID | None:
    if text is None or len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def _missing(field: str, what: str) -> Violation:
    return Violation(field=field, rule="not_found", limit=None, length=None, message=f"{field}: {what}")


async def _wamid(tx: Tx, tenant_id: TenantId, given: str, field: str) -> str | Violation:
    """A wamid as it is, or the wamid of one of the tenant's own messages."""
    own = _as_uuid(given)
    if own is None:
        return given
    row = await tx.one(_Q["message_wamids"], WamidOf, tenant_id=tenant_id, ids=[own])
    if row is None:
        return _missing(field, "this tenant has no such message")
    if row.wamid is None:
        return _missing(field, "that message has not left yet, so it cannot be quoted")
    return row.wamid


async def resolve_references(tx: Tx, tenant_id: TenantId, draft: Draft) -> Resolved | list[Violation]:
    """Content, quoted wamid and uploaded file, or what is not there."""
    kind = draft.kind.value
    content = draft.content
    broken: list[Violation] = []
    context: str | None = None
    if draft.context_wamid is not None:
        quoted = await _wamid(tx, tenant_id, draft.context_wamid, "context.message_id")
        if isinstance(quoted, Violation):
            broken.append(quoted)
        else:
            context = quoted
    if kind == "reaction":
        target = await _wamid(tx, tenant_id, content["reaction"]["message_id"], "reaction.message_id")
        if isinstance(target, Violation):
            broken.append(target)
        else:
            content = content | {"reaction": content["reaction"] | {"message_id": target}}
    files = media.own_ids(content)
    stored = await media.stored_ids(tx, tenant_id, files) if files else set()
    for path, own_id in files:
        if own_id not in stored:
            broken.append(_missing(path, "this tenant has no such uploaded file"))
    media_ref = ",".join(own_id for _, own_id in files) or None
    return broken or (content, context, media_ref)
