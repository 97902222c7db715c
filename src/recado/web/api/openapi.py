"""The OpenAPI document: request bodies from the validators themselves, examples for every kind and error."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from recado.messages.content.schemas import mark_read_schema, openapi_schema

_ID = "019b3c5e-7d2a-7c11-8a55-2f6b5d0c9a10"


def _problem(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    return {
        "type": f"https://recado.invalid/problems/{code}",
        "title": "Problem",
        "status": status,
        "code": code,
        "detail": detail,
        "correlation_id": "f3a9c1d27be04c58",
    } | more


ERRORS: dict[str, dict[str, Any]] = {
    "400": _problem(400, "malformed_json", "not JSON: Expecting value at line 1 column 1"),
    "401": _problem(401, "key_unknown", "this API key is not known"),
    "403": _problem(403, "client_id_mismatch", "X-Client-Id does not belong to this API key"),
    "404": _problem(404, "message_not_found", "no such message"),
    "409": _problem(
        409,
        "window_closed",
        "Passaram 24 horas desde a última mensagem do cliente.",
        next_step="Envie um modelo aprovado.",
    ),
    "413": _problem(413, "body_too_large", "the body may have 524288 bytes"),
    "422": _problem(
        422,
        "invalid_message",
        "the message breaks 1 rule(s)",
        errors=[
            {
                "field": "interactive.action.buttons[0].reply.title",
                "rule": "too_long",
                "limit": 20,
                "length": 27,
                "message": "interactive.action.buttons[0].reply.title: at most 20 characters",
            }
        ],
    ),
    "503": _problem(
        503, "unavailable", "the database is not answering; repeat the request with the same Idempotency-Key"
    ),
}

ACCEPTED: dict[str, Any] = {
    "id": _ID,
    "status": "pending",
    "state": "queued",
    "reason": None,
    "to": "+5520955500111",
    "type": "text",
    "client_reference": None,
    "created_at": "2026-11-22T14:00:00+00:00",
    "timeline_url": f"/api/v1/messages/{_ID}",
}


def problem_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Documented refusals of an operation."""
    return {
        code: {
            "description": ERRORS[code]["code"],
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": ERRORS[code],
                }
            },
        }
        for code in codes
    }


def send_operation(kind: str | None) -> dict[str, Any]:
    """Request body, answer and refusals of one send route."""
    schema = openapi_schema(kind)
    examples = schema.pop("examples")
    named = {f"example_{n + 1}": {"value": example} for n, example in enumerate(examples)}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "examples": named}},
        },
        "responses": {
            "202": {
                "description": "Stored; it will leave as soon as it may",
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Accepted"},
                        "example": ACCEPTED,
                    }
                },
            }
        }
        | problem_responses("400", "401", "403", "404", "409", "413", "422", "503"),
    }


MARK_READ: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": mark_read_schema()}},
    },
    "responses": problem_responses("400", "401", "403", "404", "409", "413", "422", "503"),
}

_STRING = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}
SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "code", "detail", "correlation_id"],
        "properties": {
            "type": _STRING,
            "title": _STRING,
            "status": {"type": "integer"},
            "code": {"type": "string", "description": "stable"},
            "detail": _STRING,
            "next_step": _STRING,
            "correlation_id": _STRING,
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Violation"}},
        },
    },
    "Violation": {
        "type": "object",
        "required": ["field", "rule", "message"],
        "properties": {
            "field": _STRING,
            "rule": _STRING,
            "message": _STRING,
            "limit": {"type": ["number", "string", "null"]},
            "length": {"type": ["number", "null"]},
        },
    },
    "Reason": {
        "type": ["object", "null"],
        "required": ["code", "text", "next_step"],
        "properties": {"code": _STRING, "text": _STRING, "next_step": _STRING},
    },
    "Accepted": {
        "type": "object",
        "required": ["id", "status", "state", "reason", "to", "type", "created_at", "timeline_url"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "status": _STRING,
            "state": _STRING,
            "reason": {"$ref": "#/components/schemas/Reason"},
            "to": _MAYBE,
            "type": _STRING,
            "client_reference": _MAYBE,
            "created_at": {"type": "string", "format": "date-time"},
            "timeline_url": _STRING,
        },
    },
}


def install(app: FastAPI) -> None:
    """Replaces the generated document by one that knows our schemas and the key."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                openapi_version="3.1.0",
            )
            parts = document.setdefault("components", {})
            parts.setdefault("schemas", {}).update(SCHEMAS)
            parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            for path, operations in document["paths"].items():
                if path.startswith("/api/v1/"):
                    _secure(operations)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]


def _secure(operations: dict[str, Any]) -> None:
    for operation in operations.values():
        operation["security"] = [{"key": []}]
        answers = operation.setdefault("responses", {})
        for code, answer in problem_responses("401", "403", "404", "422", "503").items():
            if code not in answers or "application/json" in answers[code].get("content", {}):
                answers[code] = answer
