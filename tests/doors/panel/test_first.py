"""A company that has sent nothing yet is shown how, and in a demonstration may do it with one button."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter
from tests.doors.panel.test_guard import panel_of
from tests.doors.street import Street
from tests.slices.world import Company

from recado.app.demo_data import sample_message
from recado.people.rights import Role

LIST = "/painel/mensagens"
HANDSET = "http://127.0.0.1:9/celular"


@pytest.fixture
async def demo(street: Street, company: Company) -> AsyncIterator[None]:
    """The same house, as `recado demo` furnishes it."""
    panel = panel_of(street)
    before = panel.state.services
    panel.state.services = replace(before, sample=sample_message(), handset_url=HANDSET, demo_login=True)
    yield
    panel.state.services = before


async def test_an_empty_company_gets_the_command_and_the_handset(
    street: Street, enter: Enter, demo: None
) -> None:
    page = await (await enter(Role.ADMINISTRATOR)).get(LIST)
    assert page.status_code == 200, page.text[-2000:]
    assert "Experimente" in words(page)
    assert f'href="{HANDSET}?pessoa=5520955500111"' in page.text
    (shown,) = re.findall(r"<pre[^>]*>(.*?)</pre>", page.text, re.DOTALL)
    (copied,) = re.findall(r'data-copy="(curl[^"]*)"', page.text)
    assert html.unescape(shown) == html.unescape(copied)
    command = html.unescape(copied)
    assert "/api/v1/messages" in command
    assert '"name": "lembrete_consulta"' in command
    assert "amanhã às 14h" in command
    assert "rk_" not in command  # a key is shown once, where it is made


async def test_the_button_sends_the_first_message_and_the_card_goes(
    street: Street, enter: Enter, demo: None
) -> None:
    browser = await enter(Role.OPERATOR)
    assert "data-first-run" in (await browser.get(LIST)).text
    done = await browser.post("/painel/experimente")
    assert (done.status_code, done.headers["location"]) == (303, LIST)
    (only,) = await street.world.rows("select content, recipient from message")
    assert only["recipient"] == sample_message()["to"]
    assert only["content"]["template"]["name"] == "lembrete_consulta"
    page = await browser.get(LIST)
    assert "data-first-run" not in page.text
    assert "Saiu!" in words(page)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.REVIEWER])
async def test_who_only_looks_gets_no_button(enter: Enter, demo: None, role: Role) -> None:
    browser = await enter(role)
    page = await browser.get(LIST)
    assert "data-first-run" in page.text
    assert "/painel/experimente" not in page.text
    assert (await browser.post("/painel/experimente")).status_code == 403


async def test_outside_a_demonstration_nothing_is_sent_to_a_stranger(street: Street, enter: Enter) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    page = await browser.get(LIST)
    assert "Experimente" in words(page)
    assert "/painel/experimente" not in page.text
    assert "Marina" not in page.text
    assert "hello_world" in page.text
    assert (await browser.post("/painel/experimente")).status_code == 404
    assert await street.world.value("select count(*) from message") == 0


@pytest.mark.parametrize("address", [f"{LIST}?aba=fila", f"{LIST}?q=nada", f"{LIST}?aba=voce"])
async def test_an_empty_part_of_the_list_is_no_first_run(enter: Enter, demo: None, address: str) -> None:
    page = await (await enter(Role.OPERATOR)).get(address)
    assert page.status_code == 200
    assert "data-first-run" not in page.text
