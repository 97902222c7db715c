"""Starts lives, lets them die, and keeps count. Single-threaded and without an event loop: it forks."""

from __future__ import annotations

import http.client
import json
import os
import random
import resource
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.crash.lives import Fate, Stage, start
from tests.crash.plan import Card, Deck, Weather

from recado.kit.failpoints import NAMES

_LONGEST_LIFE_S = 4.0
_STEADY_S = (1.0, 3.0)
_TICK_S = 0.02
# The lanes of the dead are locked for a second: many short lives need a small share each.
_LANES_EACH = 3
# The doors die during a part of the time only; when their places fall behind, more of them die at once.
_MORE_DOORS = 3


@dataclass(slots=True)
class Life:
    pid: int
    role: str
    card: Card | None
    until: float
    born: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Counts:
    planned: int = 0
    at_random: int = 0
    fell: int = 0
    where: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    lives: Counter[str] = field(default_factory=Counter)
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    spent_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def kills(self) -> int:
        return self.planned + self.at_random


def lever(port: int, name: str) -> Any:
    """One question to the stand-in. Raises OSError when it does not answer for a while."""
    until = time.monotonic() + 20
    while True:
        try:
            return _ask(port, name)
        except OSError:
            if time.monotonic() > until:
                raise
            signal.sigtimedwait({signal.SIGCHLD}, 0.1)


def _ask(port: int, name: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", f"/_stand/{name}")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


class Supervisor:
    def __init__(
        self,
        stage: Stage,
        seed: int,
        weather: Weather,
        *,
        workers: int,
        doors: int,
        focus: frozenset[str] = NAMES,
    ) -> None:
        self._stage = stage
        self._weather = weather
        self._doors = doors
        self._want = {"work": workers, "web": doors}
        self._decks = {role: Deck(role, seed, focus) for role in ("work", "web")}
        self._rng = random.Random(seed)
        self._lives: dict[int, Life] = {}
        self.counts = Counts()
        self._in_chaos = False
        self._listening = True
        self._sparing = "-"
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})

    # ------------------------------------------------------------------ one step

    def step(self, at: float) -> None:
        """At `at` seconds of chaos: buries the dead, ends what lived too long, starts what is missing."""
        self._reap()
        away = self._weather.doors_away(at)
        dying = self._weather.doors_die(at)
        self._listen(not away)
        self._sparing = "project." if self._weather.spares_echoes(at) else "-"
        now = time.monotonic()
        for life in list(self._lives.values()):
            if life.until == float("inf") and (life.role == "work" or dying):
                life.until = now + self._rng.uniform(*_STEADY_S)
            if (life.role == "web" and (away or (not dying and life.card is not None))) or now >= life.until:
                self._end(life)
        self._start_missing("work", planned=True)
        if not away:
            self._want["web"] = self._doors + (_MORE_DOORS if dying and self._doors_lag() else 0)
            self._start_missing("web", planned=dying)
        signal.sigtimedwait({signal.SIGCHLD}, _TICK_S)

    def _doors_lag(self) -> bool:
        return self._decks["web"].least < self._decks["work"].least

    def _listen(self, open_: bool) -> None:
        """Whoever knocks while nobody is there is not let in later: the queue of the socket would keep him."""
        if open_ != self._listening:
            self._listening = open_
            self._stage.doors.listen(512 if open_ else 0)

    def _start_missing(self, role: str, *, planned: bool) -> None:
        alive = [life for life in self._lives.values() if life.role == role]
        steady = any(life.card is None for life in alive)
        for _ in range(self._want[role] - len(alive)):
            card = self._decks[role].draw(sparing=self._sparing) if planned and steady else None
            self._begin(role, card, planned=planned)
            steady = True

    def _begin(self, role: str, card: Card | None, *, planned: bool) -> None:
        """Without a card a life does useful work until it is ended at some random moment."""
        fate = Fate(
            role=role,
            plan=card.plan if card else "",
            seed=self._rng.getrandbits(32),
            most_lanes=_LANES_EACH if self._in_chaos else 2000,
        )
        lasts = _LONGEST_LIFE_S if card else self._rng.uniform(*_STEADY_S)
        until = time.monotonic() + lasts if planned else float("inf")
        pid = start(self._stage, fate)
        self._lives[pid] = Life(pid, role, card, until)

    def _end(self, life: Life) -> None:
        """SIGKILL at a moment nobody chose."""
        os.kill(life.pid, signal.SIGKILL)
        _, _, usage = os.wait4(life.pid, 0)
        self._charge(life, usage)
        del self._lives[life.pid]
        self.counts.at_random += 1
        if life.card is not None:
            self.counts.missed[life.card.name] += 1
            self._decks[life.role].missed(life.card)

    def _charge(self, life: Life, usage: resource.struct_rusage) -> None:
        self.counts.cpu_s[life.role] += usage.ru_utime + usage.ru_stime
        self.counts.lives[life.role] += 1

    def _reap(self) -> None:
        for life in list(self._lives.values()):
            pid, status, usage = os.wait4(life.pid, os.WNOHANG)
            if not pid:
                continue
            self._charge(life, usage)
            del self._lives[pid]
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and life.card:
                self.counts.planned += 1
                self.counts.where[life.card.name] += 1
                self.counts.spent_s[life.card.name] += time.monotonic() - life.born
            else:
                self.counts.fell += 1

    # ------------------------------------------------------------------ phases

    def chaos(self, enough: Callable[[Counts, float], bool], tell: Callable[[str], None]) -> None:
        begun = said = time.monotonic()
        self._in_chaos = True
        while not enough(self.counts, (at := time.monotonic() - begun)):
            self.step(at)
            if time.monotonic() - said > 5:
                said = time.monotonic()
                rate = self.counts.kills / max(at, 0.1)
                rarest = min((n, name) for deck in self._decks.values() for name, n in self._seen(deck))
                tell(
                    f"{at:6.0f} s  {self.counts.kills} kills ({rate:.1f}/s, {self.counts.at_random} at random,"
                    f" {self.counts.fell} fell)  rarest {rarest[1]} {rarest[0]}"
                )

    def _seen(self, deck: Deck) -> list[tuple[str, int]]:
        return [(name, self.counts.where[name]) for name in deck.names]

    def settle(self) -> None:
        """No more deaths: two of each role, for as long as it takes."""
        self._listen(True)
        self._in_chaos = False
        for life in list(self._lives.values()):
            self._end(life)
        for role in ("web", "work"):
            for _ in range(2):
                self._begin(role, None, planned=False)

    def keep(self) -> None:
        """While settling: whoever fell is started again."""
        self._reap()
        for role in ("web", "work"):
            alive = sum(life.role == role for life in self._lives.values())
            for _ in range(2 - alive):
                self._begin(role, None, planned=False)

    def one(self, role: str) -> int:
        """The process of one life of this role."""
        return self._rng.choice([life.pid for life in self._lives.values() if life.role == role])

    def kill(self, role: str, most: int) -> None:
        """Up to so many lives of this role, at once; `keep` starts others."""
        victims = [life for life in self._lives.values() if life.role == role]
        for life in self._rng.sample(victims, min(most, len(victims))):
            self._end(life)

    def end_all(self) -> None:
        for life in self._lives.values():
            os.kill(life.pid, signal.SIGKILL)
            os.waitpid(life.pid, 0)
        self._lives.clear()
