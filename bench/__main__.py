"""`python -m bench`: see `--help`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import growth, intake, latency, loop, panel
from bench.figures import Report
from bench.stage import Stage

_RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Scenario:
    run: Callable[..., Awaitable[Report]]
    seconds: float
    longest_s: float


SCENARIOS = {
    "intake": Scenario(intake.run, 10, 300),
    "latency": Scenario(latency.run, 30, 300),
    "loop": Scenario(loop.run, 60, 900),
    "growth": Scenario(growth.run, 1, 1200),
    "panel": Scenario(panel.run, 1, 2400),
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("scenario", nargs="?", default="all", choices=(*SCENARIOS, "all"))
    parser.add_argument("--seconds", type=float, help="length of a measurement (growth, panel: unused)")
    parser.add_argument(
        "--messages", type=int, help="growth, panel: how many the large company has (1,000,000)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON line for each scenario on stdout")
    return parser.parse_args()


async def _run(name: str, seconds: float | None, messages: int | None) -> Report:
    scenario = SCENARIOS[name]
    more = {"messages": messages} if name in ("growth", "panel") and messages else {}
    async with asyncio.timeout(scenario.longest_s), Stage() as stage:
        return await scenario.run(seconds or scenario.seconds, stage, **more)


def _keep(name: str, report: Report) -> None:
    _RESULTS.mkdir(exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S")
    (_RESULTS / f"{stamp}-{name}.json").write_text(json.dumps(report.data, indent=1) + "\n")


def main() -> None:
    given = _arguments()
    names = list(SCENARIOS) if given.scenario == "all" else [given.scenario]
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        report = uvloop.run(_run(name, given.seconds, given.messages))
        _keep(name, report)
        print(report.json() if given.json else report.text(), flush=True)


if __name__ == "__main__":
    main()
