"""What each documented shape becomes. The fixtures are our own; people and numbers are invented."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from recado.kit.reasons import Reason
from recado.providers.contract import (
    AccountChanged,
    AppStateSynced,
    Echoed,
    HistoryChunk,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Person,
    PreferenceChanged,
    ProviderEvent,
    StatusChanged,
    TemplateChanged,
    Unrecognised,
    ValueFault,
)
from recado.providers.meta.parse import parse

FIXTURES = Path(__file__).parent / "fixtures"
AT = datetime(2026, 9, 26, 10, 0, tzinfo=UTC)
MARINA = Person(
    phone="5520955500111",
    bsuid="BR.13490000000000000111",
    parent_bsuid="BR.ENT.13490000000000000222",
    name="Marina Azevedo",
    username="marina.azevedo",
)
T = TypeVar("T")


def events(name: str) -> list[ProviderEvent]:
    found = parse((FIXTURES / f"{name}.json").read_bytes())
    assert isinstance(found, list)
    return found


def only(kind: type[T], name: str) -> list[T]:
    return [event for event in events(name) if isinstance(event, kind)]


@pytest.fixture(scope="module")
def kinds() -> dict[int, MessageReceived]:
    found = only(MessageReceived, "message_kinds")
    return {int(event.wamid.removeprefix("wamid.IN")): event for event in found}


def test_a_message_says_who_where_and_when(kinds: dict[int, MessageReceived]) -> None:
    first = kinds[1]
    assert (first.waba_id, first.phone_number_id) == ("102000000000017", "106000000000023")
    assert (first.at, first.person, first.kind) == (AT, MARINA, "text")
    assert (first.text, first.context_wamid) == ("Olá! Quero remarcar.", "wamid.OUT1")
    assert json.loads(first.raw)["id"] == "wamid.IN1"
    assert first.content == {"body": "Olá! Quero remarcar."}
    assert first.opens_window
    assert not first.forwarded
    assert not first.standby


@pytest.mark.parametrize(
    ("number", "text", "payload"),
    [
        (2, "exame", None),
        (3, None, None),
        (6, "Estúdio Aurora, Rua das Flores", None),
        (7, "Tiago Prado", None),
        (8, "Confirmar", "confirm:1"),
        (9, "Tarde", "row-2"),
        (10, "Enviado", '{"a":1}'),
        (11, "Confirmar", "confirm"),
        (12, "Confirmar", "Confirmar"),
        (13, "👍", None),
        (14, None, None),
        (15, "dois, por favor", None),
        (16, None, None),
        (18, None, None),
    ],
)
def test_what_a_person_would_read(
    kinds: dict[int, MessageReceived], number: int, text: str | None, payload: str | None
) -> None:
    assert (kinds[number].text, kinds[number].reply_payload) == (text, payload)


def test_media_is_described(kinds: dict[int, MessageReceived]) -> None:
    image, voice, paper, sticker = (kinds[number].media for number in (2, 3, 4, 5))
    assert image is not None
    assert (image.media_id, image.caption, image.sha256) == (
        "24000000000000011",
        "exame",
        "3q2+7w==",
    )
    assert image.url == "https://lookaside.fbsbx.com/x"
    assert voice is not None
    assert voice.voice
    assert paper is not None
    assert paper.filename == "guia.pdf"
    assert sticker is not None
    assert sticker.animated
    assert kinds[1].media is None


def test_only_what_a_person_writes_to_us_opens_the_window(
    kinds: dict[int, MessageReceived],
) -> None:
    silent = {number for number, event in kinds.items() if not event.opens_window}
    assert silent == {13, 14, 16, 17, 20}
    assert kinds[20].group_id == "HBgL"


def test_errors_referral_and_forwarding_are_kept(kinds: dict[int, MessageReceived]) -> None:
    assert [note.code for note in kinds[16].errors] == [131051]
    assert kinds[19].forwarded
    assert kinds[19].referral == {"source_id": "1", "source_type": "ad", "ctwa_clid": "c"}
    assert kinds[7].content["contacts"][0]["origin"] == "other"
    assert kinds[18].kind == "poll"


def test_contacts_are_matched_by_id_and_never_by_position() -> None:
    people = [event.person for event in only(MessageReceived, "senders")]
    assert [person.name for person in people] == [
        "Marina Azevedo",
        "Tiago Prado",
        "Tiago Prado",
        None,
        None,
    ]
    assert people[2] == Person(bsuid="BR.13490000000000000333", name="Tiago Prado")
    assert [person.phone for person in people] == [
        "5520955500111",
        None,
        None,
        "552055500115",
        "5520955500199",
    ]


def test_edits_revokes_and_new_identities() -> None:
    edit, revoke, number, user_id = events("edit_revoke_system")
    assert isinstance(edit, MessageEdited)
    assert (edit.wamid, edit.original_wamid, edit.text) == ("wamid.IN41", "wamid.IN1", "Corrigido")
    assert isinstance(revoke, MessageRevoked)
    assert (revoke.wamid, revoke.original_wamid) == ("wamid.IN42", "wamid.IN1")
    assert isinstance(number, IdentityChanged)
    assert (number.what, number.old.phone, number.new.phone) == (
        "user_changed_number",
        "5520955500111",
        "5520955500119",
    )
    assert (number.old.bsuid, number.new.bsuid) == (
        "BR.13490000000000000111",
        "BR.13490000000000000999",
    )
    assert isinstance(user_id, IdentityChanged)
    assert user_id.old.phone is None
    assert user_id.new.bsuid == "BR.13490000000000000999"


def test_a_new_security_code_moves_nobody() -> None:
    (changed,) = only(IdentityChanged, "message_kinds")
    assert changed.old == changed.new == MARINA_WITHOUT_PARENT
    assert changed.what == "customer_identity_changed"


MARINA_WITHOUT_PARENT = Person(
    phone=MARINA.phone, bsuid=MARINA.bsuid, name=MARINA.name, username=MARINA.username
)


def test_statuses() -> None:
    sent, read, failed, bare, odd = only(StatusChanged, "status_batch")
    assert (sent.wamid, sent.status, sent.opaque, sent.at) == (
        "wamid.OUT1",
        "sent",
        "v1.tok.mac",
        AT,
    )
    assert sent.person == Person(phone="5520955500111", bsuid="BR.13490000000000000111")
    assert sent.pricing is not None
    assert sent.pricing["category"] == "utility"
    assert read.person.phone is None
    assert read.person.parent_bsuid == "BR.ENT.13490000000000000222"
    assert read.at == datetime(2026, 9, 26, 10, 0, 2, tzinfo=UTC)
    assert failed.reason is Reason.UNDELIVERABLE
    assert [(note.code, note.details) for note in failed.errors] == [(131026, "d"), (131000, None)]
    assert (bare.reason, bare.errors) == (Reason.UNKNOWN_PROVIDER_ERROR, ())
    assert (odd.status, odd.at, odd.person.phone) == ("teleported", None, "5520955500111")
    assert json.loads(odd.raw)["id"] == "wamid.OUT4"


def test_coexistence_is_never_inbound() -> None:
    found = events("coexistence")
    echo, edit, chunk, refused, media, state, standby, bot = found
    assert isinstance(echo, Echoed)
    assert (echo.person.phone, echo.text) == ("5520955500111", "Respondi pelo celular")
    assert echo.person.name is None
    assert isinstance(edit, Echoed)
    assert (edit.kind, edit.text, edit.person.name) == ("edit", "nova legenda", "Tiago Prado")
    assert edit.media is not None
    assert isinstance(chunk, HistoryChunk)
    assert (chunk.phase, chunk.chunk_order, chunk.progress, chunk.messages) == (1, 2, 45, 4)
    assert isinstance(refused, HistoryChunk)
    assert refused.refused
    assert isinstance(media, HistoryChunk)
    assert (media.phase, media.messages, media.refused) == (None, 2, False)
    assert isinstance(state, AppStateSynced)
    assert state.contacts == 2
    assert isinstance(standby, MessageReceived)
    assert standby.standby
    assert isinstance(bot, Echoed)
    assert bot.field == "standby"


def test_templates_accounts_and_preferences() -> None:
    found = events("account")
    paused, quality, category, account, name, stop, resume, odd, moved, fault, unknown = found
    assert isinstance(paused, TemplateChanged)
    assert (paused.template_id, paused.language, paused.event) == (
        "18446744073709551615",
        "pt_BR",
        "PAUSED",
    )
    assert paused.at == AT
    assert isinstance(quality, TemplateChanged)
    assert (quality.field, quality.event) == ("message_template_quality_update", "YELLOW")
    assert isinstance(category, TemplateChanged)
    assert category.event == "MARKETING"
    assert isinstance(account, AccountChanged)
    assert (account.field, account.event) == ("account_update", "PARTNER_ADDED")
    assert json.loads(account.raw)["waba_info"]["waba_id"] == "1"
    assert isinstance(name, AccountChanged)
    assert name.event == "APPROVED"
    assert isinstance(stop, PreferenceChanged)
    assert (stop.stop, stop.person, stop.at) == (True, MARINA, AT)
    assert isinstance(resume, PreferenceChanged)
    assert (resume.stop, resume.person.bsuid) == (False, "BR.13490000000000000333")
    assert isinstance(odd, Unrecognised)
    assert isinstance(moved, IdentityChanged)
    assert moved.wamid is None
    assert isinstance(fault, ValueFault)
    assert [note.code for note in fault.notes] == [130429]
    assert isinstance(unknown, Unrecognised)
    assert (unknown.field, unknown.why) == ("brand_new_field", "unknown field")


def bare(value: dict[str, Any], **more: Any) -> list[ProviderEvent]:
    found = parse(json.dumps({**value, **more}).encode())
    assert isinstance(found, list)
    return found


def test_shapes_meta_prints_without_an_envelope() -> None:
    value = json.loads((FIXTURES / "senders.json").read_bytes())["entry"][0]["changes"][0]
    assert [type(event) for event in bare(value)] == [MessageReceived] * 5
    refusal = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": "106000000000023"},
        "history": [{"errors": [{"code": 2593109}]}],
    }
    (refused,) = bare(refusal)
    assert isinstance(refused, HistoryChunk)
    assert refused.refused
    assert refused.phone_number_id == "106000000000023"


def test_the_only_contact_completes_the_only_message() -> None:
    sender = {"from": "5520955500111", "id": "wamid.A", "type": "text", "text": {"body": "x"}}
    contact = {"user_id": "BR.13490000000000000111", "profile": {"name": "Marina Azevedo"}}
    value = {"metadata": {"phone_number_id": "1"}, "contacts": [contact], "messages": [sender]}
    (alone,) = bare({"field": "messages", "value": value})
    assert isinstance(alone, MessageReceived)
    assert alone.person == Person(
        phone="5520955500111", bsuid="BR.13490000000000000111", name="Marina Azevedo"
    )
    crowd = {**value, "messages": [sender, {**sender, "id": "wamid.B", "from": "5520955500112"}]}
    for event in bare({"field": "messages", "value": crowd}):
        assert isinstance(event, MessageReceived)
        assert (event.person.bsuid, event.person.name) == (None, None)
