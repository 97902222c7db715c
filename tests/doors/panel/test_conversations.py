"""Conversas over HTTP: reading, answering once, the closed window, holding, settling, noting."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.doors.panel.browser import Browser, words
from tests.doors.panel.conftest import Enter
from tests.doors.panel.test_channels import REMINDER, list_templates
from tests.doors.street import Street
from tests.slices.world import MARINA, OTHER, Company, inbound, rejected, text

from recado.kit.reason_texts import reason_text
from recado.kit.reasons import Reason
from recado.people.rights import Role

LIST = "/painel/conversas"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}"


async def write(street: Street, company: Company, body: str = "Bom dia!", **more: Any) -> str:
    """Somebody writes; the path of their conversation."""
    world = street.world
    person = more.pop("person", MARINA)
    contact = {"profile": {"name": more.pop("name", "Marina Azevedo")}, "wa_id": person}
    message = text(person, f"wamid.IN{uuid4().hex}", more.pop("at", world.now), body)
    await world.hear(inbound(company, message, contacts=[contact]))
    row = await world.row(
        "select c.conversation_id from conversation c join contact k using (tenant_id, contact_id) where k.phone = $1",
        "+" + person,
    )
    return f"{LIST}/{row['conversation_id']}"


async def sent(street: Street) -> list[dict[str, Any]]:
    return await street.world.rows("select * from message where direction = 'out' order by id")


def key() -> str:
    return uuid4().hex


async def test_who_waits_is_listed_and_what_was_said_is_text(
    street: Street, company: Company, enter: Enter
) -> None:
    path = await write(street, company, HOSTILE, name=HOSTILE)
    browser = await enter(Role.OPERATOR)
    listing = await browser.get(LIST)
    assert HOSTILE in words(listing)
    assert "<script>alert" not in listing.text
    page = await browser.get(path)
    assert page.status_code == 200
    assert HOSTILE in words(page)
    assert "<script>alert" not in page.text
    found = await browser.get(LIST, params={"busca": "0111", "aba": "todas"})
    assert HOSTILE in words(found)
    assert "Ninguém com este nome" in words(await browser.get(LIST, params={"busca": "zzz"}))


async def test_an_answer_leaves_once_however_often_the_form_is_sent(
    street: Street, company: Company, enter: Enter
) -> None:
    path = await write(street, company)
    browser = await enter(Role.OPERATOR)
    form = {"chave": key(), "texto": "Oi, Marina!"}
    for _again in range(2):
        answer = await browser.post(f"{path}/responder", form, hx_request="true")
        assert answer.status_code == 200, answer.text
        assert "Oi, Marina!" in words(answer)
    (only,) = await sent(street)
    assert only["content"] == {"type": "text", "text": {"body": "Oi, Marina!", "preview_url": True}}
    assert "Com você" in words(await browser.get(path))
    trail = await street.world.rows(
        "select action, actor from audit_entry where action like 'conversation.%'"
    )
    assert [one["action"] for one in trail] == ["conversation.assigned"]
    assert trail[0]["actor"] == f"person:{browser.person_id}"


async def test_a_closed_window_has_no_text_field_and_the_server_refuses_too(
    street: Street, company: Company, enter: Enter
) -> None:
    path = await write(street, company, at=street.world.now - timedelta(hours=25))
    await list_templates(street, company, REMINDER)
    browser = await enter(Role.OPERATOR)
    page = await browser.get(path)
    assert 'name="texto"' not in page.text
    assert "Escolher modelo" in words(page)
    refused = await browser.post(f"{path}/responder", {"chave": key(), "texto": "Oi"}, hx_request="true")
    assert refused.status_code == 422
    assert "Escolher modelo" in words(refused)
    assert await sent(street) == []

    picked = await browser.post(f"{path}/modelo", {}, hx_request="true")
    template = re.search(r'option value="([0-9a-f-]{36})"', picked.text)
    assert template
    form = {"modelo": template[1], "passo": "enviar", "chave": key()}
    unfilled = await browser.post(f"{path}/modelo", form, hx_request="true")
    assert "Preencha este campo." in words(unfilled)
    looked = await browser.post(f"{path}/modelo", form | {"body:1": "Bia", "passo": "ver"}, hx_request="true")
    assert "Oi, Bia! <b>Até amanhã</b>." in words(looked)
    assert await sent(street) == []
    done = await browser.post(f"{path}/modelo", form | {"body:1": "Bia"}, hx_request="true")
    assert "Oi, Bia! <b>Até amanhã</b>." in words(done)
    (only,) = await sent(street)
    assert only["kind"] == "template"


async def test_what_did_not_arrive_says_why_and_leads_to_its_story(
    street: Street, company: Company, enter: Enter
) -> None:
    path = await write(street, company)
    browser = await enter(Role.OPERATOR)
    await browser.post(f"{path}/responder", {"chave": key(), "texto": "Oi"}, hx_request="true")
    for intent in await street.world.claim():
        await street.world.record(intent, rejected())
    page = await browser.get(path)
    (only,) = await sent(street)
    assert f'href="/painel/mensagens/{only["id"]}"' in page.text
    assert reason_text(Reason(only["reason"]), "pt-BR").text in words(page)


async def test_a_file_a_quote_and_a_reaction(street: Street, company: Company, enter: Enter) -> None:
    path = await write(street, company, "Posso levar meu cachorro?")
    browser = await enter(Role.OPERATOR)
    asked = await street.world.value("select id from message where direction = 'in'")
    form = {"chave": key(), "texto": "Pode!", "citar": str(asked)}
    assert (await browser.post(f"{path}/responder", form, hx_request="true")).status_code == 200
    emoji = {"chave": f"{asked}-0", "mensagem": str(asked), "emoji": "👍"}
    reacted = await browser.post(f"{path}/reagir", emoji, hx_request="true")
    assert reacted.text.count('class="talk-reactions"') == 1
    assert 'class="talk-quote">Posso levar meu cachorro?' in reacted.text
    token = re.search(r"name='csrf' value='([0-9a-f]{64})'", reacted.text)
    assert token
    answer = await browser.client.post(
        f"{path}/responder",
        data={"csrf": token[1], "chave": key(), "texto": "O mapa"},
        files={"arquivo": ("mapa <b>.pdf", b"%PDF-1.4 mapa", "application/pdf")},
        headers={"sec-fetch-site": "same-origin", "origin": "http://localhost", "hx-request": "true"},
    )
    assert answer.status_code == 200, answer.text
    assert "mapa _b_.pdf" in words(answer)
    file = re.search(r'href="(/painel/conversas/arquivo/[^"]+)"', answer.text)
    assert file
    bytes_of = await browser.get(file[1])
    assert bytes_of.content == b"%PDF-1.4 mapa"
    assert bytes_of.headers["content-disposition"].startswith("attachment")
    assert {one["kind"] for one in await sent(street)} == {"text", "reaction", "document"}


async def test_settled_until_the_customer_writes_again(
    street: Street, company: Company, enter: Enter
) -> None:
    path = await write(street, company)
    browser = await enter(Role.OPERATOR)
    assert "Marina" in words(await browser.get(LIST))
    await browser.post(f"{path}/resolver")
    assert "Ninguém esperando." in words(await browser.get(LIST))
    assert "Marina" in words(await browser.get(LIST, params={"aba": "resolvidas"}))
    street.world.clock.advance(milliseconds=5)
    await write(street, company, "Só mais uma coisa")
    assert "Só mais uma coisa" in words(await browser.get(LIST))
    # Seeing what came in the same second does not settle it again.
    assert (await browser.post(f"{path}/lida")).status_code == 204
    assert await street.world.value("select unread from conversation") == 0
    assert "Só mais uma coisa" in words(await browser.get(LIST))


async def test_taking_releasing_noting_and_looking_at_the_number_leave_traces(
    street: Street, company: Company, enter: Enter
) -> None:
    path = await write(street, company)
    browser = await enter(Role.OPERATOR)
    for act in ("assumir", "soltar", "resolver", "reabrir", "lida"):
        assert (await browser.post(f"{path}/{act}")).status_code in (204, 303)
    assert (await browser.post(f"{path}/nota", {"nota": HOSTILE})).status_code == 303
    page = await browser.get(path)
    assert HOSTILE in words(page)
    shown = await browser.post(f"{path}/mostrar", hx_request="true")
    assert "0111" in words(shown)
    told = await street.world.rows("select action from audit_entry where actor like 'person:%' order by 1")
    assert {one["action"] for one in told} >= {
        "conversation.assigned",
        "conversation.released",
        "conversation.resolved",
        "conversation.reopened",
        "conversation.noted",
        "personal.revealed",
    }


async def test_rows_and_bubbles_are_what_they_are_now(street: Street, company: Company, enter: Enter) -> None:
    path = await write(street, company)
    await write(street, company, "Outra pessoa", person=OTHER, name="João Prado")
    browser = await enter(Role.OPERATOR)
    ident = UUID(path.rsplit("/", 1)[1])
    rows = await browser.get(
        f"{LIST}/linhas", params={"ids": [str(ident), str(uuid4())]}, headers={"hx-request": "true"}
    )
    assert re.findall(r'data-id="([^"]+)"', rows.text) == [str(ident)]
    lately = await browser.get(f"{path}/bolhas", headers={"hx-request": "true"})
    assert lately.text.count("data-bubble") == 1
    assert "Outra pessoa" not in lately.text


async def test_what_the_business_wrote_on_its_phone_is_marked_and_opens_nothing(
    street: Street, company: Company, enter: Enter
) -> None:
    path = await write(street, company, at=street.world.now - timedelta(hours=30))
    echo = {
        "to": MARINA,
        "from": "16505550100",
        "id": "wamid.ECHO",
        "type": "text",
        "text": {"body": "Do celular"},
    }
    echo["timestamp"] = str(int(street.world.now.timestamp()))
    await street.world.hear(inbound(company, message_echoes=[echo], field="smb_message_echoes"))
    browser = await enter(Role.OPERATOR)
    page = words(await browser.get(path))
    assert "pelo app" in page
    assert "Do celular" in page
    assert "Escolher modelo" in page


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.REVIEWER])
async def test_who_may_not_answer(street: Street, company: Company, enter: Enter, role: Role) -> None:
    path = await write(street, company)
    browser = await enter(role)
    assert (await browser.get(path)).status_code == (200 if role is Role.REVIEWER else 403)
    assert (await browser.post(f"{path}/responder", {"chave": key(), "texto": "Oi"})).status_code == 403


async def test_another_company_has_no_such_conversation(
    street: Street, company: Company, enter: Enter
) -> None:
    path = await write(street, company)
    other = await street.world.company("outra", external_id="106540352242999", waba="102290129340399")
    browser: Browser = await enter(Role.OPERATOR, into=other)
    for address in (path, f"{path}/bolhas"):
        assert (await browser.get(address)).status_code == 404
    assert (await browser.post(f"{path}/assumir")).status_code == 404


async def test_a_conversation_is_handed_to_a_colleague_and_to_nobody_else(
    street: Street, company: Company, enter: Enter
) -> None:
    path = await write(street, company)
    rui = await enter(Role.OPERATOR, login="rui@aurora.example")
    checker = await enter(Role.REVIEWER)
    browser = await enter(Role.ADMINISTRATOR)
    page = await browser.get(path)
    assert str(rui.person_id) in page.text
    # Who may not answer is not offered and not taken.
    assert str(checker.person_id) not in page.text
    for stranger in (checker.person_id, uuid4()):
        assert (await browser.post(f"{path}/atribuir", {"pessoa": str(stranger)})).status_code == 422
    given = await browser.post(f"{path}/atribuir", {"pessoa": str(rui.person_id)}, hx_request="true")
    assert "Com Luana Freitas" in words(given)
    assert "Marina" in words(await rui.get(LIST, params={"aba": "minhas"}))
    assert "Nada com você agora." in words(await browser.get(LIST, params={"aba": "minhas"}))
    assert (await checker.post(f"{path}/atribuir", {"pessoa": str(rui.person_id)})).status_code == 403


async def test_lists_say_how_many_wait_and_a_page_leads_to_the_next(
    street: Street, company: Company, enter: Enter
) -> None:
    for number in range(41):
        await write(street, company, person=f"55209555{number:04}", name=f"Pessoa {number}")
    browser = await enter(Role.OPERATOR)
    first = await browser.get(LIST)
    assert "Esperando você 41" in words(first)
    assert (await browser.get("/painel/contagens")).json()["esperando"] == 41
    older = re.search(r'href="([^"]+antes=[^"]+)"', first.text)
    assert older
    second = await browser.get(html.unescape(older[1]))
    assert first.text.count('class="talk-row') + second.text.count('class="talk-row') == 41
    # Opening a conversation leaves the list where it was.
    row = re.search(r'class="talk-row[^>]* href="([^"]+)"', second.text)
    assert row
    assert (await browser.get(html.unescape(row[1]))).text.count('class="talk-row') == 1
