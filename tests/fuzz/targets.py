"""What the bodies are thrown at: the parser alone, and the signed door with the projector behind it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import SecretStr
from tests.fuzz.mutate import Mutator, addressed, samples
from tests.slices.world import RING, World
from tests.support.cluster import Dsns

from recado.app.install import Installation
from recado.app.wiring import House, web_app
from recado.kit.clock import ManualClock, SystemClock
from recado.providers.contract import EventBase, Unparseable
from recado.providers.event_keys import event_key
from recado.providers.meta.parse import parse
from recado.settings import Settings

SECRET = b"a-secret-only-for-tests"
HOOK = "an-unguessable-path"
NUMBER, WABA = "106540352242922", "102290129340398"
_ACCOUNT = """
    select (select count(*) from ledger) as stored,
        (select count(*) from ledger l where not exists
            (select from ledger_work w where w.ledger_id = l.id)) as done,
        (select count(*) from ledger_work where state = 0) as waiting,
        (select count(*) from ledger_work where state = 2 and error is not null) as dead"""


@dataclass(slots=True)
class Parsed:
    """How the parser took it."""

    bodies: int = 0
    events: int = 0
    unparseable: int = 0
    slowest_s: float = 0.0


def through_parser(count: int, seed: int) -> Parsed:
    """Raises whatever the parser raises: it must never raise."""
    mutator = Mutator([addressed(body, NUMBER, WABA) for body in samples()], seed)
    seen = Parsed()
    for _ in range(count):
        body = mutator.body()
        started = time.perf_counter()
        found = parse(body)
        seen.slowest_s = max(seen.slowest_s, time.perf_counter() - started)
        seen.bodies += 1
        if isinstance(found, Unparseable):
            assert found.why
            seen.unparseable += 1
            continue
        for event in found:
            assert isinstance(event, EventBase)
            assert len(event_key(event, b"k")) == 16
        seen.events += len(found)
    return seen


@dataclass(slots=True)
class Posted:
    """What became of the bodies behind the door."""

    answers: Counter[int] = field(default_factory=Counter)
    stored: int = 0
    done: int = 0
    waiting: int = 0
    dead: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


async def through_door(dsns: Dsns, place: Path, count: int, seed: int) -> Posted:
    """Posts, projects, lets the tries run out, and closes the account."""
    settings = Settings(
        environment="demo",
        data_dir=place,
        database_url=dsns.runtime,
        meta_base_url="http://127.0.0.1:9",
        meta_app_secret=SecretStr(SECRET.decode()),
        web_connections=4,
        engine_connections=4,
    )
    clock = ManualClock(SystemClock().now() + timedelta(hours=1))
    installation = Installation(dsn=dsns.runtime, ring=RING, hook_token=HOOK, running=None)
    house = House(settings, installation, web=True, clock=clock)
    await house.open()
    eye = await asyncpg.connect(dsns.owner)
    await eye.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    try:
        return await _post_all(World(house.db, eye, clock), web_app(house), count, seed)
    finally:
        await eye.close()
        await house.close()


async def _post_all(world: World, app: Any, count: int, seed: int) -> Posted:
    await world.company(external_id=NUMBER, waba=WABA)
    mutator = Mutator([addressed(body, NUMBER, WABA) for body in samples()], seed)
    posted = Posted()
    for start in range(0, count, 200):
        bodies = [mutator.body() for _ in range(min(200, count - start))]
        posted.answers.update(await _post(app, bodies))
        await world.project()
    for _ in range(4):
        # What fails waits five minutes; after the third time it is a dead letter.
        world.clock.advance(minutes=6)
        await world.project()
    account = await world.row(_ACCOUNT)
    posted.stored, posted.done = account["stored"], account["done"]
    posted.waiting, posted.dead = account["waiting"], account["dead"]
    for row in await world.rows("select error, count(*) as times from ledger_work group by error"):
        posted.reasons[row["error"]] = row["times"]
    return posted


async def _post(app: Any, bodies: Sequence[bytes]) -> list[int]:
    return list(await asyncio.gather(*(_one(app, body) for body in bodies)))


async def _one(app: Any, body: bytes) -> int:
    """One ASGI call; a client library would be most of the time."""
    digest = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    path = f"/hooks/meta/{HOOK}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"recado.test"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-hub-signature-256", f"sha256={digest}".encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    answers: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    await app(scope, receive, send)
    return answers[0]
