"""Brings hostile texts in through the product's own doors, and reads what the pages made of them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx2
from playwright.sync_api import Page
from tests.browser.handset.stage import eventually
from tests.browser.panel.hostile import FEW, MARK, MARKS, TEXTS, drawn, line, sendable, stored

PER_BODY = 60
WRITER = "5520955570000"
SENDER = "5520955570001"

# Whatever is on the page that the product did not put there: tells what, and where.
FOREIGN = """() => {
  const bad = window.@MARK@ === undefined ? [] : ["it ran"];
  const never = new Set(["IFRAME", "OBJECT", "EMBED", "BASE", "STYLE", "MARQUEE", "FRAME", "MATH", "PLAINTEXT"]);
  const inText = { BR: [], STRONG: [], EM: [], S: [], CODE: ["class"], A: ["href", "rel", "target"] };
  const ours = (address) => new URL(address, location.href).origin === location.origin;
  for (const one of document.querySelectorAll("*")) {
    const say = (why) => bad.push(`${why}: ${one.outerHTML.slice(0, 120)}`);
    if (never.has(one.tagName)) say("element");
    if (one.tagName === "SCRIPT" && !(one.src && ours(one.src))) say("script");
    if (one.tagName === "IMG" && !ours(one.src) && !one.src.startsWith("data:image/")) say("picture");
    if (one.tagName === "FORM" && !ours(one.action)) say("form");
    if (one.tagName === "A" && one.href && !/^https?:$/.test(one.protocol)) say("link");
    for (const { name } of one.attributes) if (/^on|^srcdoc$|^hx-on/i.test(name)) say("attribute");
    if (one.parentElement?.closest("bdi.said")) {
      const may = inText[one.tagName];
      if (!may || [...one.attributes].some(({ name }) => !may.includes(name))) say("in a text");
    }
  }
  return bad.slice(0, 5);
}""".replace("@MARK@", MARK)
# An element's text with its line breaks.
WORDS = """(one) => {
  const twin = one.cloneNode(true);
  for (const end of twin.querySelectorAll("br")) end.replaceWith("\\n");
  return twin.textContent;
}"""


@dataclass(kw_only=True)
class Loaded:
    """What stands where: texts by message, names by message."""

    texts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    writer: str = ""


class Door:
    """The company's software, Meta's webhooks, and somebody inside with forms: three doors, no screen."""

    def __init__(self, said: dict[str, str]) -> None:
        self.said = said
        self.client = httpx2.Client(base_url=said["api"], timeout=30)
        self.csrf = ""

    def close(self) -> None:
        self.client.close()

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def enter(self) -> None:
        self._token(self.page("/painel/entrar"))
        self.form("/painel/demonstracao", quem="administrador")
        self._token(self.page("/painel/eu"))

    def _token(self, page: str) -> None:
        found = re.search(r"name='csrf' value='([0-9a-f]{64})'", page)
        assert found
        self.csrf = found[1]

    def form(self, path: str, **fields: Any) -> None:
        headers = {"sec-fetch-site": "same-origin", "origin": self.said["api"]}
        answer = self.client.post(path, data={"csrf": self.csrf} | fields, headers=headers)
        assert answer.status_code in (200, 303), (path, fields, answer.status_code, answer.text[:300])

    def hook(self, value: dict[str, Any]) -> None:
        about = {"display_phone_number": "16505550100", "phone_number_id": self.said["phone_number_id"]}
        change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": about} | value}
        entry = {"id": self.said["waba_id"], "changes": [change]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        proof = hmac.new(self.said["app_secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-hub-signature-256": f"sha256={proof}", "content-type": "application/json"}
        answer = self.client.post(self.said["hooks"], content=body, headers=headers)
        assert answer.status_code == 200, answer.text

    def api(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.said['api_key']}"}
        answer = self.client.request(method, f"/api/v1{path}", json=body, headers=headers)
        assert answer.status_code in (200, 202), (body, answer.text)
        return answer.json()

    def heard(self) -> list[dict[str, Any]]:
        """Everything that people wrote."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.api("GET", f"/messages?direction=in&limit=200{cursor}")
            found += page["data"]
            if not page.get("next_cursor"):
                return found
            cursor = f"&cursor={page['next_cursor']}"


def _said(kind: str, inner: Any, phone: str, at: int, number: int) -> dict[str, Any]:
    return {"from": phone, "id": f"wamid.H{number}", "timestamp": str(at), "type": kind, kind: inner}


def _pieces(all_of: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(all_of), PER_BODY):
        yield all_of[start : start + PER_BODY]


