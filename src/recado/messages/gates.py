"""Checks before a message may leave. Pure: everything they need is in the row and in `now`.

Order matters: what ends a message comes before what makes it wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recado.kit.reasons import Reason
from recado.messages.pace import Pace, next_slot, room


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """Leave now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Never leave, and why."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Expire:
    """Its time is over before it could leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulate:
    """Dry run: everything but the last step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """It can never leave: something it needs was refused for good."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Not now; look again at `until`."""

    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Its kind was stopped by somebody, or its template by the provider: out of the line until it may leave."""

    reason: Reason


Verdict = Hold | Go | Skip | Expire | Simulate | Fail | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class GateInput:
    """What the gates look at."""

    mode: str
    free_form: bool
    expires_at: datetime | None
    window_until: datetime
    pair_tat: datetime
    pair_blocked_until: datetime | None
    media_refused: Reason | None = None
    media_ready: bool
    media_retry_at: datetime
    earlier_open: bool = False
    kind_stopped: bool = False
    template_stopped: Reason | None = None
    earlier_retry_at: datetime


def judge(row: GateInput, pair: Pace, now: datetime) -> Verdict:
    """The first gate that objects decides."""
    return _end(row, now) or _wait(row, pair, now) or Go()


def _end(row: GateInput, now: datetime) -> Verdict | None:
    """What takes it out of the line."""
    if row.expires_at is not None and row.expires_at <= now:
        return Expire()
    if row.kind_stopped:
        return Hold(reason=Reason.KILL_SWITCH)
    if row.mode == "disabled":
        return Skip(reason=Reason.TENANT_DISABLED)
    if row.free_form and row.window_until <= now:
        return Skip(reason=Reason.WINDOW_CLOSED)
    if row.mode == "dry_run":
        return Simulate()
    if row.media_refused is not None:
        return Fail(reason=row.media_refused)
    if row.template_stopped is not None:
        return Hold(reason=row.template_stopped)
    return None


def _wait(row: GateInput, pair: Pace, now: datetime) -> Wait | None:
    if row.earlier_open:
        # Order per recipient: the one before is not settled yet, or in strict mode has not arrived.
        # No use looking again before the pair has room: a long line would be rewritten over and over.
        slot = next_slot(pair, row.pair_tat, now)
        return Wait(until=max(row.earlier_retry_at, slot), reason=Reason.EARLIER_MESSAGE)
    if not row.media_ready:
        return Wait(until=row.media_retry_at, reason=Reason.MEDIA_PENDING)
    if row.pair_blocked_until is not None and row.pair_blocked_until > now:
        return Wait(until=row.pair_blocked_until, reason=Reason.PAIR_PACE)
    if room(pair, row.pair_tat, now, 1) == 0:
        return Wait(until=next_slot(pair, row.pair_tat, now), reason=Reason.PAIR_PACE)
    return None
