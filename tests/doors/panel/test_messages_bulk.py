"""Many messages at once over HTTP: the plan, its job, and the list as a file."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any
from uuid import UUID

import pytest
from tests.doors.panel.browser import Browser, words
from tests.doors.panel.conftest import Enter
from tests.doors.street import Street
from tests.slices.messages.bulk_worker import ports_on, turn
from tests.slices.world import Company, rejected

from recado.kit.ids import MessageId
from recado.people.rights import Role
from recado.web.panel.screens import messages_export

HERE = "/painel/mensagens"


async def failed(street: Street, company: Company, count: int) -> list[MessageId]:
    world = street.world
    ids = [await world.queue(company, to=f"+552095550{n:04}") for n in range(count)]
    for intent in await world.claim():
        await world.record(intent, rejected())
    return ids


async def planned(browser: Browser, **form: Any) -> tuple[str, str]:
    """What the plan says, and the address that begins it."""
    answer = await browser.post(f"{HERE}/plano", form)
    assert answer.status_code == 200, answer.text
    found = re.search(r"/lote/([0-9a-f-]{36})/comecar", answer.text)
    return words(answer), f"{HERE}/lote/{found[1]}" if found else ""


async def test_the_plan_is_shown_begun_done_and_listed(
    enter: Enter, street: Street, company: Company
) -> None:
    ended = await failed(street, company, 2)
    waiting = await street.world.queue(company)
    browser = await enter(Role.OPERATOR)
    said, job = await planned(browser, acao="resend", ids=[*map(str, ended), str(waiting)])
    assert "Encontradas 3 Vão acontecer 2 Ainda estão a caminho 1" in said
    assert "Reenviar 2 mensagens" in said
    # Without the name of the incident nothing begins.
    missing = await browser.post(f"{job}/comecar", {"nome": "  "})
    assert missing.status_code == 422
    assert "Dê um nome ao incidente" in words(missing)
    begun = await browser.post(f"{job}/comecar", {"nome": "Queda da manhã"})
    assert (begun.status_code, begun.headers["location"]) == (303, job)
    page = await browser.get(job)
    assert "Vai começar" in words(page)
    assert 'hx-trigger="every 1s"' in page.text
    await turn(ports_on(street.world.db, street.world.clock), company.tenant.tenant_id, _id(job))
    page = await browser.get(job)
    assert "Concluído" in words(page)
    assert "2 mensagens feitas · 1 recusada · 0 por fazer" in words(page)
    assert 'hx-trigger="every 1s"' not in page.text
    part = await browser.get(job, headers={"hx-request": "true"})
    assert part.text.lstrip().startswith("<section")
    assert "Queda da manhã" in words(await browser.get(f"{HERE}/lotes"))


def _id(job: str) -> UUID:
    return UUID(job.rsplit("/", 1)[1])


async def test_undone_in_time_nothing_changes(enter: Enter, street: Street, company: Company) -> None:
    ended = await failed(street, company, 1)
    browser = await enter(Role.OPERATOR)
    _, job = await planned(browser, acao="discard", ids=[str(ended[0])])
    without = await browser.post(f"{job}/comecar", {"nome": "Engano"})
    assert without.status_code == 422
    await browser.post(f"{job}/comecar", {"nome": "Engano", "motivo": "avisado por telefone"})
    assert (await browser.post(f"{job}/cancelar")).status_code == 303
    assert "Desfeito. Nenhuma mensagem mudou." in words(await browser.get(job))
    assert (await browser.post(f"{job}/cancelar")).status_code == 409
    assert (await street.world.message(ended[0]))["attention"] is True


async def test_all_of_a_list_by_its_filter(enter: Enter, street: Street, company: Company) -> None:
    ended = await failed(street, company, 3)
    await street.world.queue(company)
    browser = await enter(Role.OPERATOR)
    said, _ = await planned(browser, acao="discard", ids=[str(ended[0])], filtro="?aba=voce")
    assert "Encontradas 1" in said
    assert "Ver o plano para todas as da lista" in said
    said, _ = await planned(browser, acao="discard", todas="1", filtro="?aba=voce")
    assert "Encontradas 3 Vão acontecer 3" in said
    said, _ = await planned(browser, acao="discard", todas="1", filtro="?aba=voce&modelo=outro")
    assert "Encontradas 0" in said
    assert "Nenhuma destas mensagens permite isso." in said


async def test_nothing_selected_or_nothing_known(enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    assert (await browser.post(f"{HERE}/plano", {"acao": "resend"})).headers["location"] == HERE
    assert (await browser.post(f"{HERE}/plano", {"acao": "explode", "todas": "1"})).status_code == 422
    nobody = "00000000-0000-7000-8000-000000000001"
    assert (await browser.get(f"{HERE}/lote/{nobody}")).status_code == 404


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.REVIEWER])
async def test_who_only_looks_starts_and_exports_nothing(enter: Enter, role: Role) -> None:
    browser = await enter(role)
    for answer in (
        await browser.post(f"{HERE}/plano", {"acao": "resend", "todas": "1"}),
        await browser.get(f"{HERE}/lotes"),
        await browser.get(f"{HERE}/exportar.csv"),
        await browser.get(f"{HERE}/exportar.json"),
    ):
        assert answer.status_code == 403


# --------------------------------------------------------------------------- files


async def test_the_file_has_what_the_list_has(enter: Enter, street: Street, company: Company) -> None:
    ended = await failed(street, company, 2)
    await street.world.queue(company)
    browser = await enter(Role.OPERATOR)
    answer = await browser.get(f"{HERE}/exportar.csv?aba=nao-enviadas")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head[:4] == ["quando", "cliente", "telefone", "tipo"]
    assert [row[-1] for row in rows] == [str(one) for one in sorted(ended, reverse=True)]
    assert {row[7] for row in rows} == {"rejected"}
    whole = json.loads((await browser.get(f"{HERE}/exportar.json?aba=nao-enviadas")).text)
    assert [one["id"] for one in whole] == [str(one) for one in sorted(ended, reverse=True)]
    assert json.loads((await browser.get(f"{HERE}/exportar.json?modelo=outro")).text) == []


async def test_phones_leave_whole_only_when_asked_by_who_may_and_it_is_written_down(
    enter: Enter, street: Street, company: Company
) -> None:
    await failed(street, company, 1)
    browser = await enter(Role.OPERATOR)
    whole = await browser.get(f"{HERE}/exportar.csv?q=%2B5520955500000")
    # A leading + would be a formula: the cell begins with an apostrophe.
    assert ",'+5520955500000," in whole.text
    masked = await browser.get(f"{HERE}/exportar.csv?telefones=mascarados")
    assert "5520955500000" not in masked.text
    rows = await street.world.rows(
        "select data from audit_entry where action = 'messages.exported' order by seq"
    )
    assert [row["data"]["phones"] for row in rows] == ["whole", "masked"]
    assert "5520955500000" not in json.dumps([row["data"] for row in rows])


async def test_no_cell_is_a_formula(enter: Enter, street: Street, company: Company) -> None:
    await street.world.open_window(company)
    for body in ("=1+1", "+cmd", "-2", "@SUM(A1)", "\tx"):
        await street.world.queue(company, text={"body": body})
    browser = await enter(Role.OPERATOR)
    answer = await browser.get(f"{HERE}/exportar.csv")
    _, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert len(rows) == 5
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


async def test_a_long_list_leaves_in_bites(
    enter: Enter, street: Street, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages_export, "_BITE", 2)
    ids = [await street.world.queue(company, to=f"+552095550{n:04}") for n in range(5)]
    browser = await enter(Role.OPERATOR)
    found = json.loads((await browser.get(f"{HERE}/exportar.json")).text)
    assert [one["id"] for one in found] == [str(one) for one in sorted(ids, reverse=True)]
