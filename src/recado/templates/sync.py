"""Keeping our copy of a WABA's templates: comparing it with the provider's list, and hearing webhooks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from recado.db import sql
from recado.db.pool import Tx
from recado.errors import NotFound
from recado.kit.ids import TenantId, uuid7
from recado.providers.contract import ListedTemplate
from recado.templates.model import (
    GONE,
    STOPPING,
    DueWaba,
    Known,
    Synced,
    Told,
    Waba,
    key_of,
)

_Q = sql.load("recado.templates")
SYNC_JOB: Final = "templates.sync"
TOLD_JOB: Final = "templates.told"
# Which of a template's facts a webhook's field is about. What is in no such field is read by comparing.
_ABOUT: Final = {
    "message_template_status_update": "status",
    "message_template_quality_update": "quality",
    "template_category_update": "category",
}
# Words of the webhook that mean a status of another name.
_STATUS_WORDS: Final = {"PENDING_DELETION": GONE}


async def compare(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    waba_id: UUID,
    fetched: Sequence[ListedTemplate],
    *,
    asked_at: datetime,
) -> Synced:
    """Makes our copy what the provider listed at `asked_at`; differences become history. Engine scope.

    A status a webhook told us after `asked_at` stays: the list is older than the word.
    """
    await _lock(tx, tenant_id, waba_id)
    known = await tx.many(_Q["known"], Known, tenant_id=tenant_id, waba_id=waba_id)
    by_name = {(one.name, one.language): one for one in known}
    changed = 0
    for one in {(one.name, one.language): one for one in fetched}.values():
        mine = by_name.pop((one.name, one.language), None)
        if mine is None:
            await _add(tx, now, tenant_id, waba_id, one, asked_at)
            changed += 1
        else:
            changed += await _bring_up_to_date(tx, now, tenant_id, mine, one, asked_at)
    for lost in by_name.values():
        if lost.status_at > asked_at:
            continue
        await tx.execute(_Q["mark_gone"], tenant_id=tenant_id, template_id=lost.template_id, now=now)
        await _note(tx, tenant_id, lost.template_id, now, "gone", lost.status, GONE, "sync")
        changed += 1
    await _noted(tx, now, tenant_id, waba_id, templates=len(fetched), error=None)
    return Synced(templates=len(fetched), changed=changed)


async def failed(tx: Tx, now: datetime, tenant_id: TenantId, waba_id: UUID, error: str) -> None:
    """The provider's list could not be read; what we know stays."""
    await _noted(tx, now, tenant_id, waba_id, templates=None, error=error[:300])


async def hear(tx: Tx, tenant_id: TenantId, waba_id: UUID, told: Told) -> bool:
    """Takes over what a webhook said at once. False when it named nothing we know, or said nothing new.

    The provider's own time decides: an event older than the status we have changes nothing. Engine scope.
    """
    about = _ABOUT.get(told.field)
    if about is None or told.event is None:
        return False
    await _lock(tx, tenant_id, waba_id)
    known = await tx.many(_Q["known"], Known, tenant_id=tenant_id, waba_id=waba_id)
    mine = next((one for one in known if _is_named(one, told)), None)
    if mine is None:
        return False
    value = told.event.upper()
    if about == "status":
        value = _STATUS_WORDS.get(value, value)
        if told.at < mine.status_at:
            return False
    was = {"status": mine.status, "quality": mine.quality, "category": mine.category}[about]
    if was == value:
        return False
    place = {"tenant_id": tenant_id, "template_id": mine.template_id, "value": value}
    match about:
        case "status":
            await tx.execute(_Q["set_status"], at=told.at, **place)
        case "quality":
            await tx.execute(_Q["set_quality"], **place)
        case _:
            await tx.execute(_Q["set_category"], **place)
    await _note(tx, tenant_id, mine.template_id, told.at, about, was, value, "webhook")
    return True


async def stops(tx: Tx, tenant_id: TenantId, waba_id: UUID) -> dict[str, str]:
    """What this WABA's numbers may not send now and why: `{"name|language": reason}`."""
    known = await tx.many(_Q["known"], Known, tenant_id=tenant_id, waba_id=waba_id)
    return {
        key_of(one.name, one.language): STOPPING[one.status].value for one in known if one.status in STOPPING
    }


async def due(tx: Tx, now: datetime, every: timedelta) -> list[DueWaba]:
    """WABAs nobody compared for so long, the longest first. Engine scope."""
    return await tx.many(_Q["due_wabas"], DueWaba, before=now - every)


# --------------------------------------------------------------------------- parts


def _is_named(one: Known, told: Told) -> bool:
    if told.external_id is not None and told.external_id == one.external_id:
        return True
    return (told.name, told.language) == (one.name, one.language)


async def _lock(tx: Tx, tenant_id: TenantId, waba_id: UUID) -> None:
    if await tx.one(_Q["lock_waba"], Waba, tenant_id=tenant_id, waba_id=waba_id) is None:
        raise NotFound("waba_not_found", "this tenant has no such WABA")


async def _add(
    tx: Tx, now: datetime, tenant_id: TenantId, waba_id: UUID, one: ListedTemplate, asked_at: datetime
) -> None:
    template_id = uuid7(now)
    await tx.execute(
        _Q["insert_template"],
        tenant_id=tenant_id,
        template_id=template_id,
        waba_id=waba_id,
        name=one.name,
        language=one.language,
        now=now,
        **_facts(one, asked_at),
    )
    await _note(tx, tenant_id, template_id, now, "created", None, one.status, "sync")


def _facts(one: ListedTemplate, at: datetime) -> dict[str, Any]:
    return {
        "external_id": one.external_id,
        "category": one.category,
        "status": one.status,
        "at": at,
        "quality": one.quality,
        "parameter_format": one.parameter_format,
        "components": [dict(part) for part in one.components],
        "rejected_reason": one.rejected_reason,
    }


async def _bring_up_to_date(
    tx: Tx, now: datetime, tenant_id: TenantId, mine: Known, one: ListedTemplate, asked_at: datetime
) -> int:
    facts = _facts(one, asked_at)
    if mine.status_at > asked_at or mine.status == one.status:
        facts |= {"status": mine.status, "at": mine.status_at}
    await tx.execute(
        _Q["update_template"], tenant_id=tenant_id, template_id=mine.template_id, now=now, **facts
    )
    differences = [
        (what, was, became)
        for what, was, became in (
            ("status", mine.status, facts["status"]),
            ("quality", mine.quality, one.quality),
            ("category", mine.category, one.category),
        )
        if was != became
    ]
    if _canonical(mine.components) != _canonical(one.components):
        differences.append(("components", None, None))
    for what, was, became in differences:
        await _note(tx, tenant_id, mine.template_id, now, what, was, became, "sync")
    return bool(differences)


def _canonical(components: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps([dict(one) for one in components], sort_keys=True)


async def _note(
    tx: Tx,
    tenant_id: TenantId,
    template_id: UUID,
    at: datetime,
    what: str,
    was: str | None,
    became: str | None,
    source: str,
) -> None:
    await tx.execute(
        _Q["note_change"],
        tenant_id=tenant_id,
        template_id=template_id,
        at=at,
        what=what,
        was=was,
        became=became,
        source=source,
    )


async def _noted(
    tx: Tx, now: datetime, tenant_id: TenantId, waba_id: UUID, *, templates: int | None, error: str | None
) -> None:
    await tx.execute(
        _Q["note_sync"], tenant_id=tenant_id, waba_id=waba_id, now=now, templates=templates, error=error
    )
