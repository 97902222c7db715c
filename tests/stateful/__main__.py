"""The long profile: `python -m tests.stateful --steps 500000`. Prints what ran; a failure prints its seed."""

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.stateful.idempotency import IdempotencyMachine
from tests.stateful.inbox import InboxMachine
from tests.stateful.jobs import JobMachine
from tests.stateful.machine import Machine, explore
from tests.stateful.pacing import PacingMachine
from tests.stateful.rig import Rig
from tests.stateful.send import SendMachine
from tests.support.cluster import Databases, Server

# How many of a hundred steps each machine gets: most where most can go wrong.
SHARES: dict[type[Machine], int] = {
    SendMachine: 50,
    InboxMachine: 20,
    JobMachine: 10,
    IdempotencyMachine: 10,
    PacingMachine: 10,
}


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.stateful", description=__doc__)
    asked.add_argument("--steps", type=int, default=500_000)
    asked.add_argument("--length", type=int, default=50, help="steps of one example at most")
    asked.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    asked.add_argument("--only", help="name of one machine")
    options = asked.parse_args()
    kinds = {kind: share for kind, share in SHARES.items() if options.only in {None, kind.__name__}}
    total = sum(kinds.values())
    with Server() as server:
        databases = Databases(server.dsn)
        for kind, share in kinds.items():
            with Rig(databases.create(kind.__name__.lower())) as rig:
                _run(kind, rig, options.seed, options.steps * share // total, options.length)
        databases.close()


def _run(kind: type[Machine], rig: Rig, seed: int, steps: int, length: int) -> None:
    """Rounds of a hundred examples, each with a seed of its own, until the steps are done."""
    started = time.monotonic()
    first = seed
    while rig.steps < steps:
        try:
            explore(kind, rig, examples=100, steps=length, start=seed)
        except BaseException:
            again = f"--only {kind.__name__} --seed {seed} --steps 1 --length {length}"
            print(f"{kind.__name__}: broken with seed {seed}: python -m tests.stateful {again}")
            raise
        seed += 1
        print(f"{kind.__name__}: {rig.steps:,} of {steps:,} steps", file=sys.stderr, flush=True)
    took = time.monotonic() - started
    print(
        f"{kind.__name__:20} {rig.steps:8} steps  {rig.examples:6} examples  {took:8.1f} s"
        f"  {rig.steps / took:7.1f} steps/s  seeds {first}-{seed - 1}"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
