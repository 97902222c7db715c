"""Sending: everything that can happen to a message, in any order, against a provider that keeps the truth.

The promise: at most one copy of a message is taken by the provider, unless a person asked for another.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.slices.world import (
    MARINA,
    OTHER,
    TEMPLATE,
    accepted,
    failed,
    later,
    rejected,
    status,
    statuses,
    unknown,
)
from tests.stateful.machine import Machine
from tests.stateful.send_model import LEASE_S, Message, Try

from recado.db.system import system
from recado.errors import Conflict
from recado.kit.ids import AttemptToken, uuid4
from recado.kit.reasons import Reason
from recado.messages.claim import claim
from recado.messages.doubt import decide, resolve
from recado.messages.doubt_rules import DoubtRules
from recado.messages.reading import cancel
from recado.messages.record import Finished, record, rescue
from recado.numbers import service as numbers
from recado.providers.contract import Accepted, Blame, Later, Rejected, Scope, SendOutcome, Unknown
from recado.tenants import service as tenants

KINDS = ("session", "utility", "utility", "authentication", "marketing")
picks = st.integers(0, 999)
# What the provider did, and what its worker heard.
ANSWERS: dict[str, tuple[bool, SendOutcome]] = {
    "accepted": (True, accepted()),
    "accepted, answer lost": (True, unknown()),
    "accepted, 5xx": (True, Unknown(reason=Reason.PROVIDER_FAULT, detail="", soft=True, exchange=None)),
    "accepted, no id": (
        True,
        Unknown(reason=Reason.IN_DOUBT_NO_ANSWER, detail="", no_id=True, exchange=None),
    ),
    "request lost": (False, unknown()),
    "5xx": (False, Unknown(reason=Reason.PROVIDER_FAULT, detail="", soft=True, exchange=None)),
    "refused": (False, rejected()),
    "not now": (False, later()),
    "this person not now": (False, later(Scope.PAIR)),
    "no connection": (False, later(sent=False)),
    "bad token": (False, rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190)),
}
_DUE = """
    select o.message_id from outbox o join conversation c using (tenant_id, conversation_id)
    where o.state = 0 and o.due_at <= $1 and (c.pair_blocked_until is null or c.pair_blocked_until <= $1)"""
_STORED = """
    select m.id, m.state, m.rank, o.state as out,
        array(select a.state from attempt a where a.message_id = m.id order by a.n) as tries,
        exists (select from incident i where i.message_id = m.id) as incident
    from message m left join outbox o on o.message_id = m.id where m.direction = 'out'"""


class SendMachine(Machine):
    def prepare(self) -> None:
        self.aurora = self.do(self.world.company(rate=1000))
        for person in (MARINA, OTHER):
            self.do(self.world.open_window(self.aurora, person))
        self.messages: list[Message] = []
        self.killed: set[str] = set()
        self.door_open = True
        self.trusted_since = self.t - 3600
        self.count = 0
        self.patience = 60

    @property
    def t(self) -> float:
        return self.world.clock.monotonic()

    @property
    def tries(self) -> list[Try]:
        return [one for message in self.messages for one in message.tries]

    def _of(self, one: Try) -> Message:
        return next(message for message in self.messages if one in message.tries)

    # ------------------------------------------------------------------ asking and claiming

    @rule(kind=st.sampled_from(KINDS), person=st.sampled_from([MARINA, OTHER]), short=st.booleans())
    def ask(self, kind: str, person: str, short: bool) -> None:
        life = 205.0 if short else 600.0 if kind == "authentication" else 86_400.0
        payload: dict[str, Any] = {"to": "+" + person, "class": kind}
        payload |= {"text": {"body": "oi"}, "type": "text"} if kind == "session" else TEMPLATE
        if short:
            payload["expires_at"] = (self.world.now + timedelta(seconds=life)).isoformat()
        at = self.t
        message_id = self.do(self.world.queue(self.aurora, **payload))
        self.messages.append(Message(id=message_id, kind=kind, person=person, created=at, expires=at + life))

    def _due(self) -> list[Message]:
        ids = {row["message_id"] for row in self.do(self.world.rows(_DUE, self.world.now))}
        return [message for message in self.messages if message.id in ids]

    def _blocked(self, message: Message) -> bool:
        at = self.messages.index(message)
        mates = [
            (n < at, other.out)
            for n, other in enumerate(self.messages)
            if other is not message and other.ordered and other.person == message.person
        ]
        return message.ordered and any(out in {1, 2} or (earlier and out == 0) for earlier, out in mates)

    @rule(most=st.sampled_from([1, 2, 50]))
    def claim(self, most: int) -> None:
        self._step_aside([message.expires for message in self.messages])
        lane = self.do(self.world.row("select paused_reason, paused_until from lane"))
        shut = lane["paused_until"] is not None and lane["paused_until"] > self.world.now
        must = self._due()
        at = self.t
        intents = self.do(self.world.claim(most=most))
        # By its end some row may have come due that was not when it began.
        may = [message for message in self.messages if message.out == 0]
        gone = [message for message in may if message.expires <= at]
        ready = [message for message in may if message.expires > at and not self._blocked(message)]
        taken = [self._by_id(intent.row.due.message_id) for intent in intents]
        if self.killed or shut:
            assert not intents, "something left although everything was stopped"
            return
        assert all(message in ready for message in taken), "this one had no right to leave"
        if lane["paused_reason"] is not None:
            assert len(intents) <= 1, "a number that is being tried again gets one message"
        elif most == 50:
            assert {id(one) for one in must if one in ready} <= {id(one) for one in taken}
        self._mark_expired(gone)
        for message, intent in zip(taken, intents, strict=True):
            message.out = 1
            message.tries.append(Try(intent=intent, started=at))

    def _by_id(self, message_id: Any) -> Message:
        return next(message for message in self.messages if message.id == message_id)

    def _mark_expired(self, candidates: list[Message]) -> None:
        for message in candidates:
            if self.do(self.world.outbox(message.id)) is None:
                message.out, message.state = None, "expired"

    @rule()
    def claim_and_crash(self) -> None:
        lanes = self.do(self.world.lease())
        self.rig.crash(
            self.world,
            lambda tx: claim(
                tx,
                self.world.now,
                owner=self.world.owner,
                lanes=lanes,
                most=50,
                lease_s=LEASE_S,
                new_token=lambda: AttemptToken(uuid4()),
            ),
        )

    # ------------------------------------------------------------------ the wire

    @precondition(lambda self: any(one.on_wire for one in self.tries))
    @rule(pick=picks, answer=st.sampled_from(sorted(ANSWERS)), crash=st.sampled_from([False, False, True]))
    def answer(self, pick: int, answer: str, crash: bool) -> None:
        """The request reaches the provider, or not; its worker hears, or not; then it may die."""
        flying = [one for one in self.tries if one.on_wire]
        one = flying[pick % len(flying)]
        self.count += 1
        one.on_wire = False
        one.took, outcome = ANSWERS[answer]
        one.wamid = f"wamid.OUT{self.count}"
        hashed = None
        if isinstance(outcome, Accepted):
            outcome = accepted(one.wamid)
            hashed = self.aurora.keys.hash(one.wamid)
        one.word = Finished(intent=one.intent, outcome=outcome, wamid_hash=hashed, jitter=0.5)
        if crash:
            self.rig.crash(self.world, lambda tx: record(tx, self.world.now, [one.word]))
        else:
            self._tell(one)

    @precondition(lambda self: any(one.word for one in self.tries))
    @rule(pick=picks)
    def late_word(self, pick: int) -> None:
        """A worker everybody thought dead."""
        silent = [one for one in self.tries if one.word]
        self._tell(silent[pick % len(silent)])

    @precondition(lambda self: any(one.told for one in self.tries))
    @rule(pick=picks)
    def repeated_word(self, pick: int) -> None:
        """COMMIT had failed, or so it seemed."""
        known = [one for one in self.tries if one.told]
        one = known[pick % len(known)]
        one.word = one.told
        self._tell(one)

    def _tell(self, one: Try) -> None:
        assert one.word is not None
        self.do(self.world.record_again(one.word))
        one.told, one.word = one.word, None
        message = self._of(one)
        match one.told.outcome:
            case Accepted():
                message.accepted(one)
            case Rejected(blame=Blame.MESSAGE):
                message.refused(one)
            case Rejected():
                message.put_off(one, "rejected")
            case Later() as outcome:
                message.put_off(one, "rejected" if outcome.exchange is not None else "not_sent")
            case Unknown() as outcome:
                message.unknown(one, self.t, soft=outcome.soft, no_id=outcome.no_id)

    # ------------------------------------------------------------------ echoes

    @precondition(lambda self: any(one.took for one in self.tries))
    @rule(pick=picks, word=st.sampled_from(["sent", "delivered", "read", "failed"]))
    def echo(self, pick: int, word: str) -> None:
        taken = [one for one in self.tries if one.took and (self.door_open or one.echo_at is not None)]
        if taken and self.door_open:
            self._echo(taken[pick % len(taken)], word)

    def _echo(self, one: Try, word: str) -> None:
        opaque = self.aurora.keys.write_token(one.intent.token)
        say = failed(one.wamid, self.world.now, 131026, opaque) if word == "failed" else None
        item = say or status(word, one.wamid, self.world.now, opaque)
        self.do(self.world.hear(statuses(self.aurora, item)))
        self._of(one).told(one, word, self.t)

    @rule()
    def door(self) -> None:
        """Our webhook door closes or opens; what knocked meanwhile comes back whenever it likes."""
        self.door_open = not self.door_open
        if self.door_open:
            self.trusted_since = self.t
            for one in self.tries:
                one.withheld |= one.took and one.echo_at is None

    # ------------------------------------------------------------------ time

    @rule(seconds=st.sampled_from([3.0, 13.0, 41.0, 131.0, 137.0, 701.0]))
    def wait(self, seconds: float) -> None:
        """The provider's echoes come within ten seconds; no request stays on the wire for fifteen."""
        for one in self.tries:
            age = self.t - one.started + seconds
            if one.on_wire and age > 14:
                one.on_wire = False
            if one.took and one.echo_at is None and not one.withheld and self.door_open and age > 10:
                self._echo(one, "sent")
        self.rig.age(self.world, seconds)

    def _step_aside(self, edges: list[float]) -> None:
        """Never judge within half a second of the instant at which the verdict changes."""
        while any(abs(edge - self.t) < 0.5 for edge in edges):
            self.wait(1.1)

    @rule()
    def rescue(self) -> None:
        sending = [message for message in self.messages if message.out == 1]
        self._step_aside([message.last.started + LEASE_S for message in sending])
        at = self.t
        self.do(self._rescue())
        for message in self.messages:
            if message.out == 1 and message.last.started + LEASE_S < at:
                message.rescued(at)

    async def _rescue(self) -> None:
        async with system(self.world.db) as tx:
            await rescue(tx, self.world.now)

    @rule()
    def rescue_and_crash(self) -> None:
        self.rig.crash(self.world, lambda tx: rescue(tx, self.world.now))

    @rule(crash=st.booleans())
    def resolve(self, crash: bool) -> None:
        lane, since = self.tries, self.trusted_since if self.door_open else None
        doubtful = [message for message in self.messages if message.out == 2]
        asked = [message for message in self.messages if message.out == 3]
        edges = [edge for message in doubtful for edge in message.edges(lane, since)]
        self._step_aside(edges + [message.expires for message in asked])
        at = self.t
        trusted = None if since is None else self.world.now - timedelta(seconds=at - since)
        if crash:
            self.rig.crash(self.world, lambda tx: resolve(tx, DoubtRules(), trusted))
            return
        doubtful = [message for message in self.messages if message.out == 2]
        verdicts = [message.verdict(self.tries, since, at) for message in doubtful]
        self.do(self._resolve(trusted))
        for message, verdict in zip(doubtful, verdicts, strict=True):
            message.resolved(verdict)
        for message in self.messages:
            if message.out == 3 and message.expires <= at:
                message.resolved("expire")

    async def _resolve(self, trusted: Any) -> None:
        async with system(self.world.db) as tx:
            await resolve(tx, DoubtRules(), trusted)

    # ------------------------------------------------------------------ people

    @rule(which=st.sampled_from(["number", "tenant", "house"]))
    def kill_switch(self, which: str) -> None:
        self.do(self._switch(which, on=which not in self.killed))
        self.killed ^= {which}

    async def _switch(self, which: str, *, on: bool) -> None:
        tenant_id, number_id = self.aurora.lane
        async with system(self.world.db) as tx:
            if which == "number":
                await numbers.set_kill_switch(tx, self.world.now, tenant_id, number_id, on=on, actor="test")
            elif which == "house":
                await tenants.set_kill_switch(tx, on=on, reason="test")
        if which == "tenant":
            await self.world.do("update tenant set kill_switch = $1", on)

    @precondition(lambda self: self.messages)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        message = self.messages[pick % len(self.messages)]
        gone = self.do(self._cancel(message))
        if message.state == "cancelled":
            return
        assert gone == (message.out == 0)
        if gone:
            message.out, message.state = None, "cancelled"

    async def _cancel(self, message: Message) -> bool:
        tenant_id = self.aurora.tenant.tenant_id
        try:
            async with self.world.db.tenant(tenant_id) as tx:
                await cancel(tx, self.world.now, tenant_id, message.id, actor="test")  # type: ignore[arg-type]
        except Conflict:
            return False
        return True

    @precondition(lambda self: any(message.out in {2, 3} for message in self.messages))
    @rule(pick=picks, decision=st.sampled_from(["resend", "abandon", "wait"]))
    def decide(self, pick: int, decision: str) -> None:
        self._step_aside([message.expires for message in self.messages])
        open_ones = [message for message in self.messages if message.out in {2, 3}]
        if not open_ones:
            return
        message = open_ones[pick % len(open_ones)]
        if self.do(self._decide(message, decision)):
            assert decision != "resend" or message.expires > self.t
            message.decided(decision, self.t)

    async def _decide(self, message: Message, decision: str) -> bool:
        tenant_id = self.aurora.tenant.tenant_id
        try:
            async with self.world.db.tenant(tenant_id) as tx:
                await decide(tx, self.world.now, tenant_id, message.id, decision, actor="test")  # type: ignore[arg-type]
        except Conflict:
            return False
        return True

    # ------------------------------------------------------------------ the oracle

    def check(self) -> None:
        rows = self.do(self.world.rows(_STORED))
        stored = {row["id"]: row for row in rows}
        assert stored.keys() == {message.id for message in self.messages}
        for message in self.messages:
            row = stored[message.id]
            found = (row["out"], row["rank"], row["tries"])
            assert found == (message.out, message.rank, [one.state for one in message.tries])
            if message.out is None:
                assert row["state"] == message.state
            taken = sum(one.took for one in message.tries)
            assert taken <= 1 + message.resends, "sent twice, and nobody asked for it"
            undecided = [one for one in message.tries if one.state in {"intent", "in_doubt"}]
            assert len(undecided) <= 1, "a second try beside an undecided one"
            both = sum(one.state == "accepted" for one in message.tries) > 1
            assert row["incident"] == both, "a duplicate nobody was told about"

    def teardown(self) -> None:
        """Everybody alive and a day gone by: nothing may be left open."""
        for which in sorted(self.killed):
            self.kill_switch(which)
        self.wait(90_000)
        self.rescue()
        self.resolve(crash=False)
        while any(message.out is not None for message in self.messages) and self.patience:
            # A number that is being tried again lets one message through at a time.
            self.patience -= 1
            self.claim(50)
            self.wait(400)
        self.check()
        assert all(message.out is None for message in self.messages)
