"""What is kept of a decision to send again: everything the rule looked at, and what it is judged by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from recado.kit.ids import ConversationId, MessageId, NumberId, TenantId
from recado.messages.content import MessageClass
from recado.messages.doubt import Decision, Doubt, _case, _proof
from recado.messages.doubt_rules import DoubtCase, DoubtRules

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
ID = UUID(int=1)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


ROW = Doubt(
    tenant_id=TenantId(ID),
    message_id=MessageId(ID),
    number_id=NumberId(ID),
    conversation_id=ConversationId(ID),
    message_class="utility",
    expires_at=after(900),
    token=ID,
    n=1,
    started_at=START,
    doubt_at=after(12),
    waited_from=after(20),
    probed_at=None,
    soft=False,
    no_id=False,
    created_at=after(-3),
    recipient="+5520955500111",
    proof_token=UUID(int=9),
    proof_echo_at=after(100),
    now=after(200),
)


def test_the_case_is_the_row_and_what_is_known_of_its_lane() -> None:
    assert _case(ROW, after(-9000), 41.0) == DoubtCase(
        message_class=MessageClass.UTILITY,
        started_at=START,
        doubt_at=after(12),
        waited_from=after(20),
        created_at=after(-3),
        expires_at=after(900),
        soft=False,
        no_id=False,
        echoes_proven=True,
        trusted_since=after(-9000),
        echo_p999_s=41.0,
    )


def test_without_a_later_attempt_that_echoed_nothing_is_proven() -> None:
    case = _case(replace(ROW, proof_token=None, proof_echo_at=None, soft=True, no_id=True), None, 0)
    assert case.echoes_proven is False
    assert (case.soft, case.no_id, case.trusted_since) == (True, True, None)


def test_the_proof_names_everything_that_was_looked_at() -> None:
    assert _proof(ROW, _case(ROW, after(-9000), 50.0), DoubtRules()) == {
        "rule": "window",
        "judged_at": "2026-11-23T12:03:20+00:00",
        "started_at": "2026-11-23T12:00:00+00:00",
        "doubt_at": "2026-11-23T12:00:12+00:00",
        "window_s": 150.0,
        "trusted_since": "2026-11-23T09:30:00+00:00",
        "cooldown_s": 600.0,
        "before_s": 5.0,
        "watermark_attempt": str(UUID(int=9)),
        "watermark_echo_at": "2026-11-23T12:01:40+00:00",
        "class": "utility",
    }


def test_a_proof_without_trust_or_echo_says_so() -> None:
    row = replace(ROW, soft=True, proof_echo_at=None)
    proof = _proof(row, _case(row, None, 0), DoubtRules())
    assert (proof["rule"], proof["trusted_since"], proof["watermark_echo_at"]) == ("soft", None, None)


def test_what_a_person_may_decide() -> None:
    assert {each.value for each in Decision} == {"resend", "abandon", "wait"}
