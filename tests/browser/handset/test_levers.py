"""One tap for what goes wrong most, a voice note from the microphone, a phone's own address."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.handset.stage import Stage, eventually
from tests.browser.handset.test_access import violations

pytestmark = pytest.mark.browser


def active(stage: Stage) -> dict[str, Any]:
    return {one["kind"]: one["times"] for one in stage.sim.ask("GET", "/_sim/faults")}


def test_common_troubles_are_one_tap_on_and_one_tap_off(stage: Stage) -> None:
    page = stage.open(stage.sim.chats_with())
    pills = page.get_by_role("group", name="Problemas mais comuns")
    token, drop = pills.get_by_text("Token vencido"), pills.get_by_text("Cai depois de aceitar")
    token.click()
    expect(token).to_have_attribute("aria-pressed", "true")
    drop.click()
    expect(drop).to_have_attribute("aria-pressed", "true")
    assert active(stage) == {"token_expired": None, "reset_after_accept": 1}
    assert violations(page) == []
    token.click()
    expect(token).to_have_attribute("aria-pressed", "false")
    assert active(stage) == {"reset_after_accept": 1}
    page.get_by_role("button", name="Voltar ao normal").click()
    expect(drop).to_have_attribute("aria-pressed", "false")
    assert active(stage) == {}


def test_a_voice_note_is_recorded_and_reaches_the_business(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    page = stage.open(phone, width=320, height=640)
    page.get_by_role("button", name="Anexar").click()
    page.get_by_role("menuitem", name="Gravar mensagem de voz").click()
    expect(page.get_by_role("timer")).to_have_text("0:01")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Enviar a mensagem de voz").click()
    expect(page.get_by_role("textbox")).to_be_focused()
    expect(page.locator("#messages audio[aria-label='Mensagem de voz']")).to_be_visible()
    (note,) = [one for one in stage.sim.seen(phone) if one["type"] == "audio"]
    about = note["payload"]["audio"]
    assert (note["direction"], about["voice"]) == ("out", True)
    assert about["mime_type"] in ("audio/mp4", "audio/ogg")


def test_a_recording_can_be_thrown_away(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    page = stage.open(phone)
    before = len(stage.sim.seen(phone))
    page.get_by_role("button", name="Anexar").click()
    page.get_by_role("menuitem", name="Gravar mensagem de voz").click()
    page.get_by_role("button", name="Descartar a gravação").click()
    expect(page.get_by_role("timer")).to_be_hidden()
    expect(page.get_by_role("textbox")).to_be_visible()
    page.get_by_role("textbox").fill("Deixa, escrevo")
    page.keyboard.press("Enter")
    eventually(lambda: len(stage.sim.seen(phone)) == before + 1)


def test_a_phone_has_an_address_of_its_own(stage: Stage) -> None:
    phone = stage.sim.chats_with("Rita Camargo")
    page = stage.open()
    page.goto(f"{stage.sim.base}/celular/+{phone}")
    expect(page.get_by_role("log", name="Conversa no celular de Rita Camargo")).to_contain_text("Oi")
