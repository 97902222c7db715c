"""Mensagens over HTTP: what is listed, found and told, and what the buttons do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter
from tests.doors.street import Street
from tests.slices.world import Company, accepted, rejected, unknown

from recado.kit.ids import MessageId
from recado.messages import reading, resending
from recado.messages.model import MessageRow
from recado.people.rights import Role

HERE = "/painel/mensagens"
TEMPLATE: dict[str, Any] = {
    "type": "template",
    "template": {"name": "lembrete_horario", "language": {"code": "pt_BR"}},
}
CAIO = "+5520955500112"


async def sent(street: Street, company: Company, outcome: Any, **more: Any) -> MessageId:
    world = street.world
    message_id = await world.queue(company, **(TEMPLATE | more))
    await world.lease()
    (intent,) = await world.claim()
    await world.record(intent, outcome)
    return message_id


async def test_a_new_company_reads_what_comes_next(enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    said = words(await browser.get(HERE))
    assert "Nenhuma mensagem ainda." in said
    assert "Nada precisa de você." in words(await browser.get(f"{HERE}?aba=voce"))


async def test_the_pace_and_what_is_left_of_the_day(enter: Enter, street: Street, company: Company) -> None:
    """Asked for by the page itself; the provider's limit only where it is a figure."""
    await sent(street, company, accepted("wamid.A1"))
    # Its clock is the database's, a little behind ours: the hour may just have turned.
    await street.world.do("update attempt set started_at = $1", street.world.now - timedelta(milliseconds=1))
    browser = await enter(Role.OPERATOR)
    assert f'hx-get="{HERE}/ritmo"' in (await browser.get(HERE)).text
    strip = await browser.get(f"{HERE}/ritmo")
    assert "<html" not in strip.text
    assert '<rect class="now"' in strip.text
    assert "1 envio nas últimas 8 horas" in strip.text
    said = words(strip)
    assert "0,2 por minuto agora" in said
    assert "1 saiu hoje" in said
    assert "clientes" not in said
    await street.world.do("update phone_number set messaging_limit = 'TIER_250'")
    assert "1 de 250 clientes em 24 h" in words(await browser.get(f"{HERE}/ritmo"))
    await street.world.do("update phone_number set messaging_limit = 'TIER_UNLIMITED'")
    assert "clientes" not in words(await browser.get(f"{HERE}/ritmo"))


async def test_problems_are_grouped_by_cause_and_listed_first(
    enter: Enter, street: Street, company: Company
) -> None:
    await sent(street, company, accepted("wamid.A1"))
    refused = await sent(street, company, rejected(), to=CAIO)
    browser = await enter(Role.OPERATOR)
    page = await browser.get(f"{HERE}?aba=voce")
    said = words(page)
    assert "1 mensagem" in said
    assert "Recusada" in said
    assert str(refused) in page.text
    assert page.text.count("data-message") == 1
    assert (await browser.get(HERE)).text.count("data-message") == 2
    assert (await browser.get(f"{HERE}?aba=sairam")).text.count("data-message") == 1
    assert (await browser.get(f"{HERE}?aba=nao-enviadas")).text.count("data-message") == 1


async def test_tabs_for_what_waits_now_and_later(enter: Enter, street: Street, company: Company) -> None:
    world = street.world
    await world.queue(company, **TEMPLATE)
    later = world.now.replace(year=world.now.year + 1).isoformat()
    await world.queue(company, **(TEMPLATE | {"scheduled_at": later, "to": CAIO}))
    browser = await enter(Role.OPERATOR)
    assert "Na fila" in words(await browser.get(f"{HERE}?aba=fila"))
    assert (await browser.get(f"{HERE}?aba=fila")).text.count("data-message") == 1
    page = await browser.get(f"{HERE}?aba=agendadas")
    assert page.text.count("data-message") == 1
    assert "Agendada" in words(page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("formato=modelo", 2),
        ("formato=livre", 0),
        ("modelo=lembrete_horario", 2),
        ("modelo=outro", 0),
        ("tipo=template", 2),
        ("tipo=location", 0),
        ("situacao=enviada", 1),
        ("situacao=falhou", 1),
        ("causa=undeliverable", 1),
        ("periodo=hoje", 2),
        ("q=%2B5520955500112", 1),
        ("q=20955500112", 1),
        ("q=agd-8231", 1),
        ("q=lembrete", 2),
        ("q=nada%25disso", 0),
        ("numero=nem-um-numero&aba=inexistente&antes=x", 2),
        ("modelo=%00&causa=%00&q=%00", 2),
        ("modelo=a%00b", 0),
    ],
)
async def test_filters_and_search(
    enter: Enter, street: Street, company: Company, query: str, found: int
) -> None:
    await sent(street, company, accepted("wamid.A1"), client_reference="agd-8231")
    await sent(street, company, rejected(), to=CAIO)
    reason = await street.world.value("select reason from message where state = 'rejected'")
    browser = await enter(Role.OPERATOR)
    page = await browser.get(f"{HERE}?{query.replace('undeliverable', reason)}")
    assert page.status_code == 200
    assert page.text.count("data-message") == found


