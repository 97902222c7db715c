"""The simulator against collected samples: requests, answers and webhooks of Meta's own pages.

The samples live beside the repository and may be missing; `fixtures/` holds one of each shape, so
the same rules are tested without them.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sim.stage import FIXTURES, MARINA, MARINA_BSUID, SEED, Sim, keys, running

Json = dict[str, Any]
OPEN = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "open"
OWN = FIXTURES / "samples"
FOLDERS = [OWN, OPEN]

# Samples that Meta itself would refuse, and why.
REFUSED = {
    "request-send-interactive--step-3-add-common-message-parameters": "interactive is empty",
    "request-send-interactive-list--example": "its words were replaced by longer ones than 24",
    "request-send-text--over-limit-4097": "one character too many",
    "request-send-text--own-over-limit": "one character too many",
}
# Placeholders stand where values belong; these values make a documented request a real one.
LINK = re.compile(r"<?http\(s\)://[^>\"]*>?")


def samples(folder: Path, prefix: str) -> dict[str, Json]:
    if not folder.is_dir():
        return {}
    return {path.stem: json.loads(path.read_bytes()) for path in sorted(folder.glob(f"{prefix}*.json"))}


def needs(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip("the shared sample payloads (../shared/corpus) are not on this machine")


def made_real(request: Json) -> Json:
    """The sample with a recipient, links and emptied context where it holds placeholders."""
    text = LINK.sub("https://www.example.com/a", json.dumps(request))
    real: Json = json.loads(text)
    if "to" in real:
        real["to"] = f"+{MARINA}"
    if "recipient" in real:
        real["recipient"] = MARINA_BSUID
    return real


def template_for(about: Json) -> Json:
    """A template that fits this request, so that sending it can be judged."""
    components: list[Json] = []
    buttons: dict[int, Json] = {}
    for part in about.get("components") or []:
        kind = part["type"].lower()
        if kind == "button":
            buttons[int(part.get("index", 0))] = _button(part)
        elif kind == "header":
            components.append({"type": "HEADER", "format": part["parameters"][0]["type"].upper()})
        elif kind == "body":
            components.append({"type": "BODY", "text": _words(part["parameters"])})
        elif kind == "carousel":
            components.append({"type": "CAROUSEL", "cards": []})
    if buttons:
        filler: Json = {"type": "QUICK_REPLY", "text": "Outro"}
        row = [buttons.get(at, filler) for at in range(max(buttons) + 1)]
        components.append({"type": "BUTTONS", "buttons": row})
    language = about["language"]["code"]
    return {"name": about["name"], "language": language, "components": components}


def _words(parameters: list[Json]) -> str:
    names = [p.get("parameter_name") or str(at + 1) for at, p in enumerate(parameters)]
    return " ".join(["Olá", *(f"{{{{{name}}}}}" for name in names), "até logo"])


def _button(part: Json) -> Json:
    kind = str(part["sub_type"]).upper()
    about: Json = {"type": kind, "text": kind.title()}
    if kind == "URL":
        about["url"] = "https://www.example.com/{{1}}"
    return about


@pytest.fixture(scope="module")
def corpus_sim() -> Iterator[Sim]:
    with running() as sim:
        # Ids in samples name files of other people.
        sim.settings(strict_media=False)
        sim.writes(MARINA, {"text": "Oi"})
        yield sim


@pytest.mark.corpus
@pytest.mark.parametrize("folder", FOLDERS, ids=["own", "shared"])
def test_documented_requests_are_accepted(corpus_sim: Sim, folder: Path) -> None:
    needs(folder)
    found = samples(folder, "request-send-")
    assert found
    refused: dict[str, str] = {}
    for name, request in found.items():
        if "template" in request:  # several samples share a name, not a shape
            seed = copy.deepcopy(SEED)
            seed["wabas"][0]["templates"].append(template_for(request["template"]))
            corpus_sim.seed(wabas=seed["wabas"])
        answer = corpus_sim.send(made_real(request))
        if answer.status != 200:
            refused[name] = answer.raw.decode()
    unexpected = {name: why for name, why in refused.items() if name not in REFUSED}
    assert unexpected == {}
    assert {name for name in found if name in REFUSED} == refused.keys()


@pytest.mark.corpus
@pytest.mark.parametrize("folder", FOLDERS, ids=["own", "shared"])
def test_answers_have_documented_shapes(corpus_sim: Sim, folder: Path) -> None:
    needs(folder)
    broken = {"response-send--contacts-missing", "response-send--no-messages-array"}
    documented = {
        frozenset(keys(about))
        for name, about in samples(folder, "response-send-").items()
        if name not in broken
    }
    reminder = {"name": "boas_vindas", "language": {"code": "pt_BR"}}
    value = {"type": "text", "parameter_name": "nome", "text": "Bia"}
    reminder["components"] = [{"type": "body", "parameters": [value]}]  # type: ignore[assignment]
    sends: list[Json] = [
        {"to": f"+{MARINA}", "text": {"body": "Oi"}},
        {"recipient": MARINA_BSUID, "text": {"body": "Oi"}},
        {"to": f"+{MARINA}", "type": "template", "template": reminder},
        {"recipient": MARINA_BSUID, "type": "template", "template": reminder},
    ]
    given = {frozenset(keys(corpus_sim.send(body).json)) for body in sends}
    assert given == documented


# Keys of older API versions, of parent businesses and of groups: never sent by the simulator.
OLDER = re.compile(r"conversation|parent_user_id|parent_recipient|identity_key|group|participant")
ALWAYS = {".object", ".entry", ".entry[].id", ".entry[].changes", ".entry[].changes[].field"}


def documented_keys(folder: Path, prefix: str) -> set[str]:
    found: set[str] = set()
    for about in samples(folder, prefix).values():
        found |= keys(about)
    return {key for key in found if not OLDER.search(key)}


def one_of(sim: Sim, wamid: str, name: str) -> Json:
    sim.sink.status(wamid, name)
    return next(
        heard.body
        for heard in list(sim.sink.heard)
        if any(s["id"] == wamid and s["status"] == name for s in heard.statuses())
    )


@pytest.mark.corpus
@pytest.mark.parametrize("folder", FOLDERS, ids=["own", "shared"])
@pytest.mark.parametrize("name", ["sent", "delivered", "read", "failed"])
def test_status_webhooks_hold_documented_keys_only(corpus_sim: Sim, folder: Path, name: str) -> None:
    needs(folder)
    known = documented_keys(folder, "webhook-status-") | {
        f".entry[].changes[].value.statuses[].{key}" for key in ("biz_opaque_callback_data",)
    }
    if name == "failed":
        corpus_sim.fault("status_failed", times=1, code=131026)
    body = {"to": f"+{MARINA}", "text": {"body": "Oi"}, "biz_opaque_callback_data": "job=1"}
    given = keys(one_of(corpus_sim, corpus_sim.sent(body), name))
    assert given - known == set()
    assert given >= ALWAYS


WRITES: dict[str, Json] = {
    "text": {"text": "Oi"},
    "image": {"image": {"data_base64": "aGk=", "caption": "Exame"}},
    "audio": {"audio": {"data_base64": "aGk=", "voice": True}},
    "video": {"video": {"data_base64": "aGk="}},
    "document": {"document": {"data_base64": "aGk=", "filename": "a.pdf", "caption": "Exame"}},
    "sticker": {"sticker": {"data_base64": "aGk="}},
    "location": {"location": {"latitude": -23.5, "longitude": -46.6, "name": "Casa"}},
    "contacts": {
        "contacts": [
            {
                "name": {"formatted_name": "Bia", "first_name": "Bia"},
                "phones": [{"phone": "+5520955500112", "type": "CELL"}],
            }
        ]
    },
    "unsupported": {"unsupported": True},
    "interactive-nfm-reply": {"flow": {"flow_token": "tok-1"}},
    "interactive-button-reply": {"button": "c:1"},
    "interactive-list-reply": {"list_row": "h:9"},
    "button": {"button": "Confirmar"},
    "reaction": {"reaction": "👍"},
}
OFFERS: list[Json] = [
    {
        "type": "button",
        "body": {"text": "Confirma?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "c:1", "title": "Sim"}}]},
    },
    {
        "type": "list",
        "body": {"text": "Quando?"},
        "action": {"button": "Ver", "sections": [{"rows": [{"id": "h:9", "title": "9h"}]}]},
    },
]


def offered(sim: Sim) -> str:
    for about in OFFERS:
        sim.sent({"to": MARINA, "type": "interactive", "interactive": about})
    words = [{"type": "text", "text": word} for word in ("30/11", "10h", "abc")]
    components = [
        {"type": "header", "parameters": words[:1]},
        {"type": "body", "parameters": words[:2]},
        {"type": "button", "sub_type": "url", "index": "2", "parameters": words[2:]},
    ]
    about = {"name": "lembrete_24h", "language": {"code": "pt_BR"}, "components": components}
    return sim.sent({"to": MARINA, "type": "template", "template": about})


@pytest.mark.corpus
@pytest.mark.parametrize("folder", FOLDERS, ids=["own", "shared"])
@pytest.mark.parametrize("kind", WRITES)
def test_inbound_webhooks_hold_documented_keys_only(corpus_sim: Sim, folder: Path, kind: str) -> None:
    needs(folder)
    # Names and BSUIDs are common to all kinds; they came to the pages of some kinds only.
    known = documented_keys(folder, f"webhook-message-{kind}") | {
        key
        for key in documented_keys(folder, "webhook-message-text")
        if ".contacts" in key or key.endswith((".from_user_id", ".context", ".id", ".from"))
    }
    # Media carry `url` since 12 Nov 2025; only the pages of some kinds show it [Meta, July 2026].
    known.add(f".entry[].changes[].value.messages[].{kind}.url")
    body = dict(WRITES[kind])
    ours = offered(corpus_sim)
    if kind == "reaction":
        body["context"] = ours
    wamid = corpus_sim.writes(MARINA, body)
    assert keys(corpus_sim.sink.post_with(wamid).body) - known == set()
