"""Conversas in a real browser: a customer writes from a telephone, the desk answers, the window closes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from tests.browser.handset.stage import eventually
from tests.browser.panel.stage import Panel, running_panel


@pytest.fixture(scope="module")
def panel_house(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with running_panel(tmp_path_factory.mktemp("talks") / "data") as said:
        yield said


def test_a_customer_writes_and_the_desk_answers(panel: Panel) -> None:
    simulator = panel.simulator()
    carla = simulator.person("Carla Andrade")
    simulator.writes(carla, {"text": "Bom dia! Posso *remarcar*?"})
    page = panel.open("/painel/conversas", role="recepcao")
    row = page.locator(".talk-row", has_text="Carla Andrade")

    def listed() -> bool:
        page.reload()
        return row.count() == 1

    eventually(listed)
    row.click()
    expect(page.locator("[data-bubble]")).to_have_count(1)

    page.keyboard.press("r")
    expect(page.locator("#texto")).to_be_focused()
    page.keyboard.type("Claro! Que dia?")
    page.keyboard.press("Control+Enter")
    ours = page.locator(".talk-bubble.out", has_text="Claro! Que dia?")
    expect(ours).to_have_count(1)
    expect(page.locator(".talk-who")).to_contain_text("Com você")
    eventually(lambda: any("Que dia?" in str(one) for one in simulator.seen(carla)))
    expect(ours.locator("[data-state]")).to_contain_text("Entregue", timeout=15_000)

    # What somebody is writing survives the customer's next message, which arrives by itself.
    page.locator("#texto").fill("Temos quinta")
    simulator.writes(carla, {"text": "Quinta <b>pode</b>?"})
    expect(page.locator(".talk-bubble.in", has_text="Quinta <b>pode</b>?")).to_have_count(1, timeout=15_000)
    expect(page.locator("#texto")).to_have_value("Temos quinta")

    page.locator(".talk-bubble.in", has_text="remarcar").locator("[data-quote]").click()
    expect(page.locator("[data-quoting]")).to_contain_text("remarcar")
    page.locator("[data-send]").dblclick()
    expect(page.locator(".talk-bubble.out .talk-quote", has_text="remarcar")).to_have_count(1)
    expect(page.locator(".talk-bubble.out", has_text="Temos quinta")).to_have_count(1)

    page.locator("#main").focus()
    page.keyboard.press("n")
    page.keyboard.type("Prefere à tarde")
    page.get_by_role("button", name="Guardar nota").click()
    expect(page.locator(".talk-notes")).to_contain_text("Prefere à tarde")
    panel.every_look(page)


def test_nobody_free_text_after_the_window(panel: Panel) -> None:
    panel.send(
        {
            "to": "+5520955500177",
            "type": "template",
            "template": {
                "name": "lembrete_consulta",
                "language": {"code": "pt_BR"},
                "components": [
                    {
                        "type": "body",
                        "parameters": [{"type": "text", "text": "Bia"}, {"type": "text", "text": "amanhã"}],
                    }
                ],
            },
        }
    )
    page = panel.open("/painel/conversas?aba=todas&busca=0177", role="recepcao")
    page.locator(".talk-row").click()
    expect(page.locator("#texto")).to_have_count(0)
    page.get_by_role("button", name="Escolher modelo").click()
    choice = page.get_by_label("Modelo aprovado")
    expect(choice).to_be_visible()
    choice.select_option(index=1)
    expect(page.locator(".picker-read")).to_be_visible()
    panel.axe(page)
    panel.no_sideways(page)


def test_the_composer_follows_the_window_while_the_page_is_open(panel: Panel) -> None:
    """Free text goes when the window closes under somebody's hands, and comes back, with their words, when the
    customer writes again."""
    simulator = panel.simulator()
    bruno = simulator.person("Bruno Teles")
    # The message is a day old but for a minute and some seconds: the window closes in front of us.
    at = simulator.ask("GET", "/_sim/clock")["now"] - 24 * 3600 + 60 + 10
    simulator.writes(bruno, {"text": "Consigo um horário hoje?", "timestamp": at})
    page = panel.open("/painel/conversas?aba=todas&busca=Bruno", role="recepcao")
    row = page.locator(".talk-row", has_text="Bruno Teles")

    def listed() -> bool:
        page.reload()
        return row.count() == 1

    eventually(listed)
    row.click()
    page.locator("#texto").fill("Temos às 15h")
    expect(page.locator("#texto")).to_have_count(0, timeout=20_000)
    expect(page.get_by_role("button", name="Escolher modelo")).to_be_visible()
    expect(page.locator("#janela")).to_contain_text("Janela fechada")
    expect(page.locator("[data-kept]")).to_contain_text("Temos às 15h")
    simulator.writes(bruno, {"text": "Alguém aí?"})
    expect(page.locator("#texto")).to_have_value("Temos às 15h", timeout=15_000)
    page.keyboard.press("Control+Enter")
    page.locator("#texto").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".talk-bubble.out", has_text="Temos às 15h")).to_have_count(1)
    page.locator(".talk-bubble.in", has_text="Alguém aí?").get_by_label("Reagir").click()
    page.locator(".talk-emoji:visible button", has_text="👍").click()
    expect(page.locator(".talk-reactions", has_text="👍")).to_have_count(1)

    # Nobody holds it any more; the administrator hands it to the front desk.
    page.get_by_role("button", name="Soltar").click()
    expect(page.locator(".talk-who")).to_contain_text("Ninguém assumiu")
    other = panel.open(page.url.removeprefix(panel.base), role="administrador")
    other.locator(".talk-acts summary").click()
    colleague = other.locator(".talk-acts .menu-list button").first
    name = colleague.locator("span").last.inner_text()
    colleague.click()
    expect(other.locator(".talk-who")).to_contain_text(f"Com {name}")
