"""One echo that came hours late must not make people wait days before they are asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from recado.messages.content import MessageClass
from recado.messages.doubt_rules import (
    AskPerson,
    DoubtCase,
    DoubtRules,
    KeepWaiting,
    PresumeLost,
    judge_doubt,
)

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = DoubtRules()
CASE = DoubtCase(
    message_class=MessageClass.UTILITY,
    started_at=START,
    doubt_at=START,
    waited_from=None,
    created_at=START,
    expires_at=None,
    soft=False,
    no_id=False,
    echoes_proven=True,
    trusted_since=START - timedelta(days=1),
    # After an outage of our door one echo of this lane took six hours: the window becomes eighteen.
    echo_p999_s=6 * 3600.0,
)


def after(**delta: float) -> datetime:
    return START + timedelta(**delta)


def test_a_lane_with_one_very_late_echo_asks_a_person_within_the_patience() -> None:
    assert judge_doubt(CASE, RULES, after(minutes=59)) == KeepWaiting()
    assert judge_doubt(CASE, RULES, after(minutes=61)) == AskPerson(why="slow_echoes")


def test_patience_never_shortens_the_wait_before_sending_again() -> None:
    assert judge_doubt(CASE, RULES, after(hours=17)) == AskPerson(why="slow_echoes")
    assert judge_doubt(CASE, RULES, after(hours=18)) == PresumeLost()


def test_what_cannot_go_again_is_asked_within_the_patience_too() -> None:
    for case, why in (
        (replace(CASE, message_class=MessageClass.MARKETING), "class"),
        (replace(CASE, trusted_since=None), "tainted"),
        (replace(CASE, echoes_proven=False), "unproven"),
        (replace(CASE, no_id=True), "no_id"),
    ):
        assert judge_doubt(case, RULES, after(minutes=59)) == KeepWaiting()
        assert judge_doubt(case, RULES, after(minutes=61)) == AskPerson(why=why)


def test_an_ordinary_lane_is_asked_after_the_window_and_twice_the_window() -> None:
    quick = replace(CASE, echo_p999_s=2.0, echoes_proven=False)
    assert judge_doubt(replace(quick, trusted_since=None), RULES, after(seconds=121)) == AskPerson(
        why="tainted"
    )
    assert judge_doubt(quick, RULES, after(seconds=121)) == KeepWaiting()
    assert judge_doubt(quick, RULES, after(seconds=241)) == AskPerson(why="unproven")
