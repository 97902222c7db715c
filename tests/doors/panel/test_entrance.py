"""Coming in over HTTP: cookies, tokens, tries, links, languages."""

from __future__ import annotations

import re

import httpx2
import pytest
from pydantic import ValidationError
from tests.doors.panel.browser import Browser, token_in, words
from tests.doors.panel.conftest import Enter, stranger
from tests.doors.street import Street
from tests.slices.world import Company

from recado.db.system import system
from recado.people import links, persons
from recado.people.model import LINK_LIFE
from recado.people.rights import Role
from recado.settings import Settings

PASSWORD = "uma frase bem comprida"
LOGIN = "luana@aurora.example"


@pytest.fixture
def outside(street: Street) -> httpx2.AsyncClient:
    return stranger(street)


async def first_link(street: Street) -> str:
    async with system(street.house.db) as tx:
        return (await links.first_run(tx, street.house.clock.now())).token


async def become(street: Street, client: httpx2.AsyncClient) -> httpx2.Response:
    """The first administrator, through the link."""
    path = f"/painel/convite/{await first_link(street)}"
    page = await client.get(path)
    form = {"csrf": token_in(page), "name": "Luana Freitas", "login": LOGIN, "password": PASSWORD}
    return await client.post(path, data=form)


async def log_in(client: httpx2.AsyncClient, password: str = PASSWORD, **more: str) -> httpx2.Response:
    page = await client.get("/painel/entrar")
    form = {"csrf": token_in(page), "login": LOGIN, "password": password} | more
    return await client.post("/painel/entrar", data=form)


# --------------------------------------------------------------------------- cookies


def cookies(answer: httpx2.Response) -> str:
    return "; ".join(answer.headers.get_list("set-cookie"))


async def test_on_https_cookies_are_host_bound_and_secure(street: Street) -> None:
    client = street.client(base="https://painel.aurora.example")
    entered = await become(street, client)
    assert entered.status_code == 303, entered.text
    assert "__Host-recado_session=" in cookies(entered)
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
        assert part in cookies(entered)
    assert "Domain" not in cookies(entered)
    assert (await client.get("/painel/eu")).status_code == 200


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
async def test_on_plain_http_of_this_machine_the_prefix_is_left_out(street: Street, host: str) -> None:
    """Browsers refuse `__Host-` without Secure; nothing leaves the machine there."""
    client = street.client(base=f"http://{host}")
    entered = await become(street, client)
    assert re.search(r"(?<!-)recado_session=", cookies(entered))
    assert "Secure" not in cookies(entered)
    assert "HttpOnly" in cookies(entered)
    assert (await client.get("/painel/eu")).status_code == 200


async def test_plain_http_over_a_network_is_refused_with_a_reason(street: Street) -> None:
    client = street.client(base="http://painel.aurora.example")
    page = await client.get("/painel/entrar")
    assert page.status_code == 400
    assert "https" in words(page)
    assert "set-cookie" not in page.headers


async def test_a_session_of_http_does_not_open_https(street: Street, enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    other = street.client(base="https://localhost")
    other.cookies.set("recado_session", browser.token)
    assert (await other.get("/painel/eu")).status_code == 303


# --------------------------------------------------------------------------- password


async def test_the_right_password_opens_and_leaving_closes(
    street: Street, outside: httpx2.AsyncClient
) -> None:
    await become(street, outside)
    outside.cookies.clear()
    assert (await outside.get("/painel/eu")).headers["location"] == "/painel/entrar?para=%2Fpainel%2Feu"
    entered = await log_in(outside, para="/painel/eu")
    assert entered.headers["location"] == "/painel/eu"
    page = await outside.get("/painel/eu")
    token = outside.cookies["recado_session"]
    left = await outside.post("/painel/sair", data={"csrf": token_in(page)})
    assert left.headers["location"] == "/painel/entrar"
    outside.cookies.set("recado_session", token)
    assert (await outside.get("/painel/eu")).status_code == 303


async def test_a_wrong_password_and_an_unknown_login_look_alike(
    street: Street, outside: httpx2.AsyncClient
) -> None:
    await become(street, outside)
    outside.cookies.clear()
    wrong = await log_in(outside, "esta não é a senha")
    unknown = await log_in(outside, login="ninguem@aurora.example")
    assert wrong.status_code == unknown.status_code == 422
    assert "Login ou senha não conferem." in words(wrong)
    assert "Login ou senha não conferem." in words(unknown)


async def test_guessing_is_slowed_down_and_a_restart_does_not_help(street: Street) -> None:
    await become(street, stranger(street))
    for _ in range(6):
        await log_in(stranger(street), "esta não é a senha")
    again = Street(street.house, street.world, street.graph)
    refused = await log_in(stranger(again))
    assert "Espere 15 segundos" in words(refused)
    street.world.clock.advance(seconds=15)
    assert (await log_in(stranger(again))).status_code == 303
    await again.aclose()


@pytest.mark.parametrize(
    "path",
    ["https://evil.example/painel", "//evil.example/painel", "/\\evil.example", "/api/v1", "/painelx", "x"],
)
async def test_coming_in_never_leads_outside(street: Street, outside: httpx2.AsyncClient, path: str) -> None:
    await become(street, outside)
    outside.cookies.clear()
    assert (await log_in(outside, para=path)).headers["location"] == "/painel"


# --------------------------------------------------------------------------- links


async def test_a_used_link_says_so(street: Street, outside: httpx2.AsyncClient) -> None:
    path = f"/painel/convite/{await first_link(street)}"
    page = await outside.get(path)
    form = {"csrf": token_in(page), "name": "Luana", "login": LOGIN, "password": "curta"}
    short = await outside.post(path, data=form)
    assert short.status_code == 422
    assert "pelo menos 12 caracteres" in words(short)
    assert (await outside.post(path, data=form | {"password": PASSWORD})).status_code == 303
    over = await stranger(street).get(path)
    assert over.status_code == 404
    assert "Este link não funciona mais" in words(over)


async def test_links_expire(street: Street, outside: httpx2.AsyncClient) -> None:
    path = f"/painel/convite/{await first_link(street)}"
    street.world.clock.advance(seconds=LINK_LIFE["first_run"].total_seconds())
    assert (await outside.get(path)).status_code == 404


async def test_somebody_inside_joins_another_company_with_an_invitation(street: Street, enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    other = await street.world.company("casa-bruma", external_id="106540352242999", waba="102290129340999")
    async with system(street.house.db) as tx:
        link = await links.invite(
            tx, street.house.clock.now(), other.tenant.tenant_id, Role.REVIEWER, actor="test"
        )
    page = await browser.get(f"/painel/convite/{link.token}")
    assert "Entrar na empresa como Luana Freitas" in words(page)
    done = await browser.post(f"/painel/convite/{link.token}/aceitar")
    assert done.status_code == 303, done.text
    assert "casa-bruma" in words(await browser.get("/painel/componentes"))
    assert {"estudio-aurora", "casa-bruma"} <= set(words(await browser.get("/painel/empresas")).split())


# --------------------------------------------------------------------------- demonstration


async def test_without_the_setting_there_is_no_door_without_a_password(
    street: Street, outside: httpx2.AsyncClient
) -> None:
    page = await outside.get("/painel/entrar")
    assert "demonstração" not in words(page).lower()
    form = {"csrf": token_in(page), "quem": "administrador"}
    assert (await outside.post("/painel/demonstracao", data=form)).status_code == 404


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ({"environment": "production"}, "environment=demo"),
        ({"environment": "development"}, "environment=demo"),
        ({"host": "0.0.0.0"}, "this machine only"),
        ({"host": "recado.example"}, "this machine only"),
        ({"meta_base_url": "https://graph.facebook.com"}, "simulator"),
        ({"meta_base_url": "http://graph.example:9000"}, "simulator"),
    ],
)
def test_the_door_without_a_password_needs_all_of_a_demonstration(setting: dict[str, str], why: str) -> None:
    good = {"environment": "demo", "host": "127.0.0.1", "meta_base_url": "http://127.0.0.1:9000"}
    assert Settings(demo_login=True, **good)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match=why):
        Settings(demo_login=True, **good | setting)  # type: ignore[arg-type]


