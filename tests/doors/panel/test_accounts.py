"""Contas over HTTP: settings, credentials that are never shown, keys shown once, people, companies."""

from __future__ import annotations

import re

import pytest
from tests.doors.panel.browser import Browser, words
from tests.doors.panel.conftest import Enter
from tests.doors.street import TEMPLATE, Street
from tests.slices.world import Company, accepted, rejected

from recado.kit.reasons import Reason
from recado.people.rights import Role
from recado.providers.contract import Blame

PATH = "/painel/contas"
TOKEN = "made-up-token-for-tests-wxyz"


def secret_in(text: str) -> str:
    found = re.search(r"rk_[A-Za-z0-9_-]{43}", text)
    assert found, text[:2000]
    return found[0]


# --------------------------------------------------------------------------- settings


async def test_settings_are_changed_and_what_does_not_fit_is_explained(
    street: Street, company: Company, enter: Enter
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    form = {"nome": "Aurora", "fuso": "America/Manaus", "idioma": "en", "numero": company.number.external_id}
    assert (await browser.post(PATH, form)).status_code == 303
    row = await street.world.row("select name, timezone, locale, settings from tenant")
    assert row == {
        "name": "Aurora",
        "timezone": "America/Manaus",
        "locale": "en",
        "settings": {"default_phone_number_id": company.number.external_id},
    }
    refused = await browser.post(
        PATH, form | {"fuso": "America/Lua", "nome": "Outra"}, accept_language="pt-BR"
    )
    assert (refused.status_code, 'value="Outra"' in refused.text) == (422, True)
    assert await street.world.value("select name from tenant") == "Aurora"
    entries = "select count(*) from audit_entry where action = 'tenant.settings_changed'"
    before = await street.world.value(entries)
    assert (await browser.post(PATH, form)).status_code == 303
    assert await street.world.value(entries) == before


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REVIEWER, Role.DEVELOPER])
async def test_only_who_runs_the_company_opens_it(enter: Enter, role: Role) -> None:
    browser = await enter(role)
    for path in (PATH, PATH + "/credenciais", PATH + "/pessoas", PATH + "/empresas"):
        assert (await browser.get(path)).status_code == 403
    assert (await browser.get(PATH + "/chaves")).status_code == (200 if role is Role.DEVELOPER else 403)
    assert (await browser.post(PATH + "/chaves", {"nome": "x", "escopo": "media"})).status_code == 403


# --------------------------------------------------------------------------- credentials


async def test_a_failed_token_is_renewed_and_what_waited_leaves(
    street: Street, company: Company, enter: Enter
) -> None:
    world, browser = street.world, await enter(Role.ADMINISTRATOR)
    message_id = await world.queue(company)
    (intent,) = await world.claim()
    await world.record(intent, rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190))
    assert await world.claim() == []
    page = await browser.get(PATH + "/credenciais")
    assert "A Meta não aceita mais o token" in words(page)
    assert "1 mensagem espera e sai sozinha" in words(page)
    address = f"{PATH}/credenciais/{company.number.number_id}"
    assert "1 mensagem espera" in words(await browser.get(address))
    for bad in ("", "curto", "com espaço dentro do token", "acentuação-não-serve-aqui"):
        assert (await browser.post(address, {"token": bad})).status_code == 422
    assert (await browser.post(address, {"token": TOKEN, "ate": "amanhã"})).status_code == 422
    done = await browser.post(address, {"token": f" {TOKEN}\n", "ate": "2027-01-31"})
    assert done.status_code == 303
    (again,) = await world.claim()
    assert again.row.due.message_id == message_id
    await world.record(again, accepted())
    page = await browser.get(PATH + "/credenciais")
    assert "…wxyz" in words(page)
    assert "Presente" in words(page)
    assert TOKEN not in page.text
    assert "31/01/27" in words(page)
    entry = await world.row("select * from audit_entry where action = 'number.credentials_replaced'")
    assert entry["actor"] == f"person:{browser.person_id}"
    assert TOKEN not in str(entry)


async def test_a_number_of_another_company_is_not_found(
    street: Street, company: Company, enter: Enter
) -> None:
    other = await street.world.company("casa-bruma", external_id="1065", waba="1022")
    browser = await enter(Role.ADMINISTRATOR)
    address = f"{PATH}/credenciais/{other.number.number_id}"
    assert (await browser.get(address)).status_code == 404
    assert (await browser.post(address, {"token": TOKEN})).status_code == 404


# --------------------------------------------------------------------------- keys


