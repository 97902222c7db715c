"""The page's files: what they may load, how they are served. No browser needed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from urllib.parse import quote

import httpx2
import pytest
from starlette.applications import Starlette

from recado_sim.page import routes
from recado_sim.page.serving import assets

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-src 'self'; frame-ancestors 'self'"
)


@pytest.fixture
async def web() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=Starlette(routes=list(routes)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def test_the_page_is_guarded_and_never_stored(web: httpx2.AsyncClient) -> None:
    answer = await web.get("/celular", params={"pessoa": "5520955500111"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert 'lang="pt-BR"' in answer.text
    assert "Demonstração" in answer.text


async def test_every_file_is_served_guarded_and_revalidated(web: httpx2.AsyncClient) -> None:
    for name in assets().keys() - {"page.html"}:
        first = await web.get(f"/celular/static/{name}")
        assert first.status_code == 200, name
        assert first.headers["content-security-policy"] == POLICY
        assert first.headers["x-content-type-options"] == "nosniff"
        again = await web.get(f"/celular/static/{name}", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["nada.js", "page.html", "..%2fserving.py", "%2e%2e%2f__init__.py", "main.js%00", ""]
)
async def test_a_name_that_is_not_a_file_does_not_exist(web: httpx2.AsyncClient, name: str) -> None:
    assert (await web.get(f"/celular/static/{name}")).status_code == 404


@pytest.mark.parametrize("key", ["+5520955500111", "5520955500111", "BR.13490000000000000111"])
async def test_a_phone_has_an_address_of_its_own(web: httpx2.AsyncClient, key: str) -> None:
    answer = await web.get(f"/celular/{key}")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"/celular?pessoa={quote(key)}"
    for name in ("roteiros/x", "static", "nada", "..%2f", "%2f%2fevil.example"):
        assert (await web.get(f"/celular/{name}")).status_code == 404, name


class Contract(HTMLParser):
    """What the page refers to and what it must not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "action") and value:
                self.addresses.append(value)
            if name == "style" or name.startswith("on"):
                self.wrong.append(f"{tag} {name}")
            if name == "id":
                self.ids.append(value or "")
        if tag == "style" or (tag == "script" and "src" not in dict(attrs)):
            self.wrong.append(tag)


def test_the_page_holds_no_inline_code_and_points_only_at_its_own_files() -> None:
    contract = Contract()
    contract.feed(assets()["page.html"].body.decode())
    assert contract.wrong == []
    assert len(contract.ids) == len(set(contract.ids))
    for address in contract.addresses:
        name = address.removeprefix("/celular/static/")
        assert address.startswith("#") or name in assets(), address


def test_no_module_makes_markup_out_of_text() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|"
        r"createContextualFragment|DOMParser|srcdoc"
    )
    for name, asset in assets().items():
        if name.endswith(".js"):
            assert not forbidden.search(asset.body.decode()), name


def test_modules_import_only_modules_that_exist() -> None:
    for name, asset in assets().items():
        if not name.endswith(".js"):
            continue
        text = asset.body.decode()
        for wanted in re.findall(r'(?:from|import)\s+"([^"]+)"', text):
            assert wanted.removeprefix("./") in assets(), f"{name} imports {wanted}"
        for exported in re.findall(r'import \{([^}]+)\} from "\./([^"]+)"', text):
            names, source = exported
            body = assets()[source].body.decode()
            for one in (part.strip() for part in names.split(",")):
                assert re.search(rf"export (?:async )?(?:function|const|class) {one}\b", body), (
                    f"{name}: {source} has no {one}"
                )


def test_files_stay_small_enough_to_read() -> None:
    for name, asset in assets().items():
        assert asset.body.count(b"\n") <= 400, name