def _inbound(door: Door) -> int:
    """Everybody is called something hostile; one person writes it all; one sends files and cards."""
    at = int(time.time())
    everybody = [
        (f"{5520955571000 + n}", name, _said("text", {"body": f"Oi {n}"}, f"{5520955571000 + n}", at, n))
        for n, name in enumerate(TEXTS)
    ]
    for some in _pieces(everybody):
        contacts = [{"wa_id": phone, "profile": {"name": name}} for phone, name, _ in some]
        door.hook({"contacts": contacts, "messages": [one for _, _, one in some]})
    whole = [_said("text", {"body": text}, WRITER, at, 1_000 + n) for n, text in enumerate(TEXTS)]
    files = [
        kind
        for n, text in enumerate(FEW)
        for kind in (
            _said("location", _place(text), SENDER, at, 2_000 + n),
            _said("contacts", [_card(text)], SENDER, at, 3_000 + n),
            _said("document", _document(text, n), SENDER, at, 4_000 + n),
            _said("button", {"text": text, "payload": text}, SENDER, at, 5_000 + n),
        )
    ]
    for phone, messages in ((WRITER, whole), (SENDER, files)):
        for some in _pieces(messages):
            contact = {"wa_id": phone, "profile": {"name": "<i>Bia</i>"}}
            door.hook({"contacts": [contact], "messages": list(some)})
    return len(everybody) + len(whole) + len(files)


def _place(text: str) -> dict[str, Any]:
    return {"latitude": -23.5, "longitude": -46.6, "name": text, "address": text}


def _card(text: str) -> dict[str, Any]:
    return {"name": {"formatted_name": text, "first_name": text}, "phones": [{"phone": text}]}


def _document(text: str, n: int) -> dict[str, Any]:
    return {"id": f"{9_000_000 + n}", "mime_type": "application/pdf", "filename": text, "caption": text}


def _outbound(door: Door, loaded: Loaded) -> None:
    """To people whose window is open; the number stands still, so nothing leaves."""

    def one(n: int) -> tuple[str, int]:
        body = {"to": f"+{5520955571000 + n}", "type": "text", "text": {"body": TEXTS[n]}}
        return str(door.api("POST", "/messages", body)["id"]), n

    with ThreadPoolExecutor(8) as at_once:
        for message_id, n in at_once.map(one, [n for n, text in enumerate(TEXTS) if sendable(text)]):
            loaded.texts[message_id] = TEXTS[n]
            loaded.names[message_id] = TEXTS[n]


def _forms(door: Door, loaded: Loaded) -> None:
    """Reasons, notes and names of keys: what people of the company write themselves."""
    number = re.search(r"/painel/numeros/([0-9a-f-]{36})", door.page("/painel/numeros"))
    assert number
    for text in FEW:
        if sendable(text):
            door.form(f"/painel/numeros/{number[1]}/pausar", motivo=text[:200].ljust(3, "."))
            door.form(f"/painel/conversas/{loaded.writer}/nota", nota=text[:3_000])
            door.form("/painel/contas/chaves", nome=text[:60], escopo="messages:read")


def _templates(door: Door, said: dict[str, str]) -> None:
    """What Meta would never approve; a name there is what nobody expects."""
    found = [
        {
            "name": text[:200],
            "language": "pt_BR",
            "category": "UTILITY",
            "status": "APPROVED",
            "components": [
                {"type": "HEADER", "format": "TEXT", "text": text[:60]},
                {"type": "BODY", "text": text[:1_000]},
                {"type": "FOOTER", "text": text[:60]},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": text[:25]}]},
            ],
        }
        for text in FEW
        if sendable(text)
    ]
    seed = {"wabas": [{"id": said["waba_id"], "name": "Estúdio Aurora", "phones": [], "templates": found}]}
    answer = door.client.post(f"{said['simulator']}/_sim/seed", json=seed)
    assert answer.status_code == 200, answer.text
    door.form("/painel/modelos/comparar")


def load(said: dict[str, str]) -> Loaded:
    door, loaded = Door(said), Loaded()
    try:
        door.enter()
        expected = _inbound(door)
        eventually(lambda: len(door.heard()) >= expected, 60.0)
        for one in door.heard():
            if one["type"] == "text" and not one["content"]["text"]["body"].startswith("Oi "):
                loaded.texts[one["id"]] = one["content"]["text"]["body"]
                loaded.writer = one["conversation_id"]
        assert sorted(loaded.texts.values()) == sorted(map(stored, TEXTS))
        _forms(door, loaded)
        _outbound(door, loaded)
        _templates(door, said)
    finally:
        door.close()
    return loaded


# --------------------------------------------------------------------------- what the pages made of it


def squeezed(text: str) -> str:
    """Without what shortening and folding may change."""
    return "".join(line(text).replace("\ufffd", "").split())


def shortened(shown: str, text: str) -> bool:
    """Whether a line of a list says the text, or its beginning when that is long."""
    got, want = squeezed(shown), squeezed(text)
    cut = (len(text) > 40 and got.endswith("…")) or len(text) > 150
    return got == want or (cut and want.startswith(got.rstrip("…")))


def the_same(shown: str, text: str) -> bool:
    """Whether a bubble says exactly the text, but for the marks it turned into bold and the like."""
    return shown.translate(MARKS) == drawn(text).translate(MARKS)


def clean_page(page: Page) -> None:
    assert page.evaluate(FOREIGN) == []
