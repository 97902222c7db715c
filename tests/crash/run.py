"""One run: chaos, calm, audit."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import uvloop
from tests.crash import promises
from tests.crash import stage as stages
from tests.crash.audit import Findings, audit, read_books
from tests.crash.cast import LINES
from tests.crash.lives import fork, settle_memory
from tests.crash.load import Demand, ask_for_messages
from tests.crash.meta_hooks import Manners
from tests.crash.meta_stand_in import Character, serve
from tests.crash.patience import Open, Watch, open_things, stories
from tests.crash.plan import Weather
from tests.crash.scale import APP_SECRET, PATIENCE_S
from tests.crash.supervisor import Counts, Supervisor, lever

from recado.app.logs import configure
from recado.app.processes import die_with_parent
from recado.kit.failpoints import NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`kills` or `seconds`, whichever comes first, ends the chaos."""

    seed: int
    policy: str = "recado"
    kills: int = 10_000
    # At full size every place has to be reached a hundred times.
    full: bool = False
    seconds: float = 1500.0
    weather: Weather = field(default_factory=Weather)
    manners: Manners = field(default_factory=Manners)
    unanswered: float = 0.0
    workers: int = 6
    doors: int = 3
    per_s: float = 60.0
    ahead: int = 120
    focus: frozenset[str] = NAMES
    lines: int = len(LINES)
    # Only what goes round in circles takes this long: see tests/crash/patience.py.
    patience_s: float = 240.0


@dataclass(slots=True)
class Result:
    plan: Plan
    counts: Counts
    found: Findings
    seconds: float
    reached: Counter[str]
    quiet: bool

    @property
    def never(self) -> list[str]:
        """Places nobody died at; at full size fewer than 100 times counts as never."""
        least = 100 if self.plan.full else 1
        return sorted(name for name in NAMES if self.reached[name] < least)

    def line(self) -> str:
        found = self.found
        return (
            f"kills={self.counts.kills} failpoints={len(NAMES) - len(self.never)}"
            f" messages={found.messages} lost={len(found.lost)} duplicated={len(found.duplicated)}"
            f" stuck={len(found.stuck)} needs_decision={found.needs_decision}"
            f" seconds={self.seconds:.0f} seed={self.plan.seed}"
        )


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def company(character: Character) -> Iterator[int]:
    """The stand-in as a process of its own."""

    def body() -> None:
        die_with_parent()
        uvloop.run(serve(character))

    pid = fork(body)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def start_load(demand: Demand) -> int:
    def body() -> None:
        die_with_parent()
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        uvloop.run(ask_for_messages(demand))

    return fork(body)


def wait_for(pid: int, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return True
        signal.sigtimedwait({signal.SIGCHLD}, 0.1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def run(plan: Plan) -> Result:
    """Chaos, calm, audit. Everything it started is gone when it returns."""
    begun = time.monotonic()
    with stages.theatre(plan.policy, plan.lines) as theatre:
        configure("error", "crash")
        settle_memory()
        character = Character(
            seed=plan.seed,
            port=theatre.where.meta_port,
            hook_url=theatre.hook_url,
            app_secret=APP_SECRET,
            manners=plan.manners,
            unanswered=plan.unanswered,
            lines=plan.lines,
        )
        with company(character):
            return _acts(plan, theatre, begun)


def _acts(plan: Plan, theatre: stages.Theatre, begun: float) -> Result:
    supervisor = Supervisor(
        theatre.stage,
        plan.seed,
        plan.weather,
        workers=plan.workers,
        doors=plan.doors,
        focus=plan.focus,
    )
    ledger = theatre.place / "clients.json"
    demand = Demand(
        seed=plan.seed,
        port=theatre.where.web_port,
        per_s=plan.per_s,
        calm_per_s=10.0,
        ledger=ledger,
        dsn=theatre.admin_dsn,
        ahead=plan.ahead,
        lines=plan.lines,
    )
    load = 0
    try:
        supervisor.settle()
        until_windows_open(theatre)
        load = start_load(demand)
        supervisor.chaos(lambda counts, at: counts.kills >= plan.kills or at >= plan.seconds, say)
        quiet = calm(plan.patience_s, theatre, supervisor, load)
        load = 0
        found = close_books(theatre, ledger)
    finally:
        supervisor.end_all()
        if load:
            wait_for(load, 0)
    log = Path(theatre.stage.log_path)
    reached = Counter(log.read_text().split() if log.exists() else [])
    return Result(plan, supervisor.counts, found, time.monotonic() - begun, reached, quiet)


def close_books(theatre: stages.Theatre, ledger: Path) -> Findings:
    """The audit; whatever is stuck tells its story."""
    provider = lever(theatre.where.meta_port, "dump")
    found = asyncio.run(audit(theatre.admin_dsn, read_books(ledger.read_text(), provider)))
    found.broken = asyncio.run(promises.broken(theatre.stage.installation))
    for one in found.broken:
        say(f"  broken: {one}")
    if found.stuck:
        left = [one.id for one in _look(theatre)[1] if one.what == "message"]
        for story in asyncio.run(stories(theatre.admin_dsn, (left + found.ids)[:8])):
            say(f"  story: {story}")
    return found


def until_windows_open(theatre: stages.Theatre) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        if lever(theatre.where.meta_port, "state")["posts"] > 0 and not _look(theatre)[1]:
            return
        signal.sigtimedwait({signal.SIGCHLD}, 0.2)


def _look(theatre: stages.Theatre) -> tuple[datetime, list[Open]]:
    return asyncio.run(open_things(theatre.admin_dsn, PATIENCE_S))


def calm(patience_s: float, theatre: stages.Theatre, supervisor: Supervisor, load: int) -> bool:
    """Faults stop. A trickle of new messages goes on for a while: their echoes prove that the way is open."""
    lever(theatre.where.meta_port, "calm")
    os.kill(load, signal.SIGUSR1)
    supervisor.settle()
    _, things = _look(theatre)
    old = {one.id for one in things if one.what == "message"}
    _wait_quiet(theatre, supervisor, patience_s / 2, old)
    os.kill(load, signal.SIGUSR2)
    answered = wait_for(load, 40)
    return _wait_quiet(theatre, supervisor, patience_s) and answered


def _wait_quiet(
    theatre: stages.Theatre, supervisor: Supervisor, within_s: float, only: set[str] | None = None
) -> bool:
    """Until everything has happened (of `only`, when given), or nothing will move what is left.

    `within_s` bounds what moves for ever without getting anywhere.
    """
    until = time.monotonic() + within_s
    watch = Watch()
    while time.monotonic() < until:
        supervisor.keep()
        now, things = _look(theatre)
        if only is not None:
            things = [one for one in things if one.id in only]
        elif not things and lever(theatre.where.meta_port, "state")["pending"]:
            signal.sigtimedwait({signal.SIGCHLD}, 0.5)
            continue
        if not things:
            return True
        if watch.look(now, things):
            return False
        signal.sigtimedwait({signal.SIGCHLD}, 0.5)
    return False
