"""The frame around every screen."""

from __future__ import annotations

import re

from tests.doors.panel.browser import words
from tests.doors.panel.conftest import Enter

from recado.people.rights import Role


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
