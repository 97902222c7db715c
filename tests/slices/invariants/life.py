"""A company's life with every way a message can go, and the hands that break each promise about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.slices.world import (
    MARINA,
    OTHER,
    Company,
    World,
    accepted,
    failed,
    later,
    rejected,
    status,
    statuses,
    unknown,
)

from recado.db.system import system
from recado.kit.ids import MessageId
from recado.messages import reading
from recado.messages.record import rescue
from recado.tenants.model import Mode

HELLO: dict[str, Any] = {"text": {"body": "Bom dia!"}}
PEOPLE = [f"55209555{n:05d}" for n in range(300, 330)]


class Life:
    """Every way a message can go, lived through the product's own use cases."""

    def __init__(self, world: World, aurora: Company) -> None:
        self.world = world
        self.aurora = aurora
        self.ids: dict[str, MessageId] = {}
        self.tokens: dict[str, UUID] = {}

    async def send(self, name: str, person: str, outcome: Any, **payload: Any) -> None:
        message_id = await self.world.queue(self.aurora, to="+" + person, **payload)
        (intent,) = await self.world.claim()
        self.ids[name], self.tokens[name] = message_id, intent.token
        if outcome is not None:
            await self.world.record(intent, outcome)

    async def tell(self, *items: dict[str, Any]) -> None:
        await self.world.hear(statuses(self.aurora, *items))

    async def live(self) -> None:
        world, now = self.world, self.world.now
        await self.send("read", PEOPLE[0], accepted("wamid.READ"))
        opaque = self.aurora.keys.write_token(self.tokens["read"])
        world.clock.advance(seconds=30)
        for word in ("read", "sent", "delivered"):
            await self.tell(status(word, "wamid.READ", now, opaque))
        await self.send("failed", PEOPLE[1], accepted("wamid.FAILED"))
        await self.tell(failed("wamid.FAILED", now, 131026), status("sent", "wamid.FAILED", now))
        await self.send("closed", PEOPLE[2], accepted("wamid.CLOSED"))
        await self.tell(failed("wamid.CLOSED", now, 131047))
        await self.send("refused", PEOPLE[3], rejected())
        await self.send("doubt", PEOPLE[5], unknown())
        await self.send("echoed", PEOPLE[6], unknown())
        await self.tell(
            status("sent", "wamid.ECHO", now, self.aurora.keys.write_token(self.tokens["echoed"]))
        )
        await self.send("vanished", PEOPLE[7], None)
        await world.do("update outbox set lease_until = now() - interval '1 minute' where state = 1")
        async with system(world.db) as tx:
            assert await rescue(tx, now) == 1
        # The ledger is stamped by the database, which did not stand still meanwhile.
        world.clock.advance(seconds=30)
        await world.open_window(self.aurora)
        await self.send("reply", MARINA, accepted("wamid.REPLY"), **HELLO)
        await self.send("again", PEOPLE[4], later())
        await self.send("flying", PEOPLE[8], None)
        self.ids["cancelled"] = await world.queue(self.aurora, to="+" + PEOPLE[9])
        async with world.db.tenant(self.aurora.tenant.tenant_id) as tx:
            await reading.cancel(tx, now, self.aurora.tenant.tenant_id, self.ids["cancelled"], actor="test")
        when = (now + timedelta(hours=2)).isoformat()
        self.ids["scheduled"] = await world.queue(self.aurora, to="+" + PEOPLE[10], scheduled_at=when)
        other = await world.company("estudio-sol", external_id="2", waba="3", mode=Mode.DRY_RUN)
        self.ids["simulated"] = await world.queue(other, to="+" + OTHER)
        await world.claim()


TWICE = """
    insert into attempt (tenant_id, token, message_id, number_id, n, fence, state, started_at, finished_at)
    select tenant_id, gen_random_uuid(), message_id, number_id, 2, 1, 'accepted', clock_timestamp(),
        clock_timestamp() from attempt where message_id = $1"""
FASTER = """
    insert into attempt (tenant_id, token, message_id, number_id, n, fence, state, started_at, finished_at)
    select tenant_id, gen_random_uuid(), message_id, number_id, g, 1, 'rejected',
        now() + interval '1 minute' + g * interval '50 microseconds',
        now() + interval '1 minute' + g * interval '50 microseconds'
    from attempt, generate_series(2, 200) g where message_id = $1"""
