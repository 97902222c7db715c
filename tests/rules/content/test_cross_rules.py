"""Rules that compare fields, and the promise that every broken one is told."""

from __future__ import annotations

from typing import Any

import pytest

from recado.messages.content import Violation


def pairs(found: list[Violation]) -> list[tuple[str, str]]:
    return [(item.field, item.rule) for item in found]


def test_every_broken_rule_of_a_message_is_told_at_once(broken: Any) -> None:
    button = {"type": "reply", "reply": {"id": "sim", "title": "Um título longo demais"}}
    payload = {
        "to": "20 95550-0111",
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": "x" * 1025},
            "footer": {"texto": "oi"},
            "action": {"buttons": [button] * 4},
        },
        "priority": "urgent",
        "scheduled_at": "amanhã",
        "biz_opaque_callback_data": "meu-id",
        "bcc": "+16505550100",
    }
    title = "interactive.action.buttons[{}].reply.title"
    assert pairs(broken(payload)) == [
        ("to", "bad_format"),
        ("interactive.body.text", "too_long"),
        ("interactive.footer.text", "required"),
        ("interactive.footer.texto", "unknown_field"),
        ("interactive.action.buttons", "too_many"),
        (title.format(0), "too_long"),
        (title.format(1), "too_long"),
        (title.format(2), "too_long"),
        ("interactive.action.buttons[1].reply.id", "not_unique"),
        ("interactive.action.buttons[2].reply.id", "not_unique"),
        ("interactive.action.buttons[3].reply.id", "not_unique"),
        (title.format(1), "not_unique"),
        (title.format(2), "not_unique"),
        (title.format(3), "not_unique"),
        ("scheduled_at", "bad_format"),
        ("priority", "not_allowed"),
        ("biz_opaque_callback_data", "not_allowed"),
        ("bcc", "unknown_field"),
    ]


ONE_RULE: list[tuple[str, str, Any, str, str]] = [
    # example, path to change, new value (... removes), field named, rule
    ("image", "image.link", "https://www.example.com/a.jpg", "image", "exactly_one"),
    ("image", "image.id", ..., "image", "exactly_one"),
    ("audio", "audio.caption", "oi", "audio.caption", "unknown_field"),
    ("sticker", "sticker.caption", "oi", "sticker.caption", "unknown_field"),
    ("video", "video.link", "ftp://www.example.com/a.mp4", "video.link", "bad_format"),
    ("video", "video.link", "http://[::1", "video.link", "bad_format"),
    ("text", "text.body", 7, "text.body", "wrong_type"),
    ("text", "text.preview_url", "true", "text.preview_url", "wrong_type"),
    ("text", "text", "oi", "text", "wrong_type"),
    ("text", "text", ..., "text", "required"),
    ("text", "image", {"id": "1"}, "image", "not_allowed"),
    ("location", "location.latitude", "norte", "location.latitude", "bad_format"),
    ("location", "location.latitude", True, "location.latitude", "wrong_type"),
    ("location", "location.latitude", ..., "location.latitude", "required"),
    ("contacts", "contacts", {}, "contacts", "wrong_type"),
    ("contacts", "contacts[0].name.first_name", ..., "contacts[0].name", "required"),
    ("contacts", "contacts[0].name", ..., "contacts[0].name", "required"),
    ("contacts", "contacts[0].org.company", ..., "contacts[0].org", "required"),
    ("contacts", "contacts[0].birthday", "2026-02-30", "contacts[0].birthday", "bad_format"),
    ("contacts", "contacts[0].birthday", "30/11/1990", "contacts[0].birthday", "bad_format"),
    ("contacts", "contacts[0].emails[0].email", "x", "contacts[0].emails[0].email", "bad_format"),
    ("reaction", "reaction.emoji", "ok", "reaction.emoji", "bad_format"),
    ("reaction", "reaction.emoji", "👍👍", "reaction.emoji", "bad_format"),
    ("reaction", "reaction.emoji", ..., "reaction.emoji", "required"),
    ("reaction", "context", {"message_id": "wamid.x"}, "context", "not_allowed"),
    ("interactive_button", "interactive.type", "menu", "interactive.type", "not_allowed"),
    ("interactive_button", "interactive.type", ..., "interactive.type", "required"),
    ("interactive_button", "interactive.type", 3, "interactive.type", "wrong_type"),
    ("interactive_button", "interactive", [], "interactive", "wrong_type"),
    (
        "interactive_button",
        "interactive.header",
        {"type": "location", "text": "x"},
        "interactive.header.type",
        "not_allowed",
    ),
    (
        "interactive_list",
        "interactive.action.sections[0].title",
        ...,
        "interactive.action.sections[0].title",
        "required",
    ),
    (
        "interactive_list",
        "interactive.action.sections[1].rows[0].id",
        "h:09",
        "interactive.action.sections[1].rows[0].id",
        "not_unique",
    ),
    (
        "interactive_flow",
        "interactive.action.parameters.flow_name",
        "ficha",
        "interactive.action.parameters",
        "exactly_one",
    ),
    (
        "interactive_flow",
        "interactive.action.parameters.flow_action",
        "data_exchange",
        "interactive.action.parameters.flow_action_payload",
        "not_allowed",
    ),
    (
        "interactive_flow",
        "interactive.action.parameters.flow_message_version",
        "2",
        "interactive.action.parameters.flow_message_version",
        "not_allowed",
    ),
    (
        "interactive_location_request",
        "interactive.footer",
        {"text": "x"},
        "interactive.footer",
        "unknown_field",
    ),
    ("interactive_product_list", "interactive.header", ..., "interactive.header", "required"),
    (
        "interactive_carousel",
        "interactive.action.cards[1].card_index",
        0,
        "interactive.action.cards[1].card_index",
        "not_unique",
    ),
    (
        "interactive_carousel",
        "interactive.action.cards[1].action",
        {"buttons": [{"type": "quick_reply", "quick_reply": {"id": "a", "title": "A"}}]},
        "interactive.action.cards[1]",
        "not_allowed",
    ),
    (
        "interactive_carousel",
        "interactive.footer",
        {"text": "x"},
        "interactive.footer",
        "unknown_field",
    ),
    ("template", "template.name", "Boas Vindas", "template.name", "bad_format"),
    ("template", "template.language.code", "português", "template.language.code", "bad_format"),
    ("template", "template.language", ..., "template.language", "required"),
    (
        "template_named",
        "template.components[0].parameters[1].parameter_name",
        ...,
        "template.components[0].parameters[1].parameter_name",
        "required",
    ),
    (
        "template_named",
        "template.components[0].parameters[1].parameter_name",
        "nome",
        "template.components[0].parameters[1].parameter_name",
        "not_unique",
    ),
    (
        "template_quick_reply",
        "template.components[2].index",
        0,
        "template.components[2].index",
        "not_unique",
    ),
    (
        "template_quick_reply",
        "template.components[2].index",
        10,
        "template.components[2].index",
        "wrong_type",
    ),
    (
        "template_quick_reply",
        "template.components[2].index",
        ...,
        "template.components[2].index",
        "required",
    ),
    (
        "template_quick_reply",
        "template.components[2].sub_type",
        "phone",
        "template.components[2].sub_type",
        "not_allowed",
    ),
    (
        "template_body",
        "template.components[0].type",
        "corpo",
        "template.components[0].type",
        "not_allowed",
    ),
    (
        "template_body",
        "template.components[0].parameters[0].type",
        "image",
        "template.components[0].parameters[0].type",
        "not_allowed",
    ),
    (
        "template_header_text",
        "template.components[1]",
        {"type": "header", "parameters": [{"type": "text", "text": "x"}]},
        "template.components[1].type",
        "not_unique",
    ),
    (
        "template_money_and_date",
        "template.components[0].parameters[0].currency.code",
        "reais",
        "template.components[0].parameters[0].currency.code",
        "bad_format",
    ),
    (
        "template_money_and_date",
        "template.components[0].parameters[0].currency.amount_1000",
        1.5,
        "template.components[0].parameters[0].currency.amount_1000",
        "wrong_type",
    ),
]


