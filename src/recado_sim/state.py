"""The whole world of the simulator in one object: accounts, people, messages, settings."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from recado_sim import ids
from recado_sim.clock import Clock, Timers

Json = dict[str, Any]
DAY_S = 86_400.0
THREAD_MAX = 2_000


class Settings(msgspec.Struct, kw_only=True):
    """What the levers change. Seconds are simulated; zero switches a limit off."""

    app_id: str = "670000000000061"
    app_secret: str = ""
    verify_token: str = ""
    callback_url: str = ""
    tokens: list[str] = []
    sent_s: float = 0.15
    delivered_s: float = 0.5
    read_s: float | None = 1.5  # None: nobody reads
    batch_ms: float = 0.0
    coalesce: bool = True  # several updates per POST while a backlog exists, as Meta does
    retry_base_s: float = 1.0
    retry_max_s: float = 60.0
    keep_s: float = 7 * DAY_S
    rate_limit: float = 80.0
    pair_limit: int = 45
    pair_interval_s: float = 6.0
    approve_s: float = 2.0
    free_service_messages: int = 1_000
    window_refusal: Literal["sync", "async"] = "sync"
    strict_media: bool = True
    ledger_max: int = 100_000


class Phone(msgspec.Struct, kw_only=True):
    """One business number."""

    id: str
    waba_id: str
    display: str
    name: str
    registered: bool = True
    callback_url: str = ""
    sample: bool = False  # there from the start; gone once a seed brings real accounts
    profile: Json = {}
    blocked_users: list[str] = []
    health: str = "AVAILABLE"
    free_month: str = ""
    free_used: int = 0


class Waba(msgspec.Struct, kw_only=True):
    """One WhatsApp Business Account."""

    id: str
    name: str
    subscribed: bool = True
    callback_url: str = ""


class Template(msgspec.Struct, kw_only=True):
    """One template in one language. `components` is replaced, never changed in place."""

    id: str
    waba_id: str
    name: str
    language: str
    category: str
    status: str
    components: list[Json]
    parameter_format: str = "POSITIONAL"


class Person(msgspec.Struct, kw_only=True):
    """A customer and the phone in their hand."""

    key: str  # digits of the phone, or the BSUID of somebody whose phone nobody knows
    phone: str | None
    bsuid: str
    name: str
    username: str | None = None
    online: bool = True
    blocked: bool = False
    read_receipts: bool = True
    unread: int = 0
    windows: dict[str, float] = {}  # phone number id -> when this person last wrote to it
    last_phone_id: str = ""


class Event(msgspec.Struct, kw_only=True):
    """One status of a message, for `message_history`."""

    id: str
    status: str
    at: float
    webhook: str = "PENDING"


class Message(msgspec.Struct, kw_only=True):
    """One message between a business number and a person."""

    wamid: str
    direction: Literal["in", "out"]  # as the PERSON sees it: "in" came from the business
    type: str
    body: Json  # sent by the API: the request; written by the person: the webhook's message
    phone_id: str
    person: str  # key of a person; "" when it reaches nobody
    at: float
    status: str = "accepted"
    to: str | None = None
    recipient: str | None = None
    opaque: str | None = None
    category: str = "service"
    billable: bool = True
    template: list[Json] | None = None  # the template's components as they were when it was sent
    fail: int | None = None  # this message will end in a `failed` status with this code
    held: Literal["", "delivered", "read"] = ""  # waits for the person to come online
    hidden: bool = False  # never reaches the handset
    revoked: bool = False
    edited: bool = False
    media_id: str | None = None
    reactions: dict[str, str] = {}
    events: list[Event] = []


@dataclass(slots=True, kw_only=True)
class Media:
    """Bytes of a file; never written to the state file."""

    id: str
    mime_type: str
    sha256: str
    data: bytes
    filename: str | None
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How the simulator is started. `overrides` are settings given on the command line."""

    host: str = "127.0.0.1"
    port: int = 0
    state: Path | None = None
    random_seed: int | None = None
    overrides: Json = field(default_factory=dict)


