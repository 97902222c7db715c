"""Who may come in."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest
from tests.doors.street import TEMPLATE, Street, is_problem

from recado.db.system import system
from recado.tenants import service as tenants

PLACES = [
    ("GET", "/api/v1/messages"),
    ("POST", "/api/v1/messages"),
    ("POST", "/api/v1/messages/text"),
    ("GET", "/api/v1/messages/019b3c5e-7d2a-7c11-8a55-2f6b5d0c9a10"),
    ("POST", "/api/v1/messages/read"),
    ("GET", "/api/v1/tenant/settings"),
    ("PUT", "/api/v1/tenant/settings"),
    ("GET", "/api/v1/media/med_aaaaaaaaaaaaaaaaaaaaaaaaaa"),
]


@pytest.mark.parametrize(("method", "path"), PLACES)
async def test_nobody_comes_in_without_a_key(street: Street, method: str, path: str) -> None:
    guest = street.client()
    is_problem(await guest.request(method, path), 401, "missing_key")
    for header in ("Basic abc", "Bearer", "Bearer ", "rk_x"):
        answer = await guest.request(method, path, headers={"authorization": header})
        is_problem(answer, 401, "missing_key")
    answer = await guest.request(method, path, headers={"authorization": "Bearer rk_unknown"})
    is_problem(answer, 401, "key_unknown")


@pytest.mark.parametrize("path", ["/api/v1/messages/text", "/api/v1/messages"])
async def test_a_revoked_key_is_refused_everywhere_at_once(street: Street, path: str) -> None:
    company = await street.world.company()
    key = await street.key(company)
    caller = street.client(authorization=f"Bearer {key.secret}")
    assert (await caller.post(path, json=TEMPLATE | {"type": "template"})).status_code in {202, 422}
    async with system(street.house.db) as tx:
        await tenants.revoke_key(tx, street.world.now, company.tenant.tenant_id, key.prefix)
    before = await street.world.value("select count(*) from message")
    answer = await caller.post("/api/v1/messages/template", json=TEMPLATE)
    is_problem(answer, 401, "key_revoked")
    is_problem(await caller.get("/api/v1/messages"), 401, "key_revoked")
    assert await street.world.value("select count(*) from message") == before
    trail = await street.world.rows("select action, target from audit_entry where action = 'key.refused'")
    assert {"action": "key.refused", "target": "revoked"} in trail


async def test_an_expired_key_is_refused(street: Street) -> None:
    company = await street.world.company()
    key = await street.key(company, expires_at=street.world.now + timedelta(minutes=1))
    caller = street.client(authorization=f"Bearer {key.secret}")
    assert (await caller.get("/api/v1/messages")).status_code == 200
    street.world.clock.advance(minutes=1)
    is_problem(await caller.get("/api/v1/messages"), 401, "key_expired")


async def test_the_client_id_has_to_agree_and_a_mismatch_is_written_down(
    street: Street, client: httpx2.AsyncClient
) -> None:
    right = {"x-client-id": "estudio-aurora"}
    assert (await client.get("/api/v1/messages", headers=right)).status_code == 200
    wrong = {"x-client-id": "casa-bruma"}
    for method, path in PLACES:
        answer = await client.request(method, path, headers=wrong)
        is_problem(answer, 403, "client_id_mismatch")
    found = "select data from audit_entry where action = 'client_id.mismatch' and actor = 'api' order by seq"
    assert await street.world.rows(found) == [{"data": {}}]
    street.world.clock.advance(minutes=11)
    is_problem(await client.get("/api/v1/messages", headers=wrong), 403, "client_id_mismatch")
    assert await street.world.rows(found) == [{"data": {}}, {"data": {"repeats": len(PLACES) - 1}}]


async def test_a_flood_with_a_dead_key_writes_one_line(street: Street) -> None:
    company = await street.world.company()
    key = await street.key(company)
    async with system(street.house.db) as tx:
        await tenants.revoke_key(tx, street.world.now, company.tenant.tenant_id, key.prefix)
    caller = street.client(authorization=f"Bearer {key.secret}")
    for _ in range(20):
        is_problem(await caller.get("/api/v1/messages"), 401, "key_revoked")
    assert await street.world.value("select count(*) from audit_entry where action = 'key.refused'") == 1


async def test_a_key_does_only_what_it_is_for(street: Street) -> None:
    company = await street.world.company()
    needs = {
        ("GET", "/api/v1/messages"): "messages:read",
        ("POST", "/api/v1/messages"): "messages:write",
        ("POST", "/api/v1/messages/text"): "messages:write",
        ("POST", "/api/v1/messages/read"): "messages:write",
        ("GET", "/api/v1/tenant/settings"): "settings",
        ("PUT", "/api/v1/tenant/settings"): "settings",
        ("GET", "/api/v1/media/med_aaaaaaaaaaaaaaaaaaaaaaaaaa"): "media",
    }
    for allowed in sorted(set(needs.values())):
        caller = await street.client_of(company, allowed)
        for (method, path), scope in needs.items():
            answer = await caller.request(method, path, content=b"{}")
            if scope == allowed:
                assert answer.status_code != 403, (method, path)
            else:
                body = is_problem(answer, 403, "missing_scope")
                assert scope in body["detail"]


async def test_a_callers_correlation_id_comes_back_when_it_looks_like_one(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/api/v1/messages", headers={"x-correlation-id": "order-12345678"})
    assert answer.headers["x-correlation-id"] == "order-12345678"
    answer = await client.get("/api/v1/messages", headers={"x-correlation-id": "<script>"})
    assert "<" not in answer.headers["x-correlation-id"]
