"""What an accepted message looks like, and everything around its content."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from recado.messages.content import (
    Draft,
    Kind,
    MarkRead,
    MessageClass,
    needs_window,
    parse_draft,
    parse_mark_read,
    preview,
)
from recado.messages.content.examples import EXAMPLES

TO = "+5520955500111"


def accepted(payload: Any, kind: str | None = None) -> Draft:
    result = parse_draft(payload, kind)
    assert isinstance(result, Draft), result
    return result


def refused(payload: Any, kind: str | None = None) -> list[tuple[str, str]]:
    result = parse_draft(payload, kind)
    assert isinstance(result, list)
    return [(item.field, item.rule) for item in result]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_accepted_and_its_content_is_only_the_message(name: str) -> None:
    payload = EXAMPLES[name]
    draft = accepted(payload)
    kind = payload["type"]
    assert draft.kind == kind
    assert list(draft.content) == ["type", kind]
    assert draft.content["type"] == kind
    # Parsing what is stored again changes nothing.
    again = accepted({"to": TO} | draft.content)
    assert again.content == draft.content
    json.dumps(draft.content, allow_nan=False)


def test_a_missing_type_means_text_as_it_does_at_meta() -> None:
    assert accepted({"to": TO, "text": {"body": "Oi"}}).kind is Kind.TEXT


def test_a_missing_type_beside_another_object_is_told() -> None:
    assert refused({"to": TO, "image": {"id": "1"}}) == [("type", "required")]


def test_the_route_decides_the_kind_and_the_type_has_to_agree() -> None:
    assert accepted({"to": TO, "image": {"id": "1"}}, "image").kind is Kind.IMAGE
    assert ("type", "not_allowed") in refused({"to": TO, "type": "text"}, "image")
    audio = {"to": TO, "type": "audio", "audio": {"id": "1"}}
    assert accepted(audio, "media").kind is Kind.AUDIO
    assert refused({"to": TO, "audio": {"id": "1"}}, "media") == [("type", "required")]
    assert refused({"to": TO, "type": "text", "text": {"body": "x"}}, "media")[0] == (
        "type",
        "not_allowed",
    )


def test_content_is_normalised() -> None:
    template = {
        "name": "cupom",
        "language": {"code": "pt_BR", "policy": None},
        "components": [
            {
                "type": "BUTTON",
                "sub_type": "COPY_CODE",
                "index": 1,
                "parameters": [{"type": "coupon_code", "coupon_code": "AURORA20"}],
            }
        ],
    }
    content = accepted({"to": TO, "type": "template", "template": template}).content
    assert content["template"]["language"] == {"code": "pt_BR"}
    button = content["template"]["components"][0]
    assert (button["type"], button["sub_type"], button["index"]) == ("button", "copy_code", "1")
    place = {"latitude": "-23.5505", "longitude": "-46.6333"}
    draft = accepted({"to": TO, "type": "location", "location": place})
    assert draft.content["location"] == {"latitude": -23.5505, "longitude": -46.6333}


def test_open_objects_keep_their_nulls() -> None:
    payload = json.loads(json.dumps(EXAMPLES["interactive_flow"]))
    parameters = payload["interactive"]["action"]["parameters"]
    parameters["flow_action_payload"]["data"] = {"nome": None, "Idade": 1.5, "lista": [None, {}]}
    kept = accepted(payload).content["interactive"]["action"]["parameters"]
    assert kept["flow_action_payload"]["data"] == {"nome": None, "Idade": 1.5, "lista": [None, {}]}


def test_own_fields_arrive_in_the_draft() -> None:
    payload = EXAMPLES["text_with_preview"] | {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "scheduled_at": "2026-11-24T08:00:00-03:00",
        "expires_at": "2026-11-24T12:00:00Z",
        "priority": "low",
        "class": "utility",
        "phone_number_id": "700000000000011",
    }
    draft = accepted(payload)
    assert draft.phone == TO
    assert draft.bsuid is None
    assert draft.context_wamid == payload["context"]["message_id"]
    assert draft.scheduled_at == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert draft.expires_at == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert draft.priority == 2
    assert draft.message_class is MessageClass.UTILITY
    assert draft.client_reference == "agenda-4711"
    assert draft.phone_number_id == "700000000000011"


def test_the_class_follows_the_kind_when_nobody_says_it() -> None:
    assert accepted(EXAMPLES["template"]).message_class is MessageClass.UTILITY
    assert accepted(EXAMPLES["image"]).message_class is MessageClass.SESSION
    assert refused(EXAMPLES["template"] | {"class": "session"}) == [("class", "not_allowed")]
    assert refused(EXAMPLES["template"] | {"class": "spam"}) == [("class", "not_allowed")]
    assert refused(EXAMPLES["template"] | {"class": ["utility"]}) == [("class", "wrong_type")]


@pytest.mark.parametrize(
    ("given", "number"), [("high", 0), ("normal", 1), ("low", 2), (0, 0), (2, 2), (None, 1)]
)
def test_priorities_have_names_and_numbers(given: Any, number: int) -> None:
    assert accepted(EXAMPLES["text"] | {"priority": given}).priority == number


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"messaging_product": "sms"}, "messaging_product", "not_allowed"),
        ({"recipient_type": "group"}, "recipient_type", "not_allowed"),
        ({"context": "wamid.x"}, "context", "wrong_type"),
        ({"context": {}}, "context.message_id", "required"),
        ({"context": {"message_id": "x", "from": "y"}}, "context.from", "unknown_field"),
        ({"scheduled_at": "2026-11-24T08:00:00"}, "scheduled_at", "bad_format"),
        ({"scheduled_at": "2026-13-24T08:00:00Z"}, "scheduled_at", "bad_format"),
        ({"scheduled_at": 1_796_000_000}, "scheduled_at", "wrong_type"),
        ({"scheduled_at": "0001-01-01T00:00:00+14:00"}, "scheduled_at", "out_of_range"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at", "out_of_range"),
        (
            {"scheduled_at": "2026-11-24T08:00:00Z", "expires_at": "2026-11-24T08:00:00Z"},
            "expires_at",
            "bad_order",
        ),
        ({"priority": True}, "priority", "wrong_type"),
        ({"priority": 1.0}, "priority", "wrong_type"),
        ({"client_reference": 5}, "client_reference", "wrong_type"),
        ({"phone_number_id": "a b"}, "phone_number_id", "bad_format"),
        ({"biz_opaque_callback_data": "x"}, "biz_opaque_callback_data", "not_allowed"),
        ({"recipient_identity_key_hash": "x"}, "recipient_identity_key_hash", "not_allowed"),
        ({"agendar": "x"}, "agendar", "unknown_field"),
        ({"type": "poll"}, "type", "not_allowed"),
        ({"type": 1}, "type", "wrong_type"),
    ],
)
def test_each_field_of_the_envelope_names_its_broken_rule(
    change: dict[str, Any], field: str, rule: str
) -> None:
    assert refused(EXAMPLES["text"] | change) == [(field, rule)]


def test_the_callback_field_of_meta_points_to_the_reference() -> None:
    (found,) = parse_draft(EXAMPLES["text"] | {"biz_opaque_callback_data": "x"}, None)  # type: ignore[misc]
    assert "client_reference" in found.message


def test_only_templates_leave_outside_the_window() -> None:
    assert [kind for kind in Kind if not needs_window(kind)] == [Kind.TEMPLATE]


# --------------------------------------------------------------------------- mark as read


def test_both_forms_of_mark_read_are_taken() -> None:
    assert parse_mark_read({"message_id": "wamid.x"}) == MarkRead(message_id="wamid.x", typing=False)
    meta = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}
    assert parse_mark_read(meta) == MarkRead(message_id="wamid.x", typing=False)
    typing = MarkRead(message_id="wamid.x", typing=True)
    assert parse_mark_read(meta | {"typing_indicator": {"type": "text"}}) == typing
    assert parse_mark_read({"message_id": "wamid.x", "typing": True}) == typing


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ([], [("", "wrong_type")]),
        ({}, [("message_id", "required")]),
        ({"message_id": ""}, [("message_id", "too_short")]),
        ({"message_id": "x" * 1025}, [("message_id", "too_long")]),
        (
            {"message_id": "x", "status": "delivered", "typing": 1, "to": "y"},
            [("status", "not_allowed"), ("typing", "wrong_type"), ("to", "unknown_field")],
        ),
        ({"message_id": "x", "typing_indicator": True}, [("typing_indicator", "not_allowed")]),
    ],
)
def test_mark_read_names_what_is_wrong(payload: Any, expected: list[tuple[str, str]]) -> None:
    found = parse_mark_read(payload)
    assert isinstance(found, list)
    assert [(item.field, item.rule) for item in found] == expected


# --------------------------------------------------------------------------- previews


@pytest.mark.parametrize(
    ("content", "pt", "en"),
    [
        ({"type": "text", "text": {"body": "Oi,\n Marina"}}, "Oi, Marina", "Oi, Marina"),
        ({"type": "image", "image": {"id": "1"}}, "📷 Foto", "📷 Photo"),
        ({"type": "image", "image": {"caption": "Sala"}}, "📷 Foto: Sala", "📷 Photo: Sala"),
        ({"type": "audio", "audio": {"voice": True}}, "🎤 Mensagem de voz", "🎤 Voice message"),
        ({"type": "contacts", "contacts": [{}, {}]}, "👤 2 contatos", "👤 2 contacts"),
        ({"type": "reaction", "reaction": {"emoji": ""}}, "Removeu a reação", "Removed a reaction"),
        (
            {"type": "template", "template": {"name": "lembrete"}},
            "📋 Modelo: lembrete",
            "📋 Template: lembrete",
        ),
        (
            {"type": "interactive", "interactive": {"button_reply": {"title": "Confirmar"}}},
            "Confirmar",
            "Confirmar",
        ),
        (
            {"type": "interactive", "interactive": {"type": "list"}},
            "📃 Lista de opções",
            "📃 List of options",
        ),
        ({"type": "button", "button": {"text": "Sim"}}, "Sim", "Sim"),
        ({"type": "unsupported"}, "Mensagem", "Message"),
        ({}, "Mensagem", "Message"),
    ],
)
def test_a_preview_says_what_it_is_in_both_languages(content: dict[str, Any], pt: str, en: str) -> None:
    assert preview(content, "pt-BR") == pt
    assert preview(content, "en") == en


def test_a_preview_is_one_short_line() -> None:
    long = preview({"type": "text", "text": {"body": "palavra " * 100}}, "pt-BR")
    assert len(long) <= 160
    assert long.endswith("…")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_has_a_preview(name: str) -> None:
    for locale in ("pt-BR", "en", "en-GB", "xx"):
        assert preview(accepted(EXAMPLES[name]).content, locale) not in ("", "Mensagem", "Message")
