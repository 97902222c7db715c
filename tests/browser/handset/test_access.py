"""Everybody can use it: axe, narrow screens, the keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser import axe
from tests.browser.handset.stage import Stage, eventually

pytestmark = pytest.mark.browser

SIZES = [(1440, 900), (390, 844), (320, 640)]


def violations(page: Page) -> list[str]:
    return [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
        for rule in axe.violations(page)
        for node in rule["nodes"]
    ]


@pytest.fixture(scope="module")
def full_phone(sim: Any) -> str:
    """A conversation with one of everything."""
    phone: str = sim.chats_with()
    rows = [{"id": "a", "title": "Limpeza de pele", "description": "50 min"}]
    reply = [{"type": "reply", "reply": {"id": str(n), "title": f"Opção {n}"}} for n in range(3)]
    card = {
        "type": "cta_url",
        "header": {"type": "image", "image": {"link": "https://exemplo.example/a.jpg"}},
        "body": {"text": "Uma *oferta* da semana"},
        "action": {
            "name": "cta_url",
            "parameters": {"display_text": "Ver", "url": "https://exemplo.example"},
        },
    }
    flow = {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Abrir formulário"}
    interactive: list[dict[str, Any]] = [
        {
            "type": "list",
            "body": {"text": "Qual serviço?"},
            "action": {"button": "Ver serviços", "sections": [{"title": "Rosto", "rows": rows}]},
        },
        {"type": "button", "body": {"text": "Escolha"}, "action": {"buttons": reply}},
        {
            "type": "carousel",
            "body": {"text": "Novidades"},
            "action": {"cards": [{"card_index": n, **card} for n in range(3)]},
        },
        {
            "type": "flow",
            "body": {"text": "Preencha seus dados"},
            "action": {"name": "flow", "parameters": flow},
        },
        {
            "type": "location_request_message",
            "body": {"text": "Onde você está?"},
            "action": {"name": "send_location"},
        },
    ]
    for about in interactive:
        sim.business_sends(phone, "interactive", about)
    sim.business_sends(phone, "location", {"latitude": -23.5, "longitude": -46.6, "name": "Aurora"})
    contact = {"name": {"formatted_name": "Rita", "first_name": "Rita"}, "phones": []}
    sim.business_sends(phone, "contacts", [contact])
    wamid = sim.business_sends(phone, "text", {"body": "_Texto_ com `código` e https://exemplo.example"})
    sim.writes(phone, {"reaction": "👍", "context": wamid})
    sim.writes(phone, {"text": "Resposta", "context": wamid})
    return phone


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_axe_finds_nothing(stage: Stage, full_phone: str, width: int, height: int, scheme: str) -> None:
    narrow = width < 1121
    page = stage.open(full_phone, width=width, height=height, scheme=scheme)
    expect(page.locator("#messages .b").last).to_contain_text("Resposta")
    found = {"conversation": violations(page)}

    page.get_by_role("button", name="Ver serviços").click()
    found["list"] = violations(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Abrir formulário").click()
    found["notice"] = violations(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Anexar").click()
    found["attach menu"] = violations(page)
    page.keyboard.press("Escape")
    last = page.locator("li.mine").last
    last.hover()
    last.get_by_role("button", name="Opções:").click()
    found["message menu"] = violations(page)
    page.get_by_role("menuitem", name="Responder").click()
    found["quoting"] = violations(page)
    if narrow:
        page.get_by_role("button", name="Abrir as alavancas").click()
        found["levers"] = violations(page)
        page.get_by_role("button", name="Conversa").click()
        page.get_by_role("button", name="Voltar para as pessoas").click()
        found["people"] = violations(page)
    page.get_by_role("button", name="Nova pessoa").click()
    found["new person"] = violations(page)
    assert {view: problems for view, problems in found.items() if problems} == {}


@pytest.mark.parametrize("width", [1440, 900, 390, 320])
def test_nothing_scrolls_sideways(stage: Stage, full_phone: str, width: int) -> None:
    page = stage.open(full_phone, width=width, height=700)
    expect(page.locator("#messages .b").last).to_contain_text("Resposta")

    def sideways() -> Any:
        return page.evaluate(
            "[document.documentElement, document.body, document.querySelector('#chat')]"
            ".map((box) => box.scrollWidth - box.clientWidth)"
        )

    assert sideways() == [0, 0, 0]
    if width < 1121:
        page.get_by_role("button", name="Abrir as alavancas").click()
        assert sideways() == [0, 0, 0]
        page.get_by_role("button", name="Conversa").click()
    if width < 721:
        page.get_by_role("button", name="Voltar para as pessoas").click()
        assert sideways() == [0, 0, 0]


def test_on_a_phone_the_list_leads_to_the_conversation_and_back(stage: Stage) -> None:
    phone = stage.sim.chats_with("Beatriz Nunes")
    page = stage.open(width=390, height=844)
    person = page.locator(f".person[data-key='{phone}']")
    person.click()
    expect(page.get_by_role("log", name="Conversa no celular de Beatriz Nunes")).to_be_visible()
    expect(person).to_be_hidden()
    expect(page.get_by_role("button", name="Voltar para as pessoas")).to_be_focused()
    page.keyboard.press("Enter")
    expect(person).to_be_focused()


def test_the_keyboard_alone_is_enough(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    wamid = stage.sim.business_sends(phone, "text", {"body": "Tudo certo?"})
    page = stage.open(phone)
    more = page.locator(f"li[data-wamid='{wamid}'] .more")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Reagir com 👍")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Reagir com 👍")).to_be_focused()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    eventually(lambda: any(m["reactions"] for m in stage.sim.seen(phone)))

    page.get_by_role("switch", name="Celular ligado").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("switch", name="Celular ligado")).not_to_be_checked()
