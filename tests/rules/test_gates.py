"""Which gate speaks first, and every verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recado.kit.reasons import Reason
from recado.messages.gates import Expire, Fail, GateInput, Go, Hold, Simulate, Skip, Wait, judge
from recado.messages.pace import Pace, spend

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PAIR = Pace(interval_s=6, burst=3)
SECOND = timedelta(seconds=1)

FINE = GateInput(
    mode="enabled",
    free_form=True,
    expires_at=NOW + timedelta(hours=1),
    window_until=NOW + timedelta(hours=1),
    pair_tat=EPOCH,
    pair_blocked_until=None,
    media_ready=True,
    media_retry_at=NOW + 2 * SECOND,
    earlier_retry_at=NOW + SECOND,
)
FULL_PAIR = spend(PAIR, EPOCH, NOW, 3)
# Each breaks one gate, in the order in which they must object.
OBJECTIONS: list[tuple[dict[str, Any], Any]] = [
    ({"expires_at": NOW}, Expire()),
    ({"kind_stopped": True}, Hold(reason=Reason.KILL_SWITCH)),
    ({"mode": "disabled"}, Skip(reason=Reason.TENANT_DISABLED)),
    ({"window_until": NOW}, Skip(reason=Reason.WINDOW_CLOSED)),
    ({"mode": "dry_run"}, Simulate()),
    ({"media_refused": Reason.MEDIA_REFUSED}, Fail(reason=Reason.MEDIA_REFUSED)),
    ({"template_stopped": Reason.TEMPLATE_PAUSED}, Hold(reason=Reason.TEMPLATE_PAUSED)),
    ({"earlier_open": True}, Wait(until=NOW + SECOND, reason=Reason.EARLIER_MESSAGE)),
    ({"media_ready": False}, Wait(until=NOW + 2 * SECOND, reason=Reason.MEDIA_PENDING)),
    ({"pair_blocked_until": NOW + 4 * SECOND}, Wait(until=NOW + 4 * SECOND, reason=Reason.PAIR_PACE)),
    ({"pair_tat": FULL_PAIR}, Wait(until=NOW + 6 * SECOND, reason=Reason.PAIR_PACE)),
]


def test_what_breaks_no_gate_goes() -> None:
    assert judge(FINE, PAIR, NOW) == Go()


@pytest.mark.parametrize(("change", "verdict"), OBJECTIONS)
def test_each_gate_objects_alone(change: dict[str, Any], verdict: Any) -> None:
    assert judge(replace(FINE, **change), PAIR, NOW) == verdict


@pytest.mark.parametrize("first", range(len(OBJECTIONS)))
def test_an_earlier_gate_decides_whatever_the_later_ones_say(first: int) -> None:
    broken = FINE
    for change, _ in reversed(OBJECTIONS[first:]):
        broken = replace(broken, **change)
    verdict = judge(broken, PAIR, NOW)
    expected = OBJECTIONS[first][1]
    if isinstance(expected, Wait):
        assert isinstance(verdict, Wait)
        assert verdict.reason is expected.reason
    else:
        assert verdict == expected


def test_a_template_needs_no_window() -> None:
    closed = replace(FINE, free_form=False, window_until=EPOCH)
    assert judge(closed, PAIR, NOW) == Go()


def test_the_last_instants_still_count() -> None:
    last = replace(
        FINE,
        expires_at=NOW + timedelta(microseconds=1),
        window_until=NOW + timedelta(microseconds=1),
        pair_blocked_until=NOW,
    )
    assert judge(last, PAIR, NOW) == Go()


def test_a_message_without_deadline_never_expires() -> None:
    assert judge(replace(FINE, expires_at=None), PAIR, NOW) == Go()
