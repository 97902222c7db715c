"""What waits because the provider stopped its template, and what lets it leave again.

Claims read the stopped templates with the lane they lock: changing them waits for claims under way, and no later
claim can miss them. What a claim holds is out of the line and costs nothing until the lane's stops change.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import NumberId, TenantId
from recado.kit.reasons import Reason
from recado.numbers import stops as number_stops
from recado.queue import jobs
from recado.templates import sync
from recado.templates.model import key_of

_Q = sql.load("recado.messages", "template_holds.sql")
FREE_JOB: Final = "templates.free"
HOLDING: Final = frozenset({Reason.TEMPLATE_PAUSED, Reason.TEMPLATE_DISABLED})
_BITE: Final = 5000


def template_of(content: Mapping[str, Any]) -> str:
    """How the message's template is named among a lane's stops."""
    about = content.get("template") or {}
    language = (about.get("language") or {}).get("code") or ""
    return key_of(str(about.get("name")), str(language))


def stop_of(stops: Mapping[str, str], kind: str, content: Mapping[str, Any]) -> Reason | None:
    """Why a message of this kind and content has to wait, if it has to."""
    if not stops or kind != "template":
        return None
    stop = stops.get(template_of(content))
    return Reason(stop) if stop is not None else None


async def follow(tx: Tx, now: datetime, tenant_id: TenantId, waba_id: UUID) -> None:
    """Makes the lanes of a WABA hold what its templates' states say, and asks for what may leave again. Engine
    scope. Job: templates.free."""
    stops = await sync.stops(tx, tenant_id, waba_id)
    await number_stops.set_template_stops(tx, tenant_id, waba_id, stops)
    # Also when nothing changed: a message may have been held by the provider's own word (see record.py).
    await jobs.enqueue(tx, now, tenant_id, FREE_JOB, {})


async def ask(tx: Tx, now: datetime, tenant_id: TenantId, number_id: NumberId, due_at: datetime) -> None:
    """The provider said that a template is stopped which we thought was not: its WABA is compared at `due_at`."""
    await jobs.enqueue(
        tx,
        now,
        tenant_id,
        sync.SYNC_JOB,
        {"number_id": number_id.hex},
        dedupe=f"number:{number_id.hex}",
        due_at=due_at,
        again=True,
    )


async def free(tx: Tx, now: datetime, tenant_id: TenantId) -> int:
    """One bite of what a template held that may leave again: back in line, where every gate looks again. Repeat
    until it returns 0. Event: message.released."""
    return await tx.execute(_Q["free_templates"], now=now, tenant_id=tenant_id, most=_BITE)


async def free_expired(tx: Tx, now: datetime) -> int:
    """One bite of what a template held for longer than it makes sense: back in line, where it ends as expired.
    Engine scope."""
    return await tx.execute(_Q["free_expired"], now=now, most=_BITE)
