"""Journeys through Modelos, Números and Webhooks."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.sync_api import Page, expect
from tests.browser.handset.stage import eventually
from tests.browser.panel.stage import Panel, running_panel

from recado.app.install import DATABASE
from recado.db.embedded import EmbeddedConfig, start

REMINDER = {
    "name": "lembrete_consulta",
    "language": {"code": "pt_BR"},
    "components": [
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "Marina"}, {"type": "text", "text": "amanhã às 14h"}],
        }
    ],
}
ERROR = "KeyError at read:1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("channels") / "data"


@pytest.fixture(scope="module")
def panel_house(chromium: str, folder: Path) -> Iterator[dict[str, str]]:
    with running_panel(folder) as said:
        yield said


def state_of(panel: Panel, message_id: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{panel.base}/api/v1/messages/{message_id}")
    request.add_header("Authorization", f"Bearer {panel.said['api_key']}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        told: dict[str, Any] = json.loads(answer.read())
    return told


def left(panel: Panel, message_id: str) -> bool:
    return state_of(panel, message_id)["state"] in ("accepted", "sent", "delivered", "read")


def set_status(panel: Panel, status: str) -> None:
    sim = panel.simulator()
    found = next(one for one in sim.ask("GET", "/_sim/templates") if one["name"] == REMINDER["name"])
    sim.ask("POST", f"/_sim/template/{found['id']}", {"status": status})


def shows(page: Page, words: str) -> bool:
    page.reload()
    return words in page.locator("#main").inner_text()


def test_a_paused_template_holds_and_lets_go_when_approved(panel: Panel) -> None:
    page = panel.open("/painel/modelos")
    eventually(lambda: shows(page, "lembrete_consulta"))
    set_status(panel, "PAUSED")
    eventually(lambda: shows(page, "Pausado pela Meta"))
    phone = panel.simulator().person()
    asked = panel.send({"to": f"+{phone}", "type": "template", "template": REMINDER})
    eventually(lambda: state_of(panel, asked["id"])["state"] == "held")
    page.get_by_role("link", name="lembrete_consulta").click()
    expect(page.locator("#main")).to_contain_text("pausado", ignore_case=True)
    panel.every_look(page)
    set_status(panel, "APPROVED")
    eventually(lambda: left(panel, asked["id"]))


def test_values_are_tried_on_the_phone(panel: Panel) -> None:
    page = panel.open("/painel/modelos")
    eventually(lambda: shows(page, "lembrete_consulta"))
    page.get_by_role("link", name="lembrete_consulta").click()
    page.locator("[id='f-body:1']").fill("<b>Téo</b>")
    page.get_by_role("button", name="Ver com estes valores").click()
    expect(page.locator("[data-preview]")).to_contain_text("Oi, <b>Téo</b>!")


def test_a_number_stops_with_a_reason_and_goes_on(panel: Panel) -> None:
    page = panel.open("/painel/numeros", role="recepcao")
    page.locator("[data-number] h2 a").click()
    page.get_by_role("button", name="Parar envios…").click()
    page.get_by_label("Motivo").fill("balanço da semana")
    page.get_by_role("button", name="Parar", exact=True).click()
    expect(page.locator("h1 + .chip")).to_have_text("Parado")
    phone = panel.simulator().person()
    asked = panel.send({"to": f"+{phone}", "type": "template", "template": REMINDER})
    assert eventually(lambda: state_of(panel, asked["id"]))["state"] in ("queued", "held")
    panel.axe(page)
    page.get_by_role("button", name="Retomar envios").click()
    expect(page.locator("h1 + .chip")).to_have_text("Ligado")
    eventually(lambda: left(panel, asked["id"]))


async def _bury(dsn: str) -> int:
    owner = await asyncpg.connect(dsn)
    try:
        # Another message in the words of the last one: nobody counted it yet.
        ledger_id = await owner.fetchval(
            "insert into ledger (provider, body) select provider, convert_to(replace(convert_from(body, 'UTF8'),"
            " 'wamid.', 'wamid.Z'), 'UTF8') from ledger"
            " where convert_from(body, 'UTF8') like '%Oi parada%' order by id limit 1 returning id"
        )
        await owner.execute(
            "insert into ledger_work (ledger_id, state, tries, error, dead_at) values ($1, 2, 3, $2, now())",
            ledger_id,
            ERROR,
        )
        return int(ledger_id)
    finally:
        await owner.close()


def bury(folder: Path) -> int:
    """A body that could not be read into facts: what a fault of ours would leave behind."""
    running = start(EmbeddedConfig(data_dir=folder / "postgres"))
    try:
        # The browser's own event loop runs in this thread.
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(asyncio.run, _bury(running.dsn(database=DATABASE))).result()
    finally:
        running.stop()


def test_a_dead_letter_is_rehearsed_and_put_back(panel: Panel, folder: Path) -> None:
    phone = panel.simulator().person()
    panel.simulator().writes(phone, {"text": "Oi parada"})
    page = panel.open("/painel/webhooks")
    eventually(lambda: shows(page, "mensagem recebida"))
    ledger_id = bury(folder)
    page.get_by_role("link", name="Parados").click()
    expect(page.locator("[data-cause]")).to_contain_text(ERROR)
    panel.axe(page)
    page.locator(f"a[href='/painel/webhooks/{ledger_id}']").click()
    expect(page.locator("[data-tree]")).to_contain_text("whatsapp_business_account")
    expect(page.locator("[data-tree]")).not_to_contain_text("Oi parada")
    page.get_by_role("button", name="Ensaiar").click()
    expect(page.locator("[data-rehearsal]")).to_contain_text("Nada mudou ainda")
    panel.every_look(page)
    page.get_by_role("button", name="Reprocessar").click()
    expect(page).to_have_url(f"{panel.base}/painel/webhooks/{ledger_id}")
    eventually(lambda: shows(page, "Lido"))
    expect(page.locator("#main")).to_contain_text("Contou aqui")
