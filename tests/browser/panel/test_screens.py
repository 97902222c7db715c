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
