"""Received bodies and dead letters for people: lists, one opened, rehearsed, put back in line or discarded.

The ledger belongs to no company: a body may be about several, or about nobody we know. Whoever is not the platform
sees only bodies that are about the own company and nobody else; what cannot be read is the platform's alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recado.audit import service as audit
from recado.audit.model import INSTALLATION
from recado.db import sql
from recado.db.pool import Tx
from recado.db.system import system
from recado.errors import Conflict, NotFound
from recado.inbound.deadletters import DeadId
from recado.inbound.effects import Applied
from recado.inbound.letter_model import (
    Batch,
    BatchWork,
    Cause,
    Change,
    FoundEvent,
    Letter,
    MessageState,
    NewLine,
    Opened,
    Page,
    Rehearsal,
    Scope,
    Seq,
    Shift,
    Stored,
    ToldOf,
)
from recado.inbound.projector import Projection, rehearse
from recado.inbound.trees import covered_tree, tree_of
from recado.kit.ids import TenantId, uuid7
from recado.providers.contract import ProviderEvent, Unparseable
from recado.queue import jobs

_Q = sql.load("recado.inbound", "letters.sql")
BATCH_JOB: Final = "letters.batch"
PAGE: Final = 50
# Larger bodies are listed by their size only, and opened one at a time.
_READABLE: Final = 256 * 1024
_OPENED: Final = 4 * 1024 * 1024
_LINES: Final = 2000
# How far back a page goes for them.
_LOOK: Final = 10_000
# How many dead letters are looked through for one company's own.
_LOOKED_THROUGH: Final = 1000
_CHANGES: Final = 200
_BATCH_MOST: Final = 10_000
_BITE: Final = 200


class _Silent:
    """A rehearsal counts nothing."""

    def projected(self, applied: Applied, bodies: int) -> None: ...

    def buried(self) -> None: ...


class Letters:
    """One for each process. Opens its own transactions under the engine role; every answer is cut to the scope."""

    def __init__(self, projection: Projection) -> None:
        self._projection = replace(projection, meter=_Silent(), changed=lambda _tenants: None)

    # ------------------------------------------------------------------ lists

    async def received(self, scope: Scope, cursor: str | None = None) -> Page:
        """Newest first. For a company: bodies that changed something for it, by its diary."""
        before = _number(cursor)
        async with system(self._projection.db) as tx:
            if scope.everything:
                rows = await tx.many(_Q["received"], Stored, before=before, most=PAGE, readable=_READABLE)
                older = str(rows[-1].ledger_id) if len(rows) == PAGE else None
                return Page(letters=[await self._read(tx, row) for row in rows], older=older)
            asked = {"tenant_id": scope.tenant_id, "before": before, "look": _LOOK}
            told = await tx.many(_Q["told_of"], ToldOf, **asked, lines=_LINES, most=PAGE)
            shown = set[int]()
            if before is not None:
                seen = await tx.many(_Q["already_shown"], ToldOf, **asked, lines=_LINES)
                shown = {one.ledger_id for one in seen}
            ids = [one.ledger_id for one in told if one.ledger_id not in shown]
            rows = await tx.many(_Q["these"], Stored, ids=ids, readable=_READABLE)
            letters = [await self._read(tx, row) for row in rows]
            end = await tx.one(_Q["end_of_look"], Seq, **asked) if len(told) < PAGE else None
        more = len(told) == PAGE or end is not None
        last = told[-1].last_seq if told else end.seq if end else None
        mine = [one for one in letters if one.alone(scope.tenant_id)]
        return Page(letters=mine, older=str(last) if more else None)

    async def dead(self, scope: Scope, cause: str | None = None, cursor: str | None = None) -> Page:
        """Those that failed last come first."""
        at, ledger_id = _place(cursor)
        async with system(self._projection.db) as tx:
            rows = await tx.many(
                _Q["dead"],
                Stored,
                cause=cause,
                before_at=at,
                before_id=ledger_id,
                most=PAGE if scope.everything else _LOOKED_THROUGH,
                readable=_READABLE,
            )
            letters: list[Letter] = []
            for row in rows:
                letter = await self._read(tx, row)
                if scope.everything or letter.alone(scope.tenant_id):
                    letters.append(letter)
                if len(letters) == PAGE:
                    break
        last = letters[-1].stored if len(letters) == PAGE else None
        older = f"{last.dead_at.isoformat()}~{last.ledger_id}" if last and last.dead_at else None
        return Page(letters=letters, older=older)

    async def causes(self, scope: Scope) -> list[Cause]:
        """Dead letters by cause, the commonest first. A company's own are counted among the last 1,000."""
        if scope.everything:
            async with system(self._projection.db) as tx:
                return await tx.many(_Q["dead_causes"], Cause)
        grouped: dict[str, list[datetime]] = {}
        for letter in await self._own_dead(scope, None):
            if letter.stored.dead_at is not None:
                grouped.setdefault(letter.stored.error or "", []).append(letter.stored.dead_at)
        found = [
            Cause(error=error, letters=len(times), oldest=min(times), newest=max(times))
            for error, times in grouped.items()
        ]
        return sorted(found, key=lambda one: -one.letters)

    async def _own_dead(self, scope: Scope, cause: str | None) -> list[Letter]:
        async with system(self._projection.db) as tx:
            rows = await tx.many(
                _Q["dead"],
                Stored,
                cause=cause,
                before_at=None,
                before_id=None,
                most=_LOOKED_THROUGH,
                readable=_READABLE,
            )
            letters = [await self._read(tx, row) for row in rows]
        return [one for one in letters if one.alone(scope.tenant_id)]

    # ------------------------------------------------------------------ one

    async def opened(self, scope: Scope, ledger_id: int, *, revealed: bool = False) -> Opened:
        """Raises NotFound, also for what the scope may not see. `revealed` is written into the audit trail."""
        async with system(self._projection.db) as tx:
            letter, body = await self._find(tx, scope, ledger_id)
            changes = await self._changes(tx, scope, letter, body)
            if revealed:
                await self._note(tx, scope, "webhook.revealed", str(ledger_id))
        tree = tree_of(body) if revealed else covered_tree(body)
        return Opened(
            letter=letter, tree=tree, changes=changes[:_CHANGES], more=max(0, len(changes) - _CHANGES)
        )

    async def rehearse(self, scope: Scope, ledger_id: int) -> Rehearsal:
        """Projects the body again in a transaction that is undone, and says what would have changed."""
        async with system(self._projection.db) as tx:
            letter, _ = await self._find(tx, scope, ledger_id)
            marks = {
                tenant: one.seq if (one := await tx.one(_Q["last_seq"], Seq, tenant_id=tenant)) else 0
                for tenant in letter.tenants
            }
        lines: list[tuple[TenantId, NewLine]] = []

        async def look(tx: Tx) -> None:
            for tenant, seq in marks.items():
                found = await tx.many(
                    _Q["new_lines"], NewLine, tenant_id=tenant, seq=seq, ledger_id=ledger_id
                )
                lines.extend((tenant, one) for one in found)

        result = await rehearse(self._projection, ledger_id, look)
        if isinstance(result, str):
            return Rehearsal(trouble=result, applied=None, shifts=())
        return Rehearsal(trouble=None, applied=result, shifts=await self._shifts(lines))

    async def _shifts(self, lines: Sequence[tuple[TenantId, NewLine]]) -> list[Shift]:
        """States before are read after the rehearsal was undone: nothing of it is left."""
        before: dict[UUID, str] = {}
        async with system(self._projection.db) as tx:
            for tenant in {tenant for tenant, _ in lines}:
                ids = [line.message_id for whose, line in lines if whose == tenant and line.message_id]
                found = await tx.many(_Q["states"], MessageState, tenant_id=tenant, ids=ids)
                before |= {one.id: one.state for one in found}
        return [
            Shift(
                message_id=line.message_id,
                kind=line.kind,
                was=before.get(line.message_id) if line.message_id else None,
                becomes=line.state,
            )
            for _, line in lines
        ]

    # ------------------------------------------------------------------ acting

    async def put_back(self, scope: Scope, ledger_id: int) -> bool:
        """Back in line; what was already applied is not applied twice. False when it was no dead letter any more.
        Audited."""
        async with system(self._projection.db) as tx:
            await self._find(tx, scope, ledger_id)
            touched = await tx.execute(_Q["put_back"], ids=[ledger_id])
            if touched:
                await self._note(tx, scope, "webhook.replayed", str(ledger_id))
        return touched > 0

    async def discard(self, scope: Scope, ledger_id: int, reason: str) -> bool:
        """Takes it out of the dead letters for good; the body stays stored. False when it was none any more.
        Audited with the reason."""
        async with system(self._projection.db) as tx:
            await self._find(tx, scope, ledger_id)
            touched = await tx.execute(_Q["discard"], ids=[ledger_id])
            if touched:
                await self._note(tx, scope, "webhook.discarded", str(ledger_id), why=reason)
        return touched > 0

    async def start(self, scope: Scope, *, name: str, action: str, cause: str, why: str | None) -> Batch:
        """All dead letters of a cause, under the name of the incident, as a job in bites. Raises Conflict when there
        are none. Audited. Job: letters.batch."""
        now = self._projection.clock.now()
        batch_id = uuid7(now)
        async with system(self._projection.db) as tx:
            if scope.everything:
                found = await tx.many(_Q["dead_ids"], DeadId, cause=cause, most=_BATCH_MOST)
                ids = [one.ledger_id for one in found]
            else:
                ids = [one.stored.ledger_id for one in await self._own_dead(scope, cause)]
            if not ids:
                raise Conflict("no_dead_letters", "no dead letter has this cause any more")
            where = {"tenant_id": scope.tenant_id, "batch_id": batch_id}
            given = {"name": name, "action": action, "cause": cause, "why": why, "actor": scope.actor}
            await tx.execute(_Q["open_batch"], **where, **given, ids=ids, now=now)
            await jobs.enqueue(tx, now, scope.tenant_id, BATCH_JOB, {"batch_id": batch_id.hex})
            data = {"letters": len(ids), "cause": cause, "name": name}
            await self._note(tx, scope, f"webhooks.{action}_started", str(batch_id), why=why, data=data)
        return next(one for one in await self.batches(scope) if one.batch_id == batch_id)

    async def batches(self, scope: Scope) -> list[Batch]:
        """The last ten of the company."""
        async with system(self._projection.db) as tx:
            return await tx.many(_Q["batches"], Batch, tenant_id=scope.tenant_id)

    async def cancel(self, scope: Scope, batch_id: UUID) -> bool:
        """Stops before the next bite. What was put back or discarded stays so. Audited."""
        async with system(self._projection.db) as tx:
            now = self._projection.clock.now()
            where = {"tenant_id": scope.tenant_id, "batch_id": batch_id}
            touched = await tx.execute(_Q["cancel_batch"], **where, now=now)
            if touched:
                await self._note(tx, scope, "webhooks.batch_cancelled", str(batch_id))
        return touched > 0

    # ------------------------------------------------------------------ parts

    async def _find(self, tx: Tx, scope: Scope, ledger_id: int) -> tuple[Letter, bytes]:
        row = await tx.one(_Q["these"], Stored, ids=[ledger_id], readable=_OPENED)
        letter = None if row is None else await self._read(tx, row)
        if row is None or letter is None or not (scope.everything or letter.alone(scope.tenant_id)):
            raise NotFound("webhook_not_found", "there is no such webhook here")
        return letter, row.body or b""

    async def _read(self, tx: Tx, row: Stored) -> Letter:
        """Kinds and owners. The rows keep no body: a list must not hold fifty of them."""
        kinds: Counter[str] = Counter()
        owners: set[TenantId] = set()
        orphans = 0
        for event in self._events(row):
            kinds[type(event).__name__] += 1
            where = await self._projection.routes.find(tx, row.provider, event.phone_number_id, event.waba_id)
            if where is None:
                orphans += 1
            else:
                owners.add(where.tenant_id)
        return Letter(
            stored=replace(row, body=None), kinds=dict(kinds), tenants=frozenset(owners), orphans=orphans
        )

    def _events(self, row: Stored) -> Sequence[ProviderEvent]:
        receiver = self._projection.receivers.get(row.provider)
        if row.body is None or receiver is None:
            return ()
        parsed = receiver.parse(row.body)
        return () if isinstance(parsed, Unparseable) else parsed

    async def _changes(self, tx: Tx, scope: Scope, letter: Letter, body: bytes) -> list[Change]:
        """By natural key: which line of the diary each event became, and whose body said it first."""
        keyed: list[tuple[ProviderEvent, TenantId | None, bytes]] = []
        for event in self._events(replace(letter.stored, body=body)):
            where = await self._projection.routes.find(
                tx, letter.stored.provider, event.phone_number_id, event.waba_id
            )
            key = b"" if where is None else self._projection.event_key(event, where.keys.hash_key)
            keyed.append((event, None if where is None else where.tenant_id, key))
        lines: dict[bytes, FoundEvent] = {}
        for tenant in {tenant for _, tenant, _ in keyed if tenant is not None}:
            keys = [key for _, whose, key in keyed if whose == tenant]
            found = await tx.many(_Q["found"], FoundEvent, tenant_id=tenant, keys=keys)
            lines |= {one.key: one for one in found}
        return [_change(letter, scope, event, tenant, lines.get(key)) for event, tenant, key in keyed]

    async def _note(
        self,
        tx: Tx,
        scope: Scope,
        action: str,
        target: str,
        *,
        why: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """The platform's acts on bodies of everybody are the installation's own."""
        await audit.record(
            tx,
            self._projection.clock.now(),
            INSTALLATION if scope.everything else scope.tenant_id,
            actor=scope.actor,
            action=action,
            target=target,
            why=why,
            data=data,
            origin=scope.origin,
        )


async def run_bite(tx: Tx, now: datetime, tenant_id: TenantId, batch_id: UUID) -> bool:
    """One bite of a batch. False when it is over or was cancelled. Engine scope."""
    where = {"tenant_id": tenant_id, "batch_id": batch_id}
    work = await tx.one(_Q["take_batch"], BatchWork, **where)
    if work is None or work.state != "running":
        return False
    bite = work.ledger_ids[work.done : work.done + _BITE]
    if bite and work.action == "discard":
        await tx.execute(_Q["discard"], ids=bite)
    elif bite:
        await tx.execute(_Q["put_back"], ids=bite)
    done = work.done + len(bite)
    over = done >= len(work.ledger_ids)
    await tx.execute(_Q["move_batch"], **where, done=done, over=over, now=now)
    return not over


def _change(
    letter: Letter, scope: Scope, event: ProviderEvent, tenant: TenantId | None, line: FoundEvent | None
) -> Change:
    name = type(event).__name__
    if tenant is None:
        return Change(name=name, at=event.at, outcome="orphan")
    if tenant != scope.tenant_id:
        return Change(name=name, at=event.at, outcome="other")
    if line is None:
        return Change(name=name, at=event.at, outcome="pending")
    own = line.ledger_id == letter.stored.ledger_id
    return Change(
        name=name,
        at=event.at,
        outcome="applied" if own else "repeated",
        kind=line.kind,
        message_id=line.message_id,
        conversation_id=line.conversation_id,
        first_ledger_id=line.ledger_id,
        recorded_at=line.recorded_at,
    )


def _number(cursor: str | None) -> int | None:
    return int(cursor) if cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else None


def _place(cursor: str | None) -> tuple[datetime | None, int | None]:
    at, _, ledger_id = (cursor or "").partition("~")
    try:
        moment, number = datetime.fromisoformat(at), _number(ledger_id)
    except ValueError:
        return None, None
    return (moment, number) if number is not None and moment.tzinfo is not None else (None, None)
