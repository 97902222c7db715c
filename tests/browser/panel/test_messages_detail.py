"""A message beside the list: by keyboard alone, through the history, and true while somebody looks at it."""

from __future__ import annotations

import urllib.error
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.handset.stage import eventually
from tests.browser.panel.stage import Panel
from tests.browser.panel.test_messages_bulk import REMINDER

from recado.kit.clock import SystemClock

LIST = "/painel/mensagens"
SLOW_MS = 15_000


def refused(panel: Panel, name: str) -> str:
    """A message that Meta refuses to somebody of this name; its id."""
    simulator = panel.simulator()
    phone = simulator.chats_with(name)
    simulator.ask("POST", "/_sim/faults", {"kind": "any_error", "code": 131026, "to": phone, "times": 1})
    body = {"to": f"+{phone}", "type": "text", "text": {"body": "O estúdio abre às 8h."}}

    def accepted() -> dict[str, Any] | None:
        try:
            return panel.send(body)
        except urllib.error.HTTPError as error:
            if error.code != 409:  # the window opens when the webhook is projected
                raise
            return None

    return str(eventually(accepted)["id"])  # type: ignore[index]


def listed(page: Page, message_id: str) -> None:
    row = page.locator(f"tr[data-message][data-id='{message_id}']")

    def there() -> bool:
        page.reload()
        return row.count() == 1

    eventually(there, 20.0)


def tab_to(page: Page, selector: str) -> None:
    """With the Tab key, as people without a mouse do."""
    for _ in range(60):
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key never reaches {selector}")


def find(page: Page) -> None:
    """Help, tabs, search and a filter, without a mouse."""
    keys = page.keyboard
    keys.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Descartar…")
    keys.press("Escape")
    keys.press("2")
    page.wait_for_url(f"**{LIST}")
    keys.press("1")
    page.wait_for_url(f"**{LIST}?aba=voce")
    keys.press("/")
    expect(page.locator("#busca")).to_be_focused()
    keys.type("Rita")
    keys.press("Enter")
    page.wait_for_url("**q=Rita**")
    tab_to(page, "select[name=situacao]")
    keys.type("Falhou")
    page.wait_for_url("**situacao=falhou**")


def test_a_problem_is_found_opened_and_settled_by_keyboard_alone(panel: Panel) -> None:
    message_id = refused(panel, "Rita Lobo")
    page = panel.open(f"{LIST}?aba=voce", role="recepcao")
    listed(page, message_id)
    find(page)
    keys = page.keyboard

    row = page.locator(f"tr[data-id='{message_id}']")
    keys.press("j")
    expect(row.locator("[data-open]")).to_be_focused()
    keys.press("Enter")
    drawer = page.locator("[data-drawer]")
    expect(drawer).to_be_focused()
    expect(drawer).to_contain_text("A Meta recusou")
    assert page.url.endswith(f"{LIST}/{message_id}")
    keys.press("Escape")
    expect(drawer).to_have_count(0)
    expect(row.locator("[data-open]")).to_be_focused()
    assert "situacao=falhou" in page.url

    keys.press("o")
    expect(drawer).to_be_focused()
    tab_to(page, "#parte-conteudo")
    keys.press("Enter")
    expect(drawer.locator("[data-bubble]")).to_contain_text("O estúdio abre às 8h.")
    expect(page.locator("#parte-conteudo")).to_be_focused()

    keys.press("e")
    expect(page.get_by_role("dialog")).to_contain_text("Enviar de novo?")
    tab_to(page, "#dlg-resend button[type=submit]")
    keys.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Na fila de novo")
    expect(page.locator(f"[data-detail-of='{message_id}']")).to_have_count(0)
    expect(drawer.locator("[data-state=delivered], [data-state=read]").first).to_be_visible(timeout=SLOW_MS)
    keys.press("Escape")
    expect(drawer).to_have_count(0)
    expect(row.locator("[data-open]")).to_be_focused()
    # It waits for nobody any more.
    expect(row).not_to_contain_text("Reenviar…", timeout=SLOW_MS)
    keys.press("p")
    expect(page.locator("#live")).to_have_attribute("aria-pressed", "true")
    keys.press("c")
    page.wait_for_url("**/painel/conversas/**")


@pytest.fixture
def scheduled(panel: Panel) -> list[str]:
    later = (SystemClock().now() + timedelta(days=1)).isoformat()
    asked = [
        panel.send(
            {"to": f"+552095550015{n}", "type": "template", "template": REMINDER, "scheduled_at": later}
        )
        for n in range(2)
    ]
    return [str(one["id"]) for one in asked]


def test_the_history_knows_the_message_beside_the_list(panel: Panel, scheduled: list[str]) -> None:
    first, second = scheduled
    page = panel.open(f"{LIST}?aba=agendadas", role="recepcao")
    page.locator(f"tr[data-id='{first}'] .c-msg").click()
    shown = page.locator("[data-detail-of]")
    expect(shown).to_have_attribute("data-detail-of", first)
    panel.axe(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    panel.axe(page)
    page.locator(f"tr[data-id='{second}'] [data-open]").click()
    expect(shown).to_have_attribute("data-detail-of", second)
    page.go_back()
    expect(shown).to_have_count(0)
    assert page.url.endswith(f"{LIST}?aba=agendadas")
    page.go_forward()
    expect(shown).to_have_attribute("data-detail-of", second)
    page.reload()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("[data-drawer]")).to_have_count(0)
    page.go_back()
    expect(page.locator(f"tr[data-id='{second}']")).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 800})
    page.locator(f"tr[data-id='{second}'] .c-msg").click()
    page.wait_for_url(f"**{LIST}/{second}")
    expect(page.locator("#historia-t")).to_be_visible()
    panel.every_look(page)


def test_what_changes_is_shown_at_once_beside_the_list_and_above_it(
    panel: Panel, scheduled: list[str]
) -> None:
    page = panel.open(f"{LIST}?aba=agendadas", role="recepcao")
    waiting = page.locator("#conta-agendadas")
    before = int(waiting.inner_text())
    page.locator(f"tr[data-id='{scheduled[0]}'] [data-open]").click()
    expect(page.locator("[data-drawer] [data-state=scheduled]")).to_be_visible()
    page.locator("#mais-acoes summary").click()
    page.locator("#faz-cancel").click()
    page.get_by_role("button", name="Cancelar envio").click()
    expect(page.locator("[data-drawer] [data-state=cancelled]")).to_be_visible()
    expect(waiting).to_have_text(str(before - 1), timeout=SLOW_MS)

    page.locator(f"tr[data-id='{scheduled[1]}'] [data-open]").click()
    expect(page.locator("[data-drawer] [data-state=scheduled]")).to_be_visible()
    elsewhere = panel.open(f"{LIST}/{scheduled[1]}")
    elsewhere.get_by_role("button", name="Cancelar…").click()
    elsewhere.get_by_role("button", name="Cancelar envio").click()
    expect(page.locator("[data-drawer] [data-state=cancelled]")).to_be_visible(timeout=SLOW_MS)
    expect(waiting).to_have_text(str(before - 2), timeout=SLOW_MS)
