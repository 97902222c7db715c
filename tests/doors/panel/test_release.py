"""Liberação over HTTP: stops with reasons, plans before letting go, and who may do what."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter
from tests.doors.street import Street
from tests.slices.world import Company

from recado.audit.model import INSTALLATION
from recado.people.rights import Role

PATH = "/painel/liberacao"


def asked(alvo: str, acao: str, qual: str = "", motivo: str = "") -> dict[str, str]:
    return {"alvo": alvo, "acao": acao, "qual": qual, "motivo": motivo}


async def test_a_stop_needs_a_reason_holds_and_lets_go_after_a_plan(
    street: Street, company: Company, enter: Enter
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    for _ in range(3):
        await street.world.queue(company)
    page = await browser.get(PATH)
    assert page.status_code == 200, page.text[:2000]
    assert "Envios ligados" in words(page)
    assert "3 mensagens na fila" in words(page)
    plan = await browser.get(PATH + "/plano", params=asked("empresa", "parar"))
    assert "3 mensagens ficam em espera." in words(plan)
    refused = await browser.post(PATH, asked("empresa", "parar", motivo="  "))
    assert (refused.status_code, "Escreva o motivo" in words(refused)) == (422, True)
    assert not await street.world.value("select kill_switch from tenant")
    done = await browser.post(PATH, asked("empresa", "parar", motivo="modelo errado"))
    assert (done.status_code, done.headers["location"]) == (303, PATH)
    assert await street.world.claim() == []
    page = await browser.get(PATH)
    assert "Envios parados" in words(page)
    assert "modelo errado" in words(page)
    entry = await street.world.row("select * from audit_entry where action = 'tenant.settings_changed'")
    assert (entry["actor"], entry["why"]) == (f"person:{browser.person_id}", "modelo errado")
    assert entry["origin"]
    plan = await browser.get(PATH + "/plano", params=asked("empresa", "retomar"))
    assert re.search(r"3 em espera: 3 saem\b", words(plan))
    await browser.post(PATH, asked("empresa", "retomar"))
    assert len(await street.world.claim()) == 3


async def test_the_plan_tells_what_no_longer_makes_sense(
    street: Street, company: Company, enter: Enter
) -> None:
    world = street.world
    await world.queue(company, expires_at=(world.now + timedelta(days=2)).isoformat())
    await world.queue(company)
    world.clock.advance(hours=25)
    browser = await enter(Role.ADMINISTRATOR)
    plan = words(await browser.get(PATH + "/plano", params=asked("empresa", "retomar")))
    assert "2 em espera: 1 sai, 1 já não faz sentido." in plan
    assert "O prazo já passou 1" in plan


async def test_a_kind_and_a_number_stop_alone(street: Street, company: Company, enter: Enter) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    await street.world.queue(company)
    await browser.post(PATH, asked("tipo", "parar", "template", "modelo errado"))
    assert await street.world.claim() == []
    page = words(await browser.get(PATH))
    assert "Envios ligados, com exceções" in page
    assert "1 tipo parado" in page
    await browser.post(PATH, asked("tipo", "retomar", "template"))
    number_id = str(company.number.number_id)
    await browser.post(PATH, asked("numero", "parar", number_id, "número em manutenção"))
    assert await street.world.claim() == []
    assert "1 número parado" in words(await browser.get(PATH))
    entry = await street.world.row("select why from audit_entry where action = 'number.stopped'")
    assert entry["why"] == "número em manutenção"
    await browser.post(PATH, asked("numero", "retomar", number_id))
    assert len(await street.world.claim()) == 1


async def test_every_switch_says_how_many_it_holds(street: Street, company: Company, enter: Enter) -> None:
    platform = await enter(Role.PLATFORM)
    for _ in range(2):
        await street.world.queue(company)
    assert words(await platform.get(PATH)).count("seguraria 2 mensagens") == 2  # everything, and this company
    number_id, tenant_id = str(company.number.number_id), str(company.tenant.tenant_id)
    switches = (
        ("tudo", ""),
        ("conta", tenant_id),
        ("empresa", ""),
        ("linha", number_id),
        ("tipo", "template"),
        ("numero", number_id),
    )
    for alvo, qual in switches:
        plan = words(await platform.get(PATH + "/plano", params=asked(alvo, "parar", qual)))
        assert "2 mensagens ficam em espera." in plan, alvo
        assert (await platform.post(PATH, asked(alvo, "parar", qual, "ensaio"))).status_code == 303, alvo
    shown = words(await platform.get(PATH))
    assert shown.count("segura 2 mensagens") == 2
    assert re.search(r"Modelos Parado ensaio Em espera 2 Retomar", shown)
    assert re.search(r"Parado pela plataforma ensaio Em espera 2 Retomar", shown)
    assert await street.world.claim() == []
    for alvo, qual in switches[:5]:
        plan = words(await platform.get(PATH + "/plano", params=asked(alvo, "retomar", qual)))
        assert "2 em espera: 2 saem." in plan, alvo
        assert (await platform.post(PATH, asked(alvo, "retomar", qual))).status_code == 303, alvo
    assert len(await street.world.claim()) == 2


async def test_a_number_the_platform_stopped_waits_for_the_platform(
    street: Street, company: Company, enter: Enter
) -> None:
    platform, own = await enter(Role.PLATFORM), await enter(Role.ADMINISTRATOR)
    number_id = str(company.number.number_id)
    await street.world.queue(company)
    # However the platform's people ask for it, the stop is theirs.
    await platform.post(PATH, asked("numero", "parar", number_id, "denúncias demais"))
    lane = await street.world.row("select kill_switch, platform_stop, stop_reason from lane")
    assert lane == {"kill_switch": False, "platform_stop": True, "stop_reason": "denúncias demais"}
    shown = await own.get(PATH)
    assert "Parado pela plataforma denúncias demais" in words(shown)
    assert "Só a plataforma retoma." in words(shown)
    assert "data-resume" not in shown.text
    for alvo, acao in (("linha", "retomar"), ("linha", "parar")):
        assert (await own.post(PATH, asked(alvo, acao, number_id, "não pode"))).status_code == 403
        assert (await own.get(PATH + "/plano", params=asked(alvo, acao, number_id))).status_code == 403
    await own.post(PATH, asked("numero", "retomar", number_id))
    assert (await own.post(f"/painel/numeros/{number_id}/retomar", {})).status_code < 500
    assert await street.world.claim() == []
    entry = await street.world.row(
        "select actor, why from audit_entry where action = 'number.stopped_by_platform'"
    )
    assert entry == {"actor": f"person:{platform.person_id}", "why": "denúncias demais"}
    await platform.post(PATH, asked("linha", "retomar", number_id))
    assert len(await street.world.claim()) == 1


async def test_the_platform_lifts_a_companys_own_stop_too(
    street: Street, company: Company, enter: Enter
) -> None:
    platform, own = await enter(Role.PLATFORM), await enter(Role.ADMINISTRATOR)
    number_id = str(company.number.number_id)
    await own.post(PATH, asked("numero", "parar", number_id, "balanço"))
    page = await platform.get(PATH)
    assert 'data-resume="numero"' in page.text
    await platform.post(PATH, asked("numero", "retomar", number_id))
    assert not await street.world.value("select kill_switch or platform_stop from lane")


@pytest.mark.parametrize(
    ("mode", "becomes"), [("enabled", "queued"), ("dry_run", "simulated"), ("disabled", "skipped")]
)
async def test_the_mode_decides_what_becomes_of_the_queue_at_once(
    street: Street, company: Company, enter: Enter, mode: str, becomes: str
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    if mode == "enabled":
        await browser.post(PATH, asked("modo", "modo", "dry_run", "antes"))
    message_id = await street.world.queue(company)
    await browser.post(PATH, asked("modo", "modo", mode, "ensaio"))
    assert await street.world.value("select mode from tenant") == mode
    entry = await street.world.row(
        "select actor, why from audit_entry where action = 'tenant.settings_changed' order by seq desc limit 1"
    )
    assert entry == {"actor": f"person:{browser.person_id}", "why": "ensaio"}
    assert len(await street.world.claim()) == (mode == "enabled")
    assert (await street.world.message(message_id))["state"] == becomes


async def test_a_change_of_mode_says_what_becomes_of_the_queue(
    street: Street, company: Company, enter: Enter
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    await street.world.queue(company)
    plan = words(await browser.get(PATH + "/plano", params=asked("modo", "modo", "disabled")))
    assert "1 mensagem em espera será registrada como não enviada." in plan
    await browser.post(PATH, asked("modo", "modo", "dry_run", "ensaio"))
    assert "Simulação" in words(await browser.get(PATH))
    assert await street.world.value("select mode from tenant") == "dry_run"


async def test_the_platform_stops_everything_or_one_company_and_the_company_cannot_lift_it(
    street: Street, company: Company, enter: Enter
) -> None:
    platform = await enter(Role.PLATFORM)
    own = await enter(Role.ADMINISTRATOR)
    tenant_id = str(company.tenant.tenant_id)
    await street.world.queue(company)
    await platform.post(PATH, asked("conta", "parar", tenant_id, "denúncia"))
    page = words(await own.get(PATH))
    assert "Envios parados pela plataforma" in page
    assert "denúncia" in page
    for data in (asked("conta", "retomar", tenant_id), asked("tudo", "parar", motivo="não pode")):
        assert (await own.post(PATH, data)).status_code == 403
    await own.post(PATH, asked("empresa", "retomar"))
    assert await street.world.claim() == []
    await platform.post(PATH, asked("conta", "retomar", tenant_id))
    await platform.post(PATH, asked("tudo", "parar", motivo="incidente"))
    assert await street.world.claim() == []
    assert "Envios parados em todas as empresas" in words(await own.get(PATH))
    await platform.post(PATH, asked("tudo", "retomar"))
    assert len(await street.world.claim()) == 1
    trail = await street.world.rows(
        "select action from audit_entry where tenant_id = $1 and action like 'installation%' order by seq",
        INSTALLATION,
    )
    assert [row["action"] for row in trail] == ["installation.stopped", "installation.freed"]


@pytest.mark.parametrize(("mode", "says"), [("restore", "O banco foi restaurado"), ("clone", "é uma cópia")])
async def test_after_a_restore_the_sentence_says_what_is_waited_for(
    street: Street, enter: Enter, mode: str, says: str
) -> None:
    await street.world.do("update installation set forced = $1, forced_at = now(), forced_why = 'x'", mode)
    page = words(await (await enter(Role.OPERATOR)).get(PATH))
    assert says in page
    assert f"recado release {mode}" in page


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.DEVELOPER])
async def test_who_only_looks_sees_no_switch_and_cannot_move_one(enter: Enter, role: Role) -> None:
    browser = await enter(role)
    page = await browser.get(PATH)
    assert page.status_code == 200
    assert "data-stop" not in page.text
    assert (await browser.post(PATH, asked("empresa", "parar", motivo="teste"))).status_code == 403


@pytest.mark.parametrize(
    "data",
    [
        asked("nada", "parar"),
        asked("numero", "parar", "não-é", "teste"),
        asked("numero", "parar", "019b3c5e-7d2a-7c11-8a55-2f6b5d0c9a10", "teste"),
        asked("tipo", "parar", "telegrama", "teste"),
        asked("modo", "modo", "turbo", "teste"),
        asked("modo", "parar", "enabled", "teste"),
    ],
)
async def test_switches_that_do_not_exist_are_not_found(enter: Enter, data: dict[str, str]) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    assert (await browser.post(PATH, data)).status_code == 404
