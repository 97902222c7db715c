"""At the limit passes; one over is one broken rule that names field, rule, limit and length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

LINK = "https://www.example.com/"


def text(length: int) -> str:
    return "á" * length


def ascii_text(length: int) -> str:
    return "a" * length


def link(length: int) -> str:
    return LINK + "a" * (length - len(LINK))


def mail(length: int) -> str:
    return "a" * (length - 12) + "@example.com"


def media_id(length: int) -> str:
    return "1" * length


LONG_TEXTS: list[tuple[str, str, int, Callable[[int], str]]] = [
    ("text", "text.body", 4096, text),
    ("image", "image.caption", 1024, text),
    ("video", "video.caption", 1024, text),
    ("document", "document.caption", 1024, text),
    ("document", "document.filename", 240, text),
    ("document", "document.link", 2048, link),
    ("video", "video.link", 2048, link),
    ("location", "location.name", 1024, text),
    ("location", "location.address", 1024, text),
    ("contacts", "contacts[0].name.formatted_name", 256, text),
    ("contacts", "contacts[0].name.first_name", 256, text),
    ("contacts", "contacts[0].emails[0].email", 320, mail),
    ("contacts", "contacts[0].org.company", 256, text),
    ("reaction", "reaction.message_id", 1024, ascii_text),
    ("text_with_preview", "context.message_id", 1024, ascii_text),
    ("text_with_preview", "client_reference", 256, text),
    ("interactive_button", "interactive.body.text", 1024, text),
    ("interactive_button", "interactive.header.text", 60, text),
    ("interactive_button", "interactive.footer.text", 60, text),
    ("interactive_button", "interactive.action.buttons[0].reply.id", 256, text),
    ("interactive_button", "interactive.action.buttons[0].reply.title", 20, text),
    ("interactive_list", "interactive.body.text", 4096, text),
    ("interactive_list", "interactive.action.button", 20, text),
    ("interactive_list", "interactive.action.sections[0].title", 24, text),
    ("interactive_list", "interactive.action.sections[0].rows[0].id", 200, text),
    ("interactive_list", "interactive.action.sections[0].rows[0].title", 24, text),
    ("interactive_list", "interactive.action.sections[0].rows[0].description", 72, text),
    ("interactive_cta_url", "interactive.body.text", 1024, text),
    ("interactive_cta_url", "interactive.action.parameters.display_text", 20, text),
    ("interactive_cta_url", "interactive.action.parameters.url", 2048, link),
    ("interactive_flow", "interactive.action.parameters.flow_cta", 30, text),
    ("interactive_flow", "interactive.action.parameters.flow_token", 1024, text),
    ("interactive_location_request", "interactive.body.text", 1024, text),
    ("interactive_request_contact_info", "interactive.body.text", 1024, text),
    ("interactive_address_message", "interactive.body.text", 1024, text),
    ("interactive_product", "interactive.body.text", 1024, text),
    ("interactive_product", "interactive.action.product_retailer_id", 256, text),
    ("interactive_product_list", "interactive.header.text", 60, text),
    ("interactive_product_list", "interactive.action.sections[0].title", 24, text),
    ("interactive_catalog_message", "interactive.body.text", 1024, text),
    ("interactive_carousel", "interactive.body.text", 1024, text),
    ("interactive_carousel", "interactive.action.cards[0].body.text", 160, text),
    ("template", "template.name", 512, ascii_text),
    ("template_header_text", "template.components[0].parameters[0].text", 60, text),
    ("template_body", "template.components[0].parameters[0].text", 32_768, text),
    ("template_header_text", "template.components[1].parameters[0].text", 1024, text),
    ("template_quick_reply", "template.components[1].parameters[0].payload", 256, text),
    ("template_url", "template.components[0].parameters[0].text", 2000, ascii_text),
    ("template_copy_code", "template.components[1].parameters[0].coupon_code", 20, ascii_text),
]

NOT_EMPTY = [
    ("text", "text.body"),
    ("interactive_button", "interactive.body.text"),
    ("interactive_button", "interactive.header.text"),
    ("interactive_button", "interactive.footer.text"),
    ("interactive_button", "interactive.action.buttons[0].reply.id"),
    ("interactive_button", "interactive.action.buttons[0].reply.title"),
    ("interactive_list", "interactive.action.sections[0].rows[0].title"),
    ("interactive_cta_url", "interactive.action.parameters.display_text"),
    ("template_body", "template.components[0].parameters[0].text"),
    ("text_with_preview", "client_reference"),
    ("text_with_preview", "context.message_id"),
    ("reaction", "reaction.message_id"),
]

RANGES: list[tuple[str, str, float, float, float]] = [
    # example, field, largest or smallest allowed, one beyond, the limit named
    ("location", "location.latitude", 90, 90.001, 90),
    ("location", "location.latitude", -90, -90.001, -90),
    ("location", "location.longitude", 180, 180.5, 180),
    ("location", "location.longitude", -180, -181, -180),
    ("text_scheduled", "priority", 2, 3, 2),
    ("text_scheduled", "priority", 0, -1, 2),
    (
        "template_voice_call",
        "template.components[0].parameters[0].ttl_minutes",
        43_200,
        43_201,
        43_200,
    ),
    ("template_voice_call", "template.components[0].parameters[0].ttl_minutes", 1, 0, 1),
    ("interactive_carousel", "interactive.action.cards[1].card_index", 9, 10, 9),
]


@pytest.mark.parametrize(("example", "field", "limit", "make"), LONG_TEXTS)
def test_a_text_at_its_limit_passes_and_one_over_is_named(
    put: Any, broken: Any, example: str, field: str, limit: int, make: Callable[[int], str]
) -> None:
    assert broken(put(example, field, make(limit))) == []

    (found,) = broken(put(example, field, make(limit + 1)))

    assert (found.field, found.rule) == (field, "too_long")
    assert (found.limit, found.length) == (limit, limit + 1)
    assert f"`{field}`" in found.message
    assert str(limit) in found.message


@pytest.mark.parametrize(("example", "field"), NOT_EMPTY)
def test_an_empty_text_is_named(put: Any, broken: Any, example: str, field: str) -> None:
    (found,) = broken(put(example, field, ""))

    assert (found.field, found.rule, found.limit, found.length) == (field, "too_short", 1, 0)


@pytest.mark.parametrize(("example", "field", "allowed", "beyond", "limit"), RANGES)
def test_a_number_at_its_limit_passes_and_one_beyond_is_named(
    put: Any, broken: Any, example: str, field: str, allowed: float, beyond: float, limit: float
) -> None:
    assert broken(put(example, field, allowed)) == []

    (found,) = broken(put(example, field, beyond))

    assert (found.field, found.rule) == (field, "out_of_range")
    assert (found.limit, found.length) == (limit, beyond)


def reply(number: int) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": f"b{number}", "title": f"Botão {number}"}}


def row(number: int) -> dict[str, Any]:
    return {"id": f"r{number}", "title": f"Linha {number}"}


def card(number: int) -> dict[str, Any]:
    product = {"catalog_id": "1", "product_retailer_id": str(number)}
    return {"card_index": number, "type": "product", "action": product}


def contact(number: int) -> dict[str, Any]:
    return {"name": {"formatted_name": f"Pessoa {number}", "first_name": "Pessoa"}}


def template_card(number: int) -> dict[str, Any]:
    return {"card_index": number, "components": [{"type": "body", "parameters": []}]}


def item(number: int) -> dict[str, Any]:
    return {"product_retailer_id": f"p{number}"}


def body_text(number: int) -> dict[str, Any]:
    return {"type": "text", "text": str(number)}


COUNTS: list[tuple[str, str, int, int, Callable[[int], Any]]] = [
    ("contacts", "contacts", 1, 257, contact),
    ("interactive_button", "interactive.action.buttons", 1, 3, reply),
    ("interactive_product_list", "interactive.action.sections[0].product_items", 1, 30, item),
    ("interactive_carousel", "interactive.action.cards", 2, 10, card),
    ("template_carousel", "template.components[1].cards", 2, 10, template_card),
    ("template_body", "template.components[0].parameters", 0, 100, body_text),
]


@pytest.mark.parametrize(("example", "field", "low", "high", "make"), COUNTS)
def test_a_list_keeps_its_size(
    put: Any, broken: Any, example: str, field: str, low: int, high: int, make: Callable[[int], Any]
) -> None:
    def named(count: int) -> list[tuple[str, str, int, int]]:
        found = broken(put(example, field, [make(n) for n in range(count)]))
        return [(v.field, v.rule, v.limit, v.length) for v in found]

    assert named(high) == []
    assert named(high + 1) == [(field, "too_many", high, high + 1)]
    if low:
        assert named(low) == []
        assert named(low - 1) == [(field, "too_few", low, low - 1)]


def test_rows_are_counted_over_all_sections(put: Any, broken: Any) -> None:
    def sections(first: int, second: int) -> list[dict[str, Any]]:
        return [
            {"title": "Manhã", "rows": [row(n) for n in range(first)]},
            {"title": "Tarde", "rows": [row(100 + n) for n in range(second)]},
        ]

    path = "interactive.action.sections"
    assert broken(put("interactive_list", path, sections(5, 5))) == []

    (found,) = broken(put("interactive_list", path, sections(5, 6)))

    assert (found.field, found.rule, found.limit, found.length) == (path, "too_many", 10, 11)


def test_one_section_has_at_most_ten_rows_and_a_list_at_most_ten_sections(put: Any, broken: Any) -> None:
    path = "interactive.action.sections"

    def one(rows: int) -> list[dict[str, Any]]:
        return [{"rows": [row(n) for n in range(rows)]}]

    def many(sections: int) -> list[dict[str, Any]]:
        return [{"title": f"Parte {n}", "rows": [row(n)]} for n in range(sections)]

    assert broken(put("interactive_list", path, one(10))) == []
    (found,) = broken(put("interactive_list", path, one(11)))
    assert (found.field, found.limit, found.length) == (f"{path}[0].rows", 10, 11)
    (found,) = broken(put("interactive_list", path, one(0)))
    assert (found.field, found.rule) == (f"{path}[0].rows", "too_few")
    assert broken(put("interactive_list", path, many(10))) == []
    # Eleven sections of one row break two rules: too many sections, too many rows in total.
    assert [v.length for v in broken(put("interactive_list", path, many(11)))] == [11, 11]


def test_products_are_counted_over_all_sections(put: Any, broken: Any) -> None:
    path = "interactive.action.sections"

    def sections(second: int) -> list[dict[str, Any]]:
        return [
            {"title": "Banho", "product_items": [item(n) for n in range(20)]},
            {"title": "Casa", "product_items": [item(100 + n) for n in range(second)]},
        ]

    assert broken(put("interactive_product_list", path, sections(10))) == []
    (found,) = broken(put("interactive_product_list", path, sections(11)))
    assert (found.field, found.rule, found.limit, found.length) == (path, "too_many", 30, 31)


def test_a_template_has_at_most_ten_buttons(put: Any, broken: Any) -> None:
    def components(count: int) -> list[dict[str, Any]]:
        return [
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": str(n % 10),
                "parameters": [{"type": "payload", "payload": "x"}],
            }
            for n in range(count)
        ]

    assert broken(put("template_body", "template.components", components(10))) == []
    rules = {v.rule for v in broken(put("template_body", "template.components", components(11)))}
    assert rules == {"too_many", "not_unique"}


def test_lengths_count_code_points(put: Any, broken: Any) -> None:
    assert broken(put("text", "text.body", "😀" * 4096)) == []
    (found,) = broken(put("text", "text.body", "😀" * 4097))
    assert found.length == 4097


def test_media_ids_are_ours_or_metas(put: Any, broken: Any) -> None:
    for good in ("med_4kq7w2hz9xbt", media_id(64)):
        assert broken(put("image", "image.id", good)) == []
    for bad in ("med_", "abc", "", "med_ç" + "a" * 10, media_id(65), "12\n"):
        (found,) = broken(put("image", "image.id", bad))
        assert (found.field, found.rule) == ("image.id", "bad_format")
