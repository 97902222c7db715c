"""The same history told to the in-memory store and to PostgreSQL; afterwards both have to say the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulation import outcomes
from tests.simulation.rows import Attempt, Lane, Stored, Talk
from tests.simulation.store import Store
from tests.slices.world import MARINA, OTHER, TEMPLATE, accepted, later, rejected, status, statuses, unknown
from tests.stateful.rig import Rig

from recado.db.system import system
from recado.errors import Conflict
from recado.kit.ids import ContactId, ConversationId
from recado.kit.reasons import Reason
from recado.messages.claim import Intent
from recado.messages.doubt import decide, resolve
from recado.messages.doubt_rules import DoubtRules
from recado.messages.reading import cancel
from recado.messages.record import Finished, rescue
from recado.messages.statuses import StatusItem
from recado.providers.contract import Accepted, Blame, Scope, SendOutcome, Unknown

EPOCH = datetime(2026, 11, 23, tzinfo=UTC)
LEASE_S = 30.0
OUTCOMES: tuple[SendOutcome, ...] = (
    accepted(),
    accepted(),
    unknown(),
    Unknown(reason=Reason.PROVIDER_FAULT, detail="", soft=True, exchange=None),
    Unknown(reason=Reason.IN_DOUBT_NO_ANSWER, detail="", no_id=True, exchange=None),
    rejected(),
    rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190),
    later(),
    later(Scope.PAIR),
    later(Scope.NUMBER, slow_down=True),
    later(Scope.NUMBER, retry_after_s=20.0),
    later(sent=False),
)
STEPS = (
    *("ask", "ask", "claim", "claim", "answer", "answer", "answer", "repeat", "echo", "echo"),
    *("wait", "wait", "rescue", "resolve", "resolve", "decide", "cancel", "kill"),
)
_STORED = """
    select m.id, m.state, m.rank, m.reason, o.state as out, o.tries,
        array(select a.state from attempt a where a.message_id = m.id order by a.n) as attempts
    from message m left join outbox o on o.message_id = m.id where m.direction = 'out'"""


class Twins:
    """Times of the store are counted from the first moment, so both see the same distances."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self.rig = rig
        self.source = random.Random(seed)
        self.world = rig.fresh()
        self.store = Store()
        self.zero = self.world.clock.monotonic()
        self.company = rig.run(self.world.company(rate=1000))
        for person in (MARINA, OTHER):
            rig.run(self.world.open_window(self.company, person))
        tenant_id, number_id = self.company.lane
        self.lane = Lane(tenant_id=tenant_id, number_id=number_id, rate_per_s=1000.0, burst=250)
        self.store.lanes[self.lane.key] = self.lane
        self.talks: dict[str, Talk] = {}
        self.told: list[Finished] = []
        self.flying: list[Intent] = []
        self.wamids = 0

    @property
    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.world.clock.monotonic() - self.zero)

    def step(self) -> str:
        """One random operation on both. Returns its name."""
        name = self.source.choice(STEPS)
        self._step_aside()
        getattr(self, f"_{name}")()
        return name

    # ------------------------------------------------------------------ the operations

    def _ask(self) -> None:
        person = self.source.choice([MARINA, OTHER])
        kind = self.source.choice(["session", "utility", "authentication", "marketing"])
        life = 600.0 if kind == "authentication" else 86_400.0
        payload: dict[str, Any] = {"to": "+" + person, "class": kind}
        payload |= {"text": {"body": "oi"}, "type": "text"} if kind == "session" else TEMPLATE
        now = self.now
        message_id = self.rig.run(self.world.queue(self.company, **payload))
        message = Stored(
            lane=self.lane,
            talk=self._talk(person, message_id),
            id=message_id,
            message_class=kind,
            free_form=kind == "session",
            ordered=kind == "session",
            created_at=now,
            expires_at=now + timedelta(seconds=life),
        )
        self.store.accept(message, now)

    def _talk(self, person: str, message_id: Any) -> Talk:
        if person not in self.talks:
            row = self.rig.run(self.world.message(message_id))
            self.talks[person] = Talk(
                tenant_id=self.lane.tenant_id,
                conversation_id=ConversationId(row["conversation_id"]),
                contact_id=ContactId(row["contact_id"]),
                recipient=f"+{person}",
                window_until=self.now + timedelta(hours=23),
            )
            self.store.talks.append(self.talks[person])
        return self.talks[person]

    def _claim(self) -> None:
        most = self.source.choice([1, 3, 50])
        intents = self.rig.run(self.world.claim(most=most, lease_s=LEASE_S))
        by_message = {intent.row.due.message_id: intent for intent in intents}
        tokens = iter([intent.token for intent in intents])
        mine = self.store.claim(self.now, most, LEASE_S, lambda: next(tokens))
        assert [one.row.due.message_id for one in mine] == list(by_message), "not the same ones left"
        self.flying += [by_message[one.row.due.message_id] for one in mine]

    def _answer(self) -> None:
        if not self.flying:
            return
        intent = self.flying.pop(self.source.randrange(len(self.flying)))
        outcome, hashed = self.source.choice(OUTCOMES), None
        if isinstance(outcome, Accepted):
            self.wamids += 1
            outcome = accepted(f"wamid.OUT{self.wamids}")
            hashed = self.company.keys.hash(outcome.wamid)
        finished = Finished(intent=intent, outcome=outcome, wamid_hash=hashed, jitter=0.5)
        self._tell(finished)
        self.told.append(finished)

    def _tell(self, finished: Finished) -> None:
        self.rig.run(self.world.record_again(finished))
        outcomes.record(self.store, self.now, finished)

    def _repeat(self) -> None:
        if self.told:
            self._tell(self.source.choice(self.told))

    def _echo(self) -> None:
        if not self.store.attempts:
            return
        token = self.source.choice(list(self.store.attempts))
        word = self.source.choice(["sent", "delivered", "read"])
        wamid = f"wamid.OF-{token}"
        opaque = self.company.keys.write_token(token)
        self.rig.run(self.world.hear(statuses(self.company, status(word, wamid, self.world.now, opaque))))
        item = StatusItem(
            tenant_id=self.lane.tenant_id,
            key=f"{wamid} {word}".encode(),
            ledger_id=None,
            status=word,
            at=self.now,
            wamid=wamid,
            wamid_hash=b"",
            token=token,
            reason=None,
            code=None,
            skip=False,
            data=None,
        )
        self.store.hear(item, self.now)

    def _wait(self) -> None:
        self.rig.age(self.world, self.source.choice([1.7, 13.7, 41.3, 131.9, 307.1]))

    def _rescue(self) -> None:
        self.rig.run(self._engine(lambda tx: rescue(tx, self.world.now)))
        self.store.rescue(self.now)

    def _resolve(self) -> None:
        age = self.source.choice([None, 30.0, 900.0, 50_000.0])
        since = None if age is None else self.world.now - timedelta(seconds=age)
        mine = None if age is None else self.now - timedelta(seconds=age)
        self.rig.run(self._engine(lambda tx: resolve(tx, DoubtRules(), since)))
        self.store.resolve(DoubtRules(), mine, self.now)

    async def _engine(self, work: Any) -> Any:
        async with system(self.world.db) as tx:
            return await work(tx)

    def _decide(self) -> None:
        message = self._any()
        if message is not None:
            word = self.source.choice(["resend", "abandon", "wait"])
            theirs = self.rig.run(self._tenant(decide, message, word))
            assert theirs == self.store.decided(message, word, self.now)

    def _cancel(self) -> None:
        message = self._any()
        if message is not None and message.state != "cancelled":
            assert self.rig.run(self._tenant(cancel, message)) == self.store.cancel(message)

    def _any(self) -> Stored | None:
        messages = list(self.store.messages.values())
        return self.source.choice(messages) if messages else None

    async def _tenant(self, work: Any, message: Stored, *args: Any) -> bool:
        tenant_id = self.lane.tenant_id
        try:
            async with self.world.db.tenant(tenant_id) as tx:
                await work(tx, self.world.now, tenant_id, message.id, *args, actor="test")
        except Conflict:
            return False
        return True

    def _kill(self) -> None:
        self.store.kill_switch = not self.store.kill_switch
        text = "update installation set kill_switch = $1"
        self.rig.run(self.world.do(text, self.store.kill_switch))

    # ------------------------------------------------------------------ the clock's edges

    def _step_aside(self) -> None:
        """Both clocks agree to a few milliseconds: never act at the instant at which an answer changes."""
        while any(abs((edge - self.now).total_seconds()) < 0.4 for edge in self._edges()):
            self.rig.age(self.world, 0.9)

    def _edges(self) -> list[datetime]:
        found: list[datetime | None] = [self.lane.paused_until, self.lane.slow_until]
        found += [talk.pair_blocked_until for talk in self.talks.values()]
        for message in self.store.open.values():
            found += [message.expires_at, message.created_at + timedelta(seconds=60)]
            if message.waiting is not None:
                waiting = message.waiting
                # What is due at once was written a moment ago and is no edge.
                found.append(waiting.due_at if waiting.due_at > self.now else None)
                found.append(waiting.lease_until)
            for attempt in message.attempts[-1:]:
                found += self._edges_of(attempt)
        return [edge for edge in found if edge is not None]

    def _edges_of(self, attempt: Attempt) -> list[datetime]:
        if attempt.doubt_at is None or attempt.state != "in_doubt":
            return []
        rules = DoubtRules()
        case = self.store.case(attempt, rules, None, self.now)
        window, begin = rules.window(case.echo_p999_s), attempt.waited_from or attempt.doubt_at
        waits = [rules.soft_s, window, 2 * window]
        echoes = [one.echo_at for one in self.store.attempts.values() if one.echo_at is not None]
        trust = [
            attempt.started_at + timedelta(seconds=30 - 605),
            attempt.started_at + timedelta(seconds=295),
        ]
        return (
            [begin + timedelta(seconds=wait) for wait in waits]
            + [echo + timedelta(seconds=rules.proof_s) for echo in echoes]
            + trust
        )

    # ------------------------------------------------------------------ the comparison

    def compare(self) -> None:
        rows = self.rig.run(self.world.rows(_STORED))
        theirs = {
            row["id"]: (row["state"], row["rank"], row["reason"], row["out"], row["tries"], row["attempts"])
            for row in rows
        }
        mine = {
            message.id: (
                message.state,
                message.rank,
                message.reason,
                message.waiting.state if message.waiting else None,
                message.waiting.tries if message.waiting else None,
                [one.state for one in message.attempts],
            )
            for message in self.store.messages.values()
        }
        assert theirs.keys() == mine.keys()
        apart = {key: (theirs[key], mine[key]) for key in mine if theirs[key] != mine[key]}
        assert not apart, f"PostgreSQL and the store: {apart}"
