"""The repository in memory: the same operations as the SQL files, over the same pure rules.

`test_differential.py` runs the same histories here and on PostgreSQL and wants the same states.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice, takewhile
from uuid import UUID

from tests.simulation.rows import Attempt, Lane, Stored, Talk, Waiting

from recado.kit.ids import AttemptToken
from recado.messages.claim import Candidate, Detail, DueRow, Intent, LaneState, decide, share
from recado.messages.content import MessageClass
from recado.messages.doubt_rules import (
    AskPerson,
    DoubtCase,
    DoubtRules,
    DoubtVerdict,
    ExpireInDoubt,
    PresumeLost,
    judge_doubt,
)
from recado.messages.statuses import LockedMessage, StatusItem, fold_all

NewToken = Callable[[], AttemptToken]


class Store:
    """Each method is one transaction: all of it or, when the caller never gets here, nothing."""

    def __init__(self) -> None:
        self.lanes: dict[tuple[UUID, UUID], Lane] = {}
        self.talks: list[Talk] = []
        self.messages: dict[UUID, Stored] = {}
        self.open: dict[UUID, Stored] = {}
        self.attempts: dict[UUID, Attempt] = {}
        self.by_lane: dict[tuple[UUID, UUID], list[Attempt]] = {}
        self.events: set[tuple[UUID, bytes]] = set()
        self.incidents: set[UUID] = set()
        self.kill_switch = False
        self.tenant_kill: set[UUID] = set()

    # ------------------------------------------------------------------ accept, cancel

    def accept(self, message: Stored, now: datetime) -> None:
        message.waiting = Waiting(due_at=now, since=now)
        self.messages[message.id] = message
        self.open[message.id] = message

    def cancel(self, message: Stored) -> bool:
        if message.waiting is None or message.waiting.state != 0:
            return False
        self.close(message)
        message.state, message.reason, message.reason_code = "cancelled", "cancelled", None
        return True

    def close(self, message: Stored) -> None:
        message.waiting = None
        self.open.pop(message.id, None)

    # ------------------------------------------------------------------ claim

    def claim(self, now: datetime, most: int, lease_s: float, new_token: NewToken) -> list[Intent]:
        busy = [lane.seen("enabled") for lane in self._busy(now)]
        quotas = share(busy, now, most)
        rows = [row for lane, quota in quotas.items() for row in self._due_rows(lane, quota, now)]
        plan = decide(rows, quotas, {}, now, new_token)
        for row, state, reason in plan.unsent:
            message = self.messages[row.due.message_id]
            self.close(message)
            message.state, message.reason = state, reason.value if reason else None
        for row, until in plan.later:
            self._waiting(row.due.message_id).due_at = until
        for intent in plan.intents:
            self._intend(intent, now, lease_s)
        if plan.intents:
            self._advance(plan.lane_tats, plan.pair_tats, plan.probing, now, now + timedelta(seconds=lease_s))
        return plan.intents

    def _waiting(self, message_id: UUID) -> Waiting:
        waiting = self.messages[message_id].waiting
        assert waiting is not None
        return waiting

    def _busy(self, now: datetime) -> list[Lane]:
        due = {
            message.lane.key
            for message in self.open.values()
            if message.waiting and message.waiting.state == 0 and message.waiting.due_at <= now
        }
        return [
            lane
            for key, lane in sorted(self.lanes.items())
            if key in due
            and not (self.kill_switch or lane.kill_switch or lane.tenant_id in self.tenant_kill)
            and (lane.paused_reason is None or (lane.paused_until is not None and lane.paused_until <= now))
        ]

    def _due_rows(self, lane: LaneState, quota: int, now: datetime) -> list[Candidate]:
        found = [
            (message.priority, message.waiting.due_at, message.id, message, message.waiting)
            for message in self.open.values()
            if message.waiting is not None
            and message.lane.key == (lane.tenant_id, lane.number_id)
            and message.waiting.state == 0
            and message.waiting.due_at <= now
        ]
        found.sort(key=lambda one: one[:3])
        return [self._candidate(message, waiting) for *_, message, waiting in found[:quota]]

    def _candidate(self, message: Stored, waiting: Waiting) -> Candidate:
        lane, talk = message.lane, message.talk
        due = DueRow(
            tenant_id=lane.tenant_id,
            message_id=message.id,
            number_id=lane.number_id,
            conversation_id=talk.conversation_id,
            message_class=message.message_class,
            free_form=message.free_form,
            expires_at=message.expires_at,
            tries=waiting.tries,
            media_ref=None,
            fence=0,
        )
        detail = Detail(
            message_id=message.id,
            content={},
            context_wamid=None,
            contact_id=talk.contact_id,
            window_until=talk.window_until,
            pair_tat=talk.pair_tat,
            pair_blocked_until=talk.pair_blocked_until,
            pair_tries=talk.pair_tries,
            recipient=talk.recipient,
            blocked=self._blocked(message, waiting),
            attempts=len(message.attempts),
        )
        return Candidate(due=due, detail=detail)

    def _blocked(self, message: Stored, waiting: Waiting) -> bool:
        return message.ordered and any(
            other.ordered
            and other.talk is message.talk
            and other.waiting is not None
            and (
                other.waiting.state in {1, 2}
                or (
                    other.waiting.state == 0 and (other.waiting.since, other.id) < (waiting.since, message.id)
                )
            )
            for other in self.open.values()
        )

    def _intend(self, intent: Intent, now: datetime, lease_s: float) -> None:
        message = self.messages[intent.row.due.message_id]
        assert not any(one.state in {"intent", "in_doubt"} for one in message.attempts), "attempt_one_open"
        waiting = self._waiting(message.id)
        if message.ordered:
            assert not self._other_in_flight(message), "outbox_one_in_flight"
        waiting.state, waiting.token = 1, intent.token
        waiting.tries += 1
        waiting.lease_until = now + timedelta(seconds=lease_s)
        attempt = Attempt(token=intent.token, message=message, n=intent.n, started_at=now)
        message.attempts.append(attempt)
        self.attempts[intent.token] = attempt
        self.by_lane.setdefault(message.lane.key, []).append(attempt)

    def _other_in_flight(self, message: Stored) -> bool:
        return any(
            other is not message
            and other.ordered
            and other.talk is message.talk
            and other.waiting is not None
            and other.waiting.state in {1, 2}
            for other in self.open.values()
        )

    def _advance(
        self,
        lane_tats: dict,  # type: ignore[type-arg]
        pair_tats: dict,  # type: ignore[type-arg]
        probing: set,  # type: ignore[type-arg]
        now: datetime,
        hold_until: datetime,
    ) -> None:
        for talk in self.talks:
            tat = pair_tats.get((talk.tenant_id, talk.conversation_id))
            talk.pair_tat = tat or talk.pair_tat
        for key, tat in lane_tats.items():
            lane = self.lanes[key]
            lane.tat = tat
            if lane.slow_until is not None and lane.slow_until <= now:
                lane.slow_factor = 1.0
            if key in probing:
                lane.paused_until = hold_until

    # ------------------------------------------------------------------ rescue, resolve, decide

    def rescue(self, now: datetime) -> list[Stored]:
        lost = []
        for message in self.open.values():
            waiting = message.waiting
            if waiting is None or waiting.state != 1 or waiting.lease_until is None:
                continue
            if waiting.lease_until < now:
                waiting.state, waiting.lease_until = 2, None
                lost.append(message)
                attempt = message.attempts[-1]
                if attempt.state == "intent":
                    attempt.state, attempt.doubt_at = "in_doubt", now
                self.set_message(message, "in_doubt", "in_doubt_no_answer")
        return lost

    def set_message(self, message: Stored, state: str, reason: str | None = None) -> None:
        if message.rank == 0:
            message.state, message.reason = state, reason

    def resolve(
        self, rules: DoubtRules, trusted_since: datetime | None, now: datetime
    ) -> list[tuple[Stored, DoubtVerdict]]:
        done = []
        for message in sorted(self.open.values(), key=lambda one: (one.lane.tenant_id, one.id)):
            if message.waiting is None or message.waiting.state != 2:
                continue
            attempt = message.attempts[-1]
            if attempt.state != "in_doubt":
                continue
            verdict = judge_doubt(self.case(attempt, rules, trusted_since, now), rules, now)
            self._apply(message, attempt, verdict, now)
            done.append((message, verdict))
        for message in list(self.open.values()):
            if message.waiting and message.waiting.state == 3 and message.expires_at <= now:
                self._apply(message, message.attempts[-1], ExpireInDoubt(), now)
        return done

    def _apply(self, message: Stored, attempt: Attempt, verdict: DoubtVerdict, now: datetime) -> None:
        match verdict:
            case PresumeLost():
                self.presume_lost(message, attempt, now)
            case AskPerson():
                self._waiting(message.id).state = 3
                self.set_message(message, "needs_decision", "needs_decision")
            case ExpireInDoubt():
                self.close(message)
                self.set_message(message, "expired_in_doubt", "expired_in_doubt")

    def presume_lost(self, message: Stored, attempt: Attempt, now: datetime) -> None:
        if attempt.state != "in_doubt":
            return
        attempt.state = "presumed_lost"
        waiting = self._waiting(message.id)
        waiting.state, waiting.token, waiting.lease_until, waiting.due_at = 0, None, None, now
        self.set_message(message, "queued", "presumed_lost")

    def case(
        self, attempt: Attempt, rules: DoubtRules, trusted_since: datetime | None, now: datetime
    ) -> DoubtCase:
        message = attempt.message
        lane = self.by_lane[message.lane.key]
        assert attempt.doubt_at is not None
        proof_until = now - timedelta(seconds=rules.proof_s)
        doubt_at = attempt.doubt_at
        later = takewhile(lambda one: one.started_at > doubt_at, reversed(lane))
        proven = any(one.echo_at is not None and one.echo_at <= proof_until for one in later)
        return DoubtCase(
            message_class=MessageClass(message.message_class),
            started_at=attempt.started_at,
            doubt_at=attempt.doubt_at,
            waited_from=attempt.waited_from,
            created_at=message.created_at,
            expires_at=message.expires_at,
            soft=attempt.soft,
            no_id=attempt.no_id,
            echoes_proven=proven,
            trusted_since=trusted_since,
            echo_p999_s=slowest(lane),
        )

    def decided(self, message: Stored, decision: str, now: datetime) -> bool:
        waiting = message.waiting
        if waiting is None or waiting.state not in {2, 3}:
            return False
        if decision == "resend" and message.expires_at <= now:
            return False
        match decision:
            case "resend":
                self.presume_lost(message, message.attempts[-1], now)
            case "abandon":
                self.close(message)
                self.set_message(message, "discarded", "decision_abandoned")
            case "wait" if waiting.state == 3:
                waiting.state, message.ordered = 2, False
                message.attempts[-1].waited_from = now
                self.set_message(message, "in_doubt", "in_doubt_no_answer")
        return True

    # ------------------------------------------------------------------ statuses

    def hear(self, item: StatusItem, now: datetime) -> None:
        """One status that brought an attempt's token."""
        attempt = self.attempts.get(item.token) if item.token else None
        if attempt is None:
            return
        message = attempt.message
        if attempt.state != "accepted":
            attempt.state = "accepted"
            attempt.echo_at = attempt.echo_at or now
            self.close(message)
            self.note_duplicates(message)
        attempt.echo_at = attempt.echo_at or now
        if (item.tenant_id, item.key) in self.events:
            return
        self.events.add((item.tenant_id, item.key))
        row = LockedMessage(
            tenant_id=message.lane.tenant_id,
            id=message.id,
            state=message.state,
            rank=message.rank,
            reason=message.reason,
            reason_code=message.reason_code,
        )
        standing = fold_all(row, [item]).standing
        message.state, message.rank = standing.state.value, standing.rank
        message.reason = str(standing.reason) if standing.reason is not None else None
        message.reason_code = standing.reason_code

    def note_duplicates(self, message: Stored) -> None:
        if sum(one.state == "accepted" for one in message.attempts) > 1:
            self.incidents.add(message.id)


def slowest(lane: list[Attempt]) -> float:
    """The slowest thousandth of the latest thousand echoes."""
    latest = islice((one for one in reversed(lane) if one.echo_at is not None), 1000)
    delays = sorted((one.echo_at - one.started_at).total_seconds() for one in latest if one.echo_at)
    return delays[math.ceil(0.999 * len(delays)) - 1] if delays else 0.0
