"""The frame around every screen."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter
from tests.doors.panel.test_guard import panel_of
from tests.doors.street import Street

from recado.app.demo_data import sample_message
from recado.app.wiring import handset_address
from recado.people.rights import Role
from recado.settings import Settings


async def test_somebody_inside_sees_the_frame(enter: Enter) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    page = await browser.get("/painel/componentes")
    assert page.status_code == 200, page.text
    assert "Pular para o conteúdo" in words(page)
    assert "Estúdio Aurora" in words(page)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


async def test_pages_carry_no_inline_style_and_no_inline_script(enter: Enter) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    for path in ("/painel/componentes", "/painel/eu", "/painel/empresas"):
        page = await browser.get(path)
        assert not re.search(r"<[^>]+\sstyle=", page.text)
        assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>", page.text)
        assert not re.search(r"<[^>]+\son[a-z]+=", page.text)
        assert "http://" not in re.sub(r"http://(www\.w3\.org|127\.0\.0\.1|localhost)[^\"]*", "", page.text)


# --------------------------------------------------------------------------- the handset


@pytest.mark.parametrize(
    ("environment", "meta", "there"),
    [
        ("demo", "http://127.0.0.1:9", True),
        ("demo", "https://graph.facebook.com", False),
        ("development", "https://graph.facebook.com", False),
        ("production", "https://graph.facebook.com", False),
        ("production", "http://127.0.0.1:9", False),
    ],
)
def test_there_is_a_handset_only_where_the_provider_is_simulated(
    tmp_path: Path, environment: Any, meta: str, there: bool
) -> None:
    # As if whoever starts it had said anything at all: only these two decide.
    settings = Settings.model_construct(environment=environment, meta_base_url=meta, data_dir=tmp_path)
    assert handset_address(settings) == (f"{meta}/celular" if there else None)


async def test_with_a_real_provider_no_page_leads_to_a_handset(street: Street, enter: Enter) -> None:
    browser = await enter(Role.ADMINISTRATOR)
    panel = panel_of(street)
    before = panel.state.services
    try:
        panel.state.services = replace(before, handset_url=None, sample=sample_message())
        for path in ("/painel/mensagens", "/painel/conversas", "/painel/numeros", "/painel/eu"):
            page = await browser.get(path)
            assert page.status_code == 200, path
            assert not re.search("celular virtual|/celular|/experimente", page.text, re.IGNORECASE), path
        assert (await browser.post("/painel/experimente")).status_code == 404
        assert (await browser.get("/celular")).status_code == 404
    finally:
        panel.state.services = before
