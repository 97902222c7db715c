"""Many houses: `python -m tests.simulation --seeds 1000 --hours 24`. A broken promise prints its seed and plan."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.house import Outcome, Violation, simulate
from tests.simulation.plan import expand


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    asked.add_argument("--seeds", type=int, default=100)
    asked.add_argument("--hours", type=float, default=24)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--show", action="store_true", help="print the first seed's fault plan and stop")
    options = asked.parse_args()
    if options.show:
        print(expand(options.first, options.hours))
        return
    sys.exit(_run(options.first, options.seeds, options.hours, options.jobs))


def _run(first: int, seeds: int, hours: float, jobs: int) -> int:
    started = time.monotonic()
    counts: Counter[str] = Counter()
    broken = 0
    with ProcessPoolExecutor(jobs) as pool:
        wanted = range(first, first + seeds)
        for outcome in pool.map(partial(_one, hours=hours), wanted, chunksize=4):
            if isinstance(outcome, str):
                broken += 1
                print(outcome)
            else:
                counts += outcome.counts
    took = time.monotonic() - started
    for what, times in sorted(counts.items()):
        print(f"{times:10}  {what}")
    print(
        f"{seeds} seeds x {hours:g} h in {took:.1f} s: {seeds / took:.2f} seeds/s, "
        f"{seeds * hours * 3600 / took:,.0f} virtual seconds a second, {broken} broken"
    )
    return 1 if broken else 0


def _one(seed: int, hours: float) -> Outcome | str:
    try:
        return simulate(seed, hours)
    except Violation as violation:
        return f"{violation}\nagain: python -m tests.simulation --first {seed} --seeds 1 --hours {hours:g}"


if __name__ == "__main__":
    main()
