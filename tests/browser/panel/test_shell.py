"""The frame around the screens, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.browser.panel.stage import Panel

SHEET = "/painel/componentes"


def test_the_skip_link_leads_to_the_content(panel: Panel) -> None:
    page = panel.open(SHEET)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def colours(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_chosen_colours_come_back_without_a_flash(panel: Panel) -> None:
    page = panel.open(SHEET, role="recepcao", scheme="light")
    light = colours(page)
    with page.expect_response("**/painel/eu/tema"):
        page.get_by_role("button", name="Claro ou escuro").click()
    dark = colours(page)
    assert dark != light
    page.reload()
    # Rendered by the server: no script has to run first.
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert colours(page) == dark


def test_the_keyboard_finds_the_way(panel: Panel) -> None:
    page = panel.open(SHEET)
    page.keyboard.press("/")
    expect(page.locator("#busca")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+?")
    help_dialog = page.get_by_role("dialog", name="Atalhos do teclado")
    expect(help_dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-row]").nth(1)).to_have_attribute("data-current", "")
    page.keyboard.press("x")
    expect(page.locator("[data-bulk]")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-bulk-count]")).to_have_text("3")
    page.keyboard.press("k")
    expect(page.locator("[data-row]").nth(2)).to_have_attribute("data-current", "")
    page.keyboard.press("Enter")
    expect(page).to_have_url(panel.base + SHEET + "#claimed")


def test_single_keys_can_be_switched_off(panel: Panel) -> None:
    page = panel.open(SHEET, role="desenvolvedor")
    page.keyboard.press("Shift+?")
    page.get_by_role("switch", name="Atalhos de uma tecla ligados").uncheck()
    page.locator("#atalhos").get_by_role("button", name="Guardar").click()
    expect(page.locator("html")).to_have_attribute("data-shortcuts", "off")
    expect(page.locator(".toast")).to_contain_text("Guardado")
    page.goto(panel.base + SHEET)
    page.keyboard.press("/")
    expect(page.locator("#busca")).not_to_be_focused()


def test_a_dialog_keeps_the_focus_and_gives_it_back(panel: Panel) -> None:
    page = panel.open(SHEET)
    page.get_by_label("Selecionar queued", exact=True).check()
    opener = page.locator("[data-bulk] [data-dialog=exemplo]")
    opener.click()
    dialog = page.get_by_role("dialog", name="Reenviar 2 mensagens")
    expect(dialog).to_be_visible()
    panel.axe(page)
    dialog.get_by_role("button", name="Voltar").click()
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_phone_has_a_bar_of_its_own(panel: Panel) -> None:
    page = panel.open(SHEET, width=320, height=700)
    expect(page.locator("#nav")).to_be_hidden()
    page.get_by_role("button", name="Mais", exact=True).click()
    dialog = page.get_by_role("dialog", name="Ir para")
    expect(dialog).to_be_visible()
    panel.axe(page)
    panel.no_sideways(page)
    dialog.get_by_role("link", name="Você").click()
    expect(page.get_by_role("heading", name="Você", level=1)).to_be_visible()


def test_english_is_spoken_too(panel: Panel) -> None:
    page = panel.open(SHEET, role="revisor")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Português")).to_be_visible()
    # What scripts say is English too: it comes with the page.
    page.locator("[data-copy]").first.click()
    expect(page.locator(".toast", has_text="Copied")).to_be_visible()
    page.locator(".toast", has_text="Copied").get_by_role("button", name="Close").click()
    expect(page.locator(".toast", has_text="Copied")).to_have_count(0)
