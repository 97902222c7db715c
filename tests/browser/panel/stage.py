"""The whole product on free ports, a real browser, and people who come in through the demonstration's door."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.browser import axe
from tests.browser.handset.stage import Simulator, Watch
from tests.support.demo import CALM_ENVIRON, start_demo, stop_demo

WIDTHS = (1440, 390, 320)
SCHEMES = ("light", "dark")
# One line for the whole run: whoever asks for the simulator twice never meets the same people again.
_PHONES = itertools.count(40_001)


@contextmanager
def running_panel(folder: Path, environ: dict[str, str] | None = None) -> Iterator[dict[str, str]]:
    """`recado demo` in processes of its own; what it said when it was ready."""
    process, said, _log = start_demo(folder, CALM_ENVIRON | (environ or {}))
    try:
        yield said
    finally:
        stop_demo(process)


class PanelWatch(Watch):
    """Collects what must not happen; `forgive` names what a test provokes on purpose."""

    def forgive(self, words: str) -> None:
        """Call after the provocation. At least one complaint must contain the words."""
        left = [one for one in self.problems if words not in one]
        assert len(left) < len(self.problems), f"nobody complained about {words!r}: {self.problems}"
        self.problems[:] = left


@dataclass(kw_only=True)
class Panel:
    """`open` a page as somebody; everything is watched until the test ends."""

    said: dict[str, str]
    browser: Browser
    watch: PanelWatch
    doors: dict[str, Any]
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.said["api"]

    def simulator(self) -> Simulator:
        """The other side: people's phones and what Meta would do (see tests/browser/handset/stage.py)."""
        return Simulator(
            base=self.said["simulator"],
            number=self.said["phone_number_id"],
            account=self.said["waba_id"],
            token="simulated",
            phones=_PHONES,
        )

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the company's software asks of `POST /api/v1/messages`; the answer's body."""
        request = urllib.request.Request(
            f"{self.base}/api/v1/messages", data=json.dumps(body).encode(), method="POST"
        )
        request.add_header("Authorization", f"Bearer {self.said['api_key']}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            told: dict[str, Any] = json.loads(answer.read())
        return told

    def context(
        self,
        *,
        width: int = 1440,
        height: int = 900,
        scheme: Any = "light",
        language: str = "pt-BR",
        storage: Any = None,
    ) -> BrowserContext:
        opened = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=language,
            timezone_id="America/Sao_Paulo",
            reduced_motion="reduce",
            storage_state=storage,
        )
        opened.set_default_timeout(10_000)
        self.contexts.append(opened)
        self.watch.over(opened)
        return opened

    def stranger(self, path: str = "/painel/entrar", **look: Any) -> Page:
        """A page of somebody who is not inside."""
        page = self.context(**look).new_page()
        page.goto(self.base + path)
        return page

    def open(self, path: str = "/painel", *, role: str = "administrador", **look: Any) -> Page:
        """A page of somebody inside: administrador, recepcao, desenvolvedor or revisor."""
        if role not in self.doors:
            page = self.stranger()
            page.locator(f"input[name=quem][value={role}] ~ button").click()
            expect(page.locator("#main")).to_be_visible()
            self.doors[role] = page.context.storage_state()
            page.context.close()
        page = self.context(storage=self.doors[role], **look).new_page()
        page.goto(self.base + path)
        expect(page.locator("#main")).to_be_visible()
        return page

    # ------------------------------------------------------------------ what every page must pass

    def axe(self, page: Page) -> None:
        """No violation of WCAG 2.2 AA or best practice on the page as it is now."""
        found = axe.violations(page)
        assert found == [], "\n".join(_told(one) for one in found)

    def no_sideways(self, page: Page) -> None:
        """Nothing is wider than the window."""
        wide = page.evaluate(
            """() => {
                const room = document.documentElement.clientWidth;
                if (document.documentElement.scrollWidth <= room) return [];
                return [...document.querySelectorAll('body *')]
                    .filter((one) => !one.closest('details:not([open]) > :not(summary)'))
                    .filter((one) => one.getBoundingClientRect().right > room + 1)
                    .slice(0, 5).map((one) => one.outerHTML.slice(0, 160));
            }"""
        )
        assert wide == [], wide

    def every_look(self, page: Page) -> None:
        """axe in light and dark at three widths, and no sideways scroll at the narrowest."""
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
                self.axe(page)
        self.no_sideways(page)


def _told(one: dict[str, Any]) -> str:
    places = "; ".join(node["html"][:200] for node in one["nodes"][:3])
    why = one["nodes"][0].get("failureSummary", "").replace("\n", " ")
    return (
        f"{one['id']} ({one['impact']}): {one['help']}: {places} {json.dumps(why, ensure_ascii=False)[:400]}"
    )
