"""JSON Schemas of the requests, for the OpenAPI document, made from the shapes that check them.

The schemas say what one field may be. Rules that compare fields are told in the descriptions and in
the violations; a document cannot state all of them.
"""

from __future__ import annotations

from typing import Any

from recado.messages.content.envelope import MAX_REFERENCE, PHONE_NUMBER_ID
from recado.messages.content.examples import EXAMPLES
from recado.messages.content.fields import MAX_WAMID
from recado.messages.content.model import MAX_PRIORITY, MEDIA_KINDS, PRIORITIES, Kind, MessageClass
from recado.messages.content.parse import ADAPTERS, MEDIA
from recado.messages.content.recipient import BSUID, MAX_PHONE_TEXT

Schema = dict[str, Any]


def openapi_schema(kind: str | None) -> Schema:
    """The request body of one route: a `Kind` value, `"media"`, or None for the general route.

    Self-contained (no `$ref`), so that it can be placed anywhere in a document. With `examples`.
    """
    kinds = _kinds(kind)
    properties = _envelope(kinds) | {item.value: _shape(item) for item in kinds}
    required = [kinds[0].value] if len(kinds) == 1 else []
    if kind == MEDIA:
        required = ["type"]
    names = {item.value for item in kinds}
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "oneOf": [{"required": ["to"]}, {"required": ["recipient"]}],
        "additionalProperties": False,
        "examples": [item for item in EXAMPLES.values() if item.get("type", "text") in names],
    }


def mark_read_schema() -> Schema:
    """The request body that marks a received message as read."""
    return {
        "type": "object",
        "properties": {
            "message_id": {"type": "string", "minLength": 1, "maxLength": MAX_WAMID},
            "typing": {
                "type": "boolean",
                "description": "Also show that an answer is coming (25 s).",
            },
            "messaging_product": {"const": "whatsapp"},
            "status": {"const": "read"},
            "typing_indicator": {
                "type": "object",
                "properties": {"type": {"const": "text"}},
                "required": ["type"],
                "additionalProperties": False,
            },
        },
        "required": ["message_id"],
        "additionalProperties": False,
        "examples": [{"message_id": "wamid.RVhFTVBMTw==", "typing": True}],
    }


def _kinds(kind: str | None) -> list[Kind]:
    if kind is None:
        return list(Kind)
    if kind == MEDIA:
        return [item for item in Kind if item in MEDIA_KINDS]
    return [Kind(kind)]


def _shape(kind: Kind) -> Schema:
    schema = ADAPTERS[kind].json_schema(mode="validation")
    inlined: Schema = _inlined(schema, schema.get("$defs", {}))
    return inlined


def _inlined(node: Any, definitions: Schema) -> Any:
    """The node with every reference replaced by what it names; no shape contains itself."""
    if isinstance(node, list):
        return [_inlined(child, definitions) for child in node]
    if not isinstance(node, dict):
        return node
    merged: Schema = {}
    if "$ref" in node:
        merged |= _inlined(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    return merged | {
        key: _inlined(value, definitions) for key, value in node.items() if not _is_noise(key, value)
    }


def _is_noise(key: str, value: Any) -> bool:
    # Titles that only repeat the class name; a property called "title" has an object as its value.
    generated_title = key == "title" and isinstance(value, str)
    return key in ("$ref", "$defs") or generated_title or (key == "default" and value is None)


def _envelope(kinds: list[Kind]) -> Schema:
    return {
        "messaging_product": {"const": "whatsapp", "description": "Optional."},
        "recipient_type": {"const": "individual", "description": "Optional."},
        "to": {
            "type": "string",
            "maxLength": MAX_PHONE_TEXT,
            "description": "Phone number with `+` and country code. Either `to` or `recipient`.",
        },
        "recipient": {
            "type": "string",
            "pattern": f"^{BSUID.pattern}$",
            "description": "Business-scoped user id (BSUID), for people without a known phone.",
        },
        "type": {
            "enum": [item.value for item in kinds],
            "description": "Left out on the general route: text.",
        },
        "context": _context(),
        "scheduled_at": _moment("Not before this moment."),
        "expires_at": _moment("Not after this moment; later than `scheduled_at`."),
        "priority": _priority(),
        "class": _message_class(),
        "client_reference": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_REFERENCE,
            "description": "Your own reference; comes back in answers, lists and events.",
        },
        "phone_number_id": {
            "type": "string",
            "pattern": f"^{PHONE_NUMBER_ID}$",
            "description": "Which of your numbers sends. Left out: recado chooses.",
        },
    }


def _context() -> Schema:
    return {
        "type": "object",
        "properties": {"message_id": {"type": "string", "minLength": 1, "maxLength": MAX_WAMID}},
        "required": ["message_id"],
        "additionalProperties": False,
        "description": "The message this one answers: a wamid or a recado id. Not for reactions.",
    }


def _moment(meaning: str) -> Schema:
    return {
        "type": "string",
        "format": "date-time",
        "description": f"{meaning} RFC 3339 with an offset.",
    }


def _priority() -> Schema:
    return {
        "anyOf": [
            {"enum": list(PRIORITIES)},
            {"type": "integer", "minimum": 0, "maximum": MAX_PRIORITY},
        ],
        "default": "normal",
        "description": "high is 0 and leaves first; low is 2.",
    }


def _message_class() -> Schema:
    return {
        "enum": [item.value for item in MessageClass],
        "description": "Left out: utility for templates, session for everything else.",
    }
