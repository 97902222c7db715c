"""Takes the pictures used in the READMEs and documents from a running demo: `python scripts/pictures.py`.

Needs Chromium (`make test` installs it where it may). Writes docs/img: the handset, and every screen of the panel
in light, dark and on a phone.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "img"
TARGET = FOLDER / "celular.png"
SCREENS = (
    "mensagens",
    "conversas",
    "numeros",
    "modelos",
    "webhooks",
    "liberacao",
    "contas",
    "metricas",
    "auditoria",
)
LOOKS: dict[str, dict[str, Any]] = {
    "claro": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "escuro": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "fone": {"viewport": {"width": 390, "height": 780}, "color_scheme": "light"},
}
MARINA = "+5520955500111"
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--force-color-profile=srgb"]


def reminder() -> dict[str, Any]:
    parameters = [{"type": "text", "text": "Marina"}, {"type": "text", "text": "amanhã às 14h"}]
    template = {
        "name": "lembrete_consulta",
        "language": {"code": "pt_BR"},
        "components": [{"type": "body", "parameters": parameters}],
    }
    return {"to": MARINA, "type": "template", "template": template}


def fill(addresses: dict[str, str]) -> None:
    """A morning's worth: sent, refused and scheduled ones, so that the lists have something to show."""
    for phone in ("+5520955500112", "+5520955500113", "+5520955500114"):
        send(addresses, reminder() | {"to": phone})
    for phone in ("+5520955500113", "+5520955500114"):
        gone = {"name": "modelo_antigo", "language": {"code": "pt_BR"}}
        send(addresses, {"to": phone, "type": "template", "template": gone})
    send(
        addresses,
        reminder()
        | {"to": "+5520955500112", "scheduled_at": (datetime.now(UTC) + timedelta(days=2)).isoformat()},
    )


def portray(browser: Browser, addresses: dict[str, str]) -> None:
    """Every screen in every look."""
    for look, how in LOOKS.items():
        context = browser.new_context(
            locale="pt-BR", timezone_id="America/Sao_Paulo", reduced_motion="reduce", **how
        )
        page = context.new_page()
        page.goto(addresses["panel"])
        page.get_by_role("button", name="administrador").click()
        page.wait_for_url("**/painel/**")
        for screen in SCREENS:
            page.goto(f"{addresses['api']}/painel/{screen}")
            if screen == "conversas":
                page.goto(f"{addresses['api']}/painel/conversas?aba=todas")
                talks = page.locator('a[href*="/painel/conversas/"]')
                if look != "fone" and talks.count():
                    talks.first.click()
            page.wait_for_timeout(900)
            page.screenshot(path=FOLDER / f"{screen}-{look}.jpg", type="jpeg", quality=70)
        context.close()


def send(addresses: dict[str, str], body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        addresses["api"] + "/api/v1/messages",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {addresses['api_key']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 202


def act(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["handset"] + "?pessoa=%2B5520955500111")
    send(addresses, reminder())
    page.get_by_role("button", name="Confirmar", exact=True).click()
    page.get_by_role("log").get_by_text("Confirmar", exact=True).last.wait_for()
    # The answer opened the window; the webhook that says so needs a moment to arrive.
    page.wait_for_timeout(1500)
    send(addresses, {"to": MARINA, "type": "text", "text": {"body": "Combinado, *até amanhã*! 😊"}})
    page.get_by_text("Combinado").last.wait_for()
    page.wait_for_timeout(2500)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "recado",
            "demo",
            "--json",
            "--no-browser",
            "--data-dir",
            folder + "/demo",
        ]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert demo.stdout is not None
        addresses = json.loads(demo.stdout.readline())
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
                page = browser.new_page(viewport={"width": 1280, "height": 820})
                act(page, addresses)
                FOLDER.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=TARGET)
                fill(addresses)
                page.wait_for_timeout(6000)
                portray(browser, addresses)
                browser.close()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(30)


if __name__ == "__main__":
    main()
