"""Lanes and pairs keep their pace whatever the claims and the clock do, and never waste a free slot."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from itertools import combinations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.slices.world import MARINA, OTHER, TEMPLATE
from tests.stateful.machine import Machine

from recado.db.system import system
from recado.kit.clock import ManualClock
from recado.kit.ids import uuid7
from recado.messages.claim import Intent, claim
from recado.numbers import service as numbers

RATES = [(0.5, 2), (2.0, 5), (20.0, 10)]
PEOPLE = (MARINA, OTHER)
_ROUNDING_S = 0.00001


class PacingMachine(Machine):
    """Two numbers, two people; every send is remembered with its instant."""

    def prepare(self) -> None:
        start = self.world.now.replace(microsecond=0)
        self.world.clock = ManualClock(start)
        self.companies = [
            self.do(self.world.company()),
            self.do(self.world.company("casa-sol", external_id="222", waba="333")),
        ]
        self.pace = {}
        for company, (rate, burst) in zip(self.companies, RATES[:2], strict=True):
            self._set(company.lane, rate, burst, 6.0, 3)
        self.sent: list[tuple[datetime, Hashable, Hashable]] = []
        self.lane_tat: dict[Hashable, float] = {}
        self.pair_tat: dict[Hashable, float] = {}
        self.waiting: dict[Hashable, list[Hashable]] = {company.lane: [] for company in self.companies}

    def _set(self, lane: tuple, rate: float, burst: int, pair_s: float, pair_burst: int) -> None:  # type: ignore[type-arg]
        self.pace[lane] = (rate, burst, pair_s, pair_burst)
        self.do(self._store_pace(lane))

    async def _store_pace(self, lane: tuple) -> None:  # type: ignore[type-arg]
        rate, burst, pair_s, pair_burst = self.pace[lane]
        async with system(self.world.db) as tx:
            await numbers.set_pace(
                tx, *lane, rate_per_s=rate, burst=burst, pair_interval_s=pair_s, pair_burst=pair_burst
            )

    @rule(which=st.integers(0, 1), person=st.sampled_from(PEOPLE), count=st.integers(1, 12))
    def queue(self, which: int, person: str, count: int) -> None:
        company = self.companies[which]
        requests = [self.world.request(company, to="+" + person, **TEMPLATE) for _ in range(count)]
        self.do(self.world.accept(company, *requests))
        self.waiting[company.lane] += [person] * count

    @rule(most=st.integers(1, 60))
    def send(self, most: int) -> None:
        intents: list[Intent] = self.do(self.world.claim(most=most))
        now = self.world.now
        for intent in intents:
            self.sent.append((now, intent.row.lane, intent.row.pair))
            person = (intent.row.detail.recipient or "").removeprefix("+")
            self.waiting[intent.row.lane].remove(person)
            self._spend(intent, now.timestamp())
        assert len(intents) <= most
        if len(intents) < most:
            self._nothing_wasted(now.timestamp(), most)

    def _spend(self, intent: Intent, at: float) -> None:
        """A second GCRA, in floats: room was there, and now there is less."""
        rate, burst, pair_s, pair_burst = self.pace[intent.row.lane]
        for tats, key, interval, most in (
            (self.lane_tat, intent.row.lane, 1 / rate, burst),
            (self.pair_tat, (intent.row.lane, intent.row.detail.recipient), pair_s, pair_burst),
        ):
            tat = tats.get(key, 0.0)
            assert tat <= at + (most - 1) * interval + _ROUNDING_S, "too fast"
            tats[key] = max(tat, at) + interval

    def _nothing_wasted(self, at: float, most: int) -> None:
        """Called when slots were left: then each lane is out of room, or of people who have room."""
        lanes = [lane for lane in self.waiting if self.waiting[lane]]
        for lane in lanes:
            rate, burst, pair_s, pair_burst = self.pace[lane]
            room = self.lane_tat.get(lane, 0.0) <= at + (burst - 1) / rate - _ROUNDING_S
            free = [
                person
                for person in self.waiting[lane]
                if self.pair_tat.get((lane, f"+{person}"), 0.0)
                <= at + (pair_burst - 1) * pair_s - _ROUNDING_S
            ]
            if room and free and len(self.waiting[lane]) <= most // 2 <= burst:
                self._second_look(lane)

    def _second_look(self, lane: Hashable) -> None:
        """The first look may have been used up by people without room; they were put off, so this one is not."""
        intents: list[Intent] = self.do(self.world.claim(most=60))
        assert any(intent.row.lane == lane for intent in intents), "a free slot was wasted"
        at = self.world.now
        for intent in intents:
            self.sent.append((at, intent.row.lane, intent.row.pair))
            self.waiting[intent.row.lane].remove((intent.row.detail.recipient or "").removeprefix("+"))
            self._spend(intent, at.timestamp())

    @rule(most=st.integers(1, 60))
    def claim_and_crash(self, most: int) -> None:
        lanes = self.do(self.world.lease())
        self.rig.crash(
            self.world,
            lambda tx: claim(
                tx,
                self.world.now,
                owner=self.world.owner,
                lanes=lanes,
                most=most,
                lease_s=30,
                new_token=lambda: uuid7(self.world.now),  # type: ignore[arg-type, return-value]
            ),
        )

    @rule(millis=st.sampled_from([0, 1, 100, 499, 500, 1000, 2001, 6000, 18_000, 60_000]))
    def wait(self, millis: int) -> None:
        self.world.clock.advance(milliseconds=millis)

    def check(self) -> None:
        """Over every stretch between two sends: no more than the burst plus what the time gave."""
        for which in (1, 2):
            by: dict[Hashable, list[float]] = {}
            rates: dict[Hashable, tuple[float, int]] = {}
            for one in self.sent:
                rate, burst, pair_s, pair_burst = self.pace[one[1]]
                by.setdefault(one[which], []).append(one[0].timestamp())
                rates[one[which]] = (rate, burst) if which == 1 else (1 / pair_s, pair_burst)
            for key, times in by.items():
                rate, burst = rates[key]
                firsts = {at: index for index, at in reversed(list(enumerate(times)))}
                lasts = {at: index for index, at in enumerate(times)}
                stretches = [(at, at) for at in firsts] + list(combinations(firsts, 2))
                for a, b in ((min(pair), max(pair)) for pair in stretches):
                    count = lasts[b] - firsts[a] + 1
                    assert count <= burst + (b - a) * rate + 0.001, f"{count} in {b - a} s"
