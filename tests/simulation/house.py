"""A day in a house: people write, workers send, crash and pause, webhooks come back, and nobody is told twice.

Safety is checked at every step, under all faults; then the faults stop, and everything has to settle.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from tests.simulation import outcomes
from tests.simulation.faults import Weather
from tests.simulation.plan import Plan, expand
from tests.simulation.provider import Provider
from tests.simulation.rows import Lane, Stored, Talk
from tests.simulation.store import Store
from tests.simulation.virtual_time import run

from recado.kit.ids import AttemptToken, ContactId, ConversationId, MessageId, NumberId, TenantId
from recado.kit.reasons import Reason
from recado.messages.claim import Intent
from recado.messages.doubt_rules import AskPerson, DoubtRules, DoubtVerdict, KeepWaiting, PresumeLost
from recado.messages.record import Finished
from recado.messages.statuses import StatusItem

EPOCH = datetime(2026, 11, 23, 12, tzinfo=UTC)
LEASE_S = 30.0
LIFE = {"session": 24.0, "utility": 24.0, "authentication": 1 / 6, "marketing": 24.0}
# After the faults: the longest life, the longest pause between two knocks of a webhook, and some hours.
SETTLING_S = 40 * 3600.0


class Violation(Exception):
    """A promise was broken; the seed is in the text."""


@dataclass(slots=True)
class Outcome:
    """What one simulated day was."""

    plan: Plan
    hash: str
    counts: Counter[str] = field(default_factory=Counter)


class House:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.store = Store()
        self.weather = Weather(plan, self.time)
        self.provider = Provider(self.weather, self.hear, self.took, self.spawn)
        self.rules = DoubtRules()
        self.taken: Counter[UUID] = Counter()
        self.resends: Counter[UUID] = Counter()
        self.counts: Counter[str] = Counter()
        self.trace = hashlib.sha256()
        self.numbers: Iterator[int] = count(1)
        self.names: dict[UUID, int] = {}
        self.tats: dict[tuple[object, ...], float] = {}
        self.work = asyncio.Event()
        self.doubts = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()
        self.broken: BaseException | None = None
        self.alarm = asyncio.Event()
        self._furnish()

    def time(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.time())

    def _furnish(self) -> None:
        for _ in range(self.plan.lanes):
            lane = Lane(
                tenant_id=TenantId(self._id()),
                number_id=NumberId(self._id()),
                rate_per_s=self.plan.rate_per_s,
                burst=self.plan.burst,
            )
            self.store.lanes[lane.key] = lane
        lanes = list(self.store.lanes.values())
        for n in range(self.plan.people):
            talk = Talk(
                tenant_id=lanes[n % len(lanes)].tenant_id,
                conversation_id=ConversationId(self._id()),
                contact_id=ContactId(self._id()),
                recipient=f"+55209555{n:05}",
                window_until=EPOCH + timedelta(hours=self.plan.hours),
            )
            self.store.talks.append(talk)

    def _id(self) -> UUID:
        return UUID(int=next(self.numbers))

    def spawn(self, work: Coroutine[Any, Any, None], name: str | None = None) -> asyncio.Task[None]:
        """Nobody's error goes unheard: the first one ends the day."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken = self.broken or error
            self.alarm.set()

    # ------------------------------------------------------------------ the trace and the promises

    def note(self, what: str, about: UUID | None = None) -> None:
        name = self.names.setdefault(about, len(self.names)) if about else 0
        self.trace.update(f"{self.time():.6f} {what} {name}\n".encode())
        self.counts[what] += 1

    def demand(self, holds: bool, promise: str) -> None:
        if not holds:
            raise Violation(f"seed {self.plan.seed} at {self.time():.1f} s: {promise}\n{self.plan}")

    def took(self, message_id: UUID) -> None:
        """The provider accepted one: the only moment at which a duplicate can be made."""
        self.taken[message_id] += 1
        self.note("taken", message_id)
        allowed = 1 + self.resends[message_id]
        self.demand(self.taken[message_id] <= allowed, "a message was taken twice and nobody had asked")

    def _keeps_pace(self, intent: Intent) -> None:
        """A second rate check, in floats, that knows nothing of the first."""
        at, lane = self.time(), self.store.lanes[intent.row.lane]
        for key, interval, burst in (
            (intent.row.lane, 1 / lane.rate_per_s, lane.burst),
            (intent.row.pair, lane.pair_interval_s, lane.pair_burst),
        ):
            tat = self.tats.get(key, 0.0)
            self.demand(tat <= at + (burst - 1) * interval + 0.0001, "faster than the pace")
            self.tats[key] = max(tat, at) + interval

    # ------------------------------------------------------------------ people

    async def arrivals(self) -> None:
        weather = self.weather
        while True:
            await asyncio.sleep(weather.pause(3600 / self.plan.messages_per_hour))
            if weather.calm:
                return
            for _ in range(weather.pick([1, 1, 1, 1, 2, 8])):
                self._ask()
            self.work.set()

    def _ask(self) -> None:
        weather, now = self.weather, self.now()
        kind = weather.pick(["session", "session", "utility", "utility", "authentication", "marketing"])
        talk = weather.pick(self.store.talks)
        lane = next(lane for lane in self.store.lanes.values() if lane.tenant_id == talk.tenant_id)
        message = Stored(
            lane=lane,
            talk=talk,
            id=MessageId(self._id()),
            message_class=kind,
            free_form=kind == "session",
            ordered=kind == "session",
            created_at=now,
            expires_at=now + timedelta(hours=LIFE[kind]),
        )
        self.store.accept(message, now)
        self.note("asked", message.id)
        if weather.chance(0.02):
            self.spawn(self._cancel_soon(message))

    async def _cancel_soon(self, message: Stored) -> None:
        await asyncio.sleep(self.weather.pause(30))
        if self.store.cancel(message):
            self.note("cancelled", message.id)

    async def _decide(self, message: Stored) -> None:
        await asyncio.sleep(self.weather.pause(900))
        words = ["abandon", "resend"] if self.weather.calm else ["abandon", "resend", "wait"]
        word = self.weather.pick(words)
        waiting = message.waiting
        if waiting is None or waiting.state != 3:
            return
        if self.store.decided(message, word, self.now()):
            self.note(f"decided {word}", message.id)
            self.resends[message.id] += word == "resend"
            self.work.set()
            self.doubts.set()

    def hear(self, token: UUID, wamid: str, word: str) -> None:
        attempt = self.store.attempts[AttemptToken(token)]
        message, before = attempt.message, attempt.message.rank
        item = StatusItem(
            tenant_id=message.lane.tenant_id,
            key=f"{wamid} {word}".encode(),
            ledger_id=None,
            status=word,
            at=self.now(),
            wamid=wamid,
            wamid_hash=wamid.encode(),
            token=token,
            reason=Reason.UNDELIVERABLE if word == "failed" else None,
            code=131026 if word == "failed" else None,
            skip=False,
            data=None,
        )
        self.store.hear(item, self.now())
        self.note(f"told {word}", message.id)
        self.demand(message.rank >= before, "a status went back")

    # ------------------------------------------------------------------ workers

    async def worker(self, which: int) -> None:
        """One process after the other: each dies at its crash, the next one knows nothing."""
        crashes = [
            fault
            for fault in self.plan.faults
            if fault.kind == "worker crashes" and fault.which % self.plan.workers == which
        ]
        for fault in crashes:
            if fault.at > self.time():
                await self._one_life(which, fault.at - self.time())
                self.note("crash")
                await asyncio.sleep(fault.until - fault.at)
        await self._one_life(which, None)

    async def _one_life(self, which: int, lasts: float | None) -> None:
        sends: set[asyncio.Task[None]] = set()
        claiming = self.spawn(self._claims(which, sends))
        await asyncio.wait([claiming], timeout=lasts)
        for task in [claiming, *sorted(sends, key=lambda task: task.get_name())]:
            task.cancel()

    async def _awake(self, which: int) -> None:
        for fault in self.weather.active("worker pauses"):
            if fault.which % self.plan.workers == which:
                await asyncio.sleep(fault.until - self.time())

    async def _claims(self, which: int, sends: set[asyncio.Task[None]]) -> None:
        while True:
            await self._awake(which)
            free = 8 - len(sends)
            intents = self.store.claim(self.now(), free, LEASE_S, lambda: AttemptToken(self._id()))
            for intent in intents:
                self._keeps_pace(intent)
                self.note("intent", intent.row.due.message_id)
                name = f"{len(self.store.attempts):09}-{intent.token}"
                task = self.spawn(self._send(which, intent), name)
                sends.add(task)
                task.add_done_callback(sends.discard)
            if intents:
                self.doubts.set()
                await asyncio.sleep(0.01)
            else:
                await self._until_due()

    async def _until_due(self) -> None:
        """Until somebody asks, or the next message is due; a full or paused lane is looked at every second."""
        self.work.clear()
        now = self.now()
        dues = [
            message.waiting.due_at
            for message in self.store.open.values()
            if message.waiting is not None and message.waiting.state == 0
        ]
        if not dues:
            await self.work.wait()
            return
        wait = max((min(dues) - now).total_seconds(), 1.0)
        _, late = await asyncio.wait([asyncio.ensure_future(self.work.wait())], timeout=wait)
        for task in late:
            task.cancel()

    async def _send(self, which: int, intent: Intent) -> None:
        await asyncio.sleep(self.weather.between(0.01, 0.3))
        await self._awake(which)
        outcome = await self.provider.answer(intent)
        await self._awake(which)
        message = self.store.messages[intent.row.due.message_id]
        before = message.rank
        finished = Finished(
            intent=intent, outcome=outcome, wamid_hash=None, jitter=self.weather.between(0, 1)
        )
        for _ in range(self.weather.pick([1, 1, 1, 2])):
            outcomes.record(self.store, self.now(), finished)
        self.note(type(outcome).__name__, message.id)
        self.demand(message.rank >= before, "a record lowered the rank")
        self.work.set()

    # ------------------------------------------------------------------ rescue and resolve

    async def repairs(self) -> None:
        while True:
            if not any(one.waiting and one.waiting.state in {1, 2, 3} for one in self.store.open.values()):
                self.doubts.clear()
                await self.doubts.wait()
            await asyncio.sleep(5)
            for message in self.store.rescue(self.now()):
                self.note("rescued", message.id)
            since = self.weather.trusted_since()
            trusted = None if since is None else EPOCH + timedelta(seconds=since)
            for message, verdict in self.store.resolve(self.rules, trusted, self.now()):
                self._note_verdict(message, verdict)
                if isinstance(verdict, PresumeLost):
                    self.work.set()

    def _note_verdict(self, message: Stored, verdict: DoubtVerdict) -> None:
        if isinstance(verdict, KeepWaiting):
            return
        self.note(type(verdict).__name__, message.id)
        if isinstance(verdict, AskPerson):
            self.spawn(self._decide(message))

    async def switches(self) -> None:
        for fault in self.plan.faults:
            if fault.kind != "kill switch":
                continue
            await asyncio.sleep(max(0.0, fault.at - self.time()))
            self.store.kill_switch = True
            await asyncio.sleep(fault.until - self.time())
            self.store.kill_switch = False
            self.work.set()

    # ------------------------------------------------------------------ both phases

    async def live(self) -> Outcome:
        for work in (self.arrivals(), self.repairs(), self.switches()):
            self.spawn(work)
        for which in range(self.plan.workers):
            self.spawn(self.worker(which))
        horizon = self.plan.hours * 3600 + SETTLING_S
        with suppress(TimeoutError):
            await asyncio.wait_for(self.alarm.wait(), horizon)
        if self.broken is not None:
            raise self.broken
        self._settled()
        return Outcome(plan=self.plan, hash=self.trace.hexdigest()[:16], counts=self.counts)

    def _settled(self) -> None:
        self.demand(not self.store.open, f"{len(self.store.open)} messages are still open")
        for attempt in self.store.attempts.values():
            took = attempt.token in self.provider.tokens
            self.demand(took == (attempt.state == "accepted"), f"an attempt is {attempt.state} in the end")
        for message in self.store.messages.values():
            told = message.rank > 0 or message.state in {"failed", "cancelled", "discarded", "skipped"}
            self.demand(told or not self.taken[message.id], f"taken, but shown as {message.state}")
            twice = self.taken[message.id] > 1
            self.demand(twice == (message.id in self.store.incidents), "a duplicate without an incident")
            self.note(f"end: {message.state}", message.id)


async def _live(plan: Plan) -> Outcome:
    return await House(plan).live()


def simulate(seed: int, hours: float) -> Outcome:
    """One house for some hours. Raises Violation with the seed and the fault plan."""
    return run(_live(expand(seed, hours)))
