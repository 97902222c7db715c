"""Auditoria over HTTP: list, filters, verify, CSV."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator

import pytest
from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter
from tests.doors.street import Street
from tests.slices.world import Company
from tests.support.repository import SOURCE

from recado.audit import service as audit
from recado.db.system import system
from recado.people.rights import Role
from recado.tenants import service as tenants
from recado.web.panel.screens.audit_words import ACTIONS

PATH = "/painel/auditoria"


@pytest.fixture
async def lived(street: Street, company: Company) -> Company:
    async with system(street.house.db) as tx:
        await tenants.change_settings(
            tx,
            street.world.now,
            company.tenant.tenant_id,
            {"mode": "dry_run"},
            actor="key:019b3c5e-7d2a-7c11-8a55-2f6b5d0c9a10",
            why="=HYPERLINK(1)",
            origin="203.0.113.9",
        )
    return company


async def test_the_list_says_who_what_before_after_why_and_from_where(lived: Company, enter: Enter) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    page = await browser.get(PATH)
    assert page.status_code == 200, page.text[:2000]
    said = words(page)
    for expected in ("Mudou as configurações", "modo: enabled dry_run", "203.0.113.9", "…9a10"):
        assert expected in said
    only = words(await browser.get(PATH, params={"acao": "tenant.created", "periodo": "tudo"}))
    assert "estudio-aurora" in only
    assert "203.0.113.9" not in only
    assert "Nada neste período" in words(await browser.get(PATH, params={"quem": "person:none"}))


async def test_the_chain_is_verified_and_the_first_broken_entry_named(
    street: Street, lived: Company, enter: Enter
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    whole = await browser.post(PATH + "/verificar")
    assert 'data-verdict="whole"' in whole.text, whole.text[:3000]
    n = await street.world.value(
        """select n from audit_link l join audit_entry e using (tenant_id, seq)
           where e.action = 'tenant.settings_changed'"""
    )
    await street.world.do("update audit_entry set why = 'nada' where action = 'tenant.settings_changed'")
    broken = await browser.post(PATH + "/verificar")
    assert f"a entrada {n} foi alterada depois de escrita" in words(broken)


async def test_pages_follow_each_other(street: Street, company: Company, enter: Enter) -> None:
    async with system(street.house.db) as tx:
        for index in range(60):
            tenant_id = company.tenant.tenant_id
            await audit.record(
                tx, street.world.now, tenant_id, actor="cli", action="key.revoked", target=f"t{index}"
            )
    browser = await enter(Role.DEVELOPER)
    first = await browser.get(PATH)
    assert first.text.count("<tr data-row") == 50
    assert "antes=" in first.text
    oldest = await street.world.value("select max(n) from audit_link") - 49
    second = await browser.get(PATH, params={"antes": str(oldest)})
    assert "estudio-aurora" in words(second)
    assert 'rel="next"' not in second.text


async def test_the_file_has_no_formulas_and_taking_it_is_written_down(
    street: Street, lived: Company, enter: Enter
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    answer = await browser.get(PATH + ".csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    cells = [cell for row in rows[1:] for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert rows[0][:4] == ["nº", "quando", "quem", "ação"]
    assert await street.world.value("select count(*) from audit_entry where action = 'audit.exported'") == 1
    assert (await (await enter(Role.DEVELOPER)).get(PATH + ".csv")).status_code == 403


async def test_only_the_platform_sees_the_installations_trail(enter: Enter) -> None:
    own = await enter(Role.ADMINISTRATOR)
    assert (await own.get(PATH, params={"trilha": "instalacao"})).status_code == 403
    assert (await own.post(PATH + "/verificar", {"trilha": "instalacao"})).status_code == 403
    platform = await enter(Role.PLATFORM)
    page = await platform.get(PATH, params={"trilha": "instalacao"})
    assert page.status_code == 200
    assert "Toda a instalação" in words(page)
    assert 'data-verdict="whole"' in (await platform.post(PATH + "/verificar", {"trilha": "instalacao"})).text


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REVIEWER])
async def test_the_front_desk_does_not_see_it(enter: Enter, role: Role) -> None:
    assert (await (await enter(role)).get(PATH)).status_code == 403


# Actions whose names are put together while they happen.
PUT_TOGETHER = {
    *(f"link.{kind}_made" for kind in ("first_run", "invitation", "password")),
    *(f"webhooks.{what}_started" for what in ("replay", "discard")),
    *(f"message.{decision}" for decision in ("resend", "abandon", "wait")),
    *(f"held.{decision}" for decision in ("release", "discard")),
    *(f"installation.{mode}_released" for mode in ("restore", "clone")),
}


def _recorded() -> Iterator[str]:
    """Every action some code writes into a trail by a name it spells out."""
    for path in (SOURCE / "recado").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "record":
                given = [one.value for one in node.keywords if one.arg == "action"]
            elif called in {"_note", "_told"}:
                given = list(node.args)
            else:
                continue
            for value in given:
                for part in ast.walk(value):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value:
                        yield part.value


def test_everything_that_is_written_down_has_words() -> None:
    recorded = {one for one in _recorded() if not one.startswith((".", "_")) and not one.endswith(".")}
    assert len(recorded) > 40
    assert sorted((recorded | PUT_TOGETHER) - ACTIONS.keys()) == []


async def test_a_handed_conversation_names_the_people(street: Street, company: Company, enter: Enter) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    async with street.world.db.tenant(company.tenant.tenant_id) as tx:
        await audit.record(
            tx,
            street.world.now,
            company.tenant.tenant_id,
            actor="test",
            action="conversation.assigned",
            target="x",
            was={"person": None},
            became={"person": str(browser.person_id)},
        )
    assert "pessoa: — Luana Freitas" in words(await browser.get(PATH)).replace("→ ", "")
