"""`python -m tests.crash [--kills N] [--seed S] [--policy P]`; the last line is the result."""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
from dataclasses import replace

from tests.crash import arming  # first
from tests.crash.policies import BAD, GOOD
from tests.crash.recipes import plan_for
from tests.crash.run import Result, run, say

assert arming


def tell(result: Result) -> bool:
    """Prints everything that matters; True when the promise was kept."""
    found = result.found
    for name in ("lost", "duplicated", "stuck"):
        entries = getattr(found, name)
        for entry in entries[:12]:
            say(f"  {name}: {entry}")
        if len(entries) > 12:
            say(f"  {name}: … and {len(entries) - 12} more")
    counts = result.counts
    say(f"    lives {dict(counts.lives)} cpu {dict(counts.cpu_s)}")
    for name in sorted(set(counts.where) | set(counts.missed)):
        hit = counts.where[name]
        say(
            f"    {name:28} hit {hit:4} missed {counts.missed[name]:4} life {counts.spent_s[name] / max(hit, 1):.2f} s"
        )
    if result.never:
        say(f"  never (or too rarely) hit: {', '.join(f'{n} {result.reached[n]}' for n in result.never)}")
    say(
        f"  doubts={found.doubts} resent={found.resent} unsent among needs_decision={found.unsent}"
        f" incidents={found.incidents} refused={found.refused} fell={result.counts.fell}"
        f" at_random={result.counts.at_random} quiet={result.quiet} {json.dumps(found.facts)}"
    )
    print(result.line(), flush=True)
    return found.clean


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is cleaned up
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--patience", type=float)
    parser.add_argument("--policy", default=GOOD, choices=(GOOD, *BAD))
    parser.add_argument(
        "--slice", action="store_true", help="too short to reach every place; do not ask for it"
    )
    given = parser.parse_args()
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    plan = plan_for(given.policy, seed=seed, kills=given.kills, seconds=given.seconds)
    plan = replace(plan, patience_s=given.patience or plan.patience_s)
    whole = plan.policy == GOOD and plan.kills >= 5000 and not given.slice
    plan = replace(plan, full=whole)
    say(f"policy={plan.policy} kills={plan.kills} seed={seed}")
    result = run(plan)
    kept = tell(result)
    if given.policy in BAD and not kept:
        caught = [name for name in ("lost", "duplicated", "stuck", "broken") if getattr(result.found, name)]
        say(f"policy {given.policy} was caught: {', '.join(caught)}")
    everywhere = given.slice or given.policy in BAD or not result.never
    sys.exit(0 if kept and everywhere else 1)


main()
