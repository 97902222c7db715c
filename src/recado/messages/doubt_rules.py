"""When an unanswered send may be tried again. Pure; this is the heart of "never silently duplicated".

Evidence that it was accepted arrives elsewhere (an echo, a late answer). Here is only the other question:
when is the *absence* of evidence proof enough?
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recado.messages.content import MessageClass


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtRules:
    """Durations in seconds; the defaults are the promise, tests scale them down together."""

    window_s: float = 120.0
    lease_s: float = 30.0
    margin_s: float = 60.0
    proof_s: float = 30.0
    cooldown_s: float = 600.0
    before_s: float = 5.0
    soft_s: float = 20.0
    session_s: float = 60.0
    # One echo that came hours late, after an outage, makes the window of its lane as many hours: nobody
    # may send again before, but people are asked no later than this.
    patience_s: float = 3600.0

    def window(self, echo_p999_s: float) -> float:
        """W: longer than any lease, and than three times this lane's slowest echoes."""
        return max(self.window_s, 3 * echo_p999_s, self.lease_s + self.margin_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtCase:
    """One attempt whose outcome nobody knows."""

    message_class: MessageClass
    started_at: datetime
    doubt_at: datetime
    waited_from: datetime | None
    created_at: datetime
    expires_at: datetime | None
    soft: bool
    no_id: bool
    echoes_proven: bool
    trusted_since: datetime | None
    echo_p999_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepWaiting:
    """Too early to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresumeLost:
    """Every condition holds: send again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPerson:
    """Nobody can tell; `why` is `class`, `tainted`, `unproven`, `slow_echoes` or `no_id`."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireInDoubt:
    """Its time is over and the outcome stays unknown."""


DoubtVerdict = KeepWaiting | PresumeLost | AskPerson | ExpireInDoubt


def class_allows(case: DoubtCase, rules: DoubtRules, now: datetime) -> bool:
    """One-time codes and campaigns never; a chat reply only while it is fresh; utility under the rule."""
    if case.message_class is MessageClass.UTILITY:
        return True
    if case.message_class is MessageClass.SESSION:
        return now - case.created_at <= timedelta(seconds=rules.session_s)
    return False


def channel_trusted(case: DoubtCase, rules: DoubtRules) -> bool:
    """No moment since shortly before the send in which an echo could have knocked in vain, cool-down included."""
    if case.trusted_since is None:
        return False
    clean_from = case.trusted_since + timedelta(seconds=rules.cooldown_s)
    return case.started_at - timedelta(seconds=rules.before_s) > clean_from


def judge_doubt(case: DoubtCase, rules: DoubtRules, now: datetime) -> DoubtVerdict:
    """The rule of the resolver, in order: deadline, age, class, taint, proof."""
    if case.expires_at is not None and case.expires_at <= now:
        return ExpireInDoubt()
    age_s = (now - (case.waited_from or case.doubt_at)).total_seconds()
    window_s = rules.window(case.echo_p999_s)
    ask_s = min(window_s, rules.patience_s)
    if case.no_id:
        return AskPerson(why="no_id") if age_s >= ask_s else KeepWaiting()
    allowed = class_allows(case, rules, now)
    trusted = channel_trusted(case, rules)
    lost = allowed and trusted and case.echoes_proven
    if lost and age_s >= (min(rules.soft_s, window_s) if case.soft else window_s):
        return PresumeLost()
    if age_s < ask_s:
        return KeepWaiting()
    if not allowed:
        return AskPerson(why="class")
    if not trusted:
        return AskPerson(why="tainted")
    if age_s < min(2 * window_s, rules.patience_s):
        return KeepWaiting()
    return AskPerson(why="slow_echoes" if case.echoes_proven else "unproven")
