"""A slice of the crash run (`make crash`). That it can fail is proved in test_policies.py."""

from __future__ import annotations

import pytest
from tests.crash.outcome import crash

# On a busy machine the calm after the crashes takes as long as the product's own timers say.
pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]


async def test_a_slice_of_crashes_loses_and_doubles_nothing() -> None:
    done = await crash("--seconds", "25", "--seed", "11", "--slice")
    assert {name: done.counts.get(name) for name in ("lost", "duplicated", "stuck")} == {
        "lost": 0,
        "duplicated": 0,
        "stuck": 0,
    }, done.told[-4000:]
    assert done.code == 0
    assert done.counts["kills"] >= 20, "hardly anything was killed: that proves nothing"
