"""What is answered and stored when a message is taken: its first state, its deadline, its place in line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from recado.kit.ids import ContactId, ConversationId, MessageId, NumberId
from recado.messages.accept import (
    DEFAULT_LIFE,
    BadReference,
    KeyReused,
    Replayed,
    Request,
    WindowClosed,
    _check_windows,
    _columns,
    _drop_untimely,
    _judge_repeat,
    _Pending,
    _places,
    first_answer,
)
from recado.messages.content import Draft, Kind, MessageClass, Violation

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DRAFT = Draft(
    kind=Kind.TEXT,
    content={"type": "text", "text": {"body": "Olá, Marina!"}},
    phone="+5520955500111",
    bsuid=None,
    message_class=MessageClass.UTILITY,
    client_reference="consulta-7",
)
TALK = ConversationId(UUID(int=4))


def request(number: int = 1, draft: Draft = DRAFT, **changes: Any) -> Request:
    usual = Request(
        id=MessageId(UUID(int=number)), draft=draft, number_id=NumberId(UUID(int=3)), request_hash=b"h"
    )
    return replace(usual, **changes)


def pending(asked: Request | None = None, **changes: Any) -> _Pending:
    one = asked or request()
    made = _Pending(one, first_answer(one, NOW), content=one.draft.content)
    made.contact_id = ContactId(UUID(int=5))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


# --------------------------------------------------------------------------- the answer


def test_the_answer_of_a_message_that_was_taken() -> None:
    assert first_answer(request(), NOW) == {
        "id": "00000000-0000-0000-0000-000000000001",
        "status": "pending",
        "state": "queued",
        "reason": None,
        "to": "+5520955500111",
        "type": "text",
        "client_reference": "consulta-7",
        "created_at": "2026-11-23T12:00:00+00:00",
        "timeline_url": "/api/v1/messages/00000000-0000-0000-0000-000000000001",
    }


@pytest.mark.parametrize(
    ("at", "state"), [(NOW - TICK, "queued"), (NOW, "queued"), (NOW + TICK, "scheduled")]
)
def test_only_what_is_for_later_is_scheduled(at: datetime, state: str) -> None:
    assert first_answer(request(draft=replace(DRAFT, scheduled_at=at)), NOW)["state"] == state


def test_whom_it_is_for_is_said_in_the_words_it_was_asked_in() -> None:
    assert first_answer(request(draft=replace(DRAFT, phone=None, bsuid="BR.1")), NOW)["to"] == "BR.1"


def test_the_same_key_with_the_same_body_is_the_same_answer_and_else_a_mistake() -> None:
    assert _judge_repeat(request(), b"h", {"id": "x"}) == Replayed(answer={"id": "x"})
    assert _judge_repeat(request(), b"h", None) == Replayed(answer={})
    assert _judge_repeat(request(), b"other", {"id": "x"}) == KeyReused()
    assert _judge_repeat(request(), None, {"id": "x"}) == KeyReused()


# --------------------------------------------------------------------------- refusals that leave no trace


def test_what_was_asked_for_too_late_is_refused_and_the_others_are_not() -> None:
    broken = Violation(
        field="scheduled_at", rule="past", limit=None, length=None, message="scheduled_at: past"
    )
    late, fine = pending(request(1, untimely=(broken,))), pending(request(2))
    verdicts: dict[MessageId, Any] = {}
    assert _drop_untimely([late, fine], verdicts) == [fine]
    assert verdicts == {late.request.id: BadReference(violations=[broken])}


FREE_LATER = replace(DRAFT, scheduled_at=NOW + TICK)
TEMPLATE = replace(DRAFT, kind=Kind.TEMPLATE)


@pytest.mark.parametrize(
    ("draft", "window", "goes"),
    [
        (DRAFT, NOW + TICK, True),
        (DRAFT, NOW, False),
        (DRAFT, None, False),
        (replace(DRAFT, scheduled_at=NOW), None, False),
        (FREE_LATER, None, True),
        (TEMPLATE, None, True),
    ],
)
def test_free_words_need_an_open_window_now(draft: Draft, window: datetime | None, goes: bool) -> None:
    one = pending(request(draft=draft), window_until=window)
    verdicts: dict[MessageId, Any] = {}
    assert _check_windows(NOW, [one], verdicts) == ([one] if goes else [])
    assert verdicts == ({} if goes else {one.request.id: WindowClosed()})


# --------------------------------------------------------------------------- what is stored


def test_how_long_each_class_may_wait_when_nobody_says() -> None:
    hours = {each.value: life.total_seconds() / 3600 for each, life in DEFAULT_LIFE.items()}
    assert hours == {"authentication": 1 / 6, "utility": 24, "session": 24, "marketing": 24}


@pytest.mark.parametrize(
    ("scheduled", "due"),
    [(None, NOW), (NOW - TICK, NOW), (NOW + timedelta(hours=2), NOW + timedelta(hours=2))],
)
def test_the_deadline_is_counted_from_when_it_may_leave(scheduled: datetime | None, due: datetime) -> None:
    columns = _columns(NOW, [pending(request(draft=replace(DRAFT, scheduled_at=scheduled)))])
    assert columns["due"] == [due]
    assert columns["expires"] == [due + timedelta(hours=24)]
    assert columns["scheduled"] == [scheduled]


def test_a_deadline_that_was_asked_for_holds() -> None:
    asked = NOW + timedelta(minutes=3)
    assert _columns(NOW, [pending(request(draft=replace(DRAFT, expires_at=asked)))])["expires"] == [asked]


def test_every_column_of_what_is_stored() -> None:
    one = pending(conversation_id=TALK, context_wamid="wamid.Q", media_ref="med_a")
    other = pending(
        request(2, replace(TEMPLATE, phone=None, bsuid="BR.1", priority=9, client_reference=None))
    )
    assert _columns(NOW, [one, other]) == {
        "ids": [one.request.id, other.request.id],
        "number_ids": [NumberId(UUID(int=3))] * 2,
        "conversation_ids": [TALK, None],
        "contact_ids": [ContactId(UUID(int=5))] * 2,
        "kinds": ["text", "template"],
        "classes": ["utility", "utility"],
        "contents": [DRAFT.content, DRAFT.content],
        "previews": ["Olá, Marina!", "Olá, Marina!"],
        "recipients": ["+5520955500111", "BR.1"],
        "contexts": ["wamid.Q", None],
        "references": ["consulta-7", None],
        "priorities": [DRAFT.priority, 9],
        "scheduled": [None, None],
        "expires": [NOW + timedelta(hours=24)] * 2,
        "due": [NOW, NOW],
        "free": [True, False],
        "media_refs": ["med_a", None],
    }


def test_each_new_pair_begins_one_conversation_and_the_others_go_on() -> None:
    first, again = pending(request(1)), pending(request(2))
    elsewhere = pending(request(3, number_id=NumberId(UUID(int=30))))
    known = pending(request(4), conversation_id=TALK)
    places = _places(NOW, [first, again, elsewhere, known])
    assert places["new_number_ids"] == [NumberId(UUID(int=3)), NumberId(UUID(int=30))]
    assert places["new_contact_ids"] == [ContactId(UUID(int=5))] * 2
    assert len(set(places["new_ids"])) == 2
    assert places["known_ids"] == [TALK]
