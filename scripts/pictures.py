"""Takes the pictures used in the READMEs from a running demo: `python scripts/pictures.py`.

Needs Chromium (`make test` installs it where it may). Writes docs/img/celular.png.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

TARGET = Path(__file__).resolve().parents[1] / "docs" / "img" / "celular.png"
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
                TARGET.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=TARGET)
                browser.close()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(30)


if __name__ == "__main__":
    main()