LOST = """
    update attempt set state = 'presumed_lost', finished_at = clock_timestamp(), doubt_at = started_at, proof = {}
    where message_id = $1"""
WATERMARK = """jsonb_build_object('rule', 'window', 'judged_at', clock_timestamp(), 'window_s', 0,
    'cooldown_s', 600, 'trusted_since', clock_timestamp() - interval '1 minute',
    'watermark_attempt', (select token from attempt where message_id = '{read}'))"""

# Which promise, and the hand that breaks it; `$1` is the named message.
BREAKS: dict[str, tuple[str, str, str]] = {
    "an answer about another message": (
        "I2",
        "read",
        "insert into idempotency (tenant_id, key, request_hash, message_id, answer, created_at) "
        "select tenant_id, 'k', '', id, '{\"id\": \"x\"}', now() from message where id = $1",
    ),
    "a worker that never came back": (
        "I3",
        "flying",
        "update outbox set lease_until = now() - interval '2 minutes' where message_id = $1",
    ),
    "a message past its time": (
        "I3",
        "doubt",
        "with old as (update message set created_at = now() - interval '2 days' where id = $1 returning id) "
        "update outbox set expires_at = now() - interval '1 hour' where message_id in (select id from old)",
    ),
    "a state the diary does not know": ("I4", "read", "update message set state = 'sent' where id = $1"),
    "a doubt without an attempt": (
        "I4",
        "doubt",
        "update attempt set state = 'rejected', finished_at = now() where message_id = $1",
    ),
    "two acceptances": ("I6", "read", TWICE),
    "lost without proof": ("I8", "again", LOST.format("null")),
    "lost while the door was not trusted": ("I8", "again", LOST.format(WATERMARK)),
    "a try before the last one was settled": (
        "I9",
        "again",
        "with first as (update attempt set finished_at = now() + interval '1 minute' where message_id = $1 "
        "returning *) insert into attempt (tenant_id, token, message_id, number_id, n, fence, state, "
        "started_at, finished_at) select tenant_id, gen_random_uuid(), message_id, number_id, 2, 1, 'rejected', "
        "clock_timestamp(), clock_timestamp() from first",
    ),
    "a number faster than allowed": ("I11", "again", FASTER),
    "an attempt after the cancellation": (
        "I12",
        "cancelled",
        "insert into attempt (tenant_id, token, message_id, number_id, n, fence, state, finished_at) "
        "select tenant_id, gen_random_uuid(), id, number_id, 1, 1, 'rejected', clock_timestamp() "
        "from message where id = $1",
    ),
    "a body nobody read": (
        "I13",
        "read",
        "with body as (insert into ledger (provider, body) select 'meta', '{}' from message where id = $1 "
        "returning id) insert into ledger_work (ledger_id, next_at) select id, now() - interval '6 minutes' from body",
    ),
    "a message stored twice": (
        "I14",
        "read",
        "insert into message (tenant_id, id, direction, number_id, conversation_id, contact_id, kind, content, "
        "state, wamid_hash, at, created_at) select tenant_id, gen_random_uuid(), direction, number_id, "
        "conversation_id, contact_id, kind, content, state, wamid_hash, at, created_at from message "
        "where direction = 'in' and $1::uuid is not null",
    ),
    "delivered shown as failed": ("I15", "read", "update message set state = 'failed' where id = $1"),
    "a rank that went back": ("I15", "read", "update message set state = 'sent', rank = 2 where id = $1"),
    "a window of two days": (
        "I16",
        "reply",
        "update conversation set window_until = window_until + interval '1 day' where conversation_id = "
        "(select conversation_id from message where id = $1)",
    ),
    "a secret moved to another row": (
        "I19",
        "read",
        "update phone_number set credentials = (select p.credentials from phone_number p join message m "
        "on m.number_id = p.number_id where m.id = $1)",
    ),
    "free text outside the window": (
        "I22",
        "reply",
        "with c as (update conversation set window_until = 'epoch', last_inbound_at = now() - interval '2 days' "
        "where conversation_id = (select conversation_id from message where id = $1) returning *) "
        "update message set at = at - interval '2 days' where direction = 'in' and conversation_id in "
        "(select conversation_id from c)",
    ),
    "a message without a place in line": ("I23", "scheduled", "delete from outbox where message_id = $1"),
}
