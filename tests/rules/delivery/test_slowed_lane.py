"""A number that was told to slow down slows down at once: the slower pace brings no burst of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recado.kit.ids import NumberId, TenantId, uuid4
from recado.messages.claim import LaneState
from recado.messages.pace import room, spend

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def lane(tat: datetime, *, factor: float = 1.0, burst: int = 20) -> LaneState:
    return LaneState(
        tenant_id=TenantId(uuid4()),
        number_id=NumberId(uuid4()),
        rate_per_s=80,
        burst=burst,
        pair_interval_s=6,
        pair_burst=40,
        tat=tat,
        slow_factor=factor,
        slow_until=NOW + timedelta(seconds=60),
        fence=1,
        probing=False,
        mode="enabled",
    )


@pytest.mark.parametrize("factor", [0.5, 0.25, 0.05])
def test_a_lane_that_used_its_burst_has_no_room_when_it_is_slowed(factor: float) -> None:
    full = lane(NOW).pace(NOW)
    tat = spend(full, NOW, NOW, full.burst)
    assert room(full, tat, NOW, 99) == 0
    assert room(lane(tat, factor=factor).pace(NOW), tat, NOW, 99) == 0


@pytest.mark.parametrize(("factor", "burst"), [(1.0, 20), (0.5, 10), (0.25, 5), (0.05, 1)])
def test_the_burst_shrinks_with_the_pace(factor: float, burst: int) -> None:
    slow = lane(NOW, factor=factor).pace(NOW)
    assert slow.burst == burst
    assert slow.interval_s == pytest.approx(1 / (80 * factor))


def test_one_message_may_always_leave_after_its_interval() -> None:
    slow = lane(NOW, factor=0.05, burst=1).pace(NOW)
    assert room(slow, NOW, NOW, 99) == 1
    after = spend(slow, NOW, NOW, 1)
    assert room(slow, after, NOW + slow.interval, 99) == 1
