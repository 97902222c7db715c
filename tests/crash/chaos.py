"""`python -m tests.crash.chaos --minutes 10`: an ordinary load, and every 10 to 30 s something goes wrong.

100 webhooks and 20 sends a second, one fault at a time from the catalogue (tests/crash/faults.py), then calm and the
same audit as after the crashes.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import asyncpg
from tests.crash import arming  # first
from tests.crash import stage as stages
from tests.crash.audit import Findings
from tests.crash.faults import CATALOGUE, Deck, Scene
from tests.crash.lives import settle_memory
from tests.crash.load import Demand
from tests.crash.meta_hooks import Manners
from tests.crash.meta_stand_in import Character
from tests.crash.plan import Weather
from tests.crash.policies import GOOD
from tests.crash.restarts import pause
from tests.crash.run import calm, close_books, company, say, start_load, until_windows_open, wait_for
from tests.crash.scale import APP_SECRET
from tests.crash.supervisor import Supervisor, lever

from recado.app.logs import configure

assert arming

SENDS_PER_S = 20.0
# With three statuses for each send: about a hundred webhooks a second.
INBOUND_PER_S = 40.0
FAULT_EVERY_S = (10.0, 30.0)


@dataclass(slots=True)
class Result:
    faults: Counter[str] = field(default_factory=Counter)
    posts: int = 0
    under_load_s: float = 0.0
    found: Findings = field(default_factory=Findings)


def run(minutes: float, seed: int, patience_s: float) -> Result:
    """Everything it started is gone when it returns."""
    with stages.theatre(GOOD) as theatre:
        configure("error", "crash")
        settle_memory()
        character = Character(
            seed=seed,
            port=theatre.where.meta_port,
            hook_url=theatre.hook_url,
            app_secret=APP_SECRET,
            manners=Manners(together=1),
            inbound_per_s=INBOUND_PER_S,
            media_share=0.1,
        )
        with company(character):
            return _acts(theatre, minutes, seed, patience_s)


def _acts(theatre: stages.Theatre, minutes: float, seed: int, patience_s: float) -> Result:
    result, source = Result(), random.Random(seed)
    supervisor = Supervisor(theatre.stage, seed, Weather(), workers=2, doors=2)
    scene = Scene(theatre=theatre, supervisor=supervisor, source=source)
    ledger = theatre.place / "clients.json"
    demand = Demand(
        seed=seed,
        port=theatre.where.web_port,
        per_s=SENDS_PER_S,
        calm_per_s=5.0,
        ledger=ledger,
        dsn=theatre.admin_dsn,
        ahead=3000,
        at_once=48,
    )
    load = 0
    try:
        supervisor.settle()
        until_windows_open(theatre)
        load = start_load(demand)
        began, deck = time.monotonic(), Deck(source)
        while time.monotonic() - began < minutes * 60:
            pause(source.uniform(*FAULT_EVERY_S), supervisor)
            _strike(scene, deck.draw(), result, time.monotonic() - began)
        result.under_load_s = time.monotonic() - began
        result.posts = lever(theatre.where.meta_port, "state")["posts"]
        calm(patience_s, theatre, supervisor, load)
        load = 0
        result.found = close_books(theatre, ledger)
        return result
    finally:
        supervisor.end_all()
        if load:
            wait_for(load, 0)


def _strike(scene: Scene, name: str, result: Result, at: float) -> None:
    say(f"{at:6.0f} s  {name}")
    result.faults[name] += 1
    try:
        CATALOGUE[name](scene)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        # The harness met the consequences of its own last fault; the product has to live with them too.
        say(f"          ({type(error).__name__} on the way)")
    scene.supervisor.keep()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked = argparse.ArgumentParser(prog="python -m tests.crash.chaos", description=__doc__)
    asked.add_argument("--minutes", type=float, default=10.0)
    asked.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked.add_argument("--patience", type=float, default=240.0)
    given = asked.parse_args()
    began = time.monotonic()
    result = run(given.minutes, given.seed, given.patience)
    found = result.found
    for entry in (*found.lost[:12], *found.duplicated[:12], *found.stuck[:12]):
        say(f"  {entry}")
    say(f"  doubts={found.doubts} resent={found.resent} {json.dumps(found.facts)}")
    print(
        f"faults={result.faults.total()} kinds={len(result.faults)} messages={found.messages}"
        f" sends_per_s={found.messages / result.under_load_s:.1f}"
        f" webhooks_per_s={result.posts / result.under_load_s:.0f}"
        f" lost={len(found.lost)} duplicated={len(found.duplicated)} stuck={len(found.stuck)}"
        f" needs_decision={found.needs_decision} seconds={time.monotonic() - began:.0f} seed={given.seed}",
        flush=True,
    )
    sys.exit(0 if found.clean else 1)


if __name__ == "__main__":
    main()
