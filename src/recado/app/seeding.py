"""A past for a company that has none: messages in every state, with people, attempts and diary, to look at and to
measure with. Never in production; nothing of it ever leaves by itself."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import Any

from recado.conversations import service as conversations
from recado.conversations.model import Address
from recado.db import sql
from recado.db.pool import Database
from recado.db.system import system
from recado.errors import Conflict
from recado.kit.ids import ContactId, ConversationId, NumberId, TenantId, uuid4, uuid7
from recado.tenants.model import TenantRow
from recado.tenants.vault import TenantKeys

_Q = sql.load("recado.app", "seeding.sql")
_BITE = 10_000
_PEOPLE_BITE = 1_000
PAST = timedelta(days=90)
# What waits is due so late that no worker sends it while somebody looks.
_FAR = timedelta(days=365)
_ANSWERED_WITHIN = timedelta(hours=20)
_FIRST = ("Marina", "Caio", "Luana", "Rafael", "Beatriz", "Otávio", "Helena", "Davi", "Íris", "Tomás")
_LAST = ("Azevedo", "Bittencourt", "Cardoso", "Dourado", "Esteves", "Falcão", "Guimarães", "Holanda")
_TEMPLATES = ("lembrete_consulta", "confirmacao_horario", "aviso_atraso", "pos_atendimento", "codigo_acesso")
RARE_TEMPLATE, RARE_KIND, RARE_NAME = "pesquisa_anual", "location", "Quitéria Sobral"
_RARE = 20_000
_RARE_PERSON = 7
_TEXTS = (
    "Bom dia! Seu horário está confirmado.",
    "Recebemos seu pedido, obrigado.",
    "Podemos remarcar para quinta?",
    "O comprovante segue em anexo.",
    "Até amanhã!",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedNumber:
    number_id: NumberId


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """How a message went. `steps`: kind of the entry in the diary and seconds after the beginning."""

    weight: float
    state: str
    steps: tuple[tuple[str, float], ...]
    rank: int = 0
    reason: str | None = None
    code: int | None = None
    attention: bool = False
    attempt: str | None = None
    outbox: int | None = None
    direction: str = "out"


_ASKED = (("message.accepted", 0.0),)
_TAKEN = (*_ASKED, ("provider.accepted", 1.0))
_SENT = (*_TAKEN, ("status.sent", 2.0))
_DELIVERED = (*_SENT, ("status.delivered", 4.0))
STORIES: dict[str, _Story] = {
    "read": _Story(
        weight=28, state="read", rank=4, attempt="accepted", steps=(*_DELIVERED, ("status.read", 90.0))
    ),
    "delivered": _Story(weight=40, state="delivered", rank=3, attempt="accepted", steps=_DELIVERED),
    "sent": _Story(weight=7, state="sent", rank=2, attempt="accepted", steps=_SENT),
    "received": _Story(weight=12, state="received", direction="in", steps=(("message.received", 0.0),)),
    "rejected": _Story(
        weight=3,
        state="rejected",
        reason="undeliverable",
        code=131026,
        attention=True,
        attempt="rejected",
        steps=(*_ASKED, ("provider.rejected", 1.0)),
    ),
    "failed": _Story(
        weight=3,
        state="failed",
        rank=1,
        reason="undeliverable",
        code=131026,
        attention=True,
        attempt="accepted",
        steps=(*_TAKEN, ("status.failed", 3.0)),
    ),
    "skipped": _Story(
        weight=4, state="skipped", reason="window_closed", steps=(*_ASKED, ("message.skipped", 1.0))
    ),
    "cancelled": _Story(
        weight=1.5, state="cancelled", reason="cancelled", steps=(*_ASKED, ("message.cancelled", 60.0))
    ),
    "expired": _Story(
        weight=0.7,
        state="expired",
        reason="expired",
        attention=True,
        steps=(*_ASKED, ("message.expired", 86_400.0)),
    ),
    "held": _Story(
        weight=0.3,
        state="held",
        reason="kill_switch",
        outbox=4,
        steps=(*_ASKED, ("message.held", 1.0)),
    ),
    "scheduled": _Story(weight=0.4, state="scheduled", outbox=0, steps=_ASKED),
    "needs_decision": _Story(
        weight=0.1,
        state="needs_decision",
        reason="needs_decision",
        attention=True,
        attempt="in_doubt",
        outbox=3,
        steps=(*_ASKED, ("provider.in_doubt", 12.0), ("message.needs_decision", 700.0)),
    ),
}


@dataclass(frozen=True, slots=True)
class _Person:
    contact_id: ContactId
    conversation_id: ConversationId
    number_id: NumberId
    phone: str


@dataclass(frozen=True, slots=True)
class _Lately:
    """Who wrote in the last hours, so that somebody can be answered."""

    heard: deque[tuple[datetime, _Person]]

    def writers(self, at: datetime) -> list[_Person]:
        while self.heard and self.heard[0][0] < at - _ANSWERED_WITHIN:
            self.heard.popleft()
        return [person for _, person in islice(self.heard, 20)]


async def seed(
    db: Database,
    now: datetime,
    tenant: TenantRow,
    keys: TenantKeys,
    messages: int,
    *,
    source: random.Random,
    told: Callable[[int], None] = lambda _count: None,
) -> int:
    """Adds so many messages to a company's last 90 days, oldest first; `told` hears how many are there after each
    bite. The same source makes the same mixture under other ids. Returns the count.

    Raises Conflict when the company has no number.
    """
    async with system(db) as tx:
        numbers = await tx.many(_Q["numbers"], SeedNumber, tenant_id=tenant.tenant_id)
    if not numbers:
        raise Conflict("no_number", "the company has no sending number yet")
    owned = [row.number_id for row in numbers]
    people = await _people(db, now - PAST, tenant.tenant_id, owned, max(20, messages // 10), source)
    stories, lately = _story_columns(), _Lately(deque(maxlen=500))
    for start in range(0, messages, _BITE):
        bite = range(start, min(start + _BITE, messages))
        columns = _columns(_rows(bite, messages, now, people, lately, keys, source))
        async with system(db) as tx:
            await tx.connection.execute("set local synchronous_commit = off")
            await tx.execute(
                _Q["seed_messages"], tenant_id=tenant.tenant_id, far=now + _FAR, **columns, **stories
            )
        told(bite.stop)
    return messages


async def _people(
    db: Database,
    at: datetime,
    tenant_id: TenantId,
    numbers: Sequence[NumberId],
    count: int,
    source: random.Random,
) -> list[_Person]:
    """Everybody writes to one number. Who is there from an earlier seed stays the same person."""
    found: list[_Person] = []
    for start in range(0, count, _PEOPLE_BITE):
        bite = range(start, min(start + _PEOPLE_BITE, count))
        phones = {f"+55209{n:08}": numbers[n % len(numbers)] for n in bite}
        addresses = {phone: Address(phone=phone, bsuid=None) for phone in phones}
        async with system(db) as tx:
            met = await conversations.create_contacts(tx, at, tenant_id, list(addresses.values()))
            contacts = {phone: met[one.key] for phone, one in addresses.items()}
            pairs = [(number_id, contacts[phone]) for phone, number_id in phones.items()]
            talks = await conversations.ensure_conversations(tx, at, tenant_id, pairs)
            names = [_name(n, source) for n, _ in zip(bite, contacts, strict=True)]
            await tx.execute(
                _Q["name_people"], tenant_id=tenant_id, contact_ids=list(contacts.values()), names=names
            )
        for phone, number_id in phones.items():
            contact_id = contacts[phone]
            talk = talks[number_id, contact_id]
            found.append(_Person(contact_id, talk.conversation_id, number_id, phone))
    return found


def _name(n: int, source: random.Random) -> str:
    return RARE_NAME if n == _RARE_PERSON else f"{source.choice(_FIRST)} {source.choice(_LAST)}"


def _rows(
    bite: range,
    total: int,
    now: datetime,
    people: Sequence[_Person],
    lately: _Lately,
    keys: TenantKeys,
    source: random.Random,
) -> Iterator[dict[str, Any]]:
    names = list(STORIES)
    ladder = list(accumulate(one.weight for one in STORIES.values()))
    step = PAST / total
    for n in bite:
        name = source.choices(names, cum_weights=ladder)[0]
        story, at = STORIES[name], now - PAST + step * n
        writers = lately.writers(at)
        content = _content(n, story, source, free=bool(writers))
        answers = story.direction == "out" and content["type"] != "template" and bool(writers)
        person = source.choice(writers if answers else people)
        if story.direction == "in":
            lately.heard.append((at, person))
        own = uuid7(at)
        known = story.attempt == "accepted" or story.direction == "in"
        yield {
            "id": own,
            "direction": story.direction,
            "person": person,
            "story": name,
            "at": at,
            "content": content,
            "class": None if story.direction == "in" else _class_of(content, source),
            "reference": f"pedido-{n}" if story.direction == "out" and n % 5 < 2 else None,
            "token": uuid4() if story.attempt else None,
            "hash": keys.hash(f"wamid.SEED{own.hex}") if known else None,
        }


def _content(n: int, story: _Story, source: random.Random, *, free: bool) -> dict[str, Any]:
    """Free text only goes out as an answer, as the 24 hours of the customer-service window want it."""
    if story.direction == "out" and free and n % _RARE == _RARE // 2:
        return {"type": RARE_KIND, RARE_KIND: {"latitude": -20.0, "longitude": -20.0, "name": "Estúdio"}}
    if story.direction == "out" and (n % _RARE == 1 or not free or source.random() < 0.7):
        name = RARE_TEMPLATE if n % _RARE == 1 else source.choice(_TEMPLATES)
        return {"type": "template", "template": {"name": name, "language": {"code": "pt_BR"}}}
    return {"type": "text", "text": {"body": f"{source.choice(_TEXTS)} ({n})"}}


def _class_of(content: dict[str, Any], source: random.Random) -> str:
    if content["type"] != "template":
        return "session"
    return "authentication" if content["template"]["name"] == "codigo_acesso" else "utility"


def _preview(content: dict[str, Any]) -> str:
    kind = content["type"]
    said: str = {
        "text": lambda: content["text"]["body"],
        "template": lambda: content["template"]["name"],
        RARE_KIND: lambda: content[RARE_KIND]["name"],
    }[kind]()
    return said


def _columns(rows: Iterator[dict[str, Any]]) -> dict[str, list[Any]]:
    made = list(rows)
    return {
        "ids": [row["id"] for row in made],
        "directions": [row["direction"] for row in made],
        "number_ids": [row["person"].number_id for row in made],
        "conversation_ids": [row["person"].conversation_id for row in made],
        "contact_ids": [row["person"].contact_id for row in made],
        "kinds": [row["content"]["type"] for row in made],
        "classes": [row["class"] for row in made],
        "contents": [row["content"] for row in made],
        "previews": [_preview(row["content"]) for row in made],
        "recipients": [row["person"].phone if row["direction"] == "out" else None for row in made],
        "references": [row["reference"] for row in made],
        "stories": [row["story"] for row in made],
        "ats": [row["at"] for row in made],
        "tokens": [row["token"] for row in made],
        "hashes": [row["hash"] for row in made],
    }


def _story_columns() -> dict[str, list[Any]]:
    steps = [
        (name, place, kind, after_s, {"errors": [{"code": one.code}]} if kind == "status.failed" else None)
        for name, one in STORIES.items()
        for place, (kind, after_s) in enumerate(one.steps)
    ]
    told: Sequence[_Story] = list(STORIES.values())
    return {
        "names": list(STORIES),
        "states": [one.state for one in told],
        "ranks": [one.rank for one in told],
        "reasons": [one.reason for one in told],
        "codes": [one.code for one in told],
        "attentions": [one.attention for one in told],
        "attempt_states": [one.attempt for one in told],
        "outbox_states": [one.outbox for one in told],
        "step_stories": [one[0] for one in steps],
        "step_places": [one[1] for one in steps],
        "step_kinds": [one[2] for one in steps],
        "step_after": [one[3] for one in steps],
        "step_data": [one[4] for one in steps],
    }


def samples(messages: int) -> tuple[str, str]:
    """A phone and a reference that a seed of this size certainly has."""
    return f"+55209{max(20, messages // 10) // 2:08}", f"pedido-{messages // 2 // 5 * 5}"
