"""A real simulator, a real browser, and a watch on what the page must never do."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]
# A microphone that beeps, and nobody to ask whether it may be used.
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
T = TypeVar("T")


def eventually(condition: Callable[[], T], within_s: float = 10.0) -> T:
    """The condition's first true value; each look is a request, which is pause enough."""
    deadline = time.monotonic() + within_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"still {value!r} after {within_s} s")


@dataclass(kw_only=True)
class Simulator:
    """The simulator's two sides: what a business may ask of Meta, and the people's phones."""

    base: str
    number: str
    account: str
    token: str
    phones: Iterator[int]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}{path}", data=data, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def person(self, name: str = "Marina Azevedo") -> str:
        """Somebody new, so that no test sees another's messages."""
        phone = f"55209555{next(self.phones):05d}"
        self.ask("POST", "/_sim/handsets", {"phone": f"+{phone}", "name": name})
        return phone

    def seen(self, phone: str) -> list[dict[str, Any]]:
        found = self.ask("GET", f"/_sim/handset/{phone}/messages")
        return list(found["messages"] if isinstance(found, dict) else found)

    def writes(self, phone: str, body: dict[str, Any]) -> Any:
        return self.ask("POST", f"/_sim/handset/{phone}/send", body)

    def business_sends(self, phone: str, kind: str, content: Any, **more: Any) -> str:
        """The message's wamid. Free messages need the person to have written first."""
        whole = {"messaging_product": "whatsapp", "to": f"+{phone}", "type": kind, kind: content}
        answer = self.ask("POST", f"/v25.0/{self.number}/messages", {**whole, **more})
        return str(answer["messages"][0]["id"])

    def chats_with(self, name: str = "Marina Azevedo") -> str:
        """A person who already wrote, so that the business may answer freely."""
        phone = self.person(name)
        self.writes(phone, {"text": "Oi"})
        return phone

    def template(self, name: str, components: list[dict[str, Any]]) -> str:
        body = {"name": name, "language": "pt_BR", "category": "UTILITY", "components": components}
        created = self.ask("POST", f"/v25.0/{self.account}/message_templates", body)
        eventually(lambda: self.ask("GET", f"/v25.0/{created['id']}?fields=status")["status"] == "APPROVED")
        return name


@contextmanager
def running_simulator(log: Path, phones: Iterator[int]) -> Iterator[Simulator]:
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "recado_sim", "--port", "0", "--json"],
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, f"the simulator did not start: {log.read_text(errors='replace')}"
            yield _described(json.loads(line), phones)
        finally:
            process.terminate()
            process.wait(timeout=10)
            process.stdout.close()


def _described(said: dict[str, Any], phones: Iterator[int]) -> Simulator:
    return Simulator(
        base=said["url"].rstrip("/"),
        number=said["phone_number_id"],
        account=said["waba_id"],
        token="simulated",
        phones=phones,
    )


@dataclass(kw_only=True)
class Watch:
    """Everything that must not happen while a page is open."""

    base: str
    problems: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        # Only listening: a handler that must let each request pass would stall the page while a
        # test asks the simulator something. Nothing outside resolves anyway (see QUIET).
        context.on("request", self._look)
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) =>"
            " console.error('policy', event.violatedDirective, event.blockedURI));"
        )
        context.on("page", self._listen)

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        page.on(
            "console",
            lambda said: (
                self.problems.append(f"console {said.type}: {said.text}")
                if said.type in ("error", "warning")
                else None
            ),
        )

    def _look(self, request: Request) -> None:
        address = request.url
        if urllib.parse.urlsplit(address).scheme not in ("data", "blob") and not address.startswith(
            f"{self.base}/"
        ):
            self.problems.append(f"external request: {address}")


@dataclass(kw_only=True)
class Stage:
    """Opens the page as somebody would."""

    browser: Browser
    sim: Simulator
    contexts: list[BrowserContext] = field(default_factory=list)
    watch: Watch

    def open(self, phone: str = "", *, width: int = 1440, height: int = 900, scheme: Any = "light") -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale="pt-BR",
            timezone_id="America/Sao_Paulo",
            reduced_motion="reduce",
        )
        self.contexts.append(context)
        self.watch.over(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(f"{self.sim.base}/celular" + (f"?pessoa={phone}" if phone else ""))
        if phone:
            page.locator(f".person[data-key='{phone}'][aria-current]").wait_for(state="attached")
        return page


def chromium_or_skip() -> None:
    if not CHROMIUM.is_file():
        pytest.skip("Chromium is not installed: apt-get install chromium (not `playwright install`)")
