"""The long profile: `python -m tests.fuzz --bodies 100000 --posts 20000`."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.targets import through_door, through_parser
from tests.support.cluster import Databases, Server


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--bodies", type=int, default=100_000)
    asked.add_argument("--posts", type=int, default=20_000)
    asked.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = asked.parse_args()
    print(f"seed {options.seed}")
    broken = _parser(options.bodies, options.seed) + _door(options.posts, options.seed)
    sys.exit(1 if broken else 0)


def _parser(count: int, seed: int) -> int:
    started = time.monotonic()
    seen = through_parser(count, seed)
    took = time.monotonic() - started
    print(
        f"parser: {seen.bodies} bodies, {seen.events} events, {seen.unparseable} unparseable, "
        f"slowest {seen.slowest_s * 1000:.1f} ms, {took:.1f} s, {seen.bodies / took:.0f} bodies/s"
    )
    return int(seen.slowest_s >= 1)


def _door(count: int, seed: int) -> int:
    started = time.monotonic()
    with Server() as server, tempfile.TemporaryDirectory() as place:
        databases = Databases(server.dsn)
        posted = asyncio.run(through_door(databases.create("fuzz"), Path(place), count, seed))
        databases.close()
    took = time.monotonic() - started
    print(
        f"door: answers {dict(posted.answers)}, {posted.stored} stored = {posted.done} done + {posted.dead} "
        f"dead + {posted.waiting} waiting, {took:.1f} s, {count / took:.0f} posts/s"
    )
    for reason, times in posted.reasons.most_common(20):
        print(f"  {times:6}  {reason}")
    wrong = sum(times for status, times in posted.answers.items() if status >= 500)
    wrong += posted.stored - posted.done - posted.dead
    return wrong + sum(times for reason, times in posted.reasons.items() if "unparseable" not in reason)


if __name__ == "__main__":
    main()
