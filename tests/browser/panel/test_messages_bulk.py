"""From the list to a plan, undone in time, and done by the worker when nobody undoes it."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect
from tests.browser.panel.stage import Panel

from recado.kit.clock import SystemClock

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


def schedule(panel: Panel, count: int) -> None:
    later = (SystemClock().now() + timedelta(days=1)).isoformat()
    for n in range(count):
        panel.send(
            {"to": f"+552095550013{n}", "type": "template", "template": REMINDER, "scheduled_at": later}
        )


def choose_all(page: Page, count: int) -> None:
    boxes = page.locator("#selecao input[name=ids]")
    expect(boxes).to_have_count(count)
    for n in range(count):
        boxes.nth(n).check()


def begin(page: Page, name: str) -> None:
    page.get_by_role("button", name="Cancelar…").click()
    expect(page.get_by_role("heading", name="O que vai acontecer")).to_be_visible()
    page.get_by_label("Nome do incidente").fill(name)
    page.get_by_role("button", name="Cancelar 2 mensagens").click()
    expect(page.locator("#lote")).to_contain_text("Vai começar")


def test_a_plan_is_undone_in_time_and_the_next_is_done(panel: Panel) -> None:
    schedule(panel, 2)
    page = panel.open("/painel/mensagens?aba=agendadas", role="recepcao")
    page.get_by_label("Selecionar todas desta página").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("2")
    page.get_by_role("button", name="Limpar seleção").click()
    expect(page.locator("[data-bulk]")).to_be_hidden()
    choose_all(page, 2)
    begin(page, "Aviso por engano")
    panel.axe(page)
    page.get_by_role("button", name="Desfazer").click()
    expect(page.locator("#lote")).to_contain_text("Parado por alguém")
    page.goto(f"{panel.base}/painel/mensagens?aba=agendadas")
    choose_all(page, 2)
    page.get_by_role("button", name="Cancelar…").click()
    panel.every_look(page)
    page.get_by_label("Nome do incidente").fill("Agenda fechada")
    page.get_by_role("button", name="Cancelar 2 mensagens").click()
    # The page asks by itself: nobody reloads it.
    expect(page.locator("#lote")).to_contain_text("Concluído", timeout=40_000)
    expect(page.locator("#lote")).to_contain_text("2 mensagens feitas")
    panel.every_look(page)
    page.goto(f"{panel.base}/painel/mensagens/lotes")
    expect(page.locator("tbody tr")).to_have_count(2)
    panel.every_look(page)
