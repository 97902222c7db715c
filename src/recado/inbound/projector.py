"""From raw bodies to facts: claim, parse, route, apply; effect and mark in one transaction.

A batch that fails is redone body by body, so one bad body never holds its neighbours back. A body that
fails waits and is tried again; after the third time it becomes a dead letter with its reason.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from recado.db import sql
from recado.db.pool import RETRYABLE, TOO_SLOW, UNAVAILABLE, Database, Tx
from recado.db.system import system
from recado.inbound.effects import Applied, apply_events
from recado.inbound.reactions import STALE_AFTER
from recado.inbound.routing import Routes
from recado.kit.clock import Clock
from recado.kit.failpoints import reached
from recado.kit.ids import TenantId
from recado.providers.contract import ProviderEvent, Receiver, Unparseable

_Q = sql.load("recado.inbound")
_log = structlog.get_logger("recado.projector")
MAX_TRIES = 3
_MOST_BYTES = 4 * 1024 * 1024
_COLLISIONS = 4
EventKey = Callable[[ProviderEvent, bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    ledger_id: int
    tries: int
    provider: str
    received_at: datetime
    body: bytes = field(repr=False)


class Meter(Protocol):
    """Counts what was projected; production feeds Prometheus."""

    def projected(self, applied: Applied, bodies: int) -> None: ...

    def buried(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What a projector needs from outside."""

    db: Database
    routes: Routes
    receivers: dict[str, Receiver]
    event_key: EventKey
    clock: Clock
    meter: Meter
    retry_after: timedelta
    stale_after: timedelta = STALE_AFTER
    # Told which companies changed, after each commit; losing a call is allowed.
    changed: Callable[[Iterable[TenantId]], None] = lambda _tenants: None


async def project_batch(projection: Projection, most: int) -> int:
    """Projects up to `most` bodies. Returns how many were taken; raises only when the database is away."""
    now = projection.clock.now()
    bodies: list[Body] = []
    try:
        async with system(projection.db) as tx:
            bodies = await tx.many(_Q["claim_bodies"], Body, now=now, most=most, most_bytes=_MOST_BYTES)
            if not bodies:
                return 0
            reached("project.claimed")
            applied, done = await _apply(tx, projection, bodies, now)
            await tx.execute(_Q["finish_bodies"], ids=done)
            reached("project.before_commit")
        reached("project.after_commit")
        projection.meter.projected(applied, len(bodies))
        projection.changed(applied.tenants)
        return len(bodies)
    except TOO_SLOW:
        return await _one_by_one(projection, bodies)
    except UNAVAILABLE:
        raise
    except Exception as error:  # a poison body: find it alone
        _log.warning("projector.batch_failed", error=type(error).__name__)
        return await _one_by_one(projection, bodies)


async def _one_by_one(projection: Projection, bodies: Sequence[Body]) -> int:
    for body in bodies:
        await _project_one(projection, body)
    return len(bodies)


async def _attempt_one(projection: Projection, body: Body, now: datetime) -> None:
    async with system(projection.db) as tx:
        claimed = await tx.one(_Q["claim_one"], Body, ledger_id=body.ledger_id, now=now)
        if claimed is None:
            return
        applied, done = await _apply(tx, projection, [claimed], now)
        await tx.execute(_Q["finish_bodies"], ids=done)
    projection.meter.projected(applied, 1)
    projection.changed(applied.tenants)


async def _project_one(projection: Projection, body: Body) -> None:
    now = projection.clock.now()
    try:
        for _ in range(_COLLISIONS):
            try:
                return await _attempt_one(projection, body, now)
            except RETRYABLE:
                # Two projectors met over the same person or message; nobody's fault.
                continue
        await _attempt_one(projection, body, now)
    except TOO_SLOW as error:
        await _put_off(projection, body, _describe(error), now)
    except UNAVAILABLE:
        raise
    except Exception as error:  # whatever it is, the body is kept and somebody will see it
        await _put_off(projection, body, _describe(error), now)


class _Undo(Exception):
    """Carries the result of a rehearsal out of a transaction that must not be committed."""

    def __init__(self, applied: Applied) -> None:
        super().__init__("rehearsal")
        self.applied = applied


async def rehearse(
    projection: Projection, ledger_id: int, look: Callable[[Tx], Awaitable[None]] | None = None
) -> Applied | str:
    """What projecting this body again would do, without doing it; the reason when it fails again. `look` may read
    what it did before it is undone."""
    try:
        async with system(projection.db) as tx:
            body = await tx.one(_Q["read_body"], Body, ledger_id=ledger_id)
            if body is None:
                return "no such body"
            applied, done = await _apply(tx, projection, [body], projection.clock.now())
            if not done:
                return "unparseable"
            if look is not None:
                await look(tx)
            raise _Undo(applied)  # noqa: TRY301 - leaving the block is what undoes it
    except _Undo as undo:
        return undo.applied
    except UNAVAILABLE:
        raise
    except Exception as error:  # what a real replay would have written down
        return _describe(error)


def _describe(error: Exception) -> str:
    """Class and place, never the message: it may quote personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "unknown"
    return f"{type(error).__name__} at {place}"


async def _put_off(projection: Projection, body: Body, error: str, now: datetime) -> None:
    """Two projectors that stumbled over the same body count one try: whoever comes second changes nothing."""
    last = body.tries + 1 >= MAX_TRIES
    known = {"ledger_id": body.ledger_id, "tries": body.tries, "error": error}
    async with system(projection.db) as tx:
        if last:
            touched = await tx.execute(_Q["give_up_body"], **known, now=now)
        else:
            touched = await tx.execute(_Q["retry_body"], **known, next_at=now + projection.retry_after)
    if last and touched:
        projection.meter.buried()
    _log.warning("projector.body_failed", ledger_id=body.ledger_id, tries=body.tries + 1, error=error)


async def _apply(
    tx: Tx, projection: Projection, bodies: Sequence[Body], now: datetime
) -> tuple[Applied, list[int]]:
    """What happened, and the bodies that are done (a buried one stays)."""
    done: list[int] = []
    events: list[tuple[Body, ProviderEvent]] = []
    for body in bodies:
        parsed = projection.receivers[body.provider].parse(body.body)
        if isinstance(parsed, Unparseable):
            # Reading it again will not help: a dead letter at once, its neighbours go on.
            await tx.execute(
                _Q["bury_body"],
                ledger_id=body.ledger_id,
                error=f"unparseable: {parsed.why}"[:300],
                now=now,
            )
            projection.meter.buried()
            continue
        done.append(body.ledger_id)
        events.extend((body, event) for event in parsed)
    reached("project.parsed")
    applied = await apply_events(
        tx, projection.routes, projection.event_key, events, now, projection.stale_after
    )
    return applied, done


async def is_quiet(tx: Tx) -> bool:
    """Nothing due is left to project."""
    row = await tx.row(_Q["backlog"])
    return row is not None and row["waiting"] == 0
