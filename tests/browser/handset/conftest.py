"""Fixtures of the handset's browser tests: one simulator and one browser for each file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.browser.handset.stage import (
    CHROMIUM,
    MICROPHONE,
    QUIET,
    Simulator,
    Stage,
    Watch,
    chromium_or_skip,
    running_simulator,
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium_or_skip()
    # Closed with the file: while it is open its event loop would be in the way of async tests.
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *MICROPHONE])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    log = tmp_path_factory.mktemp("simulator") / "errors.log"
    with running_simulator(log, itertools.count(30_001)) as running:
        yield running


@pytest.fixture
def stage(browser: Browser, sim: Simulator) -> Iterator[Stage]:
    """Fails at the end if the page asked for anything outside, broke its policy or complained."""
    watch = Watch(base=sim.base)
    opened = Stage(browser=browser, sim=sim, watch=watch)
    yield opened
    for context in opened.contexts:
        context.close()
    assert watch.problems == []
