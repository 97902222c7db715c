"""Every part of the simulator, put together once."""

from __future__ import annotations

from collections.abc import Callable

from recado_sim import seed
from recado_sim.business import Business
from recado_sim.faults import Faults
from recado_sim.feed import Feed
from recado_sim.handsets import Handsets
from recado_sim.hooks import Hooks
from recado_sim.media import Library
from recado_sim.sending import Sending
from recado_sim.state import Config, World
from recado_sim.statuses import Statuses


class Simulation:
    """The world and everything that acts in it."""

    def __init__(self, config: Config, wall: Callable[[], float]) -> None:
        self.world = World(config, wall)
        self.faults = Faults()
        self.feed = Feed()
        self.hooks = Hooks(self.world, self.faults)
        self.library = Library(self.world)
        self.statuses = Statuses(self.world, self.hooks, self.feed)
        self.sending = Sending(self.world, self.statuses, self.library, self.feed)
        self.handsets = Handsets(self.world, self.hooks, self.statuses, self.library, self.feed)
        self.business = Business(self.world, self.sending)
        seed.sample(self.world)

    def reset(self) -> None:
        """Forget everything that happened; keep settings and clock."""
        self.world.empty()
        self.faults.clear()
        self.hooks.clear()
        seed.sample(self.world)
        seed.sample(self.world)
