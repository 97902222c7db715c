"""Schemathesis reads the API document and tries what it allows and what it forbids: never a 5xx."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from tests.doors.street import Street

QUIET = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


async def test_no_operation_answers_5xx_to_anything_its_document_suggests(
    street: Street, client: httpx2.AsyncClient
) -> None:
    document = (await client.get("/openapi.json")).json()
    schema = schemathesis.openapi.from_dict(document)
    wrong: list[str] = []
    loop = asyncio.get_running_loop()

    def call(method: str, path: str, **more: Any) -> httpx2.Response:
        work = client.request(method, path, **more)
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    def try_operation(operation: Any) -> int:
        tried = 0
        strategies = [operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode]

        @QUIET
        @given(st.one_of(*strategies))
        def attempt(case: Any) -> None:
            nonlocal tried
            tried += 1
            answer = call(
                case.method,
                str(case.formatted_path),
                params=plain(case.query),
                headers=plain_headers(case.headers),
                **body_of(case),
            )
            if answer.status_code >= 500:
                wrong.append(f"{case.method} {case.path}: {answer.status_code} {answer.text[:200]}")

        attempt()
        return tried

    count = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.path.startswith("/__staging"):
            continue
        count += await asyncio.to_thread(try_operation, operation)
    assert not wrong, "\n".join(wrong)
    assert count > 100


def plain(query: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in dict(query or {}).items() if value is not None}


def plain_headers(headers: Any) -> dict[str, str]:
    found = {str(name): str(value) for name, value in dict(headers or {}).items()}
    # What HTTP itself cannot carry never reaches an application.
    return {
        name: value
        for name, value in found.items()
        if name.lower() not in {"authorization", "content-length"} and value.isascii() and value.isprintable()
    }


def body_of(case: Any) -> dict[str, Any]:
    if case.body is schemathesis.core.NOT_SET:
        return {}
    if case.media_type and case.media_type.startswith("multipart"):
        return {"files": {"file": ("a.bin", repr(case.body).encode(), "application/pdf")}}
    try:
        return {"content": json.dumps(case.body).encode()}
    except TypeError:
        return {"content": b"{}"}


@pytest.mark.parametrize("path", ["/api/v1/messages", "/api/v1/tenant/settings", "/api/v1/media"])
async def test_a_head_or_options_is_no_fault_of_ours(client: httpx2.AsyncClient, path: str) -> None:
    for method in ("HEAD", "OPTIONS", "TRACE"):
        assert (await client.request(method, path)).status_code < 500
