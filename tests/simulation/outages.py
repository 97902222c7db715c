"""`python -m tests.simulation.outages --seeds 20`: the webhook door is away for 6 s, 60 s, 10 virtual minutes.

All the while workers crash and answers and requests get lost, so that much is in doubt when the door is away. Nobody
is asked to decide here: whatever goes again goes by the rule alone. No message may be taken twice, and everything a
person is asked about must have the reason that is shown, checked against the fault plan and not against the rule.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from tests.simulation.house import EPOCH, House, Outcome, Violation
from tests.simulation.plan import Fault, Plan, expand
from tests.simulation.rows import Attempt, Stored
from tests.simulation.virtual_time import run

from recado.messages.doubt_rules import AskPerson, DoubtVerdict

LENGTHS_S = (6.0, 60.0, 600.0)
HOURS = 4.0
_OUTAGES = 8
# What leaves much in doubt; a share of 1 for a minute or two would only close the lane.
_TROUBLE = (("answers lost", 0.3), ("requests lost", 0.3), ("provider answers 5xx", 0.2))


def outage_plan(seed: int, lasts_s: float, hours: float = HOURS) -> Plan:
    """The same seed and length give the same plan."""
    source = random.Random(f"{seed}/{lasts_s}")
    end = hours * 3600
    slot = end / _OUTAGES
    faults = []
    for n in range(_OUTAGES):
        at = n * slot + source.uniform(0, slot - lasts_s)
        faults.append(Fault("door away", at, at + lasts_s, 1.0, 0))
    for kind, share in _TROUBLE:
        for _ in range(_OUTAGES):
            at = source.uniform(0, end)
            faults.append(Fault(kind, at, at + source.uniform(60, 900), share, 0))
    for _ in range(4 * _OUTAGES):
        at = source.uniform(0, end)
        faults.append(Fault("worker crashes", at, at + source.uniform(0.5, 40), 1.0, source.randrange(3)))
    plan = expand(seed, hours)
    return replace(plan, messages_per_hour=90.0, faults=tuple(sorted(faults, key=lambda one: one.at)))


class Unattended(House):
    """Nobody answers what is asked; every question is checked."""

    async def _decide(self, message: Stored) -> None:
        """It waits for a late echo or for its deadline."""

    def _note_verdict(self, message: Stored, verdict: DoubtVerdict) -> None:
        super()._note_verdict(message, verdict)
        if isinstance(verdict, AskPerson):
            self.note(f"asked because {verdict.why}", message.id)
            holds = self._explained(message, message.attempts[-1], verdict.why)
            self.demand(holds, f"a person was asked because of `{verdict.why}`, and it is not so")

    def _explained(self, message: Stored, attempt: Attempt, why: str) -> bool:
        match why:
            case "no_id":
                return attempt.no_id
            case "class":
                old = self.now() - message.created_at > timedelta(seconds=self.rules.session_s)
                return message.message_class in {"authentication", "marketing"} or (
                    message.message_class == "session" and old
                )
            case "tainted":
                return self._door_was_away(attempt)
            case "unproven":
                return not self._newer_echoes(attempt)
            case "slow_echoes":
                return self._slowest_echo_s(message) * 3 > self.rules.patience_s / 2
            case _:
                return False

    def _door_was_away(self, attempt: Attempt) -> bool:
        """An outage, with its cool-down, reaches into the time between the send and now."""
        sent_at = (attempt.started_at - EPOCH).total_seconds() - self.rules.before_s
        return any(
            fault.at <= self.time() and fault.until + self.rules.cooldown_s >= sent_at
            for fault in self.plan.faults
            if fault.kind == "door away"
        )

    def _newer_echoes(self, attempt: Attempt) -> list[Attempt]:
        assert attempt.doubt_at is not None
        until = self.now() - timedelta(seconds=self.rules.proof_s)
        return [
            one
            for one in self.store.attempts.values()
            if one.message.lane.key == attempt.message.lane.key
            and one.started_at > attempt.doubt_at
            and one.echo_at is not None
            and one.echo_at <= until
        ]

    def _slowest_echo_s(self, message: Stored) -> float:
        return max(
            (one.echo_at - one.started_at).total_seconds()
            for one in self.store.attempts.values()
            if one.echo_at is not None and one.message.lane.key == message.lane.key
        )

    def took(self, message_id: object) -> None:
        super().took(message_id)  # type: ignore[arg-type]
        self.demand(self.taken[message_id] == 1, "duplicated")  # type: ignore[index]


async def _live(plan: Plan) -> Outcome:
    return await Unattended(plan).live()


def survive(seed: int, lasts_s: float, hours: float = HOURS) -> Outcome:
    """One house with outages of this length. Raises Violation with the seed and the fault plan."""
    return run(_live(outage_plan(seed, lasts_s, hours)))


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.simulation.outages", description=__doc__)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--hours", type=float, default=HOURS)
    given = asked.parse_args()
    broken, started = 0, time.monotonic()
    for lasts_s in LENGTHS_S:
        counts: Counter[str] = Counter()
        for seed in range(given.first, given.first + given.seeds):
            try:
                counts += survive(seed, lasts_s, given.hours).counts
            except Violation as violation:
                broken += 1
                print(f"{violation}\nagain: --first {seed} --seeds 1 --hours {given.hours:g}")
        why = {what.rpartition(" ")[2]: n for what, n in counts.items() if what.startswith("asked because")}
        print(
            f"outages of {lasts_s:g} s: seeds={given.seeds} outages={_OUTAGES * given.seeds}"
            f" messages={counts['asked']} taken={counts['taken']} resent={counts['PresumeLost']}"
            f" needs_decision={counts['AskPerson']} {why}",
            flush=True,
        )
    took = time.monotonic() - started
    print(f"seeds={given.seeds} lengths={len(LENGTHS_S)} broken={broken} seconds={took:.0f}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
