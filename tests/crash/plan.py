"""What a run does when: the fates of all lives and the phases of chaos, derived from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from recado.kit.failpoints import NAMES

_DOORS = ("accept", "hook", "beat")
# Passed all the time: dying there at the first chance every time would leave nothing behind it.
_HOT = ("claim.", "lease.", "intent.", "send.", "record.", "project.", "hook.", "accept.", "job.")
_CHANCES = (1.0, 1.0, 1.0, 0.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Seconds. After `clear_s` the doors are killed for `chaos_s` in every `cycle_s`; the workers always are.

    While no door dies the absence of an echo proves something: only then messages are sent again.

    Each `outage_every`-th cycle ends its chaos with `outage_s` without any door; 0 for never.
    """

    clear_s: float = 0.0
    cycle_s: float = 16.0
    chaos_s: float = 6.0
    outage_s: float = 3.0
    outage_every: int = 3

    def doors_die(self, at: float) -> bool:
        at -= self.clear_s
        return at >= 0 and at % self.cycle_s < self.chaos_s

    def doors_away(self, at: float) -> bool:
        at -= self.clear_s
        if (
            at < 0
            or not self.outage_every
            or int(at // self.cycle_s) % self.outage_every != self.outage_every - 1
        ):
            return False
        return self.chaos_s - self.outage_s <= at % self.cycle_s < self.chaos_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One death: where, and how likely at each time the place is passed."""

    name: str
    chance: float

    @property
    def plan(self) -> str:
        return f"{self.name}={self.chance}"


def role_of(name: str) -> str:
    return "web" if name.split(".")[0] in _DOORS else "work"


class Deck:
    """All places of a role in a shuffled order, again and again; a place that was missed comes again."""

    def __init__(self, role: str, seed: int, focus: frozenset[str] = NAMES) -> None:
        mine = sorted(name for name in NAMES if role_of(name) == role)
        self._names = [name for name in mine if name in focus] or mine
        self._rng = random.Random(f"{seed}/{role}")
        self._cards: list[Card] = []
        self.hits: dict[str, int] = dict.fromkeys(self._names, 0)

    def draw(self) -> Card:
        if not self._cards:
            names = list(self._names)
            self._rng.shuffle(names)
            self._cards = [Card(name=name, chance=self._chance(name)) for name in names]
        return self._cards.pop()

    def _chance(self, name: str) -> float:
        return self._rng.choice(_CHANCES) if name.startswith(_HOT) else 1.0

    def missed(self, card: Card) -> None:
        self._cards.insert(0, Card(name=card.name, chance=1.0))
