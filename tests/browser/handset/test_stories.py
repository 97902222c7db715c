"""Stories play with captions; phones stand side by side; small signs of life."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.handset.stage import Stage, eventually
from tests.browser.handset.test_access import violations

pytestmark = pytest.mark.browser
VOICE = {"link": "https://files.example/voz.ogg", "voice": True}


def playing(stage: Stage, story: str, *, width: int = 1440, scheme: str = "light") -> Page:
    page = stage.open(width=width, scheme=scheme)
    page.goto(f"{stage.sim.base}/celular?ritmo=rapido")
    button = page.locator(f"[data-story='{story}']")
    button.wait_for(state="attached")
    if not button.is_visible():
        page.locator(".person").first.click()
        page.locator("#open-levers").click()
    button.click()
    return page


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark"), (320, "light")])
def test_a_story_plays_to_its_end(stage: Stage, width: int, scheme: str) -> None:
    stage.sim.person("Dona Lurdes")
    page = playing(stage, "conversa-completa", width=width, scheme=scheme)
    expect(page.locator("#story")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(page.locator("#story-caption")).to_have_text("Fim.")
    expect(page.locator("#messages")).to_contain_text("quinta, 16h30")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#story-stop").click()
    expect(page.locator("#story")).to_be_hidden()


def test_a_story_can_be_paused_hurried_and_stopped(stage: Stage) -> None:
    page = stage.open()
    page.locator("[data-story='escolher-servico']").click()
    expect(page.locator("#story-pause")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#story-pause")).to_have_text("Continuar")
    expect(page.locator("#story-count")).to_have_text("1 de 6")
    page.locator("#story-next").click()
    expect(page.locator("#story-count")).to_have_text("2 de 6")
    expect(page.locator("#messages")).to_contain_text("Quais serviços vocês têm?")
    page.locator("#story-stop").click()
    expect(page.locator("#story")).to_be_hidden()
    expect(page.locator("[data-story='escolher-servico']")).to_be_focused()


def test_a_story_says_which_template_is_missing(stage: Stage) -> None:
    page = stage.open()
    button = page.locator("[data-story='confirmar-horario']")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description("Falta o modelo lembrete_consulta nesta conta.")


def test_a_story_that_cannot_go_on_says_so(stage: Stage) -> None:
    fault = {"kind": "any_error", "code": 131000, "times": None}
    stage.sim.ask("POST", "/_sim/faults", fault)
    stage.sim.ask("POST", "/_sim/faults", {"kind": "webhooks_dropped", "times": 1})
    page = stage.open()
    page.route("**/_sim/business/send", lambda route: route.fulfill(json={"ok": False, "status": 500}))
    page.goto(f"{stage.sim.base}/celular?ritmo=rapido")
    page.locator("[data-story='escolher-servico']").click()
    expect(page.locator("#story")).to_have_attribute("data-state", "broken", timeout=15_000)
    expect(page.locator("#story-caption")).to_contain_text("a empresa não pôde enviar")
    page.locator("#story-stop").click()
    # What a story broke, it puts right.
    eventually(lambda: stage.sim.ask("GET", "/_sim/faults") == [])


def test_phones_side_by_side(stage: Stage) -> None:
    marina, caio = stage.sim.chats_with(), stage.sim.chats_with("Caio Prado")
    page = stage.open(marina, width=1680)
    page.get_by_role("button", name="Abrir outro celular ao lado").click()
    page.get_by_role("menuitem", name="Caio Prado").last.click()
    other = page.frame_locator("iframe[title='Celular de Caio Prado']")
    expect(other.locator("#messages")).to_contain_text("Oi")
    stage.sim.business_sends(caio, "text", {"body": "Boa tarde, Caio"})
    expect(other.locator("#messages")).to_contain_text("Boa tarde, Caio")
    other.get_by_role("textbox").fill("Tudo certo")
    other.get_by_role("button", name="Enviar").click()
    eventually(lambda: any(one["text"] == "Tudo certo" for one in stage.sim.seen(caio)))
    assert f"ao_lado={caio}" in page.url
    assert violations(page) == []
    page.reload()
    expect(other.locator("#messages")).to_contain_text("Tudo certo")
    page.get_by_role("button", name="Fechar o celular de Caio Prado").click()
    expect(page.locator("iframe")).to_have_count(0)


def test_the_business_is_seen_typing(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    page = stage.open(phone)
    written = stage.sim.seen(phone)[0]["wamid"]
    mark = {"messaging_product": "whatsapp", "status": "read", "message_id": written}
    path = f"/v25.0/{stage.sim.number}/messages"
    stage.sim.ask("POST", path, {**mark, "typing_indicator": {"type": "text"}})
    expect(page.locator("#chat-owner")).to_have_text("digitando…")
    stage.sim.business_sends(phone, "text", {"body": "Pronto"})
    expect(page.locator("#chat-owner")).to_contain_text("Conta comercial")


def test_somebody_known_only_by_a_code_opens(stage: Stage) -> None:
    bsuid = "BR.13490000000000004242"
    stage.sim.ask("POST", "/_sim/handsets", {"bsuid": bsuid, "name": "Pessoa sem telefone"})
    stage.sim.writes(bsuid, {"text": "Oi, sem telefone"})
    page = stage.open(bsuid)
    expect(page.locator("#messages")).to_contain_text("Oi, sem telefone")
    page.get_by_role("textbox", name="Escrever como").fill("Continuo aqui")
    page.get_by_role("button", name="Enviar", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("Continuo aqui")
