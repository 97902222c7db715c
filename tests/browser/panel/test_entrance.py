"""Coming in, in a real browser: the demonstration's buttons, the first-run link, password and second factor."""

from __future__ import annotations

from datetime import timedelta

import pyotp
from playwright.sync_api import Page, expect
from tests.browser.panel.stage import Panel

from recado.kit.clock import SystemClock

PASSWORD = "uma frase bem comprida"
LOGIN = "administra@aurora.example"


def fill_link(page: Page) -> None:
    page.get_by_label("Seu nome").fill("Luana Freitas")
    page.get_by_label("E-mail ou login").fill(LOGIN)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Continuar").click()


def test_the_pages_outside_are_accessible(panel: Panel) -> None:
    panel.every_look(panel.stranger())
    panel.every_look(panel.stranger("/painel/convite/" + panel.said["panel_link"].rpartition("/")[2]))
    panel.every_look(panel.stranger("/painel/convite/nao-existe"))
    panel.watch.forgive("404")


def test_the_demonstration_says_what_it_is(panel: Panel) -> None:
    page = panel.stranger()
    expect(page.get_by_role("heading", name="Demonstração")).to_be_visible()
    page.get_by_role("button", name="Entrar na demonstração como recepção").click()
    expect(page.locator(".bar .demo")).to_have_text("Demonstração")
    expect(page.locator(".who")).to_contain_text("Recepção")


def test_a_link_to_a_page_leads_there_after_coming_in(panel: Panel) -> None:
    page = panel.stranger("/painel/componentes?aba=voce")
    page.get_by_role("button", name="Entrar na demonstração como revisor").click()
    expect(page).to_have_url(panel.base + "/painel/componentes?aba=voce")


def test_from_the_first_link_to_the_second_factor(panel: Panel) -> None:
    page = panel.stranger(panel.said["panel_link"].removeprefix(panel.base))
    fill_link(page)
    expect(page.locator(".who")).to_contain_text("Luana Freitas")
    assert page.context.cookies()[0]["httpOnly"]

    again = panel.stranger(panel.said["panel_link"].removeprefix(panel.base))
    expect(again.get_by_role("heading", name="Este link não funciona mais")).to_be_visible()
    panel.watch.forgive("404")

    page.goto(panel.base + "/painel/eu")
    page.get_by_role("button", name="Ligar segundo fator…").click()
    expect(page.get_by_alt_text("Código QR")).to_be_visible()
    panel.axe(page)
    secret = page.locator("section", has=page.locator(".qr")).locator(".mono").inner_text()
    totp = pyotp.TOTP(secret)
    now, step = SystemClock().now(), timedelta(seconds=30)
    page.get_by_label("Código", exact=True).fill(totp.at(now - step))
    page.get_by_role("button", name="Ligar", exact=True).click()
    expect(page.get_by_text("Segundo fator ligado.")).to_be_visible()

    page.get_by_role("button", name="Sair").click()
    page.get_by_label("E-mail ou login").fill(LOGIN)
    page.get_by_label("Senha").fill("errada mesmo, mas longa")
    page.get_by_role("button", name="Entrar", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Login ou senha não conferem.")
    panel.watch.forgive("422")
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Entrar", exact=True).click()
    expect(page.get_by_role("heading", name="Código de acesso")).to_be_visible()
    panel.every_look(page)
    page.get_by_label("Código", exact=True).fill(totp.at(now + step))
    page.get_by_role("button", name="Entrar", exact=True).click()
    expect(page.locator(".who")).to_contain_text("Luana Freitas")