async def test_an_id_leads_to_its_message_and_no_further(
    enter: Enter, street: Street, company: Company
) -> None:
    one = await sent(street, company, accepted("wamid.A1"))
    other = await street.world.company("horizonte", external_id="106540352242999", waba="102290129340399")
    foreign = await street.world.queue(other, **TEMPLATE)
    browser = await enter(Role.OPERATOR)
    assert (await browser.get(f"{HERE}?q={one}")).text.count("data-message") == 1
    assert (await browser.get(f"{HERE}?q={foreign}")).text.count("data-message") == 0
    assert (await browser.get(f"{HERE}/{foreign}")).status_code == 404
    assert (await browser.get(f"{HERE}/{uuid4()}")).status_code == 404


async def test_pages_follow_each_other_without_gap_or_repeat(
    enter: Enter, street: Street, company: Company
) -> None:
    ids = {str(await street.world.queue(company, **TEMPLATE)) for _ in range(60)}
    browser = await enter(Role.OPERATOR)
    first = await browser.get(HERE)
    seen = [one for one in ids if one in first.text]
    assert len(seen) == 50
    older = first.text.split('rel="prev"')[-1].split("antes=")[1].split('"')[0]
    second = await browser.get(f"{HERE}?antes={older}")
    assert sorted(seen + [one for one in ids if f'data-id="{one}"' in second.text]) == sorted(ids)


async def test_fresh_rows_come_only_for_what_belongs_to_the_list(
    enter: Enter, street: Street, company: Company
) -> None:
    fine = await sent(street, company, accepted("wamid.A1"))
    refused = await sent(street, company, rejected(), to=CAIO)
    browser = await enter(Role.OPERATOR)
    every = await browser.get(f"{HERE}/linhas?ids={fine}&ids={refused}&ids={uuid4()}")
    assert every.text.count("data-message") == 2
    assert "<html" not in every.text
    troubled = await browser.get(f"{HERE}/linhas?aba=voce&ids={fine}&ids={refused}")
    assert str(refused) in troubled.text
    assert str(fine) not in troubled.text


async def test_the_page_of_a_message_tells_its_story(enter: Enter, street: Street, company: Company) -> None:
    one = await sent(street, company, accepted("wamid.A1"))
    admin = await enter(Role.ADMINISTRATOR)
    page = await admin.get(f"{HERE}/{one}")
    said = words(page)
    for part in ("Pedido guardado", "Saiu da fila", "Aceita pela Meta", "Técnico", "Janela fechada"):
        assert part in said
    assert "wamid.A1" not in page.text
    assert "5520955500111" not in page.text
    operator = await enter(Role.OPERATOR)
    assert "Técnico" not in words(await operator.get(f"{HERE}/{one}"))


async def test_showing_a_phone_is_written_down(enter: Enter, street: Street, company: Company) -> None:
    one = await sent(street, company, accepted("wamid.A1"))
    operator = await enter(Role.OPERATOR)
    shown = await operator.post(f"{HERE}/{one}/mostrar", {})
    assert "95550-0111" in shown.text.replace("\N{NO-BREAK SPACE}", " ")
    row = await street.world.row("select actor, target from audit_entry where action = 'personal.revealed'")
    assert (row["actor"], row["target"]) == (f"person:{operator.person_id}", str(one))
    developer = await enter(Role.DEVELOPER)
    assert (await developer.post(f"{HERE}/{one}/mostrar", {})).status_code == 403


async def test_sending_again_is_a_new_message_and_only_one(
    enter: Enter, street: Street, company: Company
) -> None:
    world = street.world
    old = await sent(street, company, rejected())
    operator = await enter(Role.OPERATOR)
    first = await operator.post(f"{HERE}/{old}/reenviar", {})
    again = await operator.post(f"{HERE}/{old}/reenviar", {})
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"] != f"{HERE}/{old}"
    assert await world.value("select count(*) from message") == 2
    new = UUID(first.headers["location"].rsplit("/", 1)[1])
    mine, theirs = await world.message(new), await world.message(old)
    assert (mine["state"], mine["content"]) == ("queued", theirs["content"])
    assert (theirs["state"], theirs["attention"]) == ("rejected", False)
    assert (await world.diary(old))[-1] == "message.resent"


