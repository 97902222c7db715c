"""Health, metrics, the staging door and the API page."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx2
import pytest
from tests.doors.street import SECRET, STAGING_TOKEN, TEMPLATE, Street, is_problem
from tests.slices.world import MARINA, inbound, text

from recado.app.wiring import House, web_app
from recado.messages.content import Kind

STAGING = "/__staging/outbound"


async def test_a_well_house_is_ready(street: Street) -> None:
    guest = street.client()
    assert (await guest.get("/health/live")).json() == {"status": "ok"}
    ready = await guest.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    health = (await guest.get("/health")).json()
    assert (health["ready"], health["summary"]) == (True, "tudo certo")
    assert {"database", "schema", "projector", "lanes", "disk"} <= set(health["checks"])


async def test_with_the_database_away_it_lives_but_is_not_ready(
    street: Street, client: httpx2.AsyncClient
) -> None:
    await street.house.db.close()
    assert (await client.get("/health/live")).status_code == 200
    for path in ("/health", "/health/ready"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert answer.json()["checks"]["database"]["ok"] is False
    for method, path in (
        ("GET", "/api/v1/messages"),
        ("POST", "/api/v1/messages"),
        ("GET", "/api/v1/tenant/settings"),
    ):
        answer = await client.request(method, path, json=TEMPLATE if method == "POST" else None)
        is_problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0


async def test_a_lane_nobody_serves_shows(street: Street) -> None:
    company = await street.world.company()
    await street.world.queue(company)
    await street.world.do("update outbox set due_at = now() - interval '2 minutes'")
    body = (await street.client().get("/health")).json()
    assert body["checks"]["lanes"]["ok"] is False
    assert "lanes" in body["summary"]


async def test_metrics_name_no_tenant_and_no_person(street: Street, client: httpx2.AsyncClient) -> None:
    company = await street.world.company(external_id="106540352242924")
    await street.world.hear(inbound(company, text(MARINA, "wamid.SECRET", street.world.now)))
    await client.post("/api/v1/messages", json=TEMPLATE)
    await client.get("/hooks/meta/somebody-guessing")
    text_page = (await street.client().get("/metrics")).text
    assert "recado_outbox_waiting 1.0" in text_page
    for secret in (MARINA, "20955500111", "estudio-aurora", "wamid", SECRET, "106540352242924", "guessing"):
        assert secret not in text_page
    tenant_id = company.tenant.tenant_id
    assert str(tenant_id) not in text_page
    assert tenant_id.hex not in text_page
    labels = set(re.findall(r'(\w+)="', text_page))
    assert labels <= {"status", "outcome", "result", "loop", "le", "verdict"}


# --------------------------------------------------------------------------- staging


async def test_the_staging_door_sends_one_and_shows_the_exchange(street: Street) -> None:
    await street.world.company()
    operator = street.client(x_staging_token=STAGING_TOKEN)
    before = await street.world.counts()
    answer = await operator.post(STAGING, json=TEMPLATE | {"client_id": "estudio-aurora"})
    body = answer.json()
    assert (answer.status_code, body["outcome"], body["in_doubt"]) == (200, "accepted", False)
    assert body["exchange"]["http_status"] == 200
    assert MARINA not in answer.text
    (sent,) = street.graph.sent()
    assert sent["to"] in {MARINA, "+" + MARINA}
    assert sent["biz_opaque_callback_data"].startswith("staging.")
    before["audit_entry"] += 1
    before["audit_link"] += 1
    assert await street.world.counts() == before


async def test_a_refusal_is_shown_too_without_secrets(street: Street) -> None:
    await street.world.company()
    operator = street.client(authorization=f"Bearer {STAGING_TOKEN}", x_client_id="estudio-aurora")
    street.graph.refuse(401, 190)
    answer = await operator.post(STAGING, json=TEMPLATE)
    assert (answer.json()["outcome"], answer.json()["code"]) == ("rejected", 190)
    assert "only-for-tests" not in answer.text


@pytest.mark.parametrize("token", [None, "", "wrong", STAGING_TOKEN + "x", "é"])
async def test_a_wrong_token_opens_nothing(street: Street, token: str | None) -> None:
    await street.world.company()
    headers = [] if token is None else [(b"x-staging-token", token.encode())]
    answer = await street.client().post(STAGING, json=TEMPLATE | {"client_id": "x"}, headers=headers)
    is_problem(answer, 401, "staging_token")
    assert street.graph.asked == []


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ([], 422),
        ({}, 422),
        (TEMPLATE, 404),
        (TEMPLATE | {"client_id": 5}, 404),
        (TEMPLATE | {"client_id": "nobody"}, 404),
        (TEMPLATE | {"client_id": "\u0000"}, 404),
        (TEMPLATE | {"client_id": "estudio-aurora", "phone_number_id": "999"}, 404),
    ],
    ids=range(7),
)
async def test_nonsense_at_the_staging_door_is_a_problem(street: Street, payload: Any, status: int) -> None:
    await street.world.company()
    answer = await street.client(x_staging_token=STAGING_TOKEN).post(STAGING, json=payload)
    is_problem(answer, status, answer.json()["code"])
    assert street.graph.asked == []


async def test_without_a_token_or_in_production_there_is_no_staging_door(
    house: House, street: Street
) -> None:
    for change in ({"staging_token": None}, {"environment": "production"}):
        house.settings = house.settings.model_copy(update=change)
        transport = httpx2.ASGITransport(app=web_app(house))
        async with httpx2.AsyncClient(transport=transport, base_url="http://recado.test") as guest:
            answer = await guest.post(STAGING, json=TEMPLATE, headers={"x-staging-token": STAGING_TOKEN})
            is_problem(answer, 404, "not_found")
            if change.get("environment") == "production":
                for path in ("/docs", "/openapi.json"):
                    assert (await guest.get(path)).status_code == 404


# --------------------------------------------------------------------------- the API page


async def test_the_page_needs_nothing_from_elsewhere(street: Street) -> None:
    guest = street.client()
    page = await guest.get("/docs")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    links = [one for one in re.findall(r'(?:src|href)="([^"]+)"', page.text) if one != "data:,"]
    assert len(links) == 3
    assert not re.search(r"<script>|<style|style=|onload=|https?://", page.text)
    answers = await asyncio.gather(*(guest.get(link) for link in links))
    if any(answer.status_code == 404 and answer.json()["code"] == "not_built" for answer in answers):
        pytest.skip("the files of the API page arrive at build time: run `make setup`")
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    kinds = {answer.headers["content-type"].partition(";")[0] for answer in answers}
    assert kinds == {"text/css", "text/javascript"}
    for name in ("nothing.js", "..%2f..%2f__init__.py", "docs.py"):
        assert (await guest.get(f"/docs/static/{name}")).status_code == 404


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [inner for key, inner in value.items() if key == "$ref" and isinstance(inner, str)]
        return found + [one for inner in value.values() for one in references(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in references(inner)]
    return []


async def test_the_document_is_31_complete_and_points_nowhere_wrong(street: Street) -> None:
    document = (await street.client().get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    for reference in references(document):
        assert reference.startswith("#/")
        target: Any = document
        for part in reference[2:].split("/"):
            target = target[part]
    names = [
        (path, verb)
        for path, operations in document["paths"].items()
        for verb in operations
        if path.startswith("/api/v1/")
    ]
    assert len(names) >= 20
    for path, verb in names:
        operation = document["paths"][path][verb]
        assert operation["security"] == [{"key": []}]
        assert operation["summary"]
        for code in ("401", "403"):
            assert "application/problem+json" in operation["responses"][code]["content"]


async def test_every_kind_has_an_example_that_is_really_taken(
    street: Street, client: httpx2.AsyncClient
) -> None:
    """What people copy from the page has to work: each is posted, none may break a rule."""
    document = (await street.client().get("/openapi.json")).json()
    company = await street.world.company(external_id="106540352242924")
    await street.world.hear(inbound(company, text(MARINA, "wamid.IN", street.world.now)))
    for kind in Kind:
        body = document["paths"][f"/api/v1/messages/{kind.value}"]["post"]["requestBody"]
        examples = body["content"]["application/json"]["examples"]
        assert examples, kind
        for name, example in examples.items():
            for path in (f"/api/v1/messages/{kind.value}", "/api/v1/messages"):
                asked = example["value"]
                if path == "/api/v1/messages":
                    asked = {"type": kind.value} | asked
                answer = await client.post(path, json=asked)
                # A reply outside the window or to a file that is not there is no fault of the example.
                known = {one["rule"] for one in answer.json().get("errors", [])}
                fine = answer.status_code in {202, 409} or known == {"not_found"}
                past = known == {"out_of_range"}
                not_ours = answer.json().get("code") == "number_not_found"
                assert fine or past or not_ours, (kind, name, answer.text)
