"""One fixed morning of Estúdio Aurora: the same people, the same messages, the same clock in every picture."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.slices.world import (
    TEMPLATE,
    Company,
    World,
    accepted,
    inbound,
    rejected,
    status,
    statuses,
    text,
    unknown,
)

from recado.app.demo_data import COMPANY, people, templates
from recado.app.seeding import PAST, seed
from recado.db.system import system
from recado.kit.ids import MessageId, NumberId
from recado.kit.reasons import Reason
from recado.messages import template_holds
from recado.messages.accept import Taken
from recado.numbers import facts
from recado.numbers import service as numbers
from recado.providers.contract import Credentials, ListedTemplate, NumberFacts, SendOutcome
from recado.reports import service as reports
from recado.templates import sync
from recado.tenants import service as tenants
from recado.tenants import switches

# A Wednesday at 14:32 in São Paulo. Ahead of every machine's clock: what the database stamps is moved here too.
NOW = datetime(2031, 11, 26, 17, 32, tzinfo=UTC)
MORNING = NOW - timedelta(hours=6)
PAST_MESSAGES = 3_000
NAMES = {
    "5520955500111": "Marina Azevedo",
    "5520955500112": "Caio Batista",
    "5520955500113": "Otávio Lima",
    "5520955500114": "Sérgio Tanaka",
    "5520955500115": "Rafael Moura",
    "5520955500116": "Beatriz Nunes",
    "5520955500117": "Joana Melo",
    "5520955500118": "Lívia Prado",
    "5520955500119": "Helena Castro",
}
MARINA, CAIO, OTAVIO, SERGIO, RAFAEL, BEATRIZ, JOANA, LIVIA, HELENA = NAMES


@dataclass(kw_only=True)
class Town:
    """What the pictures need to know of it."""

    world: World
    company: Company
    # The reminder that was read and answered: its page is a picture too.
    reminder: MessageId | None = None
    outcomes: int = 0
    # What waits behind the number whose token was refused leaves by this one.
    nails: NumberId | None = None

    def at(self, hour: int, minute: int, second: int = 0) -> None:
        """Time passes until then, on São Paulo's clock."""
        then = NOW.replace(hour=hour + 3, minute=minute, second=second)
        self.world.clock.advance(seconds=(then - self.world.now).total_seconds())

    async def reminds(self, person: str, when: str, **more: Any) -> MessageId:
        values = [{"type": "text", "text": NAMES[person].split()[0]}, {"type": "text", "text": when}]
        template = TEMPLATE["template"] | {"components": [{"type": "body", "parameters": values}]}
        payload = {"to": f"+{person}", "type": "template", "template": template} | more
        asked = self.world.request(self.company, **payload)
        if self.nails is not None:
            asked = replace(asked, number_id=self.nails)
        (verdict,) = await self.world.accept(self.company, asked)
        assert isinstance(verdict, Taken), verdict
        await self.world.do("update contact set name = $1 where phone = $2", NAMES[person], f"+{person}")
        return verdict.id

    async def answers(self, person: str, words: str) -> MessageId:
        return await self.world.queue(self.company, to=f"+{person}", text={"body": words}, type="text")

    async def leave(self, *outcomes: SendOutcome) -> None:
        """What waits leaves, in the order in which it was asked for."""
        intents = sorted(await self.world.claim(), key=lambda one: str(one.row.due.message_id))
        assert len(intents) == len(outcomes), intents
        for intent, outcome in zip(intents, outcomes, strict=True):
            await self.world.record(intent, outcome)
        await self.world.do(
            "update attempt set started_at = $1::timestamptz,"
            " finished_at = $1::timestamptz + interval '300 ms' where started_at < $2",
            self.world.now - timedelta(milliseconds=400),
            NOW - 2 * PAST,
        )

    def taken(self) -> SendOutcome:
        self.outcomes += 1
        return accepted(f"wamid.OUT{self.outcomes}")

    async def told(self, *words: str) -> None:
        """Meta says what became of the last message that left."""
        for word in words:
            self.world.clock.advance(seconds=2)
            about = status(word, f"wamid.OUT{self.outcomes}", self.world.now)
            await self.hears(statuses(self.company, about))

    async def writes(self, person: str, words: str, **more: Any) -> None:
        contact = {"profile": {"name": NAMES[person]}, "wa_id": person}
        wamid = f"wamid.IN{person[-3:]}{self.world.now:%H%M%S}"
        message = text(person, wamid, self.world.now, words, **more)
        await self.hears(inbound(self.company, message, contacts=[contact]))

    async def hears(self, body: dict[str, Any]) -> None:
        """A webhook that arrives now: the database would say that it came years ago."""
        await self.world.ledger.append(json.dumps(body).encode())
        await self.world.do(
            "update ledger set received_at = $1 where received_at = (select max(received_at) from ledger"
            " where received_at < $2)",
            self.world.now,
            MORNING,
        )
        await self.world.project()


