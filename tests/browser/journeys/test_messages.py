"""Journeys of a message, from whoever asked for it to whoever read it."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.browser.journeys.stage import Journey, reminder, row_of

SLOW_MS = 20_000


def steps(page: Page) -> list[str]:
    found: list[str] = page.locator("[data-step]").evaluate_all("all => all.map((one) => one.dataset.step)")
    return found


def test_asked_by_software_seen_tapped_told_and_answered_from_the_desk(journey: Journey) -> None:
    phone = journey.sim.person("Marina Azevedo")
    handset = journey.handset(phone)
    asked = journey.panel.send(reminder(phone))

    bubble = handset.locator("#messages .theirs").first
    expect(bubble).to_contain_text("Seu horário é amanhã às 14h", timeout=SLOW_MS)
    handset.get_by_role("button", name="Confirmar", exact=True).click()
    expect(handset.locator("#messages .mine").last).to_contain_text("Confirmar")

    page = journey.panel.open(f"/painel/mensagens/{asked['id']}")
    expect(page.locator("[data-step='status.read']")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator("h1 + .chip")).to_contain_text("Lida")
    told = steps(page)
    assert told[:3] == ["message.accepted", "attempt.started", "provider.accepted"], told
    assert [one for one in told if one.startswith("status.")] == [
        "status.sent",
        "status.delivered",
        "status.read",
    ]
    expect(page.locator("[data-bubble]").first).to_contain_text("Oi, Marina! Seu horário é amanhã às 14h.")

    page.get_by_role("link", name="Abrir conversa").click()
    expect(page.locator(".talk-bubble.out")).to_contain_text("Seu horário é amanhã às 14h")
    expect(page.locator(".talk-bubble.in")).to_contain_text("Confirmar", timeout=SLOW_MS)
    page.locator("#texto").fill("Combinado, *até amanhã*!")
    page.locator("[data-send]").click()
    expect(handset.locator("#messages .theirs").last).to_contain_text(
        "Combinado, até amanhã!", timeout=SLOW_MS
    )
    expect(page.locator(".talk-bubble.out [data-state=read]").last).to_be_visible(timeout=SLOW_MS)

    handset.get_by_role("textbox", name="Escrever como Marina").fill("Obrigada! <3")
    handset.keyboard.press("Enter")
    expect(page.locator(".talk-bubble.in").last).to_contain_text("Obrigada! <3", timeout=SLOW_MS)


def test_what_nobody_can_know_is_decided_by_a_person_and_written_down(journey: Journey) -> None:
    """One send that was lost, one that arrived, and no webhook about either: only a person may say."""
    lost, there = journey.sim.chats_with("Caio Prado"), journey.sim.chats_with("Lívia Nunes")
    for phone, kind in ((lost, "reset_before_accept"), (there, "reset_after_accept")):
        journey.fault("webhooks_dropped", to=phone)
        journey.fault(kind, to=phone, times=1)
    again, never = journey.answers(lost, "Sua vaga é às 9h."), journey.answers(there, "Sua vaga é às 10h.")
    for one in (again, never):
        journey.becomes(one, "needs_decision", within_s=40)
    journey.sim.ask("DELETE", "/_sim/faults")
    assert not any("9h" in str(one) for one in journey.sim.seen(lost))

    page = journey.panel.open("/painel/mensagens?aba=voce", role="recepcao")
    row_of(page, again).get_by_role("link", name="Conferir").click()
    beside = page.locator("[data-drawer]")
    expect(beside.locator("[data-step='provider.in_doubt']")).to_be_visible()
    beside.get_by_role("button", name="Reenviar mesmo assim…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Se ela saiu, o cliente recebe duas vezes.")
    page.get_by_role("dialog").get_by_role("button", name="Reenviar", exact=True).click()
    handset = journey.handset(lost)
    expect(handset.locator("#messages .theirs").last).to_contain_text("Sua vaga é às 9h.", timeout=SLOW_MS)
    journey.becomes(again, "sent", "delivered", "read")
    assert sum("9h" in str(one) for one in journey.sim.seen(lost)) == 1

    page.goto(f"{journey.panel.base}/painel/mensagens?aba=voce")
    row_of(page, never).get_by_role("link", name="Conferir").click()
    beside.get_by_role("button", name="Não reenviar…").click()
    page.get_by_role("dialog").get_by_role("button", name="Não reenviar", exact=True).click()
    journey.becomes(never, "discarded", "cancelled", "failed", "expired_in_doubt")
    page.goto(f"{journey.panel.base}/painel/mensagens?aba=voce")
    for one in (again, never):
        expect(page.locator(f"tr[data-id='{one}']")).to_have_count(0)
    assert sum("10h" in str(one) for one in journey.sim.seen(there)) == 1

    seen = journey.panel.open("/painel/auditoria")
    for one in (again, never):
        line = seen.locator("tr[data-row]", has=seen.locator(f"[title*='{one}']"))
        expect(line).to_contain_text("Bruno Salles")


def test_a_batch_sends_again_what_failed(journey: Journey) -> None:
    phones = [journey.sim.chats_with(name) for name in ("Rita Lobo", "Davi Reis", "Nara Melo")]
    for phone in phones:
        journey.fault("any_error", code=131009, to=phone)
    asked = [journey.answers(phone, "O estúdio abre às 8h.") for phone in phones]
    for one in asked:
        journey.becomes(one, "rejected", "failed")
    journey.sim.ask("DELETE", "/_sim/faults")

    page = journey.panel.open("/painel/mensagens?aba=voce", role="recepcao")
    for one in asked:
        row_of(page, one)
    for one in asked:
        page.locator(f"tr[data-id='{one}'] input[name=ids]").check()
    page.get_by_role("button", name="Reenviar…").click()
    expect(page.locator("#main")).to_contain_text("3")
    page.get_by_label("Nome do incidente").fill("Meta instável cedo")
    page.get_by_role("button", name="Reenviar 3 mensagens").click()
    job = page.locator("#lote")
    expect(page.get_by_role("heading", level=1)).to_have_text("Meta instável cedo")
    expect(job).to_contain_text("Vai começar")
    expect(job).to_contain_text("Concluído", timeout=40_000)
    expect(job).to_contain_text("3 mensagens feitas")
    handset = journey.handset(phones[0])
    expect(handset.locator("#messages .theirs").last).to_contain_text(
        "O estúdio abre às 8h.", timeout=SLOW_MS
    )
    page.goto(f"{journey.panel.base}/painel/mensagens/lotes")
    expect(page.locator("tbody tr")).to_contain_text("Meta instável cedo")
