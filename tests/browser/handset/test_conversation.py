"""What the person sees arrives by itself, and what they do reaches the business."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.handset.stage import Stage, eventually

pytestmark = pytest.mark.browser

LIVE_MS = 2_000  # the promise is about one second; twice that for a busy machine

REMINDER: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "TEXT", "text": "Seu horário é amanhã"},
    {
        "type": "BODY",
        "text": "Oi, {{1}}! Passando para lembrar: *{{2}}*, na Rua das Acácias, 1200.",
        "example": {"body_text": [["Marina", "limpeza de pele, quarta, às 14h30"]]},
    },
    {"type": "FOOTER", "text": "Estúdio Aurora"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Confirmar"},
            {"type": "QUICK_REPLY", "text": "Reagendar"},
            {"type": "QUICK_REPLY", "text": "Falar com a gente"},
        ],
    },
]


def reminder(stage: Stage, phone: str, name: str = "lembrete_24h") -> str:
    about = {
        "name": name,
        "language": {"code": "pt_BR"},
        "components": [
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "text": "Marina"},
                    {"type": "text", "text": "limpeza de pele, quarta, 25/11, às 14h30"},
                ],
            },
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": "0",
                "parameters": [{"type": "payload", "payload": "confirmar:8231"}],
            },
        ],
    }
    return stage.sim.business_sends(phone, "template", about)


def written(stage: Stage, phone: str) -> list[dict[str, Any]]:
    return [m for m in stage.sim.seen(phone) if m["direction"] == "out"]


def bubbles(page: Page) -> Any:
    return page.locator("#messages .b")


def png(width: int = 24, height: int = 16) -> bytes:
    """A small picture, made here."""
    rows = b"".join(b"\0" + bytes((200, 120, 90)) * width for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_template_arrives_live_and_a_tapped_button_reaches_the_business(stage: Stage) -> None:
    stage.sim.template("lembrete_24h", REMINDER)
    phone = stage.sim.person()
    page = stage.open(phone)
    expect(page.locator("#quiet")).to_contain_text("Nenhuma mensagem ainda")
    wamid = reminder(stage, phone)

    bubble = bubbles(page).first
    expect(bubble.locator(".title")).to_have_text("Seu horário é amanhã", timeout=LIVE_MS)
    expect(bubble.locator("strong")).to_have_text("limpeza de pele, quarta, 25/11, às 14h30")
    expect(bubble.locator(".foot")).to_have_text("Estúdio Aurora")
    options = page.get_by_role("group", name="Opções da mensagem").get_by_role("button")
    expect(options).to_have_text(["Confirmar", "Reagendar", "Falar com a gente"])

    options.first.click()
    expect(page.locator(".mine .b")).to_contain_text("Confirmar", timeout=LIVE_MS)
    expect(options.first).to_have_attribute("aria-pressed", "true")
    expect(options.nth(1)).to_have_attribute("aria-pressed", "false")
    answer = written(stage, phone)[-1]
    assert (answer["type"], answer["text"], answer["context"]) == ("button", "Confirmar", wamid)
    assert answer["payload"]["button"] == {"payload": "confirmar:8231", "text": "Confirmar"}


def test_typing_and_enter_sends_and_quoting_points_at_the_message(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    wamid = stage.sim.business_sends(phone, "text", {"body": "Qual horário prefere?"})
    page = stage.open(phone)
    field = page.get_by_role("textbox", name="Escrever como Marina")
    field.fill("De manhã, *por favor*")
    field.press("Enter")
    expect(bubbles(page).last).to_contain_text("De manhã, por favor", timeout=LIVE_MS)
    expect(bubbles(page).last.locator("strong")).to_have_text("por favor")
    expect(field).to_have_value("")

    question = page.locator(f"li[data-wamid='{wamid}']")
    question.hover()
    question.get_by_role("button", name="Opções:").click()
    page.get_by_role("menuitem", name="Responder").click()
    expect(page.locator("#quoting")).to_contain_text("Qual horário prefere?")
    page.keyboard.type("Às nove")
    page.keyboard.press("Enter")
    expect(bubbles(page).last.locator(".quote")).to_contain_text("Qual horário prefere?")
    assert [(m["text"], m["context"] or None) for m in written(stage, phone)[1:]] == [
        ("De manhã, *por favor*", None),
        ("Às nove", wamid),
    ]


def test_a_list_opens_its_sections_and_the_row_reaches_the_business(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    rows = [
        {"id": "limpeza", "title": "Limpeza de pele", "description": "50 min, R$ 180"},
        {"id": "peeling", "title": "Peeling"},
    ]
    sections = [
        {"title": "Rosto", "rows": rows},
        {"title": "Corpo", "rows": [{"id": "drenagem", "title": "Drenagem"}]},
    ]
    wamid = stage.sim.business_sends(
        phone,
        "interactive",
        {
            "type": "list",
            "header": {"type": "text", "text": "Serviços"},
            "body": {"text": "Qual serviço você quer?"},
            "footer": {"text": "Estúdio Aurora"},
            "action": {"button": "Ver serviços", "sections": sections},
        },
    )
    page = stage.open(phone)
    page.get_by_role("button", name="Ver serviços").click()
    dialog = page.get_by_role("dialog", name="Ver serviços")
    expect(dialog.get_by_role("heading", level=3)).to_have_text(["Rosto", "Corpo"])
    expect(dialog).to_contain_text("50 min, R$ 180")
    dialog.get_by_role("button", name="Drenagem").click()
    expect(dialog).to_have_count(0)
    expect(bubbles(page).last).to_contain_text("Drenagem", timeout=LIVE_MS)
    answer = written(stage, phone)[-1]
    assert (answer["type"], answer["context"]) == ("interactive", wamid)
    assert answer["payload"]["interactive"]["list_reply"]["id"] == "drenagem"


def test_an_address_outside_is_shown_but_never_visited(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    address = "https://exemplo.example/pagar?id=1"
    stage.sim.business_sends(
        phone,
        "interactive",
        {
            "type": "cta_url",
            "body": {"text": f"Pague em {address} ou em {stage.sim.base}/celular."},
            "action": {
                "name": "cta_url",
                "parameters": {"display_text": "Abrir pagamento", "url": address},
            },
        },
    )
    page = stage.open(phone)
    page.get_by_role("button", name="Abrir pagamento").click()
    expect(page.get_by_role("dialog")).to_contain_text(address)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=address, exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(address)
    page.keyboard.press("Escape")
    local = page.locator("#messages a.inline")
    expect(local).to_have_attribute("href", f"{stage.sim.base}/celular")
    expect(local).to_have_attribute("rel", "noopener noreferrer")
    assert page.url.endswith(phone)


def test_pictures_sent_and_received_are_shown(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    stage.sim.writes(
        phone,
        {
            "image": {
                "data_base64": base64.b64encode(png()).decode(),
                "mime_type": "image/png",
                "caption": "Meu documento",
            }
        },
    )
    page = stage.open(phone)
    picture = page.get_by_role("img", name="Foto: Meu documento")
    expect(picture).to_be_visible()
    eventually(lambda: picture.evaluate("image => image.naturalWidth") == 24)

    page.get_by_role("button", name="Anexar").click()
    page.get_by_role("menuitem", name="Foto de exemplo").click()
    drawn = page.get_by_role("img", name="Foto", exact=True)
    expect(drawn).to_be_visible()
    eventually(lambda: drawn.evaluate("image => image.naturalWidth") == 720)
    assert written(stage, phone)[-1]["type"] == "image"

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Anexar").click()
        page.get_by_role("menuitem", name="Documento").click()
    chooser.value.set_files(
        {"name": "exame.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF"}
    )
    expect(bubbles(page).last).to_contain_text("exame.pdf")
    assert written(stage, phone)[-1]["type"] == "document"


def test_places_contacts_and_stickers_go_out(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    page = stage.open(phone)
    sent = [
        ("Enviar localização de exemplo", "location", "Parque de exemplo"),
        ("Contato de exemplo", "contacts", "Rita Camargo"),
        ("Figurinha de exemplo", "sticker", ""),
    ]
    for count, (name, kind, shown) in enumerate(sent):
        page.get_by_role("button", name="Anexar").click()
        page.get_by_role("menuitem", name=name).click()
        expect(bubbles(page)).to_have_count(count + 2)
        assert written(stage, phone)[-1]["type"] == kind
        if shown:
            expect(bubbles(page).last).to_contain_text(shown)
    sticker = page.get_by_role("img", name="Figurinha")
    eventually(lambda: sticker.evaluate("image => image.naturalWidth") == 512)


def test_reacting_and_deleting(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    wamid = stage.sim.business_sends(phone, "text", {"body": "Até amanhã!"})
    page = stage.open(phone)
    theirs = page.locator(f"li[data-wamid='{wamid}']")
    theirs.hover()
    theirs.get_by_role("button", name="Opções:").click()
    page.get_by_role("menuitem", name="Reagir com ❤️").click()
    expect(theirs.locator(".reactions")).to_contain_text("❤️", timeout=LIVE_MS)

    mine = page.locator("li.mine").first
    mine.hover()
    mine.get_by_role("button", name="Opções:").click()
    page.get_by_role("menuitem", name="Apagar para todos").click()
    expect(mine).to_contain_text("Você apagou esta mensagem.", timeout=LIVE_MS)


def test_levers_reach_the_phone_time_and_meta(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    page = stage.open(phone)
    page.get_by_role("switch", name="Celular ligado").click()
    expect(page.locator("#strip")).to_contain_text("Sem rede")
    page.get_by_role("switch", name="Celular ligado").click()
    expect(page.locator("#strip")).to_be_hidden()
    page.get_by_role("switch", name="Bloqueou a empresa").click()
    expect(page.locator("#blocked")).to_contain_text("Marina bloqueou esta empresa.")
    page.get_by_role("button", name="Desbloquear").click()
    expect(page.locator("#composer")).to_be_visible()

    page.get_by_text("Outros problemas").click()
    page.get_by_label("O que acontece").select_option("token_expired")
    page.get_by_label("Quantas vezes").fill("2")
    page.get_by_role("button", name="Provocar").click()
    expect(page.locator("#fault-list")).to_contain_text("Token vencido")
    expect(page.locator("#fault-list")).to_contain_text("mais 2 vezes")
    page.get_by_role("button", name="Voltar ao normal").click()
    expect(page.locator("#fault-list li")).to_have_count(0)

    before = page.locator("#clock").inner_text()
    page.get_by_role("button", name="Adiantar 24 horas").click()
    expect(page.locator("#clock-shift")).to_contain_text("1 dia à frente")
    assert page.locator("#clock").inner_text() != before
    page.get_by_role("button", name="Voltar ao agora").click()
    expect(page.locator("#clock-shift")).to_contain_text("Igual ao relógio")


def test_a_hidden_phone_reaches_the_business_only_as_a_code(stage: Stage) -> None:
    phone = stage.sim.chats_with()
    page = stage.open(phone)
    page.get_by_role("switch", name="Esconder telefone").click()
    expect(page.get_by_role("switch", name="Esconder telefone")).to_be_checked()
    page.get_by_role("textbox", name="Escrever como").fill("Oi de novo")
    page.keyboard.press("Enter")
    expect(bubbles(page).last).to_contain_text("Oi de novo")
    shown, hidden = (m["payload"] for m in written(stage, phone))
    assert shown["from"] == phone
    assert "from" not in hidden
    assert hidden["from_user_id"] == shown["from_user_id"]


def test_a_new_person_is_created_and_chosen(stage: Stage) -> None:
    page = stage.open()
    page.get_by_role("button", name="Nova pessoa").click()
    page.get_by_label("Nome").fill("Otávio Lima")
    page.get_by_label("Telefone").fill("+55 20 95554-4001")
    page.get_by_role("button", name="Criar pessoa").click()
    expect(page.locator(".person[aria-current]")).to_contain_text("Otávio Lima")
    expect(page.get_by_role("textbox", name="Escrever como Otávio")).to_be_visible()
    assert "pessoa=5520955544001" in page.url
