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

    In the beginning the way of the echoes is left alone, doors and projectors: only while it is open does the absence
    of an echo prove anything, and only then messages are sent again.

    Each `outage_every`-th cycle ends its chaos with `outage_s` without any door; 0 for never.
    """

    clear_s: float = 0.0
    cycle_s: float = 16.0
    chaos_s: float = 6.0
    outage_s: float = 3.0
    outage_every: int = 3

    def spares_echoes(self, at: float) -> bool:
        return at < self.clear_s

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
    """The places of a role, always one of those that were reached least; a place that was missed comes again."""

    def __init__(self, role: str, seed: int, focus: frozenset[str] = NAMES) -> None:
        mine = sorted(name for name in NAMES if role_of(name) == role)
        names = [name for name in mine if name in focus] or mine
        self._rng = random.Random(f"{seed}/{role}")
        self._drawn: dict[str, int] = dict.fromkeys(names, 0)
        self._missed: set[str] = set()

    @property
    def least(self) -> int:
        """How often the place was drawn that was drawn least."""
        return min(self._drawn.values())

    @property
    def names(self) -> list[str]:
        return list(self._drawn)

    def draw(self, *, sparing: str = "-") -> Card:
        """`sparing`: no place whose name begins like this, where there are others."""
        fit = [name for name in self._drawn if not name.startswith(sparing)] or self.names
        least = min(self._drawn[name] for name in fit)
        name = self._rng.choice([name for name in fit if self._drawn[name] == least])
        self._drawn[name] += 1
        chance = 1.0 if name in self._missed else self._chance(name)
        self._missed.discard(name)
        return Card(name=name, chance=chance)

    def _chance(self, name: str) -> float:
        return self._rng.choice(_CHANCES) if name.startswith(_HOT) else 1.0

    def missed(self, card: Card) -> None:
        self._drawn[card.name] -= 1
        self._missed.add(card.name)
