"""`python -m tests.mutation`: changes the rules one node at a time; the tests of the rules have to notice.

Each mutant is loaded in a process of its own, in place of the module, before the tests import it. What does not depend
on the module is imported once, before the processes part.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from tests.mutation.mutants import Mutant, mutants, unchanged
from tests.mutation.stage import KILLED, Stage, path_of
from tests.mutation.targets import TARGETS, Target


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    asked.add_argument("--only", help="part of a module's name")
    asked.add_argument("--least", type=float, default=85.0, help="per cent")
    asked.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at the same time")
    options = asked.parse_args()
    started = time.monotonic()
    total = killed = 0
    for target in TARGETS:
        if options.only and options.only not in target.module:
            continue
        begun = time.monotonic()
        found = list(mutants(path_of(target.module).read_text(), target.only))
        alive = _survivors(target, found, options.jobs)
        total, killed = total + len(found), killed + len(found) - len(alive)
        noticed, took = len(found) - len(alive), time.monotonic() - begun
        print(f"{target.module:34} {noticed:4} of {len(found):4} noticed, {took:.0f} s", flush=True)
        for one in sorted(alive, key=lambda one: one.line):
            print(f"    alive: line {one.line}: {one.what}", flush=True)
    score = 100 * killed / max(total, 1)
    took = time.monotonic() - started
    print(f"mutants={total} killed={killed} survived={total - killed} score={score:.1f}% seconds={took:.0f}")
    sys.exit(0 if total and score >= options.least else 1)


def _survivors(target: Target, found: Sequence[Mutant], jobs: int) -> list[Mutant]:
    """Exits when the tests fail without any change: then they would notice everything."""
    stage = Stage(target)
    if (fault := stage.prepare(unchanged(path_of(target.module).read_text()))) is not None:
        sys.exit(f"{target.module}: its tests fail without any change\n{fault}")
    return [one for one, verdict in stage.judge(found, jobs) if verdict != KILLED]


if __name__ == "__main__":
    main()
