"""Which messages may be sent anew, and what the new one says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from recado.errors import Conflict
from recado.kit.ids import ContactId, ConversationId, MessageId, NumberId, TenantId
from recado.messages.accept import Request
from recado.messages.content import Kind, MessageClass
from recado.messages.model import MessageRow, State
from recado.messages.resending import may_send_again, request_for

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD = MessageRow(
    tenant_id=TenantId(UUID(int=1)),
    id=MessageId(UUID(int=2)),
    direction="out",
    number_id=NumberId(UUID(int=3)),
    phone_number_id="106000000000023",
    conversation_id=ConversationId(UUID(int=4)),
    contact_id=ContactId(UUID(int=5)),
    kind="text",
    message_class="utility",
    content={"type": "text", "text": {"body": "Olá, Marina!"}},
    preview="Olá, Marina!",
    recipient="+5520955500111",
    client_reference="consulta-7",
    scheduled_at=None,
    expires_at=None,
    state="failed",
    reason=None,
    reason_code=None,
    reason_detail=None,
    wamid=None,
    accepted_at=None,
    sent_at=None,
    delivered_at=None,
    read_at=None,
    failed_at=None,
    created_at=NOW,
    outbox_state=None,
    outbox_due_at=None,
    outbox_tries=None,
    lane_reason=None,
    lane_kill=False,
    tenant_kill=False,
)
ENDED = {"rejected", "failed", "expired", "skipped", "cancelled", "discarded", "simulated"}


def asked(**changes: Any) -> Request:
    made = request_for(replace(OLD, **changes), NOW)
    assert isinstance(made, Request)
    return made


@pytest.mark.parametrize("state", list(State))
def test_only_what_ended_without_arriving_may_be_sent_anew(state: State) -> None:
    assert may_send_again(state.value) is (state.value in ENDED)
    if state.value in ENDED:
        assert asked(state=state.value)
    else:
        with pytest.raises(Conflict) as refused:
            request_for(replace(OLD, state=state.value), NOW)
        assert refused.value.code == "not_resendable"


def test_nobody_sends_anew_what_came_in() -> None:
    with pytest.raises(Conflict, match=r"^only a message that ended without arriving can be sent again$"):
        request_for(replace(OLD, direction="in"), NOW)


def test_the_new_one_is_the_same_words_to_the_same_person_by_the_same_number() -> None:
    made = asked()
    assert made.id != OLD.id
    assert made.number_id == OLD.number_id
    draft = made.draft
    assert (draft.kind, draft.phone, draft.bsuid) == (Kind.TEXT, "+5520955500111", None)
    assert draft.content["text"] == {"body": "Olá, Marina!"}
    assert (draft.message_class, draft.client_reference) == (MessageClass.UTILITY, "consulta-7")
    assert (draft.scheduled_at, draft.expires_at) == (None, None)


def test_asked_twice_it_is_one_message() -> None:
    first, second = asked(), asked()
    assert first.idempotency_key == second.idempotency_key == f"resend:{OLD.id}"
    assert first.request_hash == second.request_hash == OLD.id.bytes


def test_a_person_known_by_the_providers_id_is_asked_for_by_it() -> None:
    draft = asked(recipient="BR.13491208655302741918").draft
    assert (draft.phone, draft.bsuid) == (None, "BR.13491208655302741918")


def test_without_a_class_or_a_reference_the_rules_of_a_first_request_hold() -> None:
    draft = asked(message_class=None, client_reference=None).draft
    assert (draft.message_class, draft.client_reference) == (MessageClass.SESSION, None)


def test_the_kind_is_the_contents_own_and_else_the_rows() -> None:
    content = {"text": {"body": "Olá"}}
    assert asked(content=content, kind="text").draft.kind is Kind.TEXT
    renamed = asked(kind="template", content={"type": "text", "text": {"body": "Olá"}})
    assert renamed.draft.kind is Kind.TEXT


def test_what_cannot_be_said_any_more_is_told_as_broken_rules() -> None:
    broken = request_for(replace(OLD, content={"type": "text", "text": {"body": ""}}), NOW)
    assert isinstance(broken, list)
    assert broken
    nobody = request_for(replace(OLD, recipient=None), NOW)
    assert isinstance(nobody, list)
