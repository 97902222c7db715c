"""The short profile. `make fuzz` throws 100,000 bodies at the parser and 20,000 at the door."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.mutate import Mutator, samples
from tests.fuzz.targets import through_door, through_parser
from tests.support.cluster import Dsns


def test_the_parser_never_raises_and_never_takes_long() -> None:
    seen = through_parser(3000, seed=1)
    assert seen.bodies == 3000
    assert seen.events > 1000
    assert seen.slowest_s < 1


def test_the_repository_has_samples_of_its_own() -> None:
    assert len(samples(shared=None)) >= 5
    body = Mutator(samples(shared=None), seed=2).body()
    assert body == Mutator(samples(shared=None), seed=2).body(), "the same seed gives the same body"


async def test_every_signed_body_is_answered_stored_and_accounted_for(database: Dsns, tmp_path: Path) -> None:
    posted = await through_door(database, tmp_path, 600, seed=3)
    assert posted.answers == {200: 600}
    assert posted.stored == posted.done + posted.dead == 600
    assert posted.waiting == 0
    assert all(reason.startswith("unparseable") for reason in posted.reasons), posted.reasons
