"""Delivers webhooks: signs, posts, tries again, batches, and misbehaves when a lever says so."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import deque
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from recado_sim import envelope
from recado_sim.envelope import Update
from recado_sim.faults import Fault, Faults
from recado_sim.loopback import is_loopback
from recado_sim.state import World

CONCURRENCY = 32
COALESCE_MAX = 100
UPDATES_MAX = 1_000  # per POST, as Meta documents
QUEUE_MAX = 500_000
LOG_MAX = 2_000
TIMEOUT_S = 10.0
HOLDING = frozenset({"webhooks_shuffled", "webhooks_batched"})
PER_EVENT = frozenset(
    {
        "webhooks_dropped",
        "webhooks_duplicated",
        "webhooks_delayed",
        "webhooks_bad_signature",
    }
    | HOLDING
)


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One POST, kept until somebody answers 200 or a week has passed."""

    url: str
    body: bytes
    signature: str | None
    updates: list[Update]
    first_at: float
    tries: int = 0


class Hooks:
    """The way out for everything Meta would tell the business."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_MAX)
        self.waiting_retry = 0
        self._outbox: deque[tuple[str, Update] | Delivery] = deque()
        self._batches: dict[str, list[Update]] = {}
        self._held: dict[str, list[Update]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._encode = msgspec.json.Encoder().encode

    async def start(self) -> None:
        """Open the connection pool; what was queued before goes out now."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=CONCURRENCY, keepalive_timeout=30)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=connector)
        self._pump()

    async def stop(self) -> None:
        """Stop at once: a real outage loses what is in the air too, and retries bring it back."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        self._session = None

    @property
    def backlog(self) -> int:
        """Updates and retries that wait for a free connection."""
        return len(self._outbox)

    def clear(self) -> None:
        """Forget what waits and what was logged."""
        self._outbox.clear()
        self._batches.clear()
        self._held.clear()
        self.log.clear()

    def url_for(self, update: Update) -> str:
        """Number, then WABA, then app; template and account fields only ever go to the app."""
        settings, waba = self.world.settings, self.world.wabas.get(update.waba_id)
        if waba is not None and not waba.subscribed:
            return ""
        if update.part == "value":
            return settings.callback_url
        phone = self.world.phones.get(update.phone_id)
        own = phone.callback_url if phone is not None else ""
        return own or (waba.callback_url if waba else "") or settings.callback_url

    def emit(self, update: Update) -> None:
        """Tell the business. Where no URL is configured or subscribed, nobody hears it."""
        fault = self.faults.for_hook(to=update.person, phone_id=update.phone_id, kinds=PER_EVENT)
        if fault is not None:
            self._misbehave(update, fault)
        else:
            self._send(update)

    def _misbehave(self, update: Update, fault: Fault) -> None:
        match fault.kind:
            case "webhooks_dropped":
                self._note(update.kind, self.url_for(update), None, 0, "dropped", update.wamid)
            case "webhooks_duplicated":
                self._send(update)
                self._send(update)
            case "webhooks_delayed":
                wait = 5.0 if fault.seconds is None else fault.seconds
                self.world.timers.at(self.world.now() + wait, self._send, update)
            case "webhooks_bad_signature":
                update.bad_signature = True
                self._send(update)
            case _:
                self._hold(update, fault)

    def _hold(self, update: Update, fault: Fault) -> None:
        held = self._held.setdefault(fault.id, [])
        if not held:
            default = 2.0 if fault.kind == "webhooks_shuffled" else 1.0
            wait = default if fault.seconds is None else fault.seconds
            release = self._shuffled if fault.kind == "webhooks_shuffled" else self._batched
            self.world.timers.at(self.world.now() + wait, release, fault.id)
        held.append(update)

    def _shuffled(self, fault_id: str) -> None:
        held = self._held.pop(fault_id, [])
        order = list(range(len(held)))
        while len(order) > 1 and order == sorted(order):
            self.world.rng.shuffle(order)
        for at in order:
            self._send(held[at])

    def _batched(self, fault_id: str) -> None:
        urls: dict[str, list[Update]] = {}
        for update in self._held.pop(fault_id, []):
            urls.setdefault(self.url_for(update), []).append(update)
        for url, updates in urls.items():
            self._queue_post(url, updates)

    def _send(self, update: Update) -> None:
        url = self.url_for(update)
        if not url:
            if update.event is not None:
                update.event.webhook = "FAILED"
            return
        if self.world.settings.batch_ms > 0 and not update.bad_signature:
            batch = self._batches.setdefault(url, [])
            if not batch:
                due = self.world.now() + self.world.settings.batch_ms / 1000.0
                self.world.timers.at(due, self._flush, url)
            batch.append(update)
            return
        self._queue((url, update))

    def _flush(self, url: str) -> None:
        self._queue_post(url, self._batches.pop(url, []))

    def _queue_post(self, url: str, updates: list[Update]) -> None:
        for start in range(0, len(updates), UPDATES_MAX):
            if url:
                self._queue(self._post_of(url, updates[start : start + UPDATES_MAX]))

    def _queue(self, item: tuple[str, Update] | Delivery) -> None:
        if len(self._outbox) >= QUEUE_MAX:
            self._outbox.popleft()
        self._outbox.append(item)
        self._pump()

    def _pump(self) -> None:
        if self._session is None or len(self._workers) >= CONCURRENCY or not self._outbox:
            return
        worker = asyncio.get_running_loop().create_task(self._work())
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        while self._outbox:
            item = self._outbox.popleft()
            await self._post(item if isinstance(item, Delivery) else self._gather(*item))

    def _gather(self, url: str, update: Update) -> Delivery:
        """One update; more of them for the same URL when a backlog has built up."""
        updates = [update]
        if self.world.settings.coalesce and not update.bad_signature:
            wanted = min(COALESCE_MAX, len(self._outbox) // CONCURRENCY)
            while wanted > 0 and self._outbox:
                head = self._outbox[0]
                if isinstance(head, Delivery) or head[0] != url or head[1].bad_signature:
                    break
                updates.append(head[1])
                self._outbox.popleft()
                wanted -= 1
        return self._post_of(url, updates)

    def _post_of(self, url: str, updates: list[Update]) -> Delivery:
        body = self._encode(envelope.bodies(self.world, updates))
        return Delivery(url=url, body=body, signature=None, updates=updates, first_at=self.world.now())

    def _sign(self, delivery: Delivery) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        secret = self.world.settings.app_secret
        if secret:
            wrong = delivery.tries == 1 and any(u.bad_signature for u in delivery.updates)
            key = f"not {secret}" if wrong else secret
            digest = hmac.new(key.encode(), delivery.body, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature-256"] = f"sha256={digest}"
        return headers

    async def _post(self, delivery: Delivery) -> None:
        if self._session is None:
            return
        delivery.tries += 1
        status, problem = None, ""
        try:
            async with self._session.post(
                delivery.url,
                data=delivery.body,
                headers=self._sign(delivery),
                allow_redirects=False,
            ) as response:
                status = response.status
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            problem = type(error).__name__
        self._settle(delivery, status, problem)

    def _settle(self, delivery: Delivery, status: int | None, problem: str) -> None:
        kinds = ",".join(dict.fromkeys(update.kind for update in delivery.updates))
        wamid = delivery.updates[0].wamid if len(delivery.updates) == 1 else ""
        self._note(kinds, delivery.url, status, delivery.tries, problem, wamid)
        outcome = "DELIVERED" if status == 200 else "FAILED"
        for update in delivery.updates:
            if update.event is not None and update.event.webhook != "DELIVERED":
                update.event.webhook = outcome
        if status != 200:
            self._try_later(delivery)

    def _try_later(self, delivery: Delivery) -> None:
        settings, now = self.world.settings, self.world.now()
        if now - delivery.first_at > settings.keep_s:
            return
        grown = settings.retry_base_s * 2.0 ** min(delivery.tries - 1, 30)
        self.waiting_retry += 1
        self.world.timers.at(now + min(grown, settings.retry_max_s), self._again, delivery)

    def _again(self, delivery: Delivery) -> None:
        self.waiting_retry -= 1
        self._queue(delivery)

    def _note(self, kind: str, url: str, status: int | None, tries: int, problem: str, wamid: str) -> None:
        self.log.append(
            {
                "kind": kind,
                "url": url,
                "status": status,
                "http_status": status,
                "tries": tries,
                "error": problem or None,
                "wamid": wamid or None,
                "at": self.world.now(),
            }
        )

    async def verify(self, url: str, verify_token: str) -> str | None:
        """Ask the host to prove itself, as Meta does. None is good; otherwise what went wrong."""
        if not is_loopback(url):
            return "only loopback addresses are called by the simulator"
        if self._session is None:
            return "the simulator is stopping"
        challenge = str(self.world.rng.randrange(10**9, 10**10))
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": verify_token,
        }
        try:
            async with self._session.get(url, params=query, allow_redirects=False) as response:
                text = (await response.text()).strip()
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__
        self._note("verification", url, status, 1, "", "")
        if status != 200:
            return f"HTTP Status Code = {status}"
        return None if text == challenge else "the challenge was not echoed"
