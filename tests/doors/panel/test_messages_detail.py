"""One message over HTTP: its story, what was sent and answered, its files, the window, and the same beside the list."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter
from tests.doors.panel.test_channels import REMINDER, list_templates
from tests.doors.street import Street
from tests.slices.world import (
    MARINA,
    Company,
    accepted,
    inbound,
    rejected,
    said,
    status,
    statuses,
    text,
)

from recado.kit.ids import MessageId
from recado.people.rights import Role
from recado.providers.contract import Exchange

HERE = "/painel/mensagens"
WAMID = "wamid.HBgNNTUyMDk1NTUwMDExMRUCABEYEjlBQkNERUYxMjM0NTY3ODkwQQA="
OTHERS = "wamid.OTHER"
BESIDE = {"hx-request": "true"}
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64)


async def sent(street: Street, company: Company, outcome: Any, **more: Any) -> MessageId:
    world = street.world
    message_id = await world.queue(company, **more)
    await world.lease()
    (intent,) = await world.claim()
    await world.record(intent, outcome)
    return message_id


def steps(page: str) -> list[str]:
    return re.findall(r'data-step="([a-z._]+)"', page)


# --------------------------------------------------------------------------- the story


async def test_what_is_told_again_is_one_line_with_a_count(
    enter: Enter, street: Street, company: Company
) -> None:
    one = await sent(street, company, accepted(WAMID))
    told = statuses(company, status("delivered", WAMID, street.world.now))
    await street.world.hear(told)
    await street.world.hear(told, told)
    browser = await enter(Role.ADMINISTRATOR)
    page = await browser.get(f"{HERE}/{one}")
    assert steps(page.text).count("status.delivered") == 1
    assert "recebido 3×" in words(page)
    # In the technical part each body stands by itself.
    assert page.text.count("data-webhook") == 3
    assert words(page).count("repetido") == 2


async def test_a_body_that_is_read_twice_was_received_once(
    enter: Enter, street: Street, company: Company
) -> None:
    one = await sent(street, company, accepted(WAMID))
    await street.world.hear(statuses(company, status("delivered", WAMID, street.world.now)))
    await street.world.do("insert into ledger_work (ledger_id) select id from ledger")
    await street.world.project()
    assert await street.world.value("select count(*) from event_repeat") == 0
    browser = await enter(Role.OPERATOR)
    assert "recebido" not in words(await browser.get(f"{HERE}/{one}"))


async def test_what_came_late_stands_in_its_place_and_is_flagged(
    enter: Enter, street: Street, company: Company
) -> None:
    one = await sent(street, company, accepted(WAMID))
    now = street.world.now
    await street.world.hear(statuses(company, status("read", WAMID, now + timedelta(seconds=9))))
    await street.world.hear(statuses(company, status("delivered", WAMID, now + timedelta(seconds=4))))
    browser = await enter(Role.OPERATOR)
    page = await browser.get(f"{HERE}/{one}")
    assert steps(page.text)[-2:] == ["status.delivered", "status.read"]
    assert words(page).count("chegou fora de ordem") == 1
    assert "5 s depois" in words(page)


async def test_the_answer_of_the_person_ends_the_story(
    enter: Enter, street: Street, company: Company
) -> None:
    one = await sent(street, company, accepted(WAMID))
    street.world.clock.advance(seconds=1)
    await street.world.hear(
        inbound(company, text(MARINA, "wamid.IN1", street.world.now, "Pode sim, obrigada"))
    )
    # What comes from the future of the database's clock is moved to its now.
    await street.world.do("update message set at = $1 where direction = 'in'", street.world.now)
    operator = await enter(Role.OPERATOR)
    page = await operator.get(f"{HERE}/{one}")
    assert steps(page.text)[-1] == "person.answered"
    assert "Pode sim, obrigada" in words(page)
    developer = await enter(Role.DEVELOPER)
    assert "Pode sim, obrigada" not in words(await developer.get(f"{HERE}/{one}"))


# --------------------------------------------------------------------------- the window


async def test_the_window_is_told_as_it_was_when_it_was_decided(
    enter: Enter, street: Street, company: Company
) -> None:
    world = street.world
    await world.open_window(company)
    one = await sent(street, company, accepted(WAMID), text={"body": "Oi"}, type="text")
    # Tries are stamped by the database, whose clock is behind the world's.
    await world.do("update attempt set started_at = $1", world.now + timedelta(seconds=1))
    operator = await enter(Role.OPERATOR)
    said_now = words(await operator.get(f"{HERE}/{one}"))
    assert "Janela aberta restam 23 h" in said_now
    assert re.search(r"Na hora da decisão .{8,15}: aberta\.", said_now)
    assert "contou: nenhuma" not in said_now
    await world.do("update conversation set window_until = 'epoch'")
    later = words(await operator.get(f"{HERE}/{one}"))
    assert "Janela fechada" in later
    assert ": aberta." in later


# --------------------------------------------------------------------------- technical


async def test_ids_are_covered_and_showing_them_is_written_down(
    enter: Enter, street: Street, company: Company
) -> None:
    one = await sent(street, company, accepted(WAMID), key="pedido-8231")
    admin = await enter(Role.ADMINISTRATOR)
    page = await admin.get(f"{HERE}/{one}")
    assert WAMID not in page.text
    assert "wamid.…AQA=" in words(page) or "wamid.…QQA=" in words(page)
    assert 'data-copy="pedido-8231"' in page.text
    shown = await admin.post(f"{HERE}/{one}/mostrar-id", {})
    assert WAMID in shown.text
    row = await street.world.row("select actor, data from audit_entry where action = 'personal.revealed'")
    assert row["actor"] == f"person:{admin.person_id}"
    assert row["data"]["what"] == "wamid"
    developer = await enter(Role.DEVELOPER)
    assert "wamid.…" in words(await developer.get(f"{HERE}/{one}"))
    assert (await developer.post(f"{HERE}/{one}/mostrar-id", {})).status_code == 403


async def test_request_and_answer_are_shown_without_people(
    enter: Enter, street: Street, company: Company
) -> None:
    error = {"error": {"code": 131026, "message": f"no {MARINA}", "fbtrace_id": "AbCdTrace1"}}
    refusal = replace(
        rejected(), exchange=Exchange(http_status=400, answer=json.dumps(error).encode(), elapsed_s=0.2)
    )
    await street.world.open_window(company)
    one = await sent(street, company, refusal, type="text", text={"body": "Segredo da Marina"})
    browser = await enter(Role.DEVELOPER)
    page = await browser.get(f"{HERE}/{one}")
    technical = page.text.split("tecnico-t", 1)[1].split('id="guardado"', 1)[0]
    for part in ("messaging_product", "/messages", "131026", "AbCdTrace1", "HTTP 400", "[17 characters]"):
        assert part in technical, part
    assert MARINA not in page.text
    assert "Segredo" not in technical


async def test_of_a_webhook_only_what_is_about_the_message_is_shown(
    enter: Enter, street: Street, company: Company
) -> None:
    one = await sent(street, company, accepted(WAMID))
    now = street.world.now
    body = statuses(
        company,
        status("delivered", WAMID, now, pricing={"category": "utility", "mine": "yes"}),
        status("read", OTHERS, now, pricing={"category": "of-somebody-else"}),
    )
    await street.world.hear(body)
    browser = await enter(Role.ADMINISTRATOR)
    page = await browser.get(f"{HERE}/{one}")
    assert '<span class="key">mine</span>' in page.text
    assert "of-somebody-else" not in page.text
    assert WAMID not in page.text
    operator = await enter(Role.OPERATOR)
    assert "data-tree" not in (await operator.get(f"{HERE}/{one}")).text


# --------------------------------------------------------------------------- files


async def test_a_picture_is_shown_and_served_in_pieces_only_with_its_message(
    enter: Enter, street: Street, company: Company
) -> None:
    client = await street.client_of(company)
    given = await client.post("/api/v1/media", files={"file": ("vitrine.png", PNG, "image/png")})
    await street.world.open_window(company)
    image = {"id": given.json()["id"], "caption": "A vitrine"}
    one = await street.world.queue(company, type="image", image=image)
    other = await street.world.queue(company)
    browser = await enter(Role.OPERATOR)
    listed = words(await browser.get(HERE))
    assert "Imagem A vitrine" in listed
    assert "📷" not in listed
    page = await browser.get(f"{HERE}/{one}")
    (address,) = set(re.findall(rf'src="({HERE}/{one}/arquivo/[^"]+)"', page.text))
    assert "A vitrine" in words(page)
    whole = await browser.get(address)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, PNG, "image/png")
    assert whole.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert whole.headers["x-content-type-options"] == "nosniff"
    piece = await browser.get(address, headers={"range": "bytes=1-3"})
    assert (piece.status_code, piece.content) == (206, PNG[1:4])
    assert piece.headers["content-range"] == f"bytes 1-3/{len(PNG)}"
    assert (await browser.get(address, headers={"range": "bytes=-2"})).content == PNG[-2:]
    assert (await browser.get(address, headers={"range": "bytes=999-"})).status_code == 416
    assert (await browser.get(address.replace(str(one), str(other)))).status_code == 404
    assert (await browser.get(address.rsplit("/", 1)[0] + f"/{uuid4()}")).status_code == 404


async def test_what_is_no_picture_is_only_saved_and_what_people_send_is_for_the_desk(
    enter: Enter, street: Street, company: Company
) -> None:
    document = {"id": "778899", "mime_type": "image/svg+xml", "filename": "a.svg"}
    await street.world.hear(inbound(company, said("document", "wamid.F", street.world.now, document)))
    row = await street.world.row("select message_id, media_id from media")
    address = f"{HERE}/{row['message_id']}/arquivo/{row['media_id']}"
    operator = await enter(Role.OPERATOR)
    assert "o arquivo não está aqui" in words(await operator.get(f"{HERE}/{row['message_id']}"))
    assert (await operator.get(address)).status_code == 404
    await street.house.blobs.put("abc", b"<svg onload='x'/>")
    await street.world.do(
        "update media set state = 'stored', blob = 'abc', size_bytes = 17, mime_type = 'image/svg+xml'"
    )
    got = await operator.get(address)
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment")
    developer = await enter(Role.DEVELOPER)
    assert (await developer.get(address)).status_code == 403


# --------------------------------------------------------------------------- beside the list


async def test_beside_the_list_it_comes_in_parts(enter: Enter, street: Street, company: Company) -> None:
    one = await sent(street, company, accepted(WAMID))
    admin = await enter(Role.ADMINISTRATOR)
    first = await admin.get(f"{HERE}/{one}/gaveta", headers=BESIDE)
    assert "<html" not in first.text
    assert "data-drawer" in first.text
    assert "Aceita pela Meta" in words(first)
    assert "Chave única" not in words(first)
    assert "Chave única" in words(await admin.get(f"{HERE}/{one}/gaveta?aba=tecnico", headers=BESIDE))
    assert "data-bubble" in (await admin.get(f"{HERE}/{one}/gaveta?aba=conteudo", headers=BESIDE)).text
    assert (await admin.get(f"{HERE}/{one}/gaveta")).headers["location"] == f"{HERE}/{one}"
    operator = await enter(Role.OPERATOR)
    refused = await operator.get(f"{HERE}/{one}/gaveta?aba=tecnico", headers=BESIDE)
    assert "Chave única" not in words(refused)
    assert "parte-tecnico" not in refused.text
    assert (await operator.get(f"{HERE}/{uuid4()}/gaveta", headers=BESIDE)).status_code == 404


async def test_what_is_done_beside_the_list_stays_there(
    enter: Enter, street: Street, company: Company
) -> None:
    old = await sent(street, company, rejected())
    operator = await enter(Role.OPERATOR)
    done = await operator.post(f"{HERE}/{old}/reenviar", {}, hx_request="true")
    assert done.status_code == 204
    told = json.loads(done.headers["hx-trigger"])
    assert told["recado:toast"]["kind"] == "ok"
    new = UUID(told["recado:detail"]["path"].rsplit("/", 1)[1])
    assert (await street.world.message(new))["state"] == "queued"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REVIEWER])
async def test_what_cannot_be_done_says_why(
    enter: Enter, street: Street, company: Company, role: Role
) -> None:
    one = await sent(street, company, accepted(WAMID))
    browser = await enter(role)
    for address in (f"{HERE}/{one}", f"{HERE}/{one}/gaveta"):
        headers = BESIDE if address.endswith("gaveta") else {}
        said_there = words(await browser.get(address, headers=headers))
        wanted = "reenviar duplicaria" if role is Role.OPERATOR else "Seu papel só permite olhar."
        assert wanted in said_there
    assert (await browser.get(f"{HERE}/{one}/celular")).headers["location"].endswith(f"?pessoa={MARINA}")


async def test_numbers_and_problems_come_with_fresh_rows_when_asked(
    enter: Enter, street: Street, company: Company
) -> None:
    refused = await sent(street, company, rejected())
    browser = await enter(Role.OPERATOR)
    plain = await browser.get(f"{HERE}/linhas?ids={refused}")
    assert "data-fresh" not in plain.text
    fresh = await browser.get(f"{HERE}/linhas?ids={refused}&contas=1")
    assert re.search(r'data-fresh="conta-voce" class="num hot">1<', fresh.text)
    assert 'data-fresh="problemas"' in fresh.text
    assert str(refused) in fresh.text
    only = await browser.get(f"{HERE}/linhas?contas=1")
    assert 'data-fresh="conta-todas"' in only.text
    assert "data-message" not in only.text


async def test_a_template_is_listed_in_the_words_the_customer_read(
    enter: Enter, street: Street, company: Company
) -> None:
    await list_templates(street, company, REMINDER)
    template = {
        "name": REMINDER.name,
        "language": {"code": REMINDER.language},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Téo"}]}],
    }
    one = await sent(street, company, accepted(WAMID), type="template", template=template)
    now = street.world.now
    told = status("delivered", WAMID, now, pricing={"category": "utility", "billable": False})
    await street.world.hear(statuses(company, told))
    browser = await enter(Role.OPERATOR)
    for address in (HERE, f"{HERE}/linhas?ids={one}", f"{HERE}/{one}"):
        assert "Téo" in words(await browser.get(address)), address
    assert "utilidade · sem cobrança" in words(await browser.get(f"{HERE}/{one}"))


async def test_an_empty_tab_says_when_something_failed_last(
    enter: Enter, street: Street, company: Company
) -> None:
    one = await sent(street, company, rejected())
    browser = await enter(Role.OPERATOR)
    await browser.post(f"{HERE}/{one}/descartar", {"motivo": "cliente avisado"})
    assert "Última falha: agora." in words(await browser.get(f"{HERE}?aba=voce"))
