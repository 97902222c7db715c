"""Running the audit: small questions whole, large ones in slices, each slice one snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from recado.db import sql
from recado.db.pool import Database, Tx
from recado.db.sql import Statement
from recado.invariants import walls
from recado.invariants.ledgers import ProviderLedger
from recado.invariants.model import NOT_YET, SAMPLE, Findings, Report
from recado.invariants.standings import Signature, judge
from recado.kit.ids import TenantId, uuid7
from recado.tenants.vault import Vault

_Q = sql.load("recado.invariants")
_S = sql.load("recado.invariants", "slices.sql")
SLICE = 20_000
_STRETCH = timedelta(days=1)
# A person's words open the window for a day; what they wrote is found by the time in its id.
_LOOK_BACK = timedelta(hours=25)
# From the claim's clock to the intent's row may take a moment on a busy machine.
_JITTER_S = 1.0
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

UNIQUE = (
    ("I2", "idempotency", "tenant_id,key"),
    ("I9", "attempt", "tenant_id,message_id"),
    ("I14", "event", "tenant_id,key"),
)
WHOLE: Mapping[str, tuple[str, ...]] = {
    "I2": ("keys_with_wrong_answer", "keys_used_twice"),
    "I3": ("stuck",),
    "I13": ("bodies_astray",),
    "I16": ("windows_too_long",),
}
BY_MESSAGE: Mapping[str, tuple[str, ...]] = {
    "I6": ("accepted_twice",),
    "I8": ("lost_without_proof",),
    "I9": ("started_too_early",),
    "I12": ("sent_after_cancel",),
    "I14": ("stored_twice",),
}

EngineScope = Callable[[], AbstractAsyncContextManager[Tx]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a run looks at. `since` leaves older messages and attempts out; `vault` and the ledgers of others
    are optional, and what cannot be judged without them is skipped with the reason."""

    since: datetime = _BEGINNING
    vault: Vault | None = None
    provider: ProviderLedger | None = None
    client_ids: tuple[UUID, ...] | None = None
    slice_size: int = SLICE
    timer: Callable[[], float] = field(default=lambda: 0.0)


async def run(engine: EngineScope, db: Database, now: datetime, scope: Scope) -> Report:
    """Looks at everything in `scope`, changes nothing. Raises only when the database is away."""
    started = scope.timer()
    found = Findings()
    for which, why in NOT_YET.items():
        found.skip(which, why)
    async with _reading(engine) as tx:
        tenants = [TenantId(row["tenant_id"]) for row in await tx.fetch(_Q["tenants"])]
        lanes = [(row["tenant_id"], row["number_id"]) for row in await tx.fetch(_Q["lanes"])]
        await _whole(tx, found)
        await walls.row_security(tx, db, tenants, found)
        await _secrets(tx, scope, found)
    await _ledgers(engine, scope, found)
    messages = 0
    for tenant_id in tenants:
        messages += await _messages(engine, scope, tenant_id, found)
    for lane in lanes:
        await _lane(engine, scope, *lane, found)
    took = int((scope.timer() - started) * 1000)
    return Report(invariants=found.invariants(), messages=messages, took_ms=took, at=now)


@asynccontextmanager
async def _reading(engine: EngineScope) -> AsyncIterator[Tx]:
    """A transaction that may take its time and cannot write."""
    async with engine() as tx:
        await tx.fetch(_Q["patience"])
        yield tx


async def _ask(tx: Tx, found: Findings, which: str, statement: Statement, **params: Any) -> None:
    rows = [dict(row) for row in await tx.fetch(statement, most=SAMPLE, **params)]
    count = rows[0]["found"] if rows else 0
    for row in rows:
        del row["found"]
        row["rule"] = statement.name
    found.add(which, count, *rows)


async def _whole(tx: Tx, found: Findings) -> None:
    for row in await tx.fetch(
        _Q["unique_rules"],
        most=SAMPLE,
        invariants=[one[0] for one in UNIQUE],
        relations=[one[1] for one in UNIQUE],
        columns=[one[2] for one in UNIQUE],
    ):
        found.add(row["invariant"], 1, {"relation": row["relation"], "not_unique": row["columns"]})
    for which, names in WHOLE.items():
        for name in names:
            await _ask(tx, found, which, _Q[name])


async def _secrets(tx: Tx, scope: Scope, found: Findings) -> None:
    if scope.vault is None:
        found.skip("I19", "needs the master keys")
    else:
        await walls.secrets(tx, scope.vault, found)


