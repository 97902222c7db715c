"""Which deaths show which carelessness: a bad policy must be caught within seconds, not by luck."""

from __future__ import annotations

from dataclasses import replace

from tests.crash.meta_hooks import Manners
from tests.crash.plan import Weather
from tests.crash.policies import GOOD
from tests.crash.run import Plan

from recado.kit.failpoints import NAMES

_AFTER_THE_SEND = frozenset(
    {
        "send.request_written",
        "send.response_read",
        "record.begin",
        "record.accepted_written",
        "record.before_commit",
    }
)
_DOORS = frozenset(name for name in NAMES if name.startswith(("accept.", "hook.")))
_PROJECTOR = frozenset(name for name in NAMES if name.startswith("project."))
_DOORS_DIE = Weather(cycle_s=60, chaos_s=60, outage_every=0)
# The doors stay away for three seconds of every eight. All that Meta has to tell of a message comes at once, so that
# in an outage all of it knocks in vain, and comes back late.
_OUTAGES = Weather(cycle_s=8, chaos_s=3.2, outage_s=3.0, outage_every=1)
_SLOW_TO_RETURN = Manners(
    pause_s=14.0, longest_pause_s=15.0, dropped_first=0, lost_answer=0, delay_s=(0, 0.02), apart_s=(0, 0.02)
)
_FEW_SECONDS = 12.0
_MANY = 5000


def plan_for(policy: str, *, seed: int, kills: int | None = None, seconds: float | None = None) -> Plan:
    """The plan for `make crash POLICY=...`: everything for recado itself, a short focused one for the others.

    `kills` or `seconds` end its chaos in place of the plan's own.
    """
    plan = _plan_for(policy, seed)
    plan = replace(plan, kills=kills or plan.kills, seconds=seconds or plan.seconds)
    if policy != GOOD:
        return plan
    if plan.kills >= _MANY:
        # Deaths count here, not messages. A door's life costs a third of a worker's; places of workers still get their
        # hundred.
        plan = replace(plan, workers=6, doors=9, weather=replace(plan.weather, chaos_s=11.0))
    # A part of the run without a door that dies: there the proof of a loss can succeed.
    return replace(
        plan, weather=replace(plan.weather, clear_s=min(plan.seconds / 2.5, plan.kills / 50, 60.0))
    )


def _plan_for(policy: str, seed: int) -> Plan:
    plan = Plan(seed=seed, policy=policy)
    if policy == GOOD:
        return replace(plan, workers=8, doors=5, weather=Weather(chaos_s=9.0))
    short = replace(plan, seconds=_FEW_SECONDS, patience_s=25.0)
    match policy:
        case "naive-resend":
            return replace(short, focus=_AFTER_THE_SEND, weather=replace(_DOORS_DIE, chaos_s=0))
        case "no-taint":
            # Few numbers, so that newer echoes of the same number come soon and seem to prove something.
            return replace(
                short,
                seconds=32,
                ahead=90,
                lines=12,
                workers=4,
                focus=_AFTER_THE_SEND,
                weather=_OUTAGES,
                manners=_SLOW_TO_RETURN,
                unanswered=0.3,
            )
        case "split-transactions":
            return replace(short, focus=_PROJECTOR)
        case _:
            return replace(short, focus=_DOORS, weather=_DOORS_DIE)