async def test_what_was_sent_again_long_ago_is_not_sent_once_more(
    enter: Enter, street: Street, company: Company
) -> None:
    old = await sent(street, company, rejected())
    operator = await enter(Role.OPERATOR)
    first = await operator.post(f"{HERE}/{old}/reenviar", {})
    # Keys of requests are kept for a week.
    await street.world.do("delete from idempotency")
    again = await operator.post(f"{HERE}/{old}/reenviar", {})
    assert again.headers["location"] == first.headers["location"]
    assert await street.world.value("select count(*) from message") == 2


async def test_sending_again_that_was_cut_off_half_way_is_finished(
    enter: Enter, street: Street, company: Company
) -> None:
    world = street.world
    old = await sent(street, company, rejected())
    operator = await enter(Role.OPERATOR)
    asked = resending.request_for(await row_of(street, company, old), world.now)
    assert not isinstance(asked, list)
    await world.accept(company, asked)
    answer = await operator.post(f"{HERE}/{old}/reenviar", {})
    assert answer.headers["location"] == f"{HERE}/{asked.id}"
    assert await world.value("select count(*) from message") == 2
    assert (await world.message(old))["attention"] is False
    assert (await world.diary(old))[-1] == "message.resent"


async def row_of(street: Street, company: Company, message_id: MessageId) -> MessageRow:
    async with street.world.db.tenant(company.tenant.tenant_id) as tx:
        return await reading.get(tx, company.tenant.tenant_id, message_id)


async def test_what_left_is_not_sent_again(enter: Enter, street: Street, company: Company) -> None:
    one = await sent(street, company, accepted("wamid.A1"))
    operator = await enter(Role.OPERATOR)
    assert "reenviar duplicaria" in words(await operator.get(f"{HERE}/{one}"))
    assert (await operator.post(f"{HERE}/{one}/reenviar", {})).status_code == 409
    assert await street.world.value("select count(*) from message") == 1


async def test_a_message_in_doubt_is_decided_not_resent(
    enter: Enter, street: Street, company: Company
) -> None:
    one = await sent(street, company, unknown())
    operator = await enter(Role.OPERATOR)
    page = words(await operator.get(f"{HERE}/{one}"))
    assert "Em dúvida" in page
    assert "Não reenviar…" in page
    assert (await operator.post(f"{HERE}/{one}/reenviar", {})).status_code == 409
    assert (await operator.post(f"{HERE}/{one}/decidir", {"decisao": "talvez"})).status_code == 422
    assert (await operator.post(f"{HERE}/{one}/decidir", {"decisao": "abandon"})).status_code == 303
    assert (await street.world.message(one))["state"] == "discarded"


async def test_cancelling_what_waits(enter: Enter, street: Street, company: Company) -> None:
    one = await street.world.queue(company, **TEMPLATE)
    operator = await enter(Role.OPERATOR)
    assert (await operator.post(f"{HERE}/{one}/cancelar", {})).status_code == 303
    assert (await street.world.message(one))["state"] == "cancelled"
    assert (await operator.post(f"{HERE}/{one}/cancelar", {})).status_code == 303


async def test_closing_a_problem_needs_a_reason(enter: Enter, street: Street, company: Company) -> None:
    one = await sent(street, company, rejected())
    operator = await enter(Role.OPERATOR)
    assert (await operator.post(f"{HERE}/{one}/descartar", {"motivo": " "})).status_code == 422
    done = await operator.post(f"{HERE}/{one}/descartar", {"motivo": "cliente já avisado"})
    assert done.status_code == 303
    row = await street.world.message(one)
    assert (row["state"], row["attention"]) == ("rejected", False)
    assert (await street.world.diary(one))[-1] == "message.dismissed"
    assert (await operator.post(f"{HERE}/{one}/descartar", {"motivo": "de novo"})).status_code == 409


@pytest.mark.parametrize("action", ["reenviar", "cancelar", "descartar", "decidir"])
async def test_who_only_looks_changes_nothing(
    enter: Enter, street: Street, company: Company, action: str
) -> None:
    one = await sent(street, company, rejected())
    developer = await enter(Role.DEVELOPER)
    assert (await developer.get(f"{HERE}/{one}")).status_code == 200
    assert (await developer.post(f"{HERE}/{one}/{action}", {"motivo": "não pode"})).status_code == 403
