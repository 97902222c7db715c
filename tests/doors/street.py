"""Where the doors are: an application, its callers, and what Meta would post."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx2
from tests.slices.graph import Graph
from tests.slices.world import Company, World

from recado.app.wiring import House, web_app
from recado.db.system import system
from recado.tenants import service as tenants
from recado.tenants.model import ALL_SCOPES

SECRET = "a-secret-only-for-tests"
VERIFY_TOKEN = "a-verify-token"
HOOK_TOKEN = "an-unguessable-path"
STAGING_TOKEN = "a-staging-token"
TEMPLATE = {
    "to": "+5520955500111",
    "type": "template",
    "template": {"name": "lembrete_consulta", "language": {"code": "pt_BR"}},
}


class Street:
    def __init__(self, house: House, world: World, graph: Graph) -> None:
        self.house = house
        self.world = world
        self.graph = graph
        self.app = web_app(house)
        self._clients: list[httpx2.AsyncClient] = []

    def client(self, *, base: str = "http://recado.test", **headers: str) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        made = httpx2.AsyncClient(
            transport=transport,
            base_url=base,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        self._clients.append(made)
        return made

    async def key(self, company: Company, *scopes: str, **more: Any) -> tenants.NewKey:
        async with system(self.house.db) as tx:
            return await tenants.create_key(
                tx,
                self.world.now,
                company.tenant.tenant_id,
                name="site",
                scopes=scopes or ALL_SCOPES,
                **more,
            )

    async def client_of(self, company: Company, *scopes: str) -> httpx2.AsyncClient:
        key = await self.key(company, *scopes)
        return self.client(authorization=f"Bearer {key.secret}")

    async def aclose(self) -> None:
        for client in self._clients:
            await client.aclose()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}", "content-type": "application/json"}


def written(body: Any) -> bytes:
    return json.dumps(body).encode()


def is_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Checks the shape every refusal has and returns the document."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"].endswith("/" + code)
    assert body["title"]
    assert body["detail"]
    assert body["correlation_id"] == answer.headers["x-correlation-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    for violation in body.get("errors", []):
        assert {"field", "rule", "message"} <= set(violation)
    return body


def without_correlation(answer: httpx2.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    return {name: value for name, value in body.items() if name != "correlation_id"}
