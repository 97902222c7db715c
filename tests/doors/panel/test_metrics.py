"""Métricas over HTTP: what is drawn, what the tables say and what the files hold are the same numbers."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter
from tests.doors.street import Street
from tests.slices.world import Company, accepted, rejected, status, statuses

from recado.people.rights import Role
from recado.reports import service as reports

PATH = "/painel/metricas"


@pytest.fixture
async def lived(street: Street, company: Company) -> Company:
    """Four asked for: one read, one delivered after 40 s, one refused, one in line; a day apart."""
    world = street.world
    ids = [await world.queue(company, to=f"+552095550{n:04d}") for n in range(3)]
    intents = {one.row.due.message_id: one for one in await world.claim()}
    await world.record(intents[ids[0]], accepted("wamid.A"))
    await world.record(intents[ids[1]], accepted("wamid.B"))
    await world.record(intents[ids[2]], rejected())
    later = world.now + timedelta(seconds=40)
    await world.hear(
        statuses(company, status("read", "wamid.A", later), status("delivered", "wamid.B", later))
    )
    world.clock.advance(hours=25)
    await world.queue(company)
    await reports.keep(street.house.engine, world.now, most_events=10**6, most_hours=1000)
    return company


def table(page: str, key: str) -> list[list[str]]:
    whole = re.search(rf'data-table="{key}".*?</table>', page, re.DOTALL)
    assert whole, page[:500]
    rows = re.findall(r"<tr>(.*?)</tr>", whole[0], re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


async def test_the_page_shows_outcomes_delays_causes_numbers_and_templates(
    street: Street, lived: Company, enter: Enter
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    page = await browser.get(PATH)
    assert page.status_code == 200, page.text[:3000]
    said = words(page)
    for expected in ("4 pedidas", "entregues das que saíram", "lembrete_consulta", "Por que não chegaram"):
        assert expected in said
    head, *days = table(page.text, "tempo")
    assert len(days) == 7
    assert [sum(int(row[at]) for row in days) for at in range(1, 8)] == [4, 2, 2, 1, 1, 0, 1]
    assert head[1] == "pedidas"
    hours = table((await browser.get(PATH, params={"periodo": "hoje"})).text, "tempo")
    assert len(hours) - 1 <= 25
    ((_, *numbers),) = table(page.text, "numeros")[1:]
    assert numbers[:4] == ["4", "2", "2", "1"]
    assert table(page.text, "causas")[1][2] == "undeliverable"


async def test_each_figure_stands_beside_the_one_of_the_time_before(
    street: Street, lived: Company, enter: Enter
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    assert "antes:" not in words(await browser.get(PATH))
    street.world.clock.advance(days=7)
    await street.world.queue(lived)
    await reports.keep(street.house.engine, street.world.now, most_events=10**6, most_hours=1000)
    later = await enter(Role.ADMINISTRATOR, login="depois@aurora.example")
    assert "1 pedidas antes: 4" in words(await later.get(PATH))


async def test_files_hold_exactly_what_is_shown(street: Street, lived: Company, enter: Enter) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    page = await browser.get(PATH)
    body = (await browser.get(PATH + ".json")).json()
    for key in ("tempo", "numeros", "modelos", "causas"):
        drawn = table(page.text, key)
        rows = list(
            csv.reader(
                io.StringIO((await browser.get(PATH + ".csv", params={"tabela": key})).text.lstrip("\ufeff"))
            )
        )
        assert rows[0] == drawn[0]
        assert body["tabelas"][key]["colunas"] == drawn[0]
        assert len(rows) == len(drawn) == len(body["tabelas"][key]["linhas"]) + 1
        assert [row[:4] for row in rows[1:]] == [row[:4] for row in drawn[1:]]
    assert (await browser.get(PATH + ".csv", params={"tabela": "x"})).status_code == 404
    taken = await street.world.value("select count(*) from audit_entry where action = 'metrics.exported'")
    assert taken == 5
    assert (await (await enter(Role.REVIEWER)).get(PATH + ".json")).status_code == 403


async def test_filters_choose_a_number_a_template_or_free_messages(lived: Company, enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    number = str(lived.number.number_id)
    assert "4 pedidas" in words(await browser.get(PATH, params={"numero": number}))
    assert "4 pedidas" in words(await browser.get(PATH, params={"modelo": "lembrete_consulta"}))
    assert "Nada neste período" in words(await browser.get(PATH, params={"modelo": "-"}))
    assert (await browser.get(PATH, params={"numero": "x"})).status_code == 404


async def test_a_company_without_messages_sees_how_it_begins(enter: Enter) -> None:
    page = await (await enter(Role.REVIEWER)).get(PATH)
    assert "Nada neste período" in words(page)