# --------------------------------------------------------------------------- language


async def test_the_language_is_the_persons_then_the_browsers_then_the_companys(enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    page = await browser.get("/painel/eu", headers={"accept-language": "fr"})
    assert '<html lang="pt-BR"' in page.text
    page = await browser.get("/painel/eu", headers={"accept-language": "fr, en;q=0.8, pt;q=0.2"})
    assert '<html lang="en"' in page.text
    assert "Skip to the content" in words(page)
    await browser.post("/painel/eu/idioma", {"idioma": "pt-BR", "para": "/painel/eu"})
    page = await browser.get("/painel/eu", headers={"accept-language": "en"})
    assert '<html lang="pt-BR"' in page.text


# --------------------------------------------------------------------------- own page


async def test_changing_the_password_asks_for_the_old_one_and_ends_other_browsers(
    street: Street, outside: httpx2.AsyncClient
) -> None:
    await become(street, outside)
    other = stranger(street)
    await log_in(other)
    page = await outside.get("/painel/eu")
    form = {"csrf": token_in(page), "atual": "não é esta senha", "nova": "outra frase comprida"}
    assert (await outside.post("/painel/eu/senha", data=form)).status_code == 422
    done = await outside.post("/painel/eu/senha", data=form | {"atual": PASSWORD})
    assert done.status_code == 303
    assert (await outside.get("/painel/eu")).status_code == 200
    assert (await other.get("/painel/eu")).status_code == 303


async def test_another_browser_can_be_shut_out(street: Street, outside: httpx2.AsyncClient) -> None:
    await become(street, outside)
    other = stranger(street)
    await log_in(other)
    page = await outside.get("/painel/eu")
    hashed = re.search(r'name="sessao" value="([0-9a-f]{64})"', page.text)
    assert hashed
    form = {"csrf": token_in(page), "sessao": hashed[1]}
    assert (await outside.post("/painel/eu/sessoes/encerrar", data=form)).status_code == 303
    assert (await other.get("/painel/eu")).status_code == 303
    assert (await outside.get("/painel/eu")).status_code == 200


async def test_the_theme_is_kept_and_rendered_by_the_server(enter: Enter) -> None:
    browser = await enter(Role.REVIEWER)
    kept = await browser.post("/painel/eu/tema", {"tema": "dark"})
    assert kept.status_code == 303
    assert 'data-theme="dark"' in (await browser.get("/painel/eu")).text
    browser.client.cookies.delete("recado_session")
    assert 'data-theme="dark"' in (await browser.get("/painel/entrar")).text


async def test_somebody_without_a_company_is_told_what_to_do(street: Street, company: Company) -> None:
    client = stranger(street)
    await become(street, client)
    async with system(street.house.db) as tx:
        who = await persons.person_with(tx, LOGIN)
        await persons.set_platform(tx, street.house.clock.now(), who.person_id, False, actor="test")
    browser = Browser(client, client.cookies["recado_session"], who.person_id)
    assert (await browser.get("/painel/eu")).status_code == 200
    assert "Nenhuma empresa encontrada" in words(await browser.get("/painel/empresas"))
