"""Fixtures of the panel's browser tests: one house and one browser for each file.

`panel.open("/painel/mensagens", role="recepcao")` gives a page of somebody inside. A test fails when its pages
asked for anything outside, broke the policy, or complained in the console.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.browser.handset.stage import QUIET
from tests.browser.panel.stage import Panel, PanelWatch, running_panel


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # Closed with the file: while it is open its event loop would be in the way of async tests.
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def panel_house(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The running demo's addresses."""
    with running_panel(tmp_path_factory.mktemp("panel") / "data") as said:
        yield said


@pytest.fixture(scope="module")
def panel_doors() -> dict[str, Any]:
    """Cookies by role: everybody comes in once for each file."""
    return {}


@pytest.fixture
def panel(browser: Browser, panel_house: dict[str, str], panel_doors: dict[str, Any]) -> Iterator[Panel]:
    watch = PanelWatch(base=panel_house["api"])
    opened = Panel(said=panel_house, browser=browser, watch=watch, doors=panel_doors)
    yield opened
    for context in opened.contexts:
        context.close()
    assert watch.problems == []
