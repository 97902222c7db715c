"""The 24-hour window, times of the provider, addresses, and how old an event may be to cause anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recado.conversations.model import Address, clamp_time, window_close
from recado.inbound.reactions import STALE_AFTER, may_react

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def test_the_window_is_a_day_less_one_minute_from_the_earlier_of_both_times() -> None:
    open_for = timedelta(hours=23, minutes=59)
    assert window_close(NOW, NOW) == NOW + open_for
    assert window_close(NOW - timedelta(hours=2), NOW) == NOW - timedelta(hours=2) + open_for
    assert window_close(NOW + timedelta(hours=2), NOW) == NOW + open_for
    assert window_close(None, NOW) == NOW + open_for


def test_a_clock_may_be_five_minutes_ahead_and_no_more() -> None:
    edge = NOW + timedelta(minutes=5)
    assert clamp_time(edge, NOW) == edge
    assert clamp_time(edge + TICK, NOW) == NOW
    assert clamp_time(NOW - timedelta(days=9), NOW) == NOW - timedelta(days=9)
    assert clamp_time(None, NOW) == NOW


def test_a_providers_user_id_goes_before_the_phone() -> None:
    both = Address("+5520955500111", "BR.123")
    assert (both.key, both.text) == (("bsuid", "BR.123"), "BR.123")
    phone = Address("+5520955500111", None)
    assert (phone.key, phone.text) == (("phone", "5520955500111"), "+5520955500111")
    nobody = Address(None, None)
    assert (nobody.key, nobody.text) == (("phone", ""), "")


@pytest.mark.parametrize(("age", "may"), [(-TICK, True), (timedelta(0), True), (TICK, False)])
def test_ten_minutes_is_the_last_moment_at_which_an_event_may_cause_anything(
    age: timedelta, may: bool
) -> None:
    assert may_react(NOW - timedelta(minutes=10) - age, NOW) is may
    assert timedelta(minutes=10) == STALE_AFTER
    assert may_react(NOW + timedelta(hours=1), NOW) is True
