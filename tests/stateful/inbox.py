"""Webhook bodies in any order, repeated, split, poisoned, crashed over: every fact has its effect once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.slices.world import MARINA, OTHER, accepted, envelope, status, text
from tests.stateful.machine import Machine

from recado.db import sql
from recado.db.system import system
from recado.inbound.deadletters import replay
from recado.inbound.effects import apply_events
from recado.inbound.projector import Body, project_batch
from recado.providers.contract import Unparseable
from recado.providers.event_keys import event_key
from recado.providers.meta.provider import MetaReceiver

_CLAIM = sql.load("recado.inbound")["claim_bodies"]
WORDS = ("sent", "delivered", "read")
PEOPLE = (MARINA, OTHER)
POISON = (b"", b"{", b"<html>", b"\xff\xfe\x00")
_RANK = {"accepted": 1, "sent": 2, "delivered": 3, "read": 4}


@dataclass(frozen=True, slots=True)
class Said:
    """A person wrote."""

    n: int

    @property
    def wamid(self) -> str:
        return f"wamid.IN{self.n}"

    @property
    def person(self) -> str:
        return PEOPLE[self.n % 2]


@dataclass(frozen=True, slots=True)
class Told:
    """The provider says what became of message `n`."""

    n: int
    word: str


@dataclass(frozen=True, slots=True)
class Strange:
    """For a number nobody here has."""

    n: int


Fact = Said | Told | Strange
facts = st.one_of(
    st.builds(Said, st.integers(0, 9)),
    st.builds(Told, st.integers(0, 3), st.sampled_from(WORDS)),
    st.builds(Strange, st.integers(0, 2)),
)


class InboxMachine(Machine):
    def prepare(self) -> None:
        self.aurora = self.do(self.world.company())
        self.start: datetime = self.world.now.replace(microsecond=0) - timedelta(minutes=1)
        self.out = self.do(self._send_four())
        self.posted: list[frozenset[Fact]] = []
        self.poisoned = 0
        self.waiting: list[frozenset[Fact]] = []
        self.effects: set[Fact] = set()

    async def _send_four(self) -> list[tuple[Any, str]]:
        for _ in range(4):
            await self.world.queue(self.aurora)
        made = []
        for n, intent in enumerate(await self.world.claim()):
            await self.world.record(intent, accepted(f"wamid.OUT{n}"))
            opaque = self.aurora.keys.write_token(intent.token)
            made.append((intent.row.due.message_id, opaque))
        return made

    # ------------------------------------------------------------------ bodies

    def _value(self, fact: Fact) -> dict[str, Any]:
        match fact:
            case Said():
                at = self.start + timedelta(seconds=fact.n)
                return {"messages": [text(fact.person, fact.wamid, at)]}
            case Told():
                # Half of them come without our token, as those of older messages do.
                opaque = self.out[fact.n][1] if fact.n % 2 else None
                at = self.start + timedelta(seconds=_RANK[fact.word])
                return {"statuses": [status(fact.word, f"wamid.OUT{fact.n}", at, opaque)]}
            case Strange():
                return {"messages": [text(MARINA, f"wamid.STRANGE{fact.n}", self.start)]}

    def _changes(self, facts: list[Fact]) -> dict[str, Any]:
        body: dict[str, Any] = {"object": "whatsapp_business_account", "entry": []}
        for fact in facts:
            company = None if isinstance(fact, Strange) else self.aurora
            body["entry"] += envelope(company, self._value(fact))["entry"]
        return body

    @rule(facts=st.lists(facts, min_size=1, max_size=5))
    def post(self, facts: list[Fact]) -> None:
        """A batch; repetitions inside it included."""
        self._append(self._changes(facts))
        self.posted.append(frozenset(facts))
        self.waiting.append(frozenset(facts))

    @rule(facts=st.lists(facts, min_size=1, max_size=5))
    def post_one_by_one(self, facts: list[Fact]) -> None:
        for fact in reversed(facts):
            self.post([fact])

    @rule(which=st.sampled_from(POISON))
    def poison(self, which: bytes) -> None:
        self.do(self.world.ledger.append(which))
        self.poisoned += 1

    def _append(self, body: dict[str, Any]) -> None:
        self.do(self._write(body))

    async def _write(self, body: dict[str, Any]) -> None:
        await self.world.ledger.append(json.dumps(body).encode())

    # ------------------------------------------------------------------ projecting

    @rule(most=st.integers(1, 6))
    def project(self, most: int) -> None:
        self.do(project_batch(self.world.projection, most))
        self._believe()

    @rule()
    def project_all(self) -> None:
        self.do(self.world.project())
        self._believe()
        assert not self.waiting

    @precondition(lambda self: self.waiting)
    @rule(most=st.integers(1, 6))
    def project_and_crash(self, most: int) -> None:
        async def work(tx: Any) -> None:
            bodies = await tx.many(_CLAIM, Body, now=self.world.now, most=most, most_bytes=10**7)
            events = []
            for body in bodies:
                parsed = MetaReceiver().parse(body.body)
                events += [] if isinstance(parsed, Unparseable) else [(body, one) for one in parsed]
            await apply_events(tx, self.world.projection.routes, event_key, events, self.world.now)

        self.rig.crash(self.world, work)

    @rule()
    def replay(self) -> None:
        self.do(self._replay())

    async def _replay(self) -> None:
        async with system(self.world.db) as tx:
            await replay(tx, None)

    def _believe(self) -> None:
        """What is no longer waiting in the ledger is believed to have had its effects."""
        left = self.do(
            self.world.rows(
                """select l.id, w.ledger_id is not null as waits from ledger l
                   left join ledger_work w on w.ledger_id = l.id and w.state = 0
                   where length(l.body) > 50 order by l.id"""
            )
        )
        for row, facts in zip(left, self.posted, strict=True):
            if not row["waits"]:
                self.effects |= facts
        self.waiting = [facts for row, facts in zip(left, self.posted, strict=True) if row["waits"]]

    # ------------------------------------------------------------------ the oracle

    def check(self) -> None:
        self._check_books()
        self._check_people()
        self._check_statuses()

    def _check_books(self) -> None:
        row = self.do(
            self.world.row(
                """select (select count(*) from ledger) as bodies,
                    (select count(*) from ledger_work where state = 0) as waiting,
                    (select count(*) from ledger_work where state = 2) as dead,
                    (select count(*) from orphan_event) as orphans"""
            )
        )
        assert row["bodies"] == len(self.posted) + self.poisoned
        assert row["dead"] <= self.poisoned
        assert len(self.waiting) <= row["waiting"] <= len(self.waiting) + self.poisoned
        assert row["waiting"] + row["dead"] == len(self.waiting) + self.poisoned, "a body got lost"
        assert row["orphans"] == sum(isinstance(fact, Strange) for fact in self.effects)

    def _check_people(self) -> None:
        rows = self.do(
            self.world.rows(
                "select wamid, count(*) as times from message where direction = 'in' group by wamid"
            )
        )
        said = [fact for fact in self.effects if isinstance(fact, Said)]
        assert {row["wamid"]: row["times"] for row in rows} == {fact.wamid: 1 for fact in said}
        threads = self.do(
            self.world.rows(
                """select t.phone, c.unread, c.window_until from conversation c
                   join contact t using (tenant_id, contact_id) where c.unread > 0"""
            )
        )
        expected = {
            person: (
                len(mine),
                self.start + timedelta(seconds=max(mine), hours=24) - timedelta(seconds=60),
            )
            for person in PEOPLE
            if (mine := [fact.n for fact in said if fact.person == person])
        }
        found = {row["phone"].removeprefix("+"): (row["unread"], row["window_until"]) for row in threads}
        assert found == expected, (found, expected)

    def _check_statuses(self) -> None:
        rows = self.do(
            self.world.rows(
                """select m.id, m.state, m.rank, (select count(*) from event e
                     where e.message_id = m.id and e.kind like 'status.%') as told
                   from message m where m.direction = 'out'"""
            )
        )
        for row in rows:
            n = [message_id for message_id, _ in self.out].index(row["id"])
            words = {fact.word for fact in self.effects if isinstance(fact, Told) and fact.n == n}
            best = max(words | {"accepted"}, key=_RANK.__getitem__)
            assert (row["state"], row["rank"], row["told"]) == (best, _RANK[best], len(words))

    def teardown(self) -> None:
        self.project_all()
        self.check()