async def _ledgers(engine: EngineScope, scope: Scope, found: Findings) -> None:
    if scope.client_ids is None:
        found.skip("I1", "needs the client's list of answered requests (--client-ledger)")
    else:
        async with _reading(engine) as tx:
            await _ask(tx, found, "I1", _Q["answered_without_message"], ids=list(scope.client_ids))
    if scope.provider is None:
        for which in ("I5", "I7"):
            found.skip(which, "needs the provider's list of sends (--provider-ledger)")
        return
    tokens = list(scope.provider.tokens)
    async with _reading(engine) as tx:
        await _ask(tx, found, "I5", _Q["sent_without_intent"], tokens=tokens)
        await _ask(tx, found, "I6", _Q["sent_twice"], tokens=tokens)
        await _ask(tx, found, "I7", _Q["accepted_in_our_books_only"], tokens=tokens)
    if scope.provider.strange:
        found.add("I5", scope.provider.strange, {"sends_without_our_token": scope.provider.strange})


# --------------------------------------------------------------------------- slices


async def _messages(engine: EngineScope, scope: Scope, tenant_id: TenantId, found: Findings) -> int:
    after = uuid7(scope.since, bytes)
    total = 0
    while True:
        async with _reading(engine) as tx:
            part = await tx.row(_S["next_slice"], tenant_id=tenant_id, after=after, size=scope.slice_size)
            if part is None or not part["messages"]:
                return total
            upto = part["upto"]
            await _standings(tx, tenant_id, after, upto, found)
            for which, names in BY_MESSAGE.items():
                for name in names:
                    await _ask(tx, found, which, _S[name], tenant_id=tenant_id, after=after, upto=upto)
        total += part["messages"]
        after = upto


async def _standings(tx: Tx, tenant_id: TenantId, after: UUID, upto: UUID, found: Findings) -> None:
    for row in await tx.fetch(_S["standings"], tenant_id=tenant_id, after=after, upto=upto):
        values = dict(row)
        for name in ("kinds", "attempts", "ids"):
            values[name] = tuple(values[name])
        one = Signature(**values)
        wrong = judge(one)
        if wrong is not None:
            rows = [{"tenant_id": tenant_id, "message_id": each, "why": wrong.why} for each in one.ids]
            found.add(wrong.invariant, one.messages, *rows)


async def _lane(engine: EngineScope, scope: Scope, tenant_id: UUID, number_id: UUID, found: Findings) -> None:
    """One stretch of time after the other, empty ones left out."""
    cursor = scope.since
    while True:
        async with _reading(engine) as tx:
            lane = {"tenant_id": tenant_id, "number_id": number_id}
            first = await tx.value(_S["next_attempt"], **lane, from_at=cursor)
            if first is None:
                return
            cursor = first + _STRETCH
            await _stretch(tx, found, lane | {"from_at": first, "to_at": cursor})


async def _stretch(tx: Tx, found: Findings, part: Mapping[str, Any]) -> None:
    await _ask(tx, found, "I10", _S["overtaken"], **part)
    await _ask(tx, found, "I11", _S["lane_too_fast"], **part, jitter_s=_JITTER_S)
    await _ask(tx, found, "I11", _S["pair_too_fast"], **part, jitter_s=_JITTER_S)
    await _ask(
        tx, found, "I12", _S["sent_while_stopped"], **part, whats=["kill_switch", "platform_stop", "forced"]
    )
    await _ask(tx, found, "I22", _S["sent_while_stopped"], **part, whats=["mode"])
    first_id = uuid7(part["from_at"] - _LOOK_BACK, bytes)
    last_id = uuid7(part["to_at"], bytes)
    await _ask(tx, found, "I22", _S["outside_window"], **part, first_id=first_id, last_id=last_id)


# --------------------------------------------------------------------------- keeping


async def ran_lately(tx: Tx, every_s: float) -> bool:
    """Whether another worker has just done it."""
    return bool(await tx.value(_Q["ran_lately"], every_s=every_s))


async def keep(tx: Tx, report: Report) -> None:
    """Writes the run down, opens an incident for each tenant a violation names, closes those that healed."""
    await tx.execute(
        _Q["keep_run"],
        took_ms=report.took_ms,
        messages=report.messages,
        failed=[one.id for one in report.failed],
        results=report.as_dict(),
    )
    await tx.execute(_Q["forget_runs"])
    for one in report.failed:
        for tenant_id in _tenants_of(one.sample):
            data = {"invariant": one.id, "found": one.found, "sample": list(one.sample)}
            await tx.execute(_Q["open_incident"], tenant_id=tenant_id, now=report.at, data=data)
    healthy = [one.id for one in report.invariants if one.ok]
    await tx.execute(_Q["close_incidents"], now=report.at, healthy=healthy)


def _tenants_of(sample: Sequence[Mapping[str, Any]]) -> list[UUID]:
    return sorted({UUID(row["tenant_id"]) for row in sample if row.get("tenant_id")})