async def test_a_key_is_shown_once_works_rotates_with_an_overlap_and_is_revoked(
    street: Street, company: Company, enter: Enter
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    made = await browser.post(
        PATH + "/chaves", {"nome": "agenda", "escopo": ["messages:write", "messages:read"], "validade": "90d"}
    )
    assert made.status_code == 200, made.text[:2000]
    old = secret_in(made.text)
    assert made.headers["cache-control"] == "no-store"
    assert "rk_" + old[3:12] not in (await browser.get(PATH + "/chaves")).text
    key_id = await street.world.value("select key_id from api_key where name = 'agenda'")
    assert await opens(street, old)
    new = secret_in((await browser.post(f"{PATH}/chaves/{key_id}/trocar", {"sobra": "1h"})).text)
    assert await opens(street, old)
    assert await opens(street, new)
    street.world.clock.advance(hours=1)
    assert not await opens(street, old)
    assert await opens(street, new)
    assert "já não vale" in words(await browser.post(f"{PATH}/chaves/{key_id}/trocar"))
    fresh = await street.world.value("select key_id from api_key where key_id <> $1", key_id)
    assert (await browser.post(f"{PATH}/chaves/{fresh}/revogar")).status_code == 303
    assert not await opens(street, new)
    actions = await street.world.rows("select action from audit_entry where action like 'key.%' order by seq")
    assert [row["action"] for row in actions][:4] == [
        "key.created",
        "key.created",
        "key.rotated",
        "key.refused",
    ]


async def opens(street: Street, secret: str) -> bool:
    caller = street.client(authorization=f"Bearer {secret}")
    answer = await caller.post("/api/v1/messages/template", json=TEMPLATE)
    return answer.status_code == 202


@pytest.mark.parametrize(
    ("form", "says"), [({"escopo": "media"}, "Dê um nome"), ({"nome": "x"}, "Escolha pelo menos")]
)
async def test_a_key_needs_a_name_and_a_permission(enter: Enter, form: dict[str, str], says: str) -> None:
    answer = await (await enter(Role.ADMINISTRATOR)).post(PATH + "/chaves", form)
    assert (answer.status_code, says in words(answer)) == (422, True)


# --------------------------------------------------------------------------- people


async def test_people_are_invited_change_roles_and_leave(
    street: Street, company: Company, enter: Enter
) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    colleague = await enter(Role.OPERATOR)
    invited = await browser.post(PATH + "/pessoas/convites", {"papel": "operator"})
    assert re.search(r"/painel/convite/[A-Za-z0-9_-]{20,}", invited.text)
    assert "Convites abertos" in words(invited)
    (found,) = re.findall(r'name="convite" value="([0-9a-f]+)"', invited.text)
    await browser.post(PATH + "/pessoas/convites/revogar", {"convite": found})
    assert "Convites abertos" not in words(await browser.get(PATH + "/pessoas"))
    person = f"{PATH}/pessoas/{colleague.person_id}"
    assert (await colleague.get(PATH + "/chaves")).status_code == 403
    await browser.post(person + "/papel", {"papel": "developer"})
    assert (await colleague.get(PATH + "/chaves")).status_code == 200
    assert (await browser.post(person + "/papel", {"papel": "platform"})).status_code == 404
    own = f"{PATH}/pessoas/{browser.person_id}"
    await browser.post(own + "/papel", {"papel": "operator"})
    assert (await browser.get(PATH)).status_code == 200
    await browser.post(person + "/remover")
    assert colleague_is_out(await colleague.get(PATH + "/chaves"))


def colleague_is_out(answer: object) -> bool:
    return getattr(answer, "status_code", 200) in (303, 403)


# --------------------------------------------------------------------------- companies


async def test_the_platform_makes_companies_in_dry_run(
    street: Street, company: Company, enter: Enter
) -> None:
    platform: Browser = await enter(Role.PLATFORM)
    form = {"nome": "Casa Bruma", "cliente": "casa-bruma"}
    assert (await platform.post(PATH + "/empresas", form)).status_code == 303
    assert await street.world.value("select mode from tenant where client_id = 'casa-bruma'") == "dry_run"
    assert "Casa Bruma" in words(await platform.get(PATH + "/empresas"))
    again = await platform.post(PATH + "/empresas", form)
    assert (again.status_code, "Já existe" in words(again)) == (422, True)
    for bad in ({"nome": "", "cliente": "x-y"}, {"nome": "x", "cliente": "Ç"}):
        assert (await platform.post(PATH + "/empresas", bad)).status_code == 422
    entry = await street.world.row(
        "select actor from audit_entry where action = 'tenant.created' and target = 'casa-bruma'"
    )
    assert entry["actor"] == f"person:{platform.person_id}"
