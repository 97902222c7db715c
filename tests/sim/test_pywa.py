"""A client nobody here wrote: pywa sends every kind it offers and reads every webhook it gets."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.sim.stage import (
    BRUNO_BSUID,
    MARINA,
    MARINA_BSUID,
    PHONE,
    SECRET,
    TOKEN,
    WABA,
    WORD,
    Heard,
    Sim,
    eventually,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pywa
    from pywa import errors, handlers, types
    from pywa.types import templates as t

OPUS = b"OggS" + bytes(60)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def wa(sim: Sim) -> Iterator[Any]:
    client = pywa.WhatsApp(
        phone_id=PHONE,
        token=TOKEN,
        waba_id=WABA,
        app_id="670000000000061",
        app_secret=SECRET,
        verify_token=WORD,
        server=None,
        skip_duplicate_updates=False,
    )
    client.api._session.base_url = f"{sim.base}/v25.0"
    yield client
    client.api._session.close()


@pytest.fixture
def marina(sim: Sim) -> str:
    sim.writes(MARINA, {"text": "Oi"})
    return f"+{MARINA}"


def parsed(wa: Any, heard: Heard, caplog: pytest.LogCaptureFixture) -> Any:
    """What pywa makes of a webhook; fails if pywa complains."""
    found: list[Any] = []
    wa._handlers.clear()
    kinds = (
        handlers.MessageHandler,
        handlers.CallbackButtonHandler,
        handlers.CallbackSelectionHandler,
        handlers.MessageStatusHandler,
        handlers.TemplateStatusUpdateHandler,
        handlers.FlowCompletionHandler,
        handlers.EditedMessageHandler,
        handlers.DeletedMessageHandler,
    )
    wa.add_handlers(*(kind(lambda _, update: found.append(update)) for kind in kinds))
    assert wa.webhook_update_validator(heard.raw, heard.signature) is None
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="pywa"):
        wa.webhook_update_handler(heard.raw)
    assert not caplog.records, caplog.text
    assert len(found) == 1, heard.body
    return found[0]


SENDS: dict[str, Callable[[Any, str], Any]] = {
    "text": lambda wa, to: wa.send_message(to, "Olá!", preview_url=True, tracker="job=1"),
    "buttons": lambda wa, to: wa.send_message(
        to,
        "Podemos confirmar?",
        header="Lembrete",
        footer="Estúdio Aurora",
        buttons=[types.Button("Confirmar", "c:1"), types.Button("Cancelar", "x:1")],
    ),
    "list": lambda wa, to: wa.send_message(
        to,
        "Qual horário?",
        buttons=types.SectionList(
            button_title="Horários",
            sections=[
                types.Section("Manhã", [types.SectionRow("9h", "h:9", "com Ana")]),
                types.Section("Tarde", [types.SectionRow("14h", "h:14")]),
            ],
        ),
    ),
    "url": lambda wa, to: wa.send_message(
        to, "Seu comprovante", buttons=types.URLButton("Abrir", "https://www.example.com/v/1")
    ),
    "flow": lambda wa, to: wa.send_message(
        to,
        "Preencha",
        buttons=types.FlowButton(
            title="Começar",
            flow_id="700000000000071",
            flow_token="tok-1",
            flow_action_type=types.FlowActionType.NAVIGATE,
            flow_action_screen="INICIO",
        ),
    ),
    "call": lambda wa, to: wa.send_message(to, "Ligue", buttons=types.VoiceCallButton("Ligar", 60)),
    "call_permission": lambda wa, to: wa.send_message(
        to, "Podemos ligar?", buttons=types.CallPermissionRequestButton()
    ),
    "image": lambda wa, to: wa.send_image(to, PNG, "foto", mime_type="image/png"),
    "image_link": lambda wa, to: wa.send_image(to, "https://www.example.com/a.png", "foto"),
    "video": lambda wa, to: wa.send_video(to, b"video", mime_type="video/mp4"),
    "document": lambda wa, to: wa.send_document(
        to, b"%PDF-1.4", filename="recibo.pdf", mime_type="application/pdf"
    ),
    "audio": lambda wa, to: wa.send_audio(to, b"ID3", mime_type="audio/mpeg"),
    "voice": lambda wa, to: wa.send_voice(to, OPUS, mime_type="audio/ogg"),
    "sticker": lambda wa, to: wa.send_sticker(to, b"RIFF", mime_type="image/webp"),
    "location": lambda wa, to: wa.send_location(to, -23.5, -46.6, "Aurora", "Rua de Exemplo, 1"),
    "request_location": lambda wa, to: wa.request_location(to, "Onde?"),
    "request_contact": lambda wa, to: wa.request_contact_info(to, "Seu telefone?"),
    "contact": lambda wa, to: wa.send_contact(
        to,
        types.Contact(
            name=types.Contact.Name(formatted_name="Recepção Aurora", first_name="Recepção"),
            phones=[types.Contact.Phone(phone="+16505550100", type="WORK")],
        ),
    ),
    "catalog": lambda wa, to: wa.send_catalog(to, "Nosso catálogo", thumbnail_product_sku="SKU-1"),
    "product": lambda wa, to: wa.send_product(to, "194000000000041", "SKU-1", "Veja"),
    "products": lambda wa, to: wa.send_products(
        to,
        catalog_id="194000000000041",
        product_sections=[types.ProductsSection("Novos", ["SKU-1", "SKU-2"])],
        title="Produtos",
        body="Veja",
    ),
    "bsuid": lambda wa, to: wa.send_message(MARINA_BSUID, "Olá!"),
}


@pytest.mark.parametrize("kind", SENDS)
def test_everything_pywa_sends_is_accepted_and_reaches_the_handset(
    sim: Sim, wa: Any, marina: str, kind: str
) -> None:
    sent = SENDS[kind](wa, marina)

    assert sent.id.startswith("wamid.")
    assert any(bubble["wamid"] == sent.id for bubble in sim.seen(MARINA))
    assert sim.sink.status(sent.id, "read")


def test_reactions_and_read_marks(sim: Sim, wa: Any, marina: str) -> None:
    theirs = sim.writes(MARINA, {"text": "Obrigada!"})

    reacted = wa.send_reaction(marina, "👍", theirs)
    assert sim.sink.status(reacted.id, "sent")
    assert [b["reactions"] for b in sim.seen(MARINA) if b["wamid"] == theirs] == [
        [{"from": "business", "emoji": "👍"}]
    ]
    wa.remove_reaction(marina, theirs)
    assert wa.mark_message_as_read(theirs)
    assert wa.indicate_typing(theirs)
    assert [b["reactions"] for b in sim.seen(MARINA) if b["wamid"] == theirs] == [[]]


def test_templates_from_creation_to_the_handset(
    sim: Sim, wa: Any, marina: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = t.BodyText("Olá {{nome}}, sua visita é {{dia}} na Aurora.", nome="Ana", dia="30/11")
    created = wa.create_template(
        t.Template(
            name="visita_marcada",
            language=t.TemplateLanguage.PORTUGUESE_BR,
            category=t.TemplateCategory.UTILITY,
            parameter_format=t.ParamFormat.NAMED,
            components=[
                body,
                t.FooterText(text="Aurora"),
                t.Buttons(buttons=[t.QuickReplyButton(text="Certo")]),
            ],
        )
    )
    assert created.status == t.TemplateStatus.PENDING
    news = eventually(lambda: [h for h in list(sim.sink.heard) if b"message_template_status_update" in h.raw])
    update = parsed(wa, news[-1], caplog)
    assert isinstance(update, types.TemplateStatusUpdate)
    assert update.template_name == "visita_marcada"

    sent = wa.send_template(
        marina,
        "visita_marcada",
        t.TemplateLanguage.PORTUGUESE_BR,
        [body.params(nome="Marina", dia="1/12"), t.QuickReplyButton.params(callback_data="ok:1", index=0)],
    )
    (bubble,) = [b for b in sim.seen(MARINA) if b["wamid"] == sent.id]
    assert bubble["text"] == "Olá Marina, sua visita é 1/12 na Aurora."
    assert bubble["buttons"] == [{"type": "quick_reply", "title": "Certo", "payload": "ok:1"}]

    details = wa.get_template(created.id)
    assert (details.name, details.status) == ("visita_marcada", t.TemplateStatus.APPROVED)
    assert {"visita_marcada", "lembrete_24h"} <= {found.name for found in wa.get_templates()}
    assert wa.delete_template("visita_marcada")


def test_media_goes_up_and_comes_down(sim: Sim, wa: Any) -> None:
    media = wa.upload_media(PNG, mime_type="image/png", filename="foto.png")
    url = wa.get_media_url(media.id)

    assert url.mime_type == "image/png"
    assert url.file_size == len(PNG)
    assert wa.get_media_bytes(url.url) == PNG
    assert wa.delete_media(media.id)
    with pytest.raises(errors.WhatsAppError):
        wa.get_media_url(media.id)


def test_accounts_numbers_and_profiles(sim: Sim, wa: Any) -> None:
    assert wa.get_business_account().name == "Estúdio Aurora"
    assert next(n.id for n in wa.get_business_phone_numbers()) == PHONE
    assert wa.get_business_phone_number().display_phone_number == "+1 650-555-0100"
    assert wa.update_business_profile(about="Agende já", email="oi@example.com")
    assert wa.get_business_profile().about == "Agende já"
    assert wa.register_phone_number(pin="123456")


def test_refusals_become_pywa_errors(sim: Sim, wa: Any) -> None:
    stranger = sim.person()
    with pytest.raises(errors.ReEngagementMessage):
        wa.send_message(f"+{stranger}", "Olá!")
    with pytest.raises(errors.TemplateNotExists):
        wa.send_template(f"+{stranger}", "nenhum", t.TemplateLanguage.PORTUGUESE_BR, [])
    with pytest.raises(errors.TemplateParamCountMismatch):
        wa.send_template(f"+{stranger}", "lembrete_24h", t.TemplateLanguage.PORTUGUESE_BR, [])
    with pytest.raises(errors.WhatsAppError, match="at most 4096") as refused:
        wa.send_message(f"+{MARINA}", "x" * 4097)
    assert refused.value.code == 100
    wa.token = "invalid"
    with pytest.raises(errors.WhatsAppError) as refused:
        wa.send_message(f"+{MARINA}", "Olá!")
    assert (refused.value.code, refused.value.raw_response.status_code) == (190, 401)


def test_callback_urls_are_proven_before_they_are_used(sim: Sim, wa: Any) -> None:
    assert wa.override_waba_callback_url(f"{sim.sink.url}/waba", WORD)
    wamid = sim.writes(MARINA, {"text": "Para a conta"})
    assert sim.sink.post_with(wamid).path == "/hooks/waba"

    assert wa.override_phone_callback_url(f"{sim.sink.url}/numero", WORD)
    wamid = sim.writes(MARINA, {"text": "Para o número"})
    assert sim.sink.post_with(wamid).path == "/hooks/numero"

    assert wa.delete_phone_callback_url()
    assert wa.delete_waba_callback_url()
    with pytest.raises(errors.WhatsAppError):
        wa.override_waba_callback_url(sim.sink.url, "not the word")
    with pytest.raises(errors.WhatsAppError, match="loopback"):
        wa.override_waba_callback_url("https://www.example.com/hooks", WORD)


WRITES: dict[str, tuple[dict[str, Any], type, str]] = {
    "text": ({"text": "Quero remarcar"}, types.Message, "text"),
    "image": ({"image": {"data_base64": "aGk=", "caption": "Exame"}}, types.Message, "image"),
    "voice": ({"audio": {"data_base64": "aGk=", "voice": True}}, types.Message, "audio"),
    "video": ({"video": {"data_base64": "aGk="}}, types.Message, "video"),
    "document": (
        {"document": {"data_base64": "aGk=", "filename": "exame.pdf"}},
        types.Message,
        "document",
    ),
    "sticker": ({"sticker": {"data_base64": "aGk="}}, types.Message, "sticker"),
    "location": (
        {"location": {"latitude": -23.5, "longitude": -46.6, "name": "Casa"}},
        types.Message,
        "location",
    ),
    "contacts": (
        {"contacts": [{"name": {"formatted_name": "Bia"}, "phones": [{"phone": "+5520955500112"}]}]},
        types.Message,
        "contacts",
    ),
    "unsupported": ({"unsupported": True}, types.Message, "unsupported"),
    "flow": ({"flow": {"flow_token": "tok-1", "nome": "Marina"}}, types.FlowCompletion, "response"),
    "hidden": ({"text": "Sem telefone", "bsuid_only": True}, types.Message, "text"),
}


@pytest.mark.parametrize("kind", WRITES)
def test_pywa_reads_what_people_write(sim: Sim, wa: Any, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    body, expected, part = WRITES[kind]
    wamid = sim.writes(MARINA, body)
    update = parsed(wa, sim.sink.post_with(wamid), caplog)

    assert isinstance(update, expected)
    assert update.id == wamid
    assert getattr(update, part) is not None
    assert update.from_user.bsuid == MARINA_BSUID
    assert update.from_user.name == "Marina Azevedo"
    assert update.from_user.wa_id == (None if kind == "hidden" else MARINA)


def test_pywa_reads_taps(sim: Sim, wa: Any, marina: str, caplog: pytest.LogCaptureFixture) -> None:
    offered = SENDS["buttons"](wa, marina)
    tapped = parsed(wa, sim.sink.post_with(sim.writes(MARINA, {"button": "Confirmar"})), caplog)
    assert isinstance(tapped, types.CallbackButton)
    assert (tapped.data, tapped.title) == ("c:1", "Confirmar")
    assert tapped.reply_to_message.id == offered.id

    offered = SENDS["list"](wa, marina)
    picked = parsed(wa, sim.sink.post_with(sim.writes(MARINA, {"list_row": "h:9"})), caplog)
    assert isinstance(picked, types.CallbackSelection)
    assert (picked.data, picked.title, picked.description) == ("h:9", "9h", "com Ana")

    sent = wa.send_template(
        marina,
        "lembrete_24h",
        t.TemplateLanguage.PORTUGUESE_BR,
        [
            t.HeaderText.params("Marina"),
            t.BodyText.params("30/11", "10h"),
            t.QuickReplyButton.params(callback_data="confirm:4711", index=0),
            t.URLButton.params(url_variable="abc", index=2),
        ],
    )
    reply = sim.writes(MARINA, {"button": "confirm:4711", "context": sent.id})
    confirmed = parsed(wa, sim.sink.post_with(reply), caplog)
    assert isinstance(confirmed, types.CallbackButton)
    assert (confirmed.data, confirmed.is_quick_reply) == ("confirm:4711", True)


def test_pywa_reads_reactions_edits_and_revocations(
    sim: Sim, wa: Any, marina: str, caplog: pytest.LogCaptureFixture
) -> None:
    ours = wa.send_message(marina, "Até amanhã!")
    reaction = sim.writes(MARINA, {"reaction": "❤️", "context": ours.id})
    update = parsed(wa, sim.sink.post_with(reaction), caplog)
    assert (update.reaction.emoji, update.reaction.message_id) == ("❤️", ours.id)

    wamid = sim.writes(MARINA, {"text": "às 9"})
    edit = sim.writes(MARINA, {"edit": {"original": wamid, "text": "às 10"}})
    update = parsed(wa, sim.sink.post_with(edit), caplog)
    assert isinstance(update, types.EditedMessage)
    revoked = sim.writes(MARINA, {"revoke": wamid})
    update = parsed(wa, sim.sink.post_with(revoked), caplog)
    assert isinstance(update, types.DeletedMessage)


@pytest.mark.parametrize("status", ["sent", "delivered", "read"])
def test_pywa_reads_statuses(
    sim: Sim, wa: Any, marina: str, caplog: pytest.LogCaptureFixture, status: str
) -> None:
    sent = wa.send_message(marina, "Olá!", tracker="job=77")
    sim.sink.status(sent.id, status)
    (heard,) = [
        h for h in sim.sink.heard if any(s["id"] == sent.id and s["status"] == status for s in h.statuses())
    ]
    update = parsed(wa, heard, caplog)
    assert isinstance(update, types.MessageStatus)
    assert update.status == types.MessageStatusType(status)
    assert update.tracker == "job=77"
    assert update.from_user.wa_id == MARINA
    assert (update.pricing is not None) == (status != "read")


def test_somebody_without_a_phone_is_reached_by_bsuid(sim: Sim, wa: Any) -> None:
    sim.writes(BRUNO_BSUID, {"text": "Oi"})
    sent = wa.send_message(BRUNO_BSUID, "Olá, Bruno!")
    status = sim.sink.status(sent.id, "delivered")
    assert status["recipient_user_id"] == BRUNO_BSUID
    assert "recipient_id" not in status
    assert [b["text"] for b in sim.seen(BRUNO_BSUID)] == ["Oi", "Olá, Bruno!"]
