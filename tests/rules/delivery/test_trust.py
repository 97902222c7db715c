"""Who vouches for the webhook door: silence is proof only while somebody does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recado.inbound.receivers import BACKLOG_S, BEAT_S, TOLERANCE_S, Trust

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=3)


def trust(*, alive: bool = True, lag_s: float = 0, since: datetime | None = SINCE) -> Trust:
    return Trust(now=NOW, since=since, alive=alive, lag_s=lag_s)


def test_a_living_receiver_without_backlog_vouches_since_it_began() -> None:
    assert trust().healthy_since() == SINCE
    assert trust(since=None).healthy_since() is None


def test_a_dead_receiver_vouches_for_nothing() -> None:
    assert trust(alive=False).healthy_since() is None
    assert trust(alive=False, lag_s=9).healthy_since() is None


@pytest.mark.parametrize(("lag_s", "since"), [(4.999, SINCE), (5, None), (60, None)])
def test_an_echo_may_be_among_the_bodies_that_wait(lag_s: float, since: datetime | None) -> None:
    assert trust(lag_s=lag_s).healthy_since() == since


def test_how_much_backlog_is_too_much_may_be_said() -> None:
    assert trust(lag_s=4).healthy_since(2) is None
    assert trust(lag_s=1).healthy_since(2) == SINCE


def test_a_gap_is_three_beats_long_and_a_backlog_five_seconds() -> None:
    assert (BEAT_S, TOLERANCE_S, BACKLOG_S) == (1, 3, 5)
