"""The send API and the list, as another company's software sees them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from tests.doors.street import TEMPLATE, Street, is_problem, without_correlation
from tests.slices.world import MARINA, OTHER, accepted, inbound, text

HELLO = {"to": "+" + MARINA, "text": {"body": "Bom dia!"}}


async def test_a_message_is_taken_with_202_and_can_be_followed(
    street: Street, client: httpx2.AsyncClient
) -> None:
    answer = await client.post("/api/v1/messages/template", json=TEMPLATE | {"client_reference": "p7"})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["status"], body["state"], body["to"]) == ("pending", "queued", "+" + MARINA)
    one = (await client.get(body["timeline_url"])).json()
    assert (one["client_reference"], one["class"], one["phone_number_id"]) == (
        "p7",
        "utility",
        "106540352242922",
    )
    assert [line["kind"] for line in one["timeline"]] == ["message.accepted"]
    assert one["timeline"][0]["text"].startswith("Recebemos")
    english = await client.get(body["timeline_url"], headers={"accept-language": "en-US"})
    assert english.json()["timeline"][0]["text"].startswith("We took")
    status = (await client.get(f"/api/v1/messages/{body['id']}/status")).json()
    assert status == {"id": body["id"], "status": "pending", "state": "queued", "reason": None}


async def test_free_text_outside_the_window_is_409_with_the_next_step(client: httpx2.AsyncClient) -> None:
    body = is_problem(await client.post("/api/v1/messages/text", json=HELLO), 409, "window_closed")
    assert body["next_step"]
    english = await client.post("/api/v1/messages/text", json=HELLO, headers={"accept-language": "en"})
    assert english.json()["detail"] != body["detail"]


async def test_the_same_key_gets_the_same_answer(client: httpx2.AsyncClient) -> None:
    key = {"idempotency-key": "order-1"}
    first = await client.post("/api/v1/messages", json=TEMPLATE, headers=key)
    again = await client.post("/api/v1/messages", json=TEMPLATE, headers=key)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    other = await client.post("/api/v1/messages", json=TEMPLATE | {"priority": "high"}, headers=key)
    is_problem(other, 422, "idempotency_key_reused")
    for bad in ("", "x" * 256):
        answer = await client.post("/api/v1/messages", json=TEMPLATE, headers={"idempotency-key": bad})
        assert is_problem(answer, 422, "invalid_message")["errors"][0]["field"] == "Idempotency-Key"


BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "malformed_json"),
    (b"{", 400, "malformed_json"),
    (b"\xff\xfe", 400, "malformed_json"),
    (b"[" * 100_000, 400, "malformed_json"),
    (b'{"to": ' + b"9" * 5000 + b"}", 400, "malformed_json"),
    (b"null", 422, "invalid_message"),
    (b"[]", 422, "invalid_message"),
    (b"5", 422, "invalid_message"),
    (b"NaN", 422, "invalid_message"),
    (b'{"to": "+5520955500111", "text": {"body": "a\\u0000"}}', 422, "invalid_message"),
    (b'{"to": "+5520955500111", "text": {"body": "\\ud800"}}', 422, "invalid_message"),
    (b'{"type": "teleport", "to": "+5520955500111"}', 422, "invalid_message"),
    (b'{"to": "+5520955500111", "text": {"body": "x"}, "phone_number_id": 5}', 422, "invalid_message"),
    (b'{"a": "' + b"x" * 600_000 + b'"}', 413, "body_too_large"),
]


@pytest.mark.parametrize("path", ["/api/v1/messages", "/api/v1/messages/text"])
@pytest.mark.parametrize(("body", "status", "code"), BODIES, ids=range(len(BODIES)))
async def test_every_bad_body_is_a_problem_with_a_name(
    client: httpx2.AsyncClient, path: str, body: bytes, status: int, code: str
) -> None:
    is_problem(await client.post(path, content=body), status, code)


async def test_an_unknown_kind_or_place_is_404_and_a_wrong_method_405(client: httpx2.AsyncClient) -> None:
    is_problem(await client.post("/api/v1/messages/teleport", json={}), 405, "method_not_allowed")
    is_problem(await client.get("/api/v1/nothing"), 404, "not_found")
    is_problem(await client.patch("/api/v1/messages"), 405, "method_not_allowed")


async def test_all_broken_rules_are_named_at_once(client: httpx2.AsyncClient) -> None:
    broken = {"to": "123", "text": {"body": ""}, "priority": 9, "expires_at": "tomorrow"}
    body = is_problem(await client.post("/api/v1/messages/text", json=broken), 422, "invalid_message")
    assert {one["field"] for one in body["errors"]} >= {"to", "text.body", "priority", "expires_at"}


async def test_times_that_make_no_sense_are_refused(street: Street, client: httpx2.AsyncClient) -> None:
    now = street.world.now
    past = {"expires_at": (now - timedelta(seconds=1)).isoformat()}
    far = {"scheduled_at": (now + timedelta(days=400)).isoformat()}
    for change, field in ((past, "expires_at"), (far, "scheduled_at")):
        answer = await client.post("/api/v1/messages", json=TEMPLATE | change)
        assert is_problem(answer, 422, "invalid_message")["errors"][0]["field"] == field


async def test_another_tenants_number_does_not_exist_and_without_one_there_is_no_route(
    street: Street, client: httpx2.AsyncClient
) -> None:
    bruma = await street.world.company("casa-bruma", external_id="106540352242923", waba="1022")
    asked = TEMPLATE | {"phone_number_id": bruma.number.external_id}
    is_problem(await client.post("/api/v1/messages", json=asked), 404, "number_not_found")
    await street.world.do("delete from lane where tenant_id = $1", bruma.tenant.tenant_id)
    await street.world.do("delete from phone_number where tenant_id = $1", bruma.tenant.tenant_id)
    numberless = await street.client_of(bruma)
    is_problem(await numberless.post("/api/v1/messages", json=TEMPLATE), 409, "no_number")


async def test_anothers_message_and_no_message_look_the_same(
    street: Street, client: httpx2.AsyncClient
) -> None:
    bruma = await street.world.company("casa-bruma", external_id="106540352242923", waba="1022")
    foreign = await street.world.queue(bruma)
    for path in ("/{}", "/{}/status"):
        answers = [
            await client.get("/api/v1/messages" + path.format(one)) for one in (foreign, uuid4(), "nonsense")
        ]
        for answer in answers:
            is_problem(answer, 404, "message_not_found")
        assert len({json.dumps(without_correlation(answer)) for answer in answers}) == 1
    for method, path in (("POST", f"/{foreign}/cancel"), ("DELETE", f"/{foreign}")):
        answer = await client.request(method, "/api/v1/messages" + path)
        is_problem(answer, 404, "message_not_found")
    assert (await client.get("/api/v1/messages")).json()["data"] == []
    assert (await street.world.message(foreign))["state"] == "queued"


# --------------------------------------------------------------------------- lists


async def walk(client: httpx2.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = params | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/v1/messages", params=asked)).json()
        rows += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


async def test_a_cursor_walk_sees_each_message_once(street: Street, client: httpx2.AsyncClient) -> None:
    company_id = await street.world.value("select tenant_id from tenant")
    ids = []
    for n in range(9):
        street.world.clock.advance(milliseconds=2)
        answer = await client.post("/api/v1/messages", json=TEMPLATE | {"to": f"+55209555{n:05d}"})
        ids.append(answer.json()["id"])
    for limit in (1, 2, 3, 9, 50):
        assert [row["id"] for row in await walk(client, limit=limit)] == ids[::-1]
    assert company_id


async def test_lists_are_narrowed_by_what_people_know(street: Street, client: httpx2.AsyncClient) -> None:
    company = await street.world.company(external_id="106540352242924")
    await street.world.hear(inbound(company, text(MARINA, "wamid.IN", street.world.now)))
    await client.post("/api/v1/messages", json=TEMPLATE | {"client_reference": "p7"})
    await client.post("/api/v1/messages", json=TEMPLATE | {"to": "+" + OTHER})
    asked: list[tuple[dict[str, Any], int]] = [
        ({}, 3),
        ({"direction": "in"}, 1),
        ({"direction": "out"}, 2),
        ({"status": "pending"}, 2),
        ({"state": "received"}, 1),
        ({"type": "text"}, 1),
        ({"to": "+" + OTHER}, 1),
        ({"to": OTHER}, 1),
        ({"to": "+55 20 95550-0122"}, 1),
        ({"client_reference": "p7"}, 1),
        ({"since": (street.world.now + timedelta(hours=1)).isoformat()}, 0),
        ({"until": (street.world.now + timedelta(hours=1)).isoformat()}, 3),
    ]
    for params, count in asked:
        assert len(await walk(client, **params)) == count, params


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"status": "nonsense"}, "invalid_filter"),
        ({"state": "nonsense"}, "invalid_filter"),
        ({"limit": "0"}, "invalid_request"),
        ({"limit": "x"}, "invalid_request"),
        ({"direction": "up"}, "invalid_request"),
        ({"cursor": "nonsense"}, "invalid_cursor"),
        ({"since": "yesterday"}, "invalid_request"),
        ({"since": "2026-11-22T10:00:00"}, "invalid_request"),
        ({"until": "2026-11-22"}, "invalid_request"),
        ({"conversation_id": "5"}, "invalid_request"),
        ({"to": "\x00"}, "invalid_request"),
        ({"type": "a\x00"}, "invalid_request"),
        ({"client_reference": "\x00"}, "invalid_request"),
    ],
)
async def test_a_bad_filter_is_refused_by_name(
    client: httpx2.AsyncClient, params: dict[str, str], code: str
) -> None:
    body = is_problem(await client.get("/api/v1/messages", params=params), 422, code)
    assert body["errors"][0]["field"] == next(iter(params))


# --------------------------------------------------------------------------- cancelling, reading


async def test_a_waiting_message_is_cancelled_by_either_verb_and_a_sent_one_is_not(
    street: Street, client: httpx2.AsyncClient
) -> None:
    for verb, tail in (("POST", "/cancel"), ("DELETE", "")):
        message_id = (await client.post("/api/v1/messages", json=TEMPLATE)).json()["id"]
        answer = await client.request(verb, f"/api/v1/messages/{message_id}{tail}")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        assert answer.json()["reason"]["code"] == "cancelled"
    message_id = (await client.post("/api/v1/messages", json=TEMPLATE)).json()["id"]
    street.world.clock.advance(seconds=1)
    (intent,) = await street.world.claim()
    street.world.vault.keys(intent.row.due.tenant_id, await street.world.value("select dek from tenant"))
    await street.world.record(intent, accepted())
    is_problem(await client.post(f"/api/v1/messages/{message_id}/cancel"), 409, "already_left")


async def test_a_received_message_is_marked_as_read_at_the_provider(
    street: Street, client: httpx2.AsyncClient
) -> None:
    number = await street.world.row("select external_id from phone_number")
    company = await street.world.company(external_id="106540352242924")
    assert number
    await street.world.hear(inbound(company, text(MARINA, "wamid.IN", street.world.now)))
    answer = await client.post("/api/v1/messages/read", json={"message_id": "wamid.IN", "typing": True})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    (asked,) = street.graph.asked
    assert asked.path.endswith("/106540352242924/messages")
    assert asked.json["message_id"] == "wamid.IN"
    assert asked.authorization == "Bearer only-for-tests"
    meta_form = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN"}
    assert (await client.post("/api/v1/messages", json=meta_form)).json() == {"success": True}
    unknown = await client.post("/api/v1/messages/read", json={"message_id": "wamid.X"})
    is_problem(unknown, 404, "message_not_found")
    street.graph.refuse(401, 190)
    refused = await client.post("/api/v1/messages/read", json={"message_id": "wamid.IN"})
    is_problem(refused, 409, "token_expired")
