"""Every route of the panel, every role: shut unless the table says otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter, stranger
from tests.doors.street import Street
from tests.slices.world import Company

from recado.people.rights import RIGHTS, Role, may
from recado.web.panel.screens import NAVIGATION, ROUTERS
from recado.web.panel.security import SAFE_METHODS, csrf_of
from recado.web.panel.visitor import HALF, OPEN, guard, needs, right_of

NOBODY = "00000000-0000-0000-0000-000000000000"


def routes() -> Iterator[tuple[str, str, str | None]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield method, route.path, right_of(route.endpoint)


ALL = list(routes())
SHUT = [(method, path, right) for method, path, right in ALL if right not in (OPEN, HALF)]


def address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", NOBODY, re.sub(r"\{\w+:int\}", "999999999", path))


def test_every_route_declares_a_right_that_exists() -> None:
    assert [(method, path) for method, path, right in ALL if right is None] == []
    assert {right for *_, right in SHUT} <= set(RIGHTS)


def test_few_routes_are_open() -> None:
    """Whoever adds one to this list has thought about it."""
    assert {(method, path) for method, path, right in ALL if right in (OPEN, HALF)} == {
        ("GET", "/painel/estatico/{which}/{folder}/{name}"),
        ("GET", "/painel/entrar"),
        ("POST", "/painel/entrar"),
        ("GET", "/painel/entrar/codigo"),
        ("POST", "/painel/entrar/codigo"),
        ("POST", "/painel/demonstracao"),
        ("GET", "/painel/convite/{token}"),
        ("POST", "/painel/convite/{token}"),
    }


async def test_strangers_reach_nothing(street: Street, company: Company) -> None:
    client = stranger(street)
    for method, path, _right in SHUT:
        answer = await client.request(method, address(path))
        allowed = {303, 403} if method not in SAFE_METHODS else {303}
        assert answer.status_code in allowed, (method, path, answer.status_code)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/painel/entrar")


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_reaches_only_what_the_table_gives(enter: Enter, role: Role) -> None:
    browser = await enter(role)
    wrong = []
    for method, path, right in SHUT:
        assert right is not None
        if may(role, right):
            continue
        if method == "GET":
            answer = await browser.get(address(path))
        else:
            headers = {"x-csrf-token": csrf_of(browser.token), "sec-fetch-site": "same-origin"}
            answer = await browser.client.request(method, address(path), headers=headers)
        if answer.status_code != 403:
            wrong.append((method, path, right, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
async def test_the_navigation_leads_only_where_the_role_may_go(enter: Enter, role: Role) -> None:
    browser = await enter(role)
    page = (await browser.get("/painel/eu")).text
    for entry in NAVIGATION.entries():
        assert (f'href="{entry.path}"' in page) == may(role, entry.right), entry.path
        if may(role, entry.right):
            assert (await browser.get(entry.path)).status_code == 200, entry.path


async def test_a_route_that_declares_nothing_is_shut(street: Street, enter: Enter) -> None:
    router = APIRouter()

    @router.get("/painel/esquecida")
    async def forgotten() -> str:
        return "secret"

    browser = await enter(Role.PLATFORM)
    panel = panel_of(street)
    panel.include_router(router, dependencies=[Depends(guard)])
    answer = await browser.get("/painel/esquecida")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def panel_of(street: Street) -> FastAPI:
    """The panel's application inside the whole one."""
    houses: Any = street.app
    panel: FastAPI = houses._rest._panel._app
    return panel


def test_a_right_nobody_wrote_down_cannot_be_declared() -> None:
    with pytest.raises(KeyError):
        needs("messages.invented")


# --------------------------------------------------------------------------- forged requests


async def test_a_form_without_its_token_changes_nothing(enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    for form in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": csrf_of("another session")}):
        answer = await browser.client.post("/painel/eu/tema", data={"tema": "dark"} | form)
        assert answer.status_code == 403
        assert "Recarregue a página" in words(answer)
    assert 'data-theme="dark"' not in (await browser.get("/painel/eu")).text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:1"},
        {"origin": "null"},
    ],
)
async def test_another_site_is_refused_even_with_the_token(enter: Enter, headers: dict[str, str]) -> None:
    browser = await enter(Role.OPERATOR)
    answer = await browser.post("/painel/eu/tema", {"tema": "dark"}, **headers)
    assert answer.status_code == 403


async def test_logging_in_needs_a_token_too(street: Street) -> None:
    client = stranger(street)
    assert (await client.post("/painel/entrar", data={"login": "a", "password": "b"})).status_code == 403


# --------------------------------------------------------------------------- pages of refusal


async def test_every_refusal_is_a_page_with_a_number_to_quote(enter: Enter) -> None:
    browser = await enter(Role.REVIEWER)
    for path, status in (("/painel/nada", 404), ("/painel/liberacao", 403)):
        page = await browser.get(path, headers={"x-correlation-id": "abcd1234"})
        assert page.status_code == status
        assert page.headers["content-type"].startswith("text/html")
        assert "abcd1234" in words(page)
        assert page.headers["x-correlation-id"] == "abcd1234"
        assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_what_breaks_is_a_page_too_and_shows_nothing_of_the_inside(
    street: Street, enter: Enter
) -> None:
    router = APIRouter()

    @router.get("/painel/quebra")
    @needs("own")
    async def breaks() -> str:
        raise RuntimeError("Marina Azevedo +5520955500111")

    browser = await enter(Role.REVIEWER)
    panel_of(street).include_router(router, dependencies=[Depends(guard)])
    page = await browser.get("/painel/quebra", headers={"x-correlation-id": "abcd1234"})
    assert page.status_code == 500
    assert "Algo quebrou do nosso lado" in words(page)
    assert "abcd1234" in words(page)
    assert "Marina" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    swap = await browser.get("/painel/quebra", headers={"hx-request": "true"})
    assert "recado:toast" in swap.headers["hx-trigger"]


async def test_htmx_gets_a_toast_and_keeps_its_page(enter: Enter) -> None:
    browser = await enter(Role.REVIEWER)
    answer = await browser.get("/painel/nada", headers={"hx-request": "true"})
    assert answer.status_code == 404
    assert "recado:toast" in answer.headers["hx-trigger"]
    assert answer.text == ""


async def test_an_htmx_request_of_a_finished_session_goes_to_the_door(street: Street) -> None:
    answer = await stranger(street).get("/painel/eu", headers={"hx-request": "true"})
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"] == "/painel/entrar"


async def test_static_files_stay_in_their_folders(street: Street) -> None:
    client = stranger(street)
    page = await client.get("/painel/entrar")
    for path in re.findall(r'(?:href|src)="(/painel/estatico/[^"#]+)', page.text):
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert "immutable" in answer.headers["cache-control"]
    for path in ("css/..%2f..%2fdocs.js", "js/%2e%2e%2fdocs.js", "panel/x.css", "css/none.css", "css/x.py"):
        assert (await client.get(f"/painel/estatico/x/{path}")).status_code == 404
