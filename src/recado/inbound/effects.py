"""Routing each event to the slice that owns its effect. Statuses go in one batch, the rest one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, assert_never

from recado.conversations import service as conversations
from recado.conversations.model import clamp_time
from recado.db import sql
from recado.db.pool import Tx
from recado.inbound.reactions import STALE_AFTER, may_react
from recado.inbound.routing import Destination, Routes
from recado.kit.failpoints import reached
from recado.kit.ids import NumberId, TenantId
from recado.kit.phone import variants
from recado.messages import inbound as messages
from recado.messages import repeats
from recado.messages.inbound import Arrival
from recado.messages.statuses import StatusItem, apply_statuses
from recado.providers.contract import (
    AccountChanged,
    AppStateSynced,
    Echoed,
    HistoryChunk,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    PreferenceChanged,
    ProviderEvent,
    StatusChanged,
    TemplateChanged,
    Unrecognised,
    ValueFault,
)
from recado.queue import jobs
from recado.templates.sync import TOLD_JOB

_Q = sql.load("recado.inbound")
_CHUNK = 1000
# Without a number these belong to no conversation, however well the WABA is known.
_NEEDS_NUMBER = (MessageReceived, Echoed)


class Source(Protocol):
    @property
    def ledger_id(self) -> int: ...

    @property
    def provider(self) -> str: ...

    @property
    def received_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Every event is in exactly one of these counts."""

    effects: int = 0
    repeated: int = 0
    foreign: int = 0
    orphans: int = 0
    unhandled: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    # The companies concerned: whoever looks at them is told after the commit.
    tenants: frozenset[TenantId] = field(default=frozenset(), compare=False)

    @property
    def total(self) -> int:
        return self.effects + self.repeated + self.foreign + self.orphans + self.unhandled


@dataclass(slots=True)
class _Tally:
    effects: int = 0
    repeated: int = 0
    foreign: int = 0
    orphans: int = 0
    unhandled: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    tenants: set[TenantId] = field(default_factory=set)

    def freeze(self) -> Applied:
        return Applied(
            effects=self.effects,
            repeated=self.repeated,
            foreign=self.foreign,
            orphans=self.orphans,
            unhandled=self.unhandled,
            kinds=self.kinds,
            tenants=frozenset(self.tenants),
        )


EventKey = Callable[[ProviderEvent, bytes], bytes]


async def apply_events(
    tx: Tx,
    routes: Routes,
    event_key: EventKey,
    events: Sequence[tuple[Source, ProviderEvent]],
    now: datetime,
    stale_after: timedelta = STALE_AFTER,
) -> Applied:
    """Applies every event exactly once; what nobody owns or knows is kept and counted."""
    tally = _Tally()
    statuses: list[StatusItem] = []
    for source, event in sorted(events, key=_whose):
        name = type(event).__name__
        tally.kinds[name] = tally.kinds.get(name, 0) + 1
        where = await routes.find(tx, source.provider, event.phone_number_id, event.waba_id)
        if where is None or (event.phone_number_id is None and isinstance(event, _NEEDS_NUMBER)):
            await _keep_orphan(tx, event_key, source, event)
            tally.orphans += 1
            continue
        tally.tenants.add(where.tenant_id)
        if isinstance(event, StatusChanged):
            fresh = _may_react(source, event, now, stale_after)
            statuses.append(_status_item(where, event_key, source, event, fresh=fresh))
        else:
            await _apply_one(tx, tally, where, event_key, source, event, now, stale_after)
    reached("project.routed")
    for start in range(0, len(statuses), _CHUNK):
        done = await apply_statuses(tx, statuses[start : start + _CHUNK])
        tally.effects += done.effects
        tally.foreign += done.foreign
        tally.repeated += done.repeated
    return tally.freeze()


def _whose(pair: tuple[Source, ProviderEvent]) -> tuple[str, str, str]:
    """The order in which every projector takes its locks: person by person, each one's events as they came.

    Two batches that meet the same people in different orders would wait for each other in a circle. The
    order is that of `contact_identity`, in which accepting creates people.
    """
    event = pair[1]
    match event:
        case IdentityChanged(old=person):
            pass
        case MessageReceived() | MessageEdited() | MessageRevoked() | Echoed():
            person = event.person
        case _:
            return "", "", ""
    number = event.phone_number_id or ""
    if person.bsuid is not None:
        return "bsuid", person.bsuid, number
    return "phone", min(variants(person.phone or "")), number


def _may_react(source: Source, event: ProviderEvent, now: datetime, stale_after: timedelta) -> bool:
    return may_react(clamp_time(event.at, source.received_at), now, stale_after)


def _status_item(
    where: Destination, event_key: EventKey, source: Source, event: StatusChanged, *, fresh: bool
) -> StatusItem:
    first = event.errors[0] if event.errors else None
    code = first.code if first else None
    return StatusItem(
        tenant_id=where.tenant_id,
        key=event_key(event, where.keys.hash_key),
        ledger_id=source.ledger_id,
        status=event.status,
        at=clamp_time(event.at, source.received_at),
        wamid=event.wamid,
        wamid_hash=where.keys.hash(event.wamid),
        token=where.keys.read_token(event.opaque),
        reason=event.reason,
        code=code,
        # 131047: the window closed between our check and Meta's. Nobody's failure (delivery 2.11).
        skip=code == 131047,
        data=_status_data(event, fresh=fresh),
    )


