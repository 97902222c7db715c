"""Modelos, Números and Webhooks over HTTP: who sees what, and what the buttons do."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter
from tests.doors.street import Street
from tests.slices.world import Company, inbound, text

from recado.db.system import system
from recado.messages import template_holds
from recado.numbers import facts, stops
from recado.people.rights import Role
from recado.providers.contract import ListedTemplate, NumberFacts
from recado.templates import sync

REMINDER = ListedTemplate(
    external_id="900",
    name="lembrete_consulta",
    language="pt_BR",
    category="UTILITY",
    status="APPROVED",
    quality="GREEN",
    parameter_format="POSITIONAL",
    components=[
        {
            "type": "BODY",
            "text": "Oi, {{1}}! <b>Até amanhã</b>.",
            "example": {"body_text": [["Marina"]]},
        },
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Confirmar"}]},
    ],
)


async def list_templates(street: Street, company: Company, *listed: ListedTemplate) -> None:
    now = street.house.clock.now()
    tenant, waba = company.tenant.tenant_id, company.number.waba_id
    async with system(street.house.db) as tx:
        await sync.compare(tx, now, tenant, waba, listed, asked_at=now)
        await template_holds.follow(tx, now, tenant, waba)


async def bury(street: Street, body: dict[str, Any] | bytes) -> int:
    world = street.world
    await world.ledger.append(body if isinstance(body, bytes) else json.dumps(body).encode())
    ledger_id = int(await world.value("select max(id) from ledger"))
    await world.do(
        "update ledger_work set state = 2, tries = 3, error = 'KeyError at read:1', dead_at = now()"
        " where ledger_id = $1",
        ledger_id,
    )
    return ledger_id


def wrote(street: Street, company: Company | None) -> dict[str, Any]:
    return inbound(company, text("5520955500111", f"wamid.{uuid4().hex}", street.world.now))


# --------------------------------------------------------------------------- Modelos


async def test_templates_are_listed_previewed_and_their_history_told(
    street: Street, company: Company, enter: Enter
) -> None:
    await list_templates(street, company, REMINDER)
    browser = await enter(Role.OPERATOR)
    shown = words(await browser.get("/painel/modelos"))
    assert "lembrete_consulta" in shown
    assert "Aprovado" in shown
    template_id = await street.world.value("select template_id from template")
    page = await browser.get(f"/painel/modelos/{template_id}")
    assert "Oi, Marina!" in words(page)
    assert "&lt;b&gt;" in page.text
    tried = await browser.post(f"/painel/modelos/{template_id}/previa", {"body:1": "Téo"})
    assert "Oi, Téo!" in words(tried)
    broken = await browser.post(f"/painel/modelos/{template_id}/previa", {"body:1": "a\tb"})
    assert "não aceita" in words(broken)
    assert "nunca" in shown


async def test_templates_are_narrowed_and_every_value_has_its_place(
    street: Street, company: Company, enter: Enter
) -> None:
    english = {"external_id": "901", "name": "reminder", "language": "en_US", "quality": None}
    await list_templates(
        street, company, REMINDER, ListedTemplate(**(_fields(REMINDER) | english | {"category": "MARKETING"}))
    )
    browser = await enter(Role.DEVELOPER)

    async def named(**filters: str) -> set[str]:
        shown = words(await browser.get("/painel/modelos", params=filters))
        return {one for one in ("lembrete_consulta", "reminder") if one in shown}

    assert await named() == {"lembrete_consulta", "reminder"}
    assert await named(idioma="en_US") == {"reminder"}
    assert await named(qualidade="GREEN") == {"lembrete_consulta"}
    assert await named(qualidade="-") == {"reminder"}
    assert await named(categoria="MARKETING", idioma="pt_BR") == set()
    assert "Limpar filtros" in words(await browser.get("/painel/modelos?idioma=xx"))
    template_id = await street.world.value(
        "select template_id from template where name = 'lembrete_consulta'"
    )
    page = await browser.post(f"/painel/modelos/{template_id}/previa", {"body:1": "Téo"})
    asked = re.search(r"<pre[^>]*data-asked[^>]*>(.*?)</pre>", page.text, re.DOTALL)
    assert asked
    body = json.loads(html.unescape(asked[1]))
    assert body["template"]["components"][0]["parameters"] == [{"type": "text", "text": "Téo"}]


async def test_a_stopped_template_is_said_and_only_who_runs_the_company_compares(
    street: Street, company: Company, enter: Enter
) -> None:
    await list_templates(street, company, ListedTemplate(**{**_fields(REMINDER), "status": "PAUSED"}))
    operator = await enter(Role.OPERATOR)
    assert "1 modelo parado pela Meta." in words(await operator.get("/painel/modelos?aba=parados"))
    assert (await operator.post("/painel/modelos/comparar", {})).status_code == 403
    administrator = await enter(Role.ADMINISTRATOR)
    assert (await administrator.post("/painel/modelos/comparar", {})).status_code == 303
    kinds = await street.world.rows("select kind from job where kind = $1", sync.SYNC_JOB)
    assert len(kinds) == 1
    missing = await administrator.get(f"/painel/modelos/{uuid4()}")
    assert missing.status_code == 404


def _fields(one: ListedTemplate) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ListedTemplate.__dataclass_fields__}


# --------------------------------------------------------------------------- Números


async def test_a_number_is_stopped_with_a_reason_and_let_go_on(
    street: Street, company: Company, enter: Enter
) -> None:
    number_id = company.number.number_id
    async with system(street.house.db) as tx:
        about = NumberFacts(
            display_phone="+1 650-555-0100",
            verified_name="Estúdio Aurora",
            quality="YELLOW",
            status="CONNECTED",
            throughput="STANDARD",
            messaging_limit="TIER_2K",
            name_status="APPROVED",
        )
        await facts.keep(tx, street.house.clock.now(), company.tenant.tenant_id, {number_id: about})
    browser = await enter(Role.OPERATOR)
    shown = words(await browser.get("/painel/numeros"))
    assert "Qualidade: Média" in shown
    assert "2.000 clientes em 24 h" in shown
    assert "Clientes a quem um modelo saiu nas últimas 24 h: 0 de 2.000." in shown
    assert "Ligado" in shown
    path = f"/painel/numeros/{number_id}"
    refused = await browser.post(f"{path}/pausar", {"motivo": " "})
    assert refused.status_code == 422
    assert (await browser.post(f"{path}/pausar", {"motivo": "balanço da semana"})).status_code == 303
    assert await street.world.value("select kill_switch from lane")
    page = words(await browser.get(path))
    assert "Parado pela empresa" in page
    assert "Motivo: balanço da semana" in page
    said = await street.world.row("select action, why from audit_entry order by seq desc limit 1")
    assert said == {"action": "number.stopped", "why": "balanço da semana"}
    assert (await browser.post(f"{path}/retomar", {})).status_code == 303
    assert not await street.world.value("select kill_switch from lane")


async def test_nobody_of_the_company_lifts_the_platforms_stop(
    street: Street, company: Company, enter: Enter
) -> None:
    number_id = company.number.number_id
    now = street.house.clock.now()
    async with system(street.house.db) as tx:
        await stops.stop_by_platform(
            tx, now, company.tenant.tenant_id, number_id, on=True, reason="denúncias", actor="cli"
        )
    browser = await enter(Role.ADMINISTRATOR)
    page = words(await browser.get(f"/painel/numeros/{number_id}"))
    assert "Parado pela plataforma" in page
    assert "denúncias" in page
    await browser.post(f"/painel/numeros/{number_id}/retomar", {})
    assert await street.world.value("select platform_stop from lane")
    await street.world.queue(company)
    assert await street.world.claim() == []


async def test_a_reviewer_may_look_at_numbers_and_change_nothing(
    street: Street, company: Company, enter: Enter
) -> None:
    browser = await enter(Role.REVIEWER)
    number_id = company.number.number_id
    assert (await browser.get(f"/painel/numeros/{number_id}")).status_code == 200
    refused = await browser.post(f"/painel/numeros/{number_id}/pausar", {"motivo": "não devia"})
    assert refused.status_code == 403


# --------------------------------------------------------------------------- Webhooks


async def test_a_dead_letter_is_rehearsed_put_back_and_counted(
    street: Street, company: Company, enter: Enter
) -> None:
    ledger_id = await bury(street, wrote(street, company))
    browser = await enter(Role.ADMINISTRATOR)
    shown = words(await browser.get("/painel/webhooks?aba=parados"))
    assert "KeyError at read:1" in shown
    assert "mensagem recebida" in shown
    path = f"/painel/webhooks/{ledger_id}"
    page = words(await browser.get(path))
    assert "Ainda não contou" in page
    assert "Bom dia" not in page
    rehearsed = words(await browser.post(f"{path}/ensaio", {}))
    assert "mensagem nova" in rehearsed
    assert await street.world.value("select count(*) from message") == 0
    assert (await browser.post(f"{path}/reprocessar", {})).status_code == 303
    await street.world.do("update ledger_work set next_at = next_at - interval '1 minute'")
    await street.world.project()
    assert "Contou aqui" in words(await browser.get(path))
    assert "Nenhum webhook parado. O último passou" in words(
        await browser.get("/painel/webhooks?aba=parados")
    )
    revealed = await browser.post(f"{path}/mostrar", {})
    assert "Bom dia" in words(revealed)


async def test_what_is_nobodys_is_shown_to_the_platform_alone(
    street: Street, company: Company, enter: Enter
) -> None:
    ledger_id = await bury(street, wrote(street, None))
    administrator = await enter(Role.ADMINISTRATOR)
    assert "Nenhum webhook parado." in words(await administrator.get("/painel/webhooks?aba=parados"))
    for what in ("", "/ensaio", "/reprocessar", "/descartar", "/mostrar"):
        path = f"/painel/webhooks/{ledger_id}{what}"
        form = {"motivo": "sem dono"}
        answered = await (administrator.post(path, form) if what else administrator.get(path))
        assert answered.status_code == 404, what
    platform = await enter(Role.PLATFORM)
    assert "sem dono" in words(await platform.get("/painel/webhooks?aba=parados"))


async def test_a_cause_is_taken_up_under_a_name_and_discarding_needs_a_reason(
    street: Street, company: Company, enter: Enter
) -> None:
    await bury(street, wrote(street, company))
    browser = await enter(Role.ADMINISTRATOR)
    form = {"causa": "KeyError at read:1", "acao": "discard", "nome": "Leitor antigo", "motivo": ""}
    assert (await browser.post("/painel/webhooks/lote", form)).status_code == 422
    form["motivo"] = "teste do fornecedor"
    assert (await browser.post("/painel/webhooks/lote", form)).status_code == 303
    shown = words(await browser.get("/painel/webhooks?aba=parados"))
    assert "Leitor antigo" in shown
    assert "em andamento" in shown


async def test_who_only_looks_replays_nothing(street: Street, company: Company, enter: Enter) -> None:
    ledger_id = await bury(street, wrote(street, company))
    developer = await enter(Role.DEVELOPER)
    assert (await developer.get(f"/painel/webhooks/{ledger_id}")).status_code == 200
    for what in ("ensaio", "reprocessar", "descartar", "mostrar"):
        refused = await developer.post(f"/painel/webhooks/{ledger_id}/{what}", {"motivo": "não devia"})
        assert refused.status_code == 403, what
    operator = await enter(Role.OPERATOR)
    assert (await operator.get("/painel/webhooks")).status_code == 403


@pytest.mark.parametrize(
    "body",
    [b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", b"\xff\xfe", b'{"<b>":"<i>"}'],
)
async def test_bodies_of_any_kind_can_be_opened(
    street: Street, company: Company, enter: Enter, body: bytes
) -> None:
    ledger_id = await bury(street, body)
    platform = await enter(Role.PLATFORM)
    shown = await platform.get(f"/painel/webhooks/{ledger_id}")
    assert shown.status_code == 200
    assert "<i>" not in shown.text
