"""What every machine shares: its rig, its counted steps, how it is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test
from tests.slices.world import World
from tests.stateful.rig import Rig


class Machine(RuleBasedStateMachine):
    """`rig` is set by `explore`; `check` holds after every step."""

    rig: ClassVar[Rig]

    def __init__(self) -> None:
        super().__init__()
        self.world: World = self.rig.fresh()
        self.prepare()

    def prepare(self) -> None:
        """The company and people of an example."""

    @invariant()
    def always(self) -> None:
        self.rig.steps += 1
        self.check()

    def check(self) -> None:
        """Compares what is stored with the model."""

    def do(self, work: Any) -> Any:
        return self.rig.run(work)


def explore(kind: type[Machine], rig: Rig, *, examples: int, steps: int, start: int | None = None) -> None:
    """Runs one machine. `start` is the seed; None repeats the same examples every time."""
    kind.rig = rig
    wanted = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=start is None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        print_blob=True,
    )

    def make() -> Machine:
        return kind()

    factory: Callable[[], Machine] = make if start is None else seed(start)(make)
    run_state_machine_as_test(factory, settings=wanted)
