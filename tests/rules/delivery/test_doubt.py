"""When silence is proof enough: each condition alone keeps a message from being sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recado.messages.content import MessageClass
from recado.messages.doubt_rules import (
    AskPerson,
    DoubtCase,
    DoubtRules,
    ExpireInDoubt,
    KeepWaiting,
    PresumeLost,
    channel_trusted,
    class_allows,
    judge_doubt,
)

DOUBT = datetime(2026, 11, 23, 12, tzinfo=UTC)
STARTED = DOUBT - timedelta(seconds=12)
RULES = DoubtRules()
LOST = DoubtCase(
    message_class=MessageClass.UTILITY,
    started_at=STARTED,
    doubt_at=DOUBT,
    waited_from=None,
    created_at=STARTED - timedelta(seconds=1),
    expires_at=None,
    soft=False,
    no_id=False,
    echoes_proven=True,
    trusted_since=DOUBT - timedelta(hours=1),
    echo_p999_s=0.0,
)


def after(seconds: float) -> datetime:
    return DOUBT + timedelta(seconds=seconds)


@pytest.mark.parametrize(("age", "verdict"), [(119.9, KeepWaiting()), (120, PresumeLost())])
def test_with_every_condition_met_only_the_age_decides(age: float, verdict: object) -> None:
    assert judge_doubt(LOST, RULES, after(age)) == verdict


@pytest.mark.parametrize(("age", "verdict"), [(19.9, KeepWaiting()), (20, PresumeLost())])
def test_an_error_that_hints_at_not_sent_needs_less_patience(age: float, verdict: object) -> None:
    assert judge_doubt(replace(LOST, soft=True), RULES, after(age)) == verdict


def test_the_short_patience_is_never_longer_than_the_window() -> None:
    hasty = DoubtRules(window_s=5, lease_s=1, margin_s=1)
    assert judge_doubt(replace(LOST, soft=True), hasty, after(5)) == PresumeLost()


def test_a_person_who_waits_starts_the_clock_again() -> None:
    waiting = replace(LOST, waited_from=after(100))
    assert judge_doubt(waiting, RULES, after(219)) == KeepWaiting()
    assert judge_doubt(waiting, RULES, after(220)) == PresumeLost()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"message_class": MessageClass.AUTHENTICATION}, "class"),
        ({"message_class": MessageClass.MARKETING}, "class"),
        ({"message_class": MessageClass.SESSION}, "class"),
        ({"trusted_since": None}, "tainted"),
        ({"trusted_since": DOUBT}, "tainted"),
        ({"no_id": True}, "no_id"),
    ],
)
def test_each_condition_alone_asks_a_person_once_the_window_is_over(
    change: dict[str, object], why: str
) -> None:
    case = replace(LOST, **change)  # type: ignore[arg-type]
    assert judge_doubt(case, RULES, after(119.9)) == KeepWaiting()
    assert judge_doubt(case, RULES, after(120)) == AskPerson(why=why)
    assert judge_doubt(replace(case, soft=True), RULES, after(60)) == KeepWaiting()


def test_without_a_newer_echo_it_waits_twice_as_long_before_it_asks() -> None:
    case = replace(LOST, echoes_proven=False)
    assert judge_doubt(case, RULES, after(120)) == KeepWaiting()
    assert judge_doubt(case, RULES, after(239.9)) == KeepWaiting()
    assert judge_doubt(case, RULES, after(240)) == AskPerson(why="unproven")


@pytest.mark.parametrize("age", [0, 500])
def test_its_time_being_over_comes_before_everything_else(age: float) -> None:
    case = replace(LOST, no_id=True, expires_at=after(age))
    assert judge_doubt(case, RULES, after(age)) == ExpireInDoubt()
    assert judge_doubt(case, RULES, after(age - 0.1)) != ExpireInDoubt()


def test_the_window_is_longer_than_leases_and_slow_echoes() -> None:
    assert RULES.window(0) == 120
    assert RULES.window(39) == 120
    assert RULES.window(41) == 123
    assert DoubtRules(lease_s=100).window(0) == 160
    assert DoubtRules(window_s=1, lease_s=30, margin_s=60).window(0) == 90


def test_the_defaults_are_the_promise() -> None:
    named = (RULES.window_s, RULES.lease_s, RULES.margin_s, RULES.proof_s, RULES.cooldown_s)
    assert named == (120, 30, 60, 30, 600)
    assert (RULES.before_s, RULES.soft_s, RULES.session_s, RULES.patience_s) == (5, 20, 60, 3600)


def test_a_chat_reply_is_sent_again_only_while_it_is_fresh() -> None:
    reply = replace(LOST, message_class=MessageClass.SESSION, created_at=DOUBT)
    assert class_allows(reply, RULES, after(60))
    assert not class_allows(reply, RULES, after(60.1))
    assert class_allows(replace(reply, message_class=MessageClass.UTILITY), RULES, after(99_999))
    assert class_allows(replace(reply, message_class=MessageClass.MARKETING), RULES, after(0)) is False


def test_the_door_must_have_been_open_since_before_the_send_and_its_cool_down() -> None:
    edge = STARTED - timedelta(seconds=605)
    assert not channel_trusted(replace(LOST, trusted_since=edge), RULES)
    assert channel_trusted(replace(LOST, trusted_since=edge - timedelta(milliseconds=1)), RULES)
    assert channel_trusted(replace(LOST, trusted_since=None), RULES) is False
