"""Journeys of whoever runs a company: stop and resume, a token that failed, a chain that is whole."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from playwright.sync_api import expect
from tests.browser.handset.stage import eventually
from tests.browser.panel.stage import Panel

HELLO = "Seu horário está confirmado."
FRESH_TOKEN = "made-up-token-for-tests-wxyz"


def state_of(panel: Panel, message_id: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{panel.base}/api/v1/messages/{message_id}")
    request.add_header("Authorization", f"Bearer {panel.said['api_key']}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        told: dict[str, Any] = json.loads(answer.read())
    return told


def ask(panel: Panel, phone: str) -> str:
    """The company's software answers somebody who has just written."""
    body = {"to": f"+{phone}", "type": "text", "text": {"body": HELLO}}
    return str(eventually(lambda: _sent(panel, body))["id"])


def _sent(panel: Panel, body: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return panel.send(body)
    except urllib.error.HTTPError as error:
        if error.code != 409:  # the window opens when the webhook is projected
            raise
        return None


def test_a_stop_holds_and_resuming_shows_the_backlog_first(panel: Panel) -> None:
    phone = panel.simulator().chats_with()
    page = panel.open("/painel/liberacao")
    expect(page.locator("[data-standing]")).to_contain_text("Envios ligados")
    page.locator("[data-stop=empresa]").click()
    page.get_by_label("Motivo").fill("modelo errado")
    page.get_by_role("button", name="Parar agora").click()
    expect(page.locator("[data-standing]")).to_contain_text("Envios parados")
    expect(page.locator("[data-standing]")).to_contain_text("modelo errado")
    message_id = ask(panel, phone)
    eventually(lambda: state_of(panel, message_id)["state"] == "held")
    page.locator("[data-resume=empresa]").click()
    expect(page.locator("[data-plan]")).to_contain_text("1 em espera: 1 sai.")
    page.get_by_role("button", name="Retomar").click()
    expect(page.locator("[data-standing]")).to_contain_text("Envios ligados")
    eventually(lambda: any(HELLO in str(one) for one in panel.simulator().seen(phone)))


def test_a_failed_token_is_renewed_and_the_message_leaves(panel: Panel) -> None:
    simulator = panel.simulator()
    phone = simulator.chats_with()
    # Meta takes only the new token from here on, as after a change of password.
    simulator.ask("POST", "/_sim/seed", {"tokens": [FRESH_TOKEN]})
    message_id = ask(panel, phone)
    eventually(lambda: (state_of(panel, message_id)["reason"] or {}).get("code") == "token_expired")
    page = panel.open("/painel/mensagens")
    stopped = page.locator("#problemas")
    expect(stopped).to_contain_text("1 mensagem de Estúdio Aurora espera e sai sozinha depois.")
    stopped.get_by_role("link", name="Renovar token").click()
    banner = page.locator("[data-failing]")
    expect(banner).to_contain_text("A Meta não aceita mais o token")
    expect(banner).to_contain_text("1 mensagem espera e sai sozinha")
    banner.get_by_role("link", name="Renovar token").click()
    page.get_by_label("Token novo").fill(FRESH_TOKEN)
    page.get_by_role("button", name="Guardar e retomar").click()
    expect(page.locator("#main")).to_contain_text("…wxyz")
    expect(page.locator("[data-failing]")).to_have_count(0)
    assert FRESH_TOKEN not in page.content()
    eventually(lambda: any(HELLO in str(one) for one in simulator.seen(phone)))
    page.goto(panel.base + "/painel/mensagens")
    expect(stopped).not_to_contain_text("Renovar token")


def test_a_key_is_made_shown_once_and_the_chain_is_whole(panel: Panel) -> None:
    page = panel.open("/painel/contas/chaves")
    page.get_by_role("button", name="Nova chave…").click()
    page.get_by_role("dialog").get_by_label("Nome").fill("agenda")
    page.get_by_role("dialog").get_by_role("button", name="Criar").click()
    expect(page.locator("[data-fresh]")).to_contain_text("rk_")
    page.goto(panel.base + "/painel/contas/chaves")
    expect(page.locator("[data-fresh]")).to_have_count(0)
    page.goto(panel.base + "/painel/auditoria")
    expect(page.locator("#main")).to_contain_text("Criou uma chave")
    page.get_by_role("button", name="Verificar integridade").click()
    expect(page.locator("[data-verdict=whole]")).to_be_visible()


def test_plans_and_forms_are_accessible_too(panel: Panel) -> None:
    page = panel.open("/painel/liberacao/plano?alvo=empresa&acao=parar")
    panel.every_look(page)
    page.goto(panel.base + "/painel/contas/credenciais")
    page.get_by_role("link", name="Renovar token…").click()
    panel.every_look(page)


def test_every_part_of_accounts_and_the_open_tables_are_accessible(panel: Panel) -> None:
    page = panel.open("/painel/contas/chaves")
    for path in ("/painel/contas/chaves", "/painel/contas/pessoas", "/painel/contas/empresas"):
        page.goto(panel.base + path)
        panel.axe(page)
        page.set_viewport_size({"width": 320, "height": 900})
        panel.no_sideways(page)
        page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(panel.base + "/painel/metricas")
    for one in page.locator("details.twin summary").all():
        one.click()
    panel.axe(page)
