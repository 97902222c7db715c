"""Careful clients: the same Idempotency-Key until there is an answer, and a ledger of every 202."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from tests.crash.cast import LINES, STRANGERS, WRITERS, api_key, client_id, person

_CLASSES = ("utility",) * 10 + ("session",) * 5 + ("authentication",) * 2 + ("marketing",) * 3
_AGAIN = frozenset({500, 502, 503, 504, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """At most `per_s` new messages and `at_once` unanswered requests; `crowded_per_s` when more than `ahead` are in
    the queue: whoever starts shall find something to do, but not an endless line. `lines`: how many of the numbers
    are used."""

    seed: int
    port: int
    per_s: float
    calm_per_s: float
    at_once: int = 16
    dsn: str
    ahead: int
    crowded_per_s: float = 8.0
    lines: int = len(LINES)
    ledger: Path


@dataclass(slots=True)
class Asked:
    marker: str
    message_class: str
    ids: list[str] = field(default_factory=list)
    refused: str | None = None
    tries: int = 0


class Clients:
    def __init__(self, demand: Demand) -> None:
        self._demand = demand
        self._rng = random.Random(demand.seed)
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(demand.at_once)
        self.asked: list[Asked] = []
        self.per_s = demand.per_s
        self._queued = 0
        self.over = asyncio.Event()

    async def run(self) -> None:
        """Until `over` is set; then what was asked is asked on until it is answered."""
        timeout = aiohttp.ClientTimeout(total=2.0)
        tasks: set[asyncio.Task[None]] = set()
        # A new connection for each request: they spread over all doors.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as self._session:
            looking = asyncio.create_task(self._look())
            due = time.monotonic()
            while not self.over.is_set():
                crowded = self._queued + self._demand.at_once > self._demand.ahead
                await self._slots.acquire()
                task = asyncio.create_task(self._one())
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                pace = min(self.per_s, self._demand.crowded_per_s) if crowded else self.per_s
                due = max(due, time.monotonic() - 0.2) + 1 / pace
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            looking.cancel()
            await asyncio.gather(*tasks)
        rows = [[one.marker, one.message_class, one.ids, one.refused, one.tries] for one in self.asked]
        self._demand.ledger.write_text(json.dumps(rows))

    async def _look(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(self._demand.dsn)
                while True:
                    self._queued = await connection.fetchval("select count(*) from outbox where state = 0")
                    await asyncio.sleep(0.1)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await asyncio.sleep(0.2)

    async def _one(self) -> None:
        asked = Asked(f"m-{len(self.asked)}", self._rng.choice(_CLASSES))
        self.asked.append(asked)
        line = self._rng.choice(LINES[: self._demand.lines])
        headers = {
            "Authorization": f"Bearer {api_key(line.tenant)}",
            "X-Client-Id": client_id(line.tenant),
            "Idempotency-Key": f"key-{asked.marker}",
        }
        body = self._body(asked, line.phone_number_id, line.writer(self._rng.randrange(WRITERS)))
        try:
            while not await self._ask(asked, headers, body):  # noqa: ASYNC110 - a client's own pause
                await asyncio.sleep(self._rng.uniform(0.02, 0.1))
            if self._rng.random() < 0.05:
                # The answer got lost on its way to the caller, who asks again.
                await self._ask(asked, headers, body)
        finally:
            self._slots.release()

    async def _ask(self, asked: Asked, headers: dict[str, str], body: dict[str, Any]) -> bool:
        assert self._session is not None
        asked.tries += 1
        url = f"http://127.0.0.1:{self._demand.port}/api/v1/messages"
        try:
            async with self._session.post(url, json=body, headers=headers) as answer:
                if answer.status in _AGAIN:
                    return False
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        if answer.status == 202:
            asked.ids.append(json.loads(text)["id"])
        else:
            asked.refused = f"{answer.status} {text[:200]}"
        return True

    def _body(self, asked: Asked, number: str, writer: str) -> dict[str, Any]:
        body: dict[str, Any] = {"phone_number_id": number, "class": asked.message_class}
        if asked.message_class == "session":
            return body | {"to": f"+{writer}", "type": "text", "text": {"body": asked.marker}}
        parameter = {"type": "text", "text": asked.marker}
        return body | {
            "to": f"+{person(self._rng.randrange(STRANGERS))}",
            "type": "template",
            "template": {
                "name": "lembrete_consulta",
                "language": {"code": "pt_BR"},
                "components": [{"type": "body", "parameters": [parameter]}],
            },
        }


async def ask_for_messages(demand: Demand) -> None:
    """SIGUSR1 slows down to the calm rate, SIGUSR2 stops asking; the ledger is written at the end."""
    clients = Clients(demand)
    loop = asyncio.get_running_loop()

    def slow_down() -> None:
        clients.per_s = demand.calm_per_s

    loop.add_signal_handler(signal.SIGUSR1, slow_down)
    loop.add_signal_handler(signal.SIGUSR2, clients.over.set)
    await clients.run()