@pytest.mark.parametrize(("example", "path", "value", "field", "rule"), ONE_RULE)
def test_one_broken_rule_is_one_violation(
    put: Any, broken: Any, example: str, path: str, value: Any, field: str, rule: str
) -> None:
    assert pairs(broken(put(example, path, value))) == [(field, rule)]


def test_a_list_takes_only_a_text_header(put: Any, broken: Any) -> None:
    picture = {"type": "image", "image": {"id": "1"}}
    assert pairs(broken(put("interactive_list", "interactive.header", picture))) == [
        ("interactive.header.type", "not_allowed"),
        ("interactive.header.text", "required"),
        ("interactive.header.image", "unknown_field"),
    ]


def test_names_of_parameters_have_to_be_on_all_or_none_over_header_and_body(broken: Any) -> None:
    def payload(header_name: str | None) -> dict[str, Any]:
        header: dict[str, Any] = {"type": "text", "text": "Novembro"}
        if header_name:
            header["parameter_name"] = header_name
        body = {"type": "text", "text": "Marina", "parameter_name": "nome"}
        components = [
            {"type": "header", "parameters": [header]},
            {"type": "body", "parameters": [body]},
        ]
        template = {"name": "x", "language": {"code": "pt_BR"}, "components": components}
        return {"to": "+5520955500111", "type": "template", "template": template}

    assert broken(payload("mes")) == []
    assert pairs(broken(payload(None))) == [
        ("template.components[0].parameters[0].parameter_name", "required")
    ]


@pytest.mark.parametrize("emoji", ["👍", "❤️", "👨‍👩‍👧", "🇧🇷", "👍🏽", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☺", "™", ""])
def test_emoji_of_every_build_are_one_emoji(put: Any, broken: Any, emoji: str) -> None:
    assert broken(put("reaction", "reaction.emoji", emoji)) == []


def test_a_field_that_looks_like_a_union_tag_keeps_its_name(put: Any, broken: Any) -> None:
    found = broken(put("interactive_button", "interactive.@button", 1))
    assert pairs(found) == [("interactive.@button", "unknown_field")]
