"""GCRA arithmetic: never faster than promised, never slower than needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.messages.pace import (
    RECOVERY_S,
    SLOW_FOR,
    Pace,
    next_slot,
    pair_backoff,
    retry_backoff,
    room,
    slowed,
    spend,
)

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

paces = st.builds(
    Pace,
    interval_s=st.sampled_from([1 / 1000, 1 / 80, 1 / 20, 1 / 3, 1.0, 6.0, 0.1]),
    burst=st.integers(1, 60),
)
steps = st.lists(st.tuples(st.floats(0, 30, allow_nan=False), st.integers(1, 80)), min_size=1, max_size=40)


def play(pace: Pace, wishes: list[tuple[float, int]]) -> list[tuple[datetime, int]]:
    """How many leave at each wish, asking for as many as there is room for."""
    now, tat = START, EPOCH
    left: list[tuple[datetime, int]] = []
    for pause, wanted in wishes:
        now += timedelta(seconds=pause)
        count = room(pace, tat, now, wanted)
        tat = spend(pace, tat, now, count)
        left.append((now, count))
    return left


@given(paces, steps)
def test_no_window_ever_holds_more_than_burst_plus_rate(pace: Pace, wishes: list[tuple[float, int]]) -> None:
    left = play(pace, wishes)
    for start in range(len(left)):
        count = 0
        for moment, leaving in left[start:]:
            count += leaving
            span = (moment - left[start][0]) / pace.interval
            assert count <= pace.burst + span + 1e-6


@given(paces, steps)
def test_the_next_slot_has_room_and_the_instant_before_has_none(
    pace: Pace, wishes: list[tuple[float, int]]
) -> None:
    tat = EPOCH
    now = START
    for pause, wanted in wishes:
        now += timedelta(seconds=pause)
        tat = spend(pace, tat, now, room(pace, tat, now, wanted))
        slot = next_slot(pace, tat, now)
        assert slot >= now
        assert room(pace, tat, slot, 1) == 1
        if slot > now:
            assert room(pace, tat, slot - timedelta(microseconds=1), 1) == 0
        else:
            assert room(pace, tat, now, 1) == 1


@given(paces, st.integers(1, 5))
def test_whoever_waits_for_each_slot_reaches_the_full_rate(pace: Pace, rounds: int) -> None:
    now, tat = START, EPOCH
    for _ in range(pace.burst + rounds):
        now = next_slot(pace, tat, now)
        assert room(pace, tat, now, 1) == 1
        tat = spend(pace, tat, now, 1)
    assert now - START <= pace.interval * rounds + timedelta(microseconds=pace.burst)


def test_a_pause_gives_back_the_burst_and_no_more() -> None:
    pace = Pace(interval_s=0.05, burst=10)
    assert room(pace, EPOCH, START, 100) == 10
    spent = spend(pace, EPOCH, START, 10)
    assert room(pace, spent, START, 100) == 0
    assert room(pace, spent, START + timedelta(seconds=0.05), 100) == 1
    assert room(pace, spent, START + timedelta(days=1), 100) == 10


def test_no_interval_means_no_limit_and_nothing_wanted_means_nothing() -> None:
    free = Pace(interval_s=0, burst=1)
    assert room(free, START + timedelta(days=1), START, 500) == 500
    assert room(free, EPOCH, START, 0) == 0
    assert room(Pace(interval_s=1, burst=5), EPOCH, START, -3) == 0


@given(st.floats(0.05, 1), st.floats(0, 59.9), st.floats(0, 20))
def test_a_slowed_lane_only_ever_gets_faster_again(factor: float, early: float, more: float) -> None:
    until = START + SLOW_FOR
    first = slowed(80, factor, until, START + timedelta(seconds=early))
    second = slowed(80, factor, until, START + timedelta(seconds=early + more))
    assert 80 * factor <= first + 1e-9
    assert first <= second + 1e-9
    assert second <= 80 + 1e-9


def test_a_slowed_lane_keeps_the_factor_until_recovery_and_is_whole_at_the_end() -> None:
    until = START + SLOW_FOR
    assert slowed(80, 0.5, until, START) == 40
    assert slowed(80, 0.5, until, until - timedelta(seconds=RECOVERY_S)) == 40
    assert slowed(80, 0.5, until, until - timedelta(seconds=RECOVERY_S / 2)) == pytest.approx(60)
    assert slowed(80, 0.5, until, until) == 80
    assert slowed(80, 0.5, None, START) == 80


def test_how_long_a_number_is_slow_is_part_of_the_promise() -> None:
    assert timedelta(seconds=60) == SLOW_FOR
    assert RECOVERY_S == 30


def test_pair_backoff_is_four_to_the_n_with_a_ceiling() -> None:
    assert [pair_backoff(n).total_seconds() for n in (0, 1, 2, 3, 4, 5, 9)] == [4, 4, 16, 64, 256, 1024, 1024]


@given(st.integers(0, 40), st.floats(0, 1))
def test_retry_backoff_stays_within_its_jitter_and_five_minutes(tries: int, jitter: float) -> None:
    base = min(2.0 ** min(tries, 9), 300.0)
    assert 0.75 * base - 1e-6 <= retry_backoff(tries, jitter).total_seconds() <= 1.25 * base + 1e-6


def test_each_send_moves_the_time_by_one_interval_from_now_or_from_what_was_spent_already() -> None:
    pace = Pace(interval_s=2, burst=5)
    assert spend(pace, EPOCH, START, 0) == EPOCH
    assert spend(pace, EPOCH, START, 1) == START + timedelta(seconds=2)
    ahead = START + timedelta(seconds=3)
    assert spend(pace, ahead, START, 1) == ahead + timedelta(seconds=2)
    assert spend(pace, ahead, START, 4) == ahead + timedelta(seconds=8)


def test_no_factor_makes_a_lane_quicker_than_it_is() -> None:
    for factor in (1, 1.5, 3):
        assert slowed(80, factor, START + SLOW_FOR, START) == 80
