"""Broken requests get a refusal, never a crash: samples with pieces replaced by rubbish."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.sim.stage import FIXTURES, MARINA, PHONE, SEED, WABA

from recado_sim import render, seed
from recado_sim.governance import Governance
from recado_sim.sending import Accepted
from recado_sim.simulation import Simulation
from recado_sim.state import Config

Json = dict[str, Any]
NOW = 1_795_000_000.0
RUBBISH: list[Any] = [None, True, 0, -1, 1e308, "", "x", "{{1}}", "٣٣٣٣٣٣٣", [], {}, [1], ["a"], {"a": 1}]
WRITES: list[Json] = [
    {"text": "Oi", "context": "wamid.x"},
    {"button": "Confirmar"},
    {"list_row": "h:9"},
    {"image": {"data_base64": "aGk=", "caption": "a"}},
    {"reaction": "👍", "context": "wamid.x"},
    {"edit": {"original": "wamid.x", "text": "a"}},
    {"location": {"latitude": 1.0, "longitude": 2.0}},
    {"contacts": [{"name": {"formatted_name": "a"}}]},
    {"flow": {"a": 1}},
]


def requests() -> list[Json]:
    found = [json.loads(p.read_bytes()) for p in sorted(FIXTURES.glob("samples/request-send-*.json"))]
    rows = [{"id": "h:9", "title": "9h"}]
    listing = {"button": "Ver", "sections": [{"title": "Manhã", "rows": rows}]}
    link = {"name": "cta_url", "parameters": {"display_text": "Ir", "url": "https://a.example"}}
    reply = {"type": "quick_reply", "quick_reply": {"id": "1", "title": "Sim"}}
    card = {"card_index": 0, "type": "cta_url", "body": {"text": "a"}, "action": {**link, "buttons": [reply]}}
    for kind, action in (("list", listing), ("cta_url", link), ("carousel", {"cards": [card, card]})):
        about = {"type": kind, "body": {"text": "Oi"}, "action": action}
        found.append({**BASE, "type": "interactive", "interactive": about})
    cards = [
        {"card_index": 0, "components": [{"type": "body", "parameters": [{"type": "text", "text": "a"}]}]}
    ]
    components = [
        {"type": "body", "parameters": [{"type": "text", "text": "a"}]},
        {"type": "carousel", "cards": cards},
    ]
    about = {"name": "cartoes", "language": {"code": "pt_BR"}, "components": components}
    found.append({**BASE, "type": "template", "template": about})
    return found


BASE: Json = {"messaging_product": "whatsapp", "to": f"+{MARINA}"}
BUTTONS: Json = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Sim"}]}
BODY: Json = {"type": "BODY", "text": "Olá {{1}}, até logo."}
CARDS: Json = {
    "name": "cartoes",
    "language": "pt_BR",
    "category": "MARKETING",
    "components": [BODY, {"type": "CAROUSEL", "cards": [{"components": [BODY, BUTTONS]}]}],
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield (*path, key)
        yield from places(part, (*path, key))


def broken(rng: random.Random, value: Json) -> Json:
    """A copy with one or two pieces missing or replaced."""
    found = copy.deepcopy(value)
    for _ in range(rng.randint(1, 2)):
        *way, last = rng.choice(list(places(found)) or [("to",)])
        inside: Any = found
        for key in way:
            inside = inside[key]
        if isinstance(inside, dict) and rng.random() < 0.2:
            inside.pop(last, None)
        else:
            inside[last] = copy.deepcopy(rng.choice(RUBBISH))
    return found


@pytest.fixture
def simulation() -> Simulation:
    settings = {"strict_media": False, "rate_limit": 0, "pair_limit": 0}
    found = Simulation(Config(overrides=settings, random_seed=1), lambda: NOW)
    planted = copy.deepcopy(SEED)
    planted["wabas"][0]["templates"].append(CARDS)
    seed.plant(found.world, msgspec.convert(planted, seed.Seed))
    person = found.world.person(MARINA)
    found.handsets.write(person, {"text": "Oi"})
    return found


def test_broken_sends(simulation: Simulation) -> None:
    rng, accepted = random.Random(7), 0
    phone = simulation.world.phones[PHONE]
    samples = requests()
    assert all(isinstance(simulation.sending.send(phone, s), Accepted) for s in samples[-4:])
    for _ in range(3_000):
        outcome = simulation.sending.send(phone, broken(rng, rng.choice(samples)))
        if isinstance(outcome, Accepted):
            accepted += 1
            assert msgspec.json.encode(render.seen(simulation.world, outcome.message))
        else:
            assert msgspec.json.encode(outcome.body("A"))
    assert accepted > 100


def test_broken_templates(simulation: Simulation) -> None:
    rng = random.Random(7)
    governance = Governance(simulation.world, simulation.hooks)
    waba = simulation.world.wabas[WABA]
    for at in range(1_000):
        governance.create(waba, {**broken(rng, CARDS), "name": f"n{at}"})
    assert governance.listed(waba, {"limit": "1000"})["data"]


def test_broken_hands(simulation: Simulation) -> None:
    rng = random.Random(7)
    person = simulation.world.person(MARINA)
    for _ in range(2_000):
        simulation.handsets.write(person, broken(rng, rng.choice(WRITES)))
        simulation.handsets.change(person, broken(rng, {"online": True, "state": "online"}))
    assert msgspec.json.encode(simulation.handsets.thread(person))
    assert msgspec.json.encode(simulation.handsets.listed())
