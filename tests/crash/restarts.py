"""`python -m tests.crash.restarts --restarts 20`: PostgreSQL is stopped at once under load, again and again.

`immediate` is what a power cut looks like to it: no checkpoint, recovery from the log. Clients and Meta repeat what
got no answer, also when the failed COMMIT had in truth succeeded. Nothing acknowledged may be missing, nothing may be
there twice, and within five seconds of the server's return messages are accepted, sent and webhooks are taken again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import secrets
import signal
import statistics
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
from tests.crash import arming  # first
from tests.crash import stage as stages
from tests.crash.audit import Findings
from tests.crash.lives import settle_memory
from tests.crash.load import Demand
from tests.crash.meta_stand_in import Character
from tests.crash.plan import Weather
from tests.crash.policies import GOOD
from tests.crash.run import calm, close_books, company, say, start_load, until_windows_open, wait_for
from tests.crash.scale import APP_SECRET
from tests.crash.supervisor import Supervisor

from recado.app.logs import configure

assert arming

RESUME_S = 5.0
_GIVE_UP_S = 30.0
_WORKING = """
select exists (select 1 from message where direction = 'out' and created_at > $1) as accepts,
    exists (select 1 from attempt where started_at > $1) as sends,
    exists (select 1 from ledger where received_at > $1) as takes
"""


@dataclass(slots=True)
class Restarts:
    """Seconds from the server's return until everything worked again, for each restart; and the audit."""

    resumed_s: list[float] = field(default_factory=list)
    repeated: int = 0
    found: Findings = field(default_factory=Findings)

    @property
    def kept(self) -> bool:
        return self.found.clean and max(self.resumed_s) <= RESUME_S


def strike(theatre: stages.Theatre, down_s: float = 0.0) -> datetime:
    """Stops the server at once, starts it again; returns its clock when it takes connections."""
    running = theatre.running
    os.kill(running.pid, signal.SIGQUIT)
    until = time.monotonic() + 30
    while running.alive() and time.monotonic() < until:
        signal.sigtimedwait({signal.SIGCHLD}, 0.02)
    pause(down_s)
    if not running.ensure():
        raise AssertionError("the server did not stop")
    return asyncio.run(_clock(theatre.admin_dsn))


async def _clock(dsn: str) -> datetime:
    connection = await asyncpg.connect(dsn)
    try:
        now: datetime = await connection.fetchval("select clock_timestamp()")
        return now
    finally:
        await connection.close()


async def until_working(dsn: str, since: datetime) -> float:
    """Seconds until all three happened after `since`; `inf` when one of them does not."""
    began = time.monotonic()
    connection = await asyncpg.connect(dsn)
    try:
        while time.monotonic() - began < _GIVE_UP_S:
            if all(await connection.fetchrow(_WORKING, since)):
                return time.monotonic() - began
            await asyncio.sleep(0.05)
        return float("inf")
    finally:
        await connection.close()


def pause(seconds: float, supervisor: Supervisor | None = None) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if supervisor is not None:
            supervisor.keep()
        signal.sigtimedwait({signal.SIGCHLD}, min(left, 0.1))


def run(count: int, seed: int, patience_s: float) -> Restarts:
    """Everything it started is gone when it returns."""
    with stages.theatre(GOOD) as theatre:
        configure("error", "crash")
        settle_memory()
        character = Character(
            seed=seed,
            port=theatre.where.meta_port,
            hook_url=theatre.hook_url,
            app_secret=APP_SECRET,
            media_share=0.1,
        )
        with company(character):
            return _acts(theatre, count, seed, patience_s)


def _acts(theatre: stages.Theatre, count: int, seed: int, patience_s: float) -> Restarts:
    done, source = Restarts(), random.Random(seed)
    supervisor = Supervisor(theatre.stage, seed, Weather(), workers=2, doors=2)
    ledger = theatre.place / "clients.json"
    demand = Demand(
        seed=seed,
        port=theatre.where.web_port,
        per_s=30.0,
        calm_per_s=5.0,
        ledger=ledger,
        dsn=theatre.admin_dsn,
        ahead=400,
    )
    load = 0
    try:
        supervisor.settle()
        until_windows_open(theatre)
        load = start_load(demand)
        for n in range(count):
            pause(source.uniform(1.5, 3.5), supervisor)
            since = strike(theatre)
            supervisor.keep()
            done.resumed_s.append(asyncio.run(until_working(theatre.admin_dsn, since)))
            say(f"  restart {n + 1:3}: everything works again after {done.resumed_s[-1]:.2f} s")
        calm(patience_s, theatre, supervisor, load)
        load = 0
        done.found = close_books(theatre, ledger)
        done.repeated = sum(tries - 1 for *_, tries in json.loads(ledger.read_text()))
        return done
    finally:
        supervisor.end_all()
        if load:
            wait_for(load, 0)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked = argparse.ArgumentParser(prog="python -m tests.crash.restarts", description=__doc__)
    asked.add_argument("--restarts", type=int, default=20)
    asked.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked.add_argument("--patience", type=float, default=240.0)
    given = asked.parse_args()
    began = time.monotonic()
    done = run(given.restarts, given.seed, given.patience)
    found = done.found
    for entry in (*found.lost[:12], *found.duplicated[:12], *found.stuck[:12]):
        say(f"  {entry}")
    say(f"  doubts={found.doubts} {json.dumps(found.facts)}")
    print(
        f"restarts={len(done.resumed_s)} messages={found.messages} repeated={done.repeated}"
        f" lost={len(found.lost)} duplicated={len(found.duplicated)} stuck={len(found.stuck)}"
        f" needs_decision={found.needs_decision} resume_median_s={statistics.median(done.resumed_s):.2f}"
        f" resume_max_s={max(done.resumed_s):.2f} seconds={time.monotonic() - began:.0f} seed={given.seed}",
        flush=True,
    )
    sys.exit(0 if done.kept else 1)


if __name__ == "__main__":
    main()