async def open_town(world: World) -> Town:
    """`world`'s clock stands at MORNING; afterwards at NOW."""
    company = await world.company(external_id=COMPANY.phone_number_id, waba=COMPANY.waba_id)
    town = Town(world=world, company=company)
    second = await _settle(town)
    await _past(town)
    await _early(town, second)
    await _late(town)
    town.at(14, 32)
    # Somebody has read what Marina wrote last: looking at the pictures changes nothing.
    await world.do(
        "update conversation c set unread = 0 from contact k where k.tenant_id = c.tenant_id"
        " and k.contact_id = c.contact_id and k.phone = any($1)",
        [f"+{MARINA}", f"+{HELENA}"],
    )
    async with system(world.db) as tx:
        await switches.switch_kind(
            tx,
            world.now,
            company.tenant.tenant_id,
            "sticker",
            on=True,
            reason="Figurinhas só a partir de dezembro",
            actor="demo",
        )
    await _sum_up(world)
    return town


async def _settle(town: Town) -> NumberId:
    """Templates, what Meta says of the number, a second number whose token was refused, a key."""
    world, tenant_id = town.world, town.company.tenant.tenant_id
    number = town.company.number
    # Ids begin with their moment: the second number comes second, in every list of every run.
    town.at(11, 33)
    async with system(world.db) as tx:
        await sync.compare(tx, world.now, tenant_id, number.waba_id, _listed(), asked_at=world.now)
        await template_holds.follow(tx, world.now, tenant_id, number.waba_id)
        second = await numbers.add_number(
            tx,
            world.now,
            world.vault,
            town.company.tenant,
            provider="meta",
            waba_external_id=COMPANY.waba_id,
            external_id="106000000000031",
            display_phone="+1 650-555-0101",
            verified_name="Aurora Unhas",
            credentials=Credentials(access_token="only-for-pictures"),
        )
        await facts.keep(
            tx,
            world.now,
            tenant_id,
            {
                number.number_id: _facts(COMPANY.display_phone, "Estúdio Aurora", "GREEN"),
                second.number_id: _facts("+1 650-555-0101", "Aurora Unhas", "YELLOW"),
            },
        )
        await numbers.pause_lane(
            tx,
            world.now,
            tenant_id,
            second.number_id,
            reason=Reason.TOKEN_EXPIRED,
            detail="190",
            until=None,
        )
        await tenants.create_key(tx, world.now, tenant_id, name="agenda")
    return second.number_id


def _facts(phone: str, name: str, quality: str) -> NumberFacts:
    return NumberFacts(
        display_phone=phone,
        verified_name=name,
        quality=quality,
        status="CONNECTED",
        throughput="STANDARD",
        messaging_limit="TIER_2K",
        name_status="APPROVED",
    )


def _listed() -> list[ListedTemplate]:
    return [
        ListedTemplate(
            external_id=str(900 + at),
            name=one["name"],
            language=one["language"],
            category=one["category"],
            status="PAUSED" if one["name"] == "boas_vindas" else one["status"],
            quality="GREEN" if one["category"] == "UTILITY" else "YELLOW",
            parameter_format="POSITIONAL",
            components=one["components"],
        )
        for at, one in enumerate(templates())
    ]


async def _past(town: Town) -> None:
    """Ninety days, of which nobody still has to look at anything."""
    world, company = town.world, town.company
    source = random.Random(7)
    await seed(world.db, world.now, company.tenant, company.keys, PAST_MESSAGES, source=source)
    await world.do("update message set attention = false where attention")
    # Sums are made for each hour in which something happened: those of two weeks are enough.
    await world.do("delete from event where at < $1", NOW - timedelta(days=15))
    await world.do("delete from outbox where state <> 0 or due_at > $1", NOW + timedelta(days=30))
    await world.do(
        "update message set state = 'delivered', reason = null, rank = 3"
        " where state in ('held', 'scheduled', 'needs_decision')"
    )


