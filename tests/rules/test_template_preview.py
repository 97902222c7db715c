"""Filling a template: what a person reads and what is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from recado.messages.content import parse_draft
from recado.templates import preview


@dataclass(frozen=True, kw_only=True)
class Plain:
    name: str = "lembrete_consulta"
    language: str = "pt_BR"
    named: bool = False
    components: list[dict[str, Any]] = field(default_factory=list)


REMINDER = Plain(
    components=[
        {"type": "HEADER", "format": "TEXT", "text": "Oi, {{1}}", "example": {"header_text": ["Marina"]}},
        {
            "type": "BODY",
            "text": "Seu horário é {{1}} com {{2}}. Até {{1}}!",
            "example": {"body_text": [["amanhã às 14h", "Luana"]]},
        },
        {"type": "FOOTER", "text": "Responda quando puder"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Confirmar"},
                {
                    "type": "URL",
                    "text": "Ver",
                    "url": "https://aurora.example/v/{{1}}",
                    "example": ["https://aurora.example/v/abc"],
                },
            ],
        },
    ]
)
VALUES = {"header:1": "Téo", "body:1": "sexta, 9h", "body:2": "Nina", "button1:1": "x9"}


def test_variables_are_met_in_order_each_once_with_their_samples() -> None:
    found = [(one.id, one.kind, one.sample) for one in preview.variables(REMINDER)]
    assert found == [
        ("header:1", "text", "Marina"),
        ("body:1", "text", "amanhã às 14h"),
        ("body:2", "text", "Luana"),
        ("button1:1", "url", "abc"),
    ]


def test_the_person_reads_what_was_filled_in() -> None:
    read = preview.fill(REMINDER, VALUES)
    assert (read.header, read.body) == ("Oi, Téo", "Seu horário é sexta, 9h com Nina. Até sexta, 9h!")
    assert read.missing == ()
    assert [(one.text, one.detail) for one in read.buttons] == [
        ("Confirmar", ""),
        ("Ver", "https://aurora.example/v/x9"),
    ]


def test_what_has_no_value_shows_its_sample_or_its_name_and_is_missing() -> None:
    bare = preview.fill(REMINDER, {})
    assert bare.body.startswith("Seu horário é {{1}} com {{2}}")
    assert len(bare.missing) == 4
    assert "amanhã às 14h com Luana" in preview.fill(REMINDER, {}, samples=True).body


def test_a_line_break_in_a_variable_is_refused_before_the_provider_does() -> None:
    assert preview.problems(REMINDER, VALUES | {"body:1": "sexta\n9h", "body:2": " "}) == {
        "body:1": "line_break",
        "body:2": "missing",
    }


def test_a_value_with_braces_is_not_filled_again() -> None:
    assert "{{2}} com Nina" in preview.fill(REMINDER, VALUES | {"body:1": "{{2}}"}).body


def sends(template: Plain, values: dict[str, str]) -> dict[str, Any]:
    asked = {"to": "+5520955500111"} | preview.content(template, values)
    draft = parse_draft(asked, None)
    assert not isinstance(draft, list), draft
    found: dict[str, Any] = asked["template"]
    return found


def test_what_is_sent_passes_the_doors_own_rules() -> None:
    about = sends(REMINDER, VALUES)
    assert [one["type"] for one in about["components"]] == ["header", "body", "button"]
    assert about["components"][2] == {
        "type": "button",
        "sub_type": "url",
        "index": "1",
        "parameters": [{"type": "text", "text": "x9"}],
    }


def test_named_variables_keep_their_names() -> None:
    named = Plain(
        named=True,
        components=[
            {
                "type": "BODY",
                "text": "Oi, {{nome}}, tudo bem?",
                "example": {"body_text_named_params": [{"param_name": "nome", "example": "Marina"}]},
            }
        ],
    )
    assert preview.variables(named)[0].sample == "Marina"
    about = sends(named, {"body:nome": "Téo"})
    assert about["components"][0]["parameters"] == [{"type": "text", "text": "Téo", "parameter_name": "nome"}]


def test_files_of_headers_go_by_link_or_by_our_id() -> None:
    picture = Plain(components=[{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Veja só"}])
    about = sends(picture, {"header:file": "https://aurora.example/a.png"})
    assert about["components"][0]["parameters"] == [
        {"type": "image", "image": {"link": "https://aurora.example/a.png"}}
    ]


def test_a_code_with_a_copy_button_is_sent_twice() -> None:
    code = Plain(
        components=[
            {"type": "BODY", "text": "*{{1}}* é o seu código."},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar"}]},
        ]
    )
    about = sends(code, {"body:1": "123456", "button0:1": "123456"})
    assert [one["type"] for one in about["components"]] == ["body", "button"]


def test_templates_with_parts_nobody_fills_by_hand_are_named() -> None:
    assert preview.unfillable(REMINDER) == []
    assert preview.unfillable(Plain(components=[{"type": "CAROUSEL", "cards": []}])) == ["carousel"]


def test_components_of_any_shape_break_nothing() -> None:
    odd = Plain(components=[{"type": "BUTTONS", "buttons": "no"}, {"type": "BODY", "example": 3}, {}])
    assert preview.variables(odd) == []
    assert preview.fill(odd, {}).body == ""