class World:
    """Every fact of the simulation. Only one event loop touches it."""

    def __init__(self, config: Config, wall: Callable[[], float]) -> None:
        self.config = config
        self.settings = msgspec.convert(config.overrides, Settings)
        self.clock = Clock(wall)
        self.timers = Timers(self.clock)
        self.rng = random.Random(config.random_seed)  # noqa: S311 - looks, not secrets
        self.ids = ids.Ids(self.rng)
        self.base_url = f"http://{config.host}:{config.port}"
        self.changes = 0  # grows with every change; persistence watches it
        self.empty()

    def empty(self) -> None:
        """Forget accounts, people, messages and files; keep settings and clock."""
        self.wabas: dict[str, Waba] = {}
        self.phones: dict[str, Phone] = {}
        self.templates: dict[str, Template] = {}
        self.by_name: dict[tuple[str, str, str], Template] = {}
        self.people: dict[str, Person] = {}
        self.by_bsuid: dict[str, str] = {}
        self.threads: dict[str, deque[Message]] = {}
        self.messages: dict[str, Message] = {}
        self.ledger: deque[Message] = deque(maxlen=max(1, self.settings.ledger_max))
        self.media: dict[str, Media] = {}
        self.rates: dict[str, float] = {}
        self.pairs: dict[tuple[str, str], float] = {}
        self.timers.clear()
        self.changes += 1

    def now(self) -> float:
        """Simulated seconds since 1970."""
        return self.clock.now()

    def shift(self, seconds: float) -> None:
        """Move simulated time. Backwards, what is spent and what is open come along: a number would otherwise
        be over its pace for as long as the clock went back."""
        self.timers.shift(seconds)
        if seconds < 0:
            self.rates = {key: until + seconds for key, until in self.rates.items()}
            self.pairs = {key: until + seconds for key, until in self.pairs.items()}
            now = self.now()
            for person in self.people.values():
                person.windows = {phone: min(at, now) for phone, at in person.windows.items()}
        self.changes += 1

    def find_person(self, who: str) -> Person | None:
        """By BSUID, or by phone with or without `+` and punctuation."""
        if ids.is_bsuid(who):
            return self.people.get(self.by_bsuid.get(who, ""))
        return self.people.get(ids.digits(who))

    def person(
        self,
        phone: str | None,
        *,
        bsuid: str | None = None,
        name: str | None = None,
        username: str | None = None,
    ) -> Person:
        """The person with this phone or BSUID, made now if nobody knew them."""
        number = ids.digits(phone or "") or None
        key = number or self.by_bsuid.get(bsuid or "") or bsuid or ""
        known = self.people.get(key)
        if known is None:
            known = Person(
                key=key,
                phone=number,
                bsuid=bsuid or ids.bsuid_of(number or ""),
                name=name or f"Contato {key[-4:]}",
                username=username,
            )
            self.people[key] = known
        if bsuid and known.bsuid != bsuid:
            self.by_bsuid.pop(known.bsuid, None)
            known.bsuid = bsuid
        known.name = name or known.name
        known.username = username or known.username
        self.by_bsuid[known.bsuid] = key
        self.changes += 1
        return known

    def remember(self, message: Message) -> None:
        """Keep a message: in the ledger if the business sent it, in the person's thread."""
        self.messages[message.wamid] = message
        if message.direction == "in":
            self.ledger.append(message)
        if message.person and not message.hidden:
            self.thread(message.person).append(message)
        while len(self.messages) > 2 * self.settings.ledger_max:
            del self.messages[next(iter(self.messages))]
        self.changes += 1

    def thread(self, key: str) -> deque[Message]:
        """The conversation on one person's handset, oldest first, bounded."""
        thread = self.threads.get(key)
        if thread is None:
            thread = self.threads[key] = deque(maxlen=THREAD_MAX)
        return thread

    def add_template(self, template: Template) -> None:
        """Put or replace a template under its WABA, name and language."""
        key = (template.waba_id, template.name, template.language)
        old = self.by_name.get(key)
        if old is not None and old.id != template.id:
            del self.templates[old.id]
        self.templates[template.id] = template
        self.by_name[key] = template
        self.changes += 1

    def drop_template(self, template: Template) -> None:
        """Remove a template."""
        self.templates.pop(template.id, None)
        self.by_name.pop((template.waba_id, template.name, template.language), None)
        self.changes += 1
