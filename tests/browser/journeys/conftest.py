"""The panel and the handset side by side, over one running product for each file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from tests.browser.journeys.stage import SHORT_DOUBT, Journey
from tests.browser.panel.conftest import browser, panel, panel_doors
from tests.browser.panel.stage import Panel, running_panel

__all__ = ["browser", "panel", "panel_doors"]


@pytest.fixture(scope="module")
def panel_house(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with running_panel(tmp_path_factory.mktemp("journey") / "data", SHORT_DOUBT) as said:
        yield said


@pytest.fixture
def journey(panel: Panel, browser: Browser) -> Iterator[Journey]:
    """Fails at the end when one of both pages asked outside, broke its policy or complained."""
    opened = Journey(panel=panel, sim=panel.simulator(), browser=browser)
    yield opened
    opened.sim.ask("DELETE", "/_sim/faults")
    opened.close()
    assert opened.watch.problems == []
