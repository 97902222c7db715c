"""Applying what the provider says became of messages: in batches, any order, any number of times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.db import sql
from recado.db.pool import Tx
from recado.kit.failpoints import reached
from recado.kit.ids import MessageId, TenantId
from recado.kit.reasons import Reason
from recado.messages import loose_ends, repeats
from recado.messages.doubt import note_duplicates
from recado.messages.loose_ends import LooseEnd
from recado.messages.model import ATTENTION, RANK, Evidence, Standing, State, fold

_Q = sql.load("recado.messages", "status.sql")
_RESOLVED_STATES = frozenset({"accepted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusItem:
    """One status on its way in. `token` is the verified attempt token, None when it brought none of ours."""

    tenant_id: TenantId
    key: bytes
    ledger_id: int | None
    status: str
    at: datetime
    wamid: str = field(repr=False)
    wamid_hash: bytes
    token: UUID | None
    reason: Reason | None
    code: int | None
    skip: bool
    data: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    idx: int
    message_id: MessageId | None
    token: UUID | None
    attempt_state: str | None
    first_echo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKept:
    tenant_id: TenantId
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedMessage:
    tenant_id: TenantId
    id: MessageId
    state: str
    rank: int
    reason: str | None
    reason_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusesApplied:
    """`effects` new status events; `foreign` belong to other applications on the same WABA."""

    effects: int
    foreign: int
    repeated: int


@dataclass(slots=True)
class _Folding:
    """One message while its new statuses are folded in."""

    standing: Standing
    wamid: str | None = None
    wamid_hash: bytes | None = None
    times: dict[str, datetime] = field(default_factory=dict)


async def apply_statuses(tx: Tx, items: Sequence[StatusItem]) -> StatusesApplied:
    """Writes `event` (status.*), `message`, `attempt` and closes `outbox` rows that an echo settled.

    Needs the engine scope: one batch may hold several tenants.
    """
    resolved = await _resolve(tx, items)
    reached("project.statuses_resolved")
    locked = await _lock(tx, items, resolved)
    await _settle_doubts(tx, items, resolved)
    reached("project.doubts_settled")
    fresh = await _keep_new(tx, items, resolved)
    await _fold_into_messages(tx, items, resolved, fresh, locked)
    reached("project.statuses_folded")
    foreign = sum(1 for index in fresh if resolved[index].message_id is None)
    return StatusesApplied(effects=len(fresh) - foreign, foreign=foreign, repeated=len(items) - len(fresh))


async def _resolve(tx: Tx, items: Sequence[StatusItem]) -> dict[int, Resolved]:
    rows = await tx.many(
        _Q["resolve_statuses"],
        Resolved,
        idxs=list(range(len(items))),
        tenant_ids=[item.tenant_id for item in items],
        tokens=[item.token for item in items],
        hashes=[item.wamid_hash for item in items],
    )
    return {row.idx: row for row in rows}


async def _lock(tx: Tx, items: Sequence[StatusItem], resolved: dict[int, Resolved]) -> list[LockedMessage]:
    """All messages the batch is about, before anything of theirs is written."""
    wanted = {
        (items[index].tenant_id, row.message_id)
        for index, row in resolved.items()
        if row.message_id is not None
    }
    if not wanted:
        return []
    return await tx.many(
        _Q["lock_messages"],
        LockedMessage,
        tenant_ids=[key[0] for key in wanted],
        ids=[key[1] for key in wanted],
    )


async def _settle_doubts(tx: Tx, items: Sequence[StatusItem], resolved: dict[int, Resolved]) -> None:
    """An echo proves acceptance. Usually the HTTP answer was first and there is nothing to settle."""
    first: dict[tuple[MessageId, UUID], StatusItem] = {}
    open_ones: dict[UUID, tuple[StatusItem, MessageId]] = {}
    for index, row in resolved.items():
        if row.token is None or row.message_id is None:
            continue
        if row.attempt_state not in _RESOLVED_STATES:
            open_ones.setdefault(row.token, (items[index], row.message_id))
        elif row.first_echo:
            first.setdefault((row.message_id, row.token), items[index])
    if first:
        # By message, the order in which acceptances are recorded too.
        ordered = sorted(first.items(), key=lambda pair: pair[0])
        await tx.execute(
            _Q["note_echoes"],
            tenant_ids=[item.tenant_id for _, item in ordered],
            tokens=[token for (_, token), _ in ordered],
        )
    if open_ones:
        await _settle(tx, open_ones)


async def _settle(tx: Tx, open_ones: dict[UUID, tuple[StatusItem, MessageId]]) -> None:
    settled = list(open_ones.values())
    tenants = [item.tenant_id for item, _ in settled]
    await tx.execute(
        _Q["settle_attempts"],
        tenant_ids=tenants,
        tokens=list(open_ones),
        hashes=[item.wamid_hash for item, _ in settled],
    )
    await tx.execute(_Q["settle_outbox"], tenant_ids=tenants, message_ids=[one for _, one in settled])
    for tenant_id in sorted(set(tenants)):
        own = [(item.at, message_id) for item, message_id in settled if item.tenant_id == tenant_id]
        await note_duplicates(tx, max(at for at, _ in own), tenant_id, [one for _, one in own])


async def _keep_new(tx: Tx, items: Sequence[StatusItem], resolved: dict[int, Resolved]) -> list[int]:
    """Indexes of the items nobody has told us before; a repetition inside the batch counts once."""
    by_key: dict[tuple[TenantId, bytes], int] = {}
    for index, item in enumerate(items):
        by_key.setdefault((item.tenant_id, item.key), index)
    chosen = [(items[index], resolved[index]) for index in by_key.values()]
    kept = await tx.many(
        _Q["insert_events"],
        EventKept,
        tenant_ids=[item.tenant_id for item, _ in chosen],
        message_ids=[row.message_id for _, row in chosen],
        kinds=[_event_kind(item, row) for item, row in chosen],
        ats=[item.at for item, _ in chosen],
        keys=[item.key for item, _ in chosen],
        ledger_ids=[item.ledger_id for item, _ in chosen],
        datas=[item.data for item, _ in chosen],
    )
    fresh = [by_key[(row.tenant_id, bytes(row.key))] for row in kept]
    await repeats.keep(tx, _told_again(items, set(fresh)))
    strange = [items[index] for index in fresh if resolved[index].message_id is None]
    if strange:
        await loose_ends.keep(tx, [(item.tenant_id, item.wamid_hash, _loose(item)) for item in strange])
    return fresh


def _told_again(items: Sequence[StatusItem], fresh: set[int]) -> list[repeats.Repeat]:
    return [
        (item.tenant_id, item.key, item.ledger_id)
        for index, item in enumerate(items)
        if index not in fresh and item.ledger_id is not None
    ]


def _loose(item: StatusItem) -> LooseEnd:
    """Another application's, or one of the business's own phone whose echo has not come yet."""
    data = {
        "status": item.status,
        "reason": None if item.reason is None else item.reason.value,
        "code": item.code,
        "skip": item.skip,
        "data": item.data,
        "ledger_id": item.ledger_id,
    }
    return LooseEnd(key=item.key, kind=loose_ends.STATUS, at=item.at, data=data)


def _event_kind(item: StatusItem, row: Resolved) -> str:
    return f"status.{item.status}" if row.message_id is not None else "status.foreign"


async def _fold_into_messages(
    tx: Tx,
    items: Sequence[StatusItem],
    resolved: dict[int, Resolved],
    fresh: list[int],
    locked: Sequence[LockedMessage],
) -> None:
    about: dict[tuple[TenantId, MessageId], list[StatusItem]] = {}
    for index in fresh:
        message_id = resolved[index].message_id
        if message_id is not None:
            about.setdefault((items[index].tenant_id, message_id), []).append(items[index])
    if not about:
        return
    rows = [
        (row, fold_all(row, about[(row.tenant_id, row.id)]))
        for row in locked
        if (row.tenant_id, row.id) in about
    ]
    await _write(tx, rows)


def fold_all(row: LockedMessage, items: Sequence[StatusItem]) -> _Folding:
    """Pure: the message after all these statuses, whatever their order."""
    state = _Folding(
        standing=Standing(
            state=State(row.state), rank=row.rank, reason=row.reason, reason_code=row.reason_code
        )
    )
    ordered = sorted(items, key=lambda item: RANK.get(State(item.status), 0) if _known(item) else 9)
    for item in ordered:
        evidence = Evidence(status=item.status, reason=item.reason, code=item.code, skip=item.skip)
        state.standing = fold(state.standing, evidence)
        state.wamid, state.wamid_hash = item.wamid, item.wamid_hash
        _note_time(state.times, item)
    return state


def _known(item: StatusItem) -> bool:
    return item.status in {"sent", "delivered", "read", "played"}


def _note_time(times: dict[str, datetime], item: StatusItem) -> None:
    column = {"played": "read"}.get(item.status, item.status)
    times[column] = min(item.at, times.get(column, item.at))


async def _write(tx: Tx, rows: Sequence[tuple[LockedMessage, _Folding]]) -> None:
    standings = [folding.standing for _, folding in rows]
    await tx.execute(
        _Q["write_standings"],
        tenant_ids=[row.tenant_id for row, _ in rows],
        ids=[row.id for row, _ in rows],
        states=[one.state.value for one in standings],
        ranks=[one.rank for one in standings],
        reasons=[str(one.reason) if one.reason is not None else None for one in standings],
        codes=[one.reason_code for one in standings],
        attentions=[one.state in ATTENTION for one in standings],
        wamids=[folding.wamid for _, folding in rows],
        hashes=[folding.wamid_hash for _, folding in rows],
        accepted=[_earliest(folding.times) for _, folding in rows],
        sent=[folding.times.get("sent") for _, folding in rows],
        delivered=[folding.times.get("delivered") for _, folding in rows],
        read=[folding.times.get("read") for _, folding in rows],
        failed=[folding.times.get("failed") for _, folding in rows],
    )


def _earliest(times: dict[str, datetime]) -> datetime | None:
    return min(times.values(), default=None)