async def _early(town: Town, second: NumberId) -> None:
    town.at(13, 2)
    await town.writes(HELENA, "Oi! Vocês atendem no sábado?")
    town.at(13, 5)
    await town.answers(HELENA, "Sim, das 9h às 13h. Quer que eu guarde um horário?")
    await town.leave(town.taken())
    await town.told("sent", "delivered", "read")
    town.at(13, 40)
    await town.reminds(LIVIA, "amanhã às 10h")
    await town.leave(town.taken())
    await town.told("sent", "delivered")
    town.at(14, 2)
    await town.writes(CAIO, "Bom dia! Posso levar minha filha?")
    town.at(14, 8)
    town.nails = second
    for person, when in ((CAIO, "amanhã às 9h"), (LIVIA, "amanhã às 15h"), (OTAVIO, "sexta às 10h")):
        town.world.clock.advance(seconds=3)
        await town.reminds(person, when)
    town.nails = None
    town.at(14, 12)
    await town.reminds(BEATRIZ, "hoje às 18h")
    await town.leave(rejected(Reason.WINDOW_CLOSED, code=131047, skip=True))
    town.at(14, 20)
    await town.reminds(RAFAEL, "amanhã às 9h")
    await town.leave(rejected())


async def _late(town: Town) -> None:
    town.at(14, 24)
    town.reminder = await town.reminds(MARINA, "amanhã às 14h")
    town.world.clock.advance(seconds=1)
    await town.leave(town.taken())
    await town.told("sent", "delivered")
    town.at(14, 25)
    await town.told("read")
    town.at(14, 26)
    await town.writes(MARINA, "Confirmado! Posso chegar 10 minutos antes?")
    town.world.clock.advance(seconds=20)
    await town.answers(MARINA, "Claro, Marina. Até amanhã!")
    town.world.clock.advance(seconds=1)
    await town.leave(town.taken())
    await town.told("sent", "delivered", "read")
    town.at(14, 28)
    await town.reminds(SERGIO, "sexta às 11h")
    await town.leave(unknown())
    town.at(14, 29)
    await town.writes(OTAVIO, "Preciso remarcar a minha avaliação, pode ser quinta?")
    town.at(14, 30)
    await town.writes(MARINA, "Obrigada! Minha mãe pode ir comigo?")
    town.at(14, 31)
    await town.reminds(HELENA, "sábado às 9h", scheduled_at=(NOW + timedelta(days=1)).isoformat())
    town.world.clock.advance(seconds=30)
    await town.reminds(JOANA, "amanhã às 16h")


async def _sum_up(world: World) -> None:
    """What chores would have counted by now."""
    more = True
    while more:
        more = (
            await reports.keep(lambda: system(world.db), world.now, most_events=100_000, most_hours=5_000)
        ).more


async def one_dead_letter(world: World, company: Company) -> None:
    """A body nobody could read."""
    await world.ledger.append(b'{"object": "whatsapp_business_account", "entry": "?"}')
    await world.do(
        "update ledger_work set state = 2, tries = 3, error = 'TypeError at read:31', dead_at = now()"
        " where ledger_id = (select max(id) from ledger)"
    )


async def bring_here(world: World, since: datetime) -> None:
    """Moments the database stamped while the town was built belong to its own time."""
    columns = await world.rows(
        "select c.table_name, c.column_name from information_schema.columns c"
        " join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema = 'public' and t.table_type = 'BASE TABLE'"
        " and c.data_type = 'timestamp with time zone'"
    )
    await world.do("set session_replication_role = replica")
    for one in columns:
        table, column = one["table_name"], one["column_name"]
        await world.do(
            f'update "{table}" set "{column}" = $1::timestamptz + ("{column}" - clock_timestamp())'
            f" where \"{column}\" between $2 and clock_timestamp() + interval '2 hours'",
            NOW,
            since,
        )
    await world.do("set session_replication_role = origin")


def talk() -> dict[str, str]:
    """Who stands in front of the handset."""
    return people()[0]
