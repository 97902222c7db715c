"""From rows to what people see: state, why, and what may be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from recado.kit.reason_texts import ReasonText
from recado.messages.listing import ListRow
from recado.messages.listing_one import Heard
from recado.messages.model import AttemptRow, EventRow, State, effective
from recado.messages.resending import may_send_again
from recado.web.panel.screens import messages_words as words
from recado.web.panel.visitor import Visitor
from recado.web.panel.words import _

_WAITING = frozenset({State.SCHEDULED, State.QUEUED, State.HELD})
_DOUBT = frozenset({State.IN_DOUBT, State.NEEDS_DECISION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message in a list, or at the head of its page. `blocked` names why an action is not possible now; `said`
    are its words, when the row itself has only a summary of them."""

    row: ListRow
    state: State
    why: ReasonText | None
    blocked: dict[str, str | None]
    said: str = field(default="", repr=False)

    @property
    def who(self) -> str:
        return self.row.name or ""

    @property
    def address(self) -> str:
        return self.row.phone or self.row.recipient or ""

    @property
    def by_phone(self) -> bool:
        return self.address.startswith("+")

    @property
    def moment(self) -> datetime:
        """When it happens or happened, for the last column."""
        if self.state is State.SCHEDULED and self.row.scheduled_at is not None:
            return self.row.scheduled_at
        return self.row.accepted_at or self.row.created_at

    @property
    def wants_somebody(self) -> bool:
        return self.row.attention or self.state is State.NEEDS_DECISION

    def may(self, action: str) -> bool:
        return self.blocked[action] is None

    @property
    def in_doubt(self) -> bool:
        return self.state in _DOUBT

    def refusals(self) -> list[tuple[str, str, str]]:
        """What cannot be done and why: word, action, reason."""
        names = {"resend": _("Reenviar"), "cancel": _("Cancelar"), "discard": _("Descartar")}
        if self.in_doubt:
            names = {"decide": _("Decidir")}
        return [(name, action, why) for action, name in names.items() if (why := self.blocked[action])]


def line(row: ListRow, now: datetime, visitor: Visitor, words_of: Mapping[UUID, str] | None = None) -> Line:
    state, reason = effective(row, now)
    return Line(
        row=row,
        state=state,
        why=words.reason(str(reason) if reason is not None else None),
        blocked={
            "resend": _why_not_resend(row, state, visitor),
            "cancel": _why_not_cancel(state, visitor),
            "discard": _why_not_discard(row, state, visitor),
            "decide": _why_not_decide(state, visitor),
        },
        said=(words_of or {}).get(row.id, ""),
    )


def _no_right(visitor: Visitor, right: str) -> str | None:
    return None if visitor.allowed(right) else _("Seu papel só permite olhar.")


def _why_not_resend(row: ListRow, state: State, visitor: Visitor) -> str | None:
    if (why := _no_right(visitor, "messages.resend")) is not None:
        return why
    if state in _DOUBT:
        return _("Está em dúvida: primeiro é preciso saber se saiu, para não duplicar.")
    if state in _WAITING or state is State.SENDING:
        return _("Ainda está a caminho.")
    return None if may_send_again(row.state) else _("Já foi entregue à Meta; reenviar duplicaria.")


def _why_not_cancel(state: State, visitor: Visitor) -> str | None:
    if (why := _no_right(visitor, "messages.cancel")) is not None:
        return why
    return None if state in _WAITING else _("Só dá para cancelar o que ainda não saiu.")


def _why_not_discard(row: ListRow, state: State, visitor: Visitor) -> str | None:
    if (why := _no_right(visitor, "messages.discard")) is not None:
        return why
    if state in _DOUBT:
        return _("Está em dúvida: decida primeiro.")
    return None if row.attention else _("Esta mensagem não espera por ninguém.")


def _why_not_decide(state: State, visitor: Visitor) -> str | None:
    if (why := _no_right(visitor, "messages.decide")) is not None:
        return why
    return None if state in _DOUBT else _("Não está em dúvida.")


# --------------------------------------------------------------------------- the story


@dataclass(slots=True, kw_only=True)
class Step:
    """One thing that happened. `times`: how many webhooks told it. `late`: told after something that came later."""

    kind: str
    label: str
    icon: str
    tone: str
    at: datetime
    recorded_at: datetime
    why: ReasonText | None = None
    note: str = ""
    delta_s: float | None = None
    late: bool = False
    times: int = 1
    said: str = field(default="", repr=False)
    data: dict[str, Any] = field(default_factory=dict)


def story(
    events: Sequence[EventRow],
    attempts: Sequence[AttemptRow],
    again: Mapping[int, int] | None = None,
    heard: Heard | None = None,
) -> list[Step]:
    """In the order in which it happened. `again`: repetitions by number of the event; `heard`: the person's answer."""
    repeated = again or {}
    steps = [_of_event(event, 1 + repeated.get(event.seq, 0)) for event in events]
    steps += [_of_attempt(attempt) for attempt in attempts]
    told = sorted(steps, key=lambda step: step.recorded_at)
    newest: datetime | None = None
    for step in told:
        if step.kind.startswith("status."):
            step.late = newest is not None and step.at < newest
            newest = max(newest or step.at, step.at)
    if heard is not None:
        steps.append(_of_answer(heard))
    steps.sort(key=_place)
    for before, after in pairwise(steps):
        after.delta_s = (after.at - before.at).total_seconds()
    return steps


_TOLD_LAST = ("status.sent", "status.delivered", "status.read", "status.played", "person.answered")


def _place(step: Step) -> tuple[datetime, int, datetime, datetime]:
    """Providers tell whole seconds: within one second what they tell comes after what we did, in its own order."""
    told = _TOLD_LAST.index(step.kind) + 1 if step.kind in _TOLD_LAST else 0
    return step.at.replace(microsecond=0), told, step.at, step.recorded_at


def _of_event(event: EventRow, times: int) -> Step:
    label, icon, tone = words.event(event.kind)
    data = event.data or {}
    return Step(
        kind=event.kind,
        label=label,
        icon=icon,
        tone=tone,
        at=event.at,
        recorded_at=event.recorded_at,
        why=words.reason(data.get("reason")),
        times=times,
        data=data,
    )


def _of_answer(heard: Heard) -> Step:
    label, icon, tone = words.event("person.answered")
    return Step(
        kind="person.answered",
        label=label,
        icon=icon,
        tone=tone,
        at=heard.at,
        recorded_at=heard.at,
        said=heard.preview or words.kind(heard.kind),
    )


def _of_attempt(attempt: AttemptRow) -> Step:
    label, icon, tone = words.event("attempt.started")
    note = _("%(n)sª tentativa", n=attempt.n)
    if attempt.elapsed_ms is not None:
        note += " · " + _("resposta em %(ms)s ms", ms=attempt.elapsed_ms)
    return Step(
        kind="attempt.started",
        label=label,
        icon=icon,
        tone=tone,
        at=attempt.started_at,
        recorded_at=attempt.started_at,
        note=note,
    )
