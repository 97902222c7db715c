"""The schemas of the API document agree with what is really accepted."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from recado.messages.content import Kind
from recado.messages.content.examples import EXAMPLES
from recado.messages.content.schemas import mark_read_schema, openapi_schema

ROUTES = [None, "media", *(kind.value for kind in Kind)]
INTERACTIVE = {
    "button", "list", "cta_url", "flow", "location_request_message", "request_contact_info",
    "address_message", "product", "product_list", "catalog_message", "carousel",
    "call_permission_request", "voice_call", "order_details", "order_status",
}  # fmt: skip
SUB_TYPES = {
    "quick_reply", "url", "copy_code", "flow", "catalog", "mpm", "order_details", "voice_call",
}  # fmt: skip
COMPONENTS = {
    "header", "body", "button", "carousel", "limited_time_offer", "tap_target_configuration",
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_matches_the_schema_of_its_kind_and_of_the_general_route(name: str) -> None:
    payload = EXAMPLES[name]
    for route in (payload["type"], None):
        jsonschema_rs.Draft202012Validator(openapi_schema(route)).validate(payload)


@pytest.mark.parametrize("route", ROUTES)
def test_a_schema_stands_alone_and_carries_examples(route: str | None) -> None:
    schema = openapi_schema(route)
    written = json.dumps(schema)
    assert "$ref" not in written
    assert "$defs" not in written
    assert schema["examples"]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("text", {"text": {"body": "x" * 4097}}),
        ("text", {"text": {"body": "x", "cor": "azul"}}),
        ("text", {"recipient": "BR.1"}),
        ("text", {"priority": 3}),
        ("text", {"bcc": "x"}),
        ("interactive_button", {"interactive": {"type": "button"}}),
        ("template", {"template": {"name": "A B", "language": {"code": "pt_BR"}}}),
        ("location", {"location": {"latitude": 91, "longitude": 0}}),
    ],
)
def test_a_schema_refuses_what_the_parser_refuses(kind: str, change: dict[str, Any]) -> None:
    payload = EXAMPLES[kind] | change
    assert not jsonschema_rs.Draft202012Validator(openapi_schema(payload["type"])).is_valid(payload)


def test_there_is_an_example_of_everything() -> None:
    interactive = [item["interactive"] for item in EXAMPLES.values() if "interactive" in item]
    components = [
        component
        for item in EXAMPLES.values()
        for component in item.get("template", {}).get("components", [])
    ]
    assert {item["type"] for item in EXAMPLES.values()} == {kind.value for kind in Kind}
    assert {item["type"] for item in interactive} == INTERACTIVE
    assert {item["type"] for item in components} == COMPONENTS
    assert {item["sub_type"] for item in components if "sub_type" in item} == SUB_TYPES


def test_the_mark_read_schema_takes_both_forms() -> None:
    validator = jsonschema_rs.Draft202012Validator(mark_read_schema())
    validator.validate({"message_id": "wamid.x", "typing": False})
    validator.validate(
        {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.x",
            "typing_indicator": {"type": "text"},
        }
    )
    assert not validator.is_valid({"typing": True})