def _status_data(event: StatusChanged, *, fresh: bool) -> dict[str, Any] | None:
    data: dict[str, Any] = {} if fresh else {"stale": True}
    if event.errors:
        data["errors"] = [{"code": one.code, "title": one.title} for one in event.errors]
    if event.pricing:
        data["pricing"] = dict(event.pricing)
    return data or None


async def _keep_orphan(tx: Tx, event_key: EventKey, source: Source, event: ProviderEvent) -> None:
    """Nobody's number, good signature. The fixed key only has to tell repetitions apart."""
    await tx.execute(
        _Q["insert_orphan"],
        provider=source.provider,
        waba=event.waba_id,
        number=event.phone_number_id,
        kind=type(event).__name__,
        key=event_key(event, b"orphan"),
        raw=event.raw,
        ledger_id=source.ledger_id,
        received_at=source.received_at,
    )


async def _apply_one(
    tx: Tx,
    tally: _Tally,
    where: Destination,
    event_key: EventKey,
    source: Source,
    event: ProviderEvent,
    now: datetime,
    stale_after: timedelta,
) -> None:
    arrival = Arrival(
        tenant_id=where.tenant_id,
        number_id=NumberId(where.target_id),
        keys=where.keys,
        key=_natural_key(where, event_key, source, event),
        ledger_id=source.ledger_id,
        received_at=source.received_at,
        now=now,
        may_react=_may_react(source, event, now, stale_after),
    )
    fresh = await _dispatch(tx, arrival, event)
    if not fresh:
        tally.repeated += 1
        await repeats.keep(tx, [(arrival.tenant_id, arrival.key, arrival.ledger_id)])
    elif isinstance(event, Unrecognised):
        tally.unhandled += 1
    else:
        tally.effects += 1


def _natural_key(where: Destination, event_key: EventKey, source: Source, event: ProviderEvent) -> bytes:
    key = event_key(event, where.keys.hash_key)
    if isinstance(event, ValueFault):
        # It has no time of its own: the same fault in another hour is another fault.
        return where.keys.hash(f"{key.hex()}|{source.received_at:%Y-%m-%dT%H}")
    return key


async def _dispatch(tx: Tx, arrival: Arrival, event: ProviderEvent) -> bool:
    match event:
        case MessageReceived():
            return await messages.receive(tx, arrival, event)
        case MessageEdited():
            return await messages.edit(tx, arrival, event)
        case MessageRevoked():
            return await messages.revoke(tx, arrival, event)
        case Echoed():
            return await messages.echo(tx, arrival, event)
        case IdentityChanged():
            return await _change_identity(tx, arrival, event)
        case TemplateChanged():
            return await _change_template(tx, arrival, event)
        case StatusChanged():
            raise AssertionError("statuses are applied in batches")
        case _:
            kind, data = _plain(event)
            return await messages.note(tx, arrival, kind, event.at, data)


async def _change_identity(tx: Tx, arrival: Arrival, event: IdentityChanged) -> bool:
    if not await messages.note(tx, arrival, "contact.identity_changed", event.at, {"what": event.what}):
        return False
    met = await conversations.change_identity(
        tx,
        arrival.now,
        arrival.tenant_id,
        old=event.old,
        new=event.new,
        number_id=arrival.number_id,
    )
    if met is not None:
        await messages.note_parting(tx, arrival, met, clamp_time(event.at, arrival.received_at))
    return True


async def _change_template(tx: Tx, arrival: Arrival, event: TemplateChanged) -> bool:
    """Noted here, taken over by a job: it locks lanes, which a projector that holds messages must not."""
    facts = {
        "field": event.field,
        "template_id": event.template_id,
        "name": event.name,
        "language": event.language,
        "event": event.event,
    }
    if not await messages.note(tx, arrival, "template.changed", event.at, facts):
        return False
    if event.phone_number_id is None:
        told = {
            "waba_id": arrival.number_id.hex,
            "field": event.field,
            "external_id": event.template_id,
            "name": event.name,
            "language": event.language,
            "event": event.event,
            "at": clamp_time(event.at, arrival.received_at).isoformat(),
        }
        await jobs.enqueue(tx, arrival.now, arrival.tenant_id, TOLD_JOB, told)
    return True


Noted = HistoryChunk | AppStateSynced | AccountChanged | PreferenceChanged | ValueFault | Unrecognised


def _plain(event: Noted) -> tuple[str, dict[str, Any]]:
    """Kind and facts of the events that are stored for later slices. The raw body stays in the ledger."""
    match event:
        case HistoryChunk():
            return "history.chunk", {
                "phase": event.phase,
                "chunk": event.chunk_order,
                "progress": event.progress,
                "messages": event.messages,
                "refused": event.refused,
            }
        case AppStateSynced():
            return "contacts.synced", {"contacts": event.contacts}
        case AccountChanged():
            return "account.changed", {"field": event.field, "event": event.event}
        case PreferenceChanged():
            return "contact.preference", {"category": event.category, "stop": event.stop}
        case ValueFault():
            return "provider.fault", {"codes": [note.code for note in event.notes]}
        case Unrecognised():
            return "event.unhandled", {"field": event.field, "why": event.why[:200]}
        case _:
            assert_never(event)
