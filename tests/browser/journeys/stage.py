"""What a journey needs: the company's software, the panel, and a customer's telephone in the same browser."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page
from tests.browser.handset.stage import Simulator, Watch, eventually
from tests.browser.panel.stage import Panel

# A person is asked after seconds instead of minutes: what decides is the order of events, not their length.
SHORT_DOUBT = {
    "RECADO_DOUBT_EVERY_S": "0.3",
    "RECADO_DOUBT_WINDOW_S": "1",
    "RECADO_DOUBT_MARGIN_S": "0",
    "RECADO_DOUBT_SESSION_S": "0",
}


def reminder(phone: str, name: str = "Marina") -> dict[str, Any]:
    values = [{"type": "text", "text": name}, {"type": "text", "text": "amanhã às 14h"}]
    template = {
        "name": "lembrete_consulta",
        "language": {"code": "pt_BR"},
        "components": [{"type": "body", "parameters": values}],
    }
    return {"to": f"+{phone}", "type": "template", "template": template}


@dataclass(kw_only=True)
class Journey:
    panel: Panel
    sim: Simulator
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(base=self.sim.base)

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def handset(self, phone: str) -> Page:
        """The customer's telephone, watched like the panel."""
        context = self.browser.new_context(locale="pt-BR", reduced_motion="reduce")
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        self.watch.over(context)
        page = context.new_page()
        page.goto(f"{self.sim.base}/celular?pessoa={phone}")
        page.locator(f".person[data-key='{phone}'][aria-current]").wait_for(state="attached")
        return page

    def ask(self, path: str) -> Any:
        request = urllib.request.Request(self.panel.base + path)
        request.add_header("Authorization", f"Bearer {self.panel.said['api_key']}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def message(self, message_id: str) -> dict[str, Any]:
        """What the company's software is told of a message."""
        told: dict[str, Any] = self.ask(f"/api/v1/messages/{message_id}")
        return told

    def becomes(self, message_id: str, *states: str, within_s: float = 20.0) -> None:
        eventually(lambda: self.message(message_id)["state"] in states, within_s)

    def answers(self, phone: str, words: str) -> str:
        """The company's software answers somebody who has just written; the message's id."""
        body = {"to": f"+{phone}", "type": "text", "text": {"body": words}}
        return str(eventually(lambda: self._accepted(body))["id"])

    def _accepted(self, body: dict[str, Any]) -> dict[str, Any] | None:
        try:
            return self.panel.send(body)
        except urllib.error.HTTPError as error:
            if error.code != 409:  # the window opens when the webhook is projected
                raise
            return None

    def fault(self, kind: str, **more: Any) -> None:
        self.sim.ask("POST", "/_sim/faults", {"kind": kind, **more})


def row_of(page: Page, message_id: str) -> Any:
    """The message's line in the list, which it may need another look to have."""
    line = page.locator(f"tr[data-message][data-id='{message_id}']")

    def there() -> bool:
        page.reload()
        return line.count() == 1

    eventually(there, 20.0)
    return line
