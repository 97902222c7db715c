"""Every screen of the navigation, in every look: a new screen is covered by being in the navigation."""

from __future__ import annotations

import pytest
from tests.browser.panel.stage import Panel

from recado.web.panel.screens import NAVIGATION

ALSO = ("/painel/eu", "/painel/empresas", "/painel/componentes")
SCREENS = (*(entry.path for entry in NAVIGATION.entries()), *ALSO)


@pytest.mark.parametrize("path", SCREENS)
def test_every_look_is_accessible(panel: Panel, path: str) -> None:
    page = panel.open(path)
    assert page.locator("h1").count() == 1
    panel.every_look(page)


def test_what_is_not_there_is_said_accessibly(panel: Panel) -> None:
    page = panel.open("/painel/mensagens/00000000-0000-7000-8000-000000000000")
    panel.watch.forgive("404")
    assert page.locator("h1").count() == 1
    panel.every_look(page)


def test_what_is_not_allowed_is_said_accessibly(panel: Panel) -> None:
    page = panel.open("/painel/contas/chaves", role="recepcao")
    panel.watch.forgive("403")
    assert page.locator("h1").count() == 1
    panel.every_look(page)
