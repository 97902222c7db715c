"""The stand-in's postman: signed webhooks, repeated until somebody answers 200, with growing pauses."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import hmac
import itertools
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from tests.crash.cast import BY_ID

_TICK_S = 0.02
_ANSWER_WITHIN_S = 1.5


@dataclass(slots=True)
class News:
    """One event Meta has to tell. `acked`: it was in a POST that was answered 200."""

    phone_number_id: str
    part: str  # "statuses" or "messages"
    body: dict[str, Any]
    acked: int = 0
    told: int = 0


@dataclass(slots=True, kw_only=True)
class Manners:
    """How webhooks misbehave. Shares of 1; seconds."""

    repeat: float = 0.05
    dropped_first: float = 0.02
    lost_answer: float = 0.02
    delay_s: tuple[float, float] = (0.0, 0.12)
    # Between sent, delivered and read.
    apart_s: tuple[float, float] = (0.02, 0.35)
    pause_s: float = 0.15
    longest_pause_s: float = 1.6
    # At most so many events in one POST.
    together: int = 24


CALM = Manners(repeat=0, dropped_first=0, lost_answer=0, delay_s=(0, 0.02), longest_pause_s=0.3)


@dataclass(order=True, slots=True)
class _Due:
    at: float
    order: int
    news: Sequence[News] = field(compare=False)
    tries: int = field(compare=False, default=0)


class Postman:
    def __init__(self, url: str, secret: str, seed: int, manners: Manners) -> None:
        self.manners = manners
        self._url = url
        self._secret = secret.encode()
        self._rng = random.Random(seed)
        self._heap: list[_Due] = []
        self._order = itertools.count()
        self._flying: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.posts = self.refused = 0

    @property
    def pending(self) -> int:
        return len(self._heap) + len(self._flying)

    def tell(self, news: News, after_s: float = 0.0) -> None:
        delay = after_s + self._rng.uniform(*self.manners.delay_s)
        self._push([news], delay)
        if self._rng.random() < self.manners.repeat:
            self._push([news], delay + self._rng.uniform(0, 0.6))

    def _push(self, news: Sequence[News], after_s: float, tries: int = 0) -> None:
        heapq.heappush(self._heap, _Due(time.monotonic() + after_s, next(self._order), news, tries))

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_ANSWER_WITHIN_S)
        connector = aiohttp.TCPConnector(limit=24, force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as self._session:
            while True:
                self._release()
                await asyncio.sleep(_TICK_S)

    def _release(self) -> None:
        now = time.monotonic()
        fresh: list[News] = []
        while self._heap and self._heap[0].at <= now and len(self._flying) < 64:
            due = heapq.heappop(self._heap)
            if due.tries:
                self._fly(due.news, due.tries)
            else:
                fresh.extend(due.news)
        self._rng.shuffle(fresh)
        while fresh:
            size = self._rng.randint(1, self.manners.together)
            batch, fresh = fresh[:size], fresh[size:]
            self._fly(batch, 0)

    def _fly(self, news: Sequence[News], tries: int) -> None:
        task = asyncio.create_task(self._deliver(news, tries))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)

    async def _deliver(self, news: Sequence[News], tries: int) -> None:
        if tries == 0 and self._rng.random() < self.manners.dropped_first:
            self._push(news, self.manners.pause_s, 1)
            return
        answered = await self._post(self._envelope(news))
        for one in news:
            one.told += 1
            one.acked += answered
        self.posts += 1
        self.refused += not answered
        if not answered or self._rng.random() < self.manners.lost_answer:
            pause = min(self.manners.pause_s * 2**tries, self.manners.longest_pause_s)
            self._push(news, pause * self._rng.uniform(0.7, 1.3), tries + 1)

    async def _post(self, body: bytes) -> bool:
        assert self._session is not None
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        try:
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    def _envelope(self, news: Sequence[News]) -> bytes:
        values: dict[str, dict[str, Any]] = {}
        for one in news:
            value = values.setdefault(
                one.phone_number_id,
                {
                    "messaging_product": "whatsapp",
                    "metadata": {
                        "display_phone_number": "16505550100",
                        "phone_number_id": one.phone_number_id,
                    },
                },
            )
            value.setdefault(one.part, []).append(one.body)
            if one.part == "messages":
                person = one.body["from"]
                value.setdefault("contacts", []).append(
                    {"wa_id": person, "profile": {"name": "Marina Azevedo"}}
                )
        entries = [
            {"id": BY_ID[number].waba_id, "changes": [{"field": "messages", "value": value}]}
            for number, value in values.items()
        ]
        return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()
