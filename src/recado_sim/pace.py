"""Meta's two speed limits: messages per second of a number, and messages to one person."""

from __future__ import annotations

from recado_sim.refusals import Refusal, coded
from recado_sim.state import World

PAIRS_KEPT = 200_000


def check(world: World, phone_id: str, person: str) -> Refusal | None:
    """Count one send now, or say which limit it breaks (then it is not counted).

    Both are leaky buckets kept as one time each: the moment until which the allowance is spent.
    """
    settings, now = world.settings, world.now()
    rate = world.rates.get(phone_id, 0.0)
    pair = world.pairs.get((phone_id, person), 0.0)
    if settings.rate_limit > 0 and rate - now >= 1.0:
        return coded(130429)
    if settings.pair_limit > 0 and pair - now > (settings.pair_limit - 1) * settings.pair_interval_s:
        return coded(131056)
    if settings.rate_limit > 0:
        world.rates[phone_id] = max(rate, now) + 1.0 / settings.rate_limit
    if settings.pair_limit > 0:
        world.pairs[(phone_id, person)] = max(pair, now) + settings.pair_interval_s
        if len(world.pairs) > PAIRS_KEPT:
            world.pairs = {key: until for key, until in world.pairs.items() if until > now}
    return None
