"""Our copy of a company's templates, and what waits because of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.slices.world import TEMPLATE, Company, World, rejected

from recado.db.system import system
from recado.kit.reasons import Reason
from recado.messages import template_holds
from recado.providers.contract import Blame, ListedTemplate
from recado.templates import service as templates
from recado.templates import sync
from recado.templates.model import Told

REMINDER = ListedTemplate(
    external_id="900",
    name="lembrete_consulta",
    language="pt_BR",
    category="UTILITY",
    status="APPROVED",
    quality="GREEN",
    parameter_format="POSITIONAL",
    components=[{"type": "BODY", "text": "Até amanhã!"}],
)
WELCOME = TEMPLATE | {"template": TEMPLATE["template"] | {"name": "boas_vindas"}}
OTHER = replace(REMINDER, external_id="901", name="boas_vindas")


async def compare(world: World, company: Company, *listed: ListedTemplate) -> int:
    async with system(world.db) as tx:
        waba = company.number.waba_id
        done = await sync.compare(tx, world.now, company.tenant.tenant_id, waba, listed, asked_at=world.now)
        await template_holds.follow(tx, world.now, company.tenant.tenant_id, waba)
    return done.changed


async def told(world: World, company: Company, event: str, **more: Any) -> bool:
    facts: dict[str, Any] = {
        "field": "message_template_status_update",
        "external_id": "900",
        "name": None,
        "language": None,
        "at": world.now,
    }
    async with system(world.db) as tx:
        about = Told(**(facts | {"event": event} | more))
        heard = await sync.hear(tx, company.tenant.tenant_id, company.number.waba_id, about)
        await template_holds.follow(tx, world.now, company.tenant.tenant_id, company.number.waba_id)
    return heard


async def free(world: World, company: Company) -> int:
    async with system(world.db) as tx:
        return await template_holds.free(tx, world.now, company.tenant.tenant_id)


async def stored(world: World, company: Company) -> dict[str, Mapping[str, Any]]:
    return {row["name"]: row for row in await world.rows("select * from template order by name")}


async def history(world: World) -> list[tuple[str, str | None, str | None]]:
    rows = await world.rows("select what, was, became from template_change order by change_id")
    return [(row["what"], row["was"], row["became"]) for row in rows]


# --------------------------------------------------------------------------- the copy


async def test_comparing_twice_finds_nothing_new(world: World, aurora: Company) -> None:
    assert await compare(world, aurora, REMINDER, OTHER) == 2
    assert await compare(world, aurora, REMINDER, OTHER) == 0
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        approved = await templates.list_approved(tx, aurora.tenant.tenant_id, aurora.number.number_id)
    assert [one.name for one in approved] == ["boas_vindas", "lembrete_consulta"]


async def test_differences_become_history(world: World, aurora: Company) -> None:
    await compare(world, aurora, REMINDER, OTHER)
    changed = replace(REMINDER, status="REJECTED", quality="RED", category="MARKETING")
    world.clock.advance(seconds=60)
    assert await compare(world, aurora, changed) == 2
    assert await history(world) == [
        ("created", None, "APPROVED"),
        ("created", None, "APPROVED"),
        ("status", "APPROVED", "REJECTED"),
        ("quality", "GREEN", "RED"),
        ("category", "UTILITY", "MARKETING"),
        ("gone", "APPROVED", "DELETED"),
    ]
    async with world.db.tenant(aurora.tenant.tenant_id) as tx:
        assert await templates.list_approved(tx, aurora.tenant.tenant_id) == []


async def test_a_template_that_comes_back_is_a_new_one(world: World, aurora: Company) -> None:
    await compare(world, aurora, REMINDER)
    world.clock.advance(seconds=60)
    await compare(world, aurora)
    world.clock.advance(seconds=60)
    await compare(world, aurora, replace(REMINDER, external_id="999"))
    rows = await world.rows("select gone_at from template")
    assert sorted(row["gone_at"] is None for row in rows) == [False, True]


async def test_a_webhook_counts_at_once_and_an_older_one_changes_nothing(
    world: World, aurora: Company
) -> None:
    await compare(world, aurora, REMINDER)
    world.clock.advance(seconds=60)
    assert await told(world, aurora, "PAUSED")
    assert not await told(world, aurora, "APPROVED", at=world.now - timedelta(seconds=30))
    assert (await stored(world, aurora))["lembrete_consulta"]["status"] == "PAUSED"
    assert await told(
        world, aurora, "RED", field="message_template_quality_update", external_id=None,
        name="lembrete_consulta", language="pt_BR",
    )  # fmt: skip
    assert not await told(world, aurora, "PAUSED", external_id="not ours")


async def test_a_list_older_than_a_webhook_does_not_undo_it(world: World, aurora: Company) -> None:
    await compare(world, aurora, REMINDER)
    asked_at = world.now
    world.clock.advance(seconds=5)
    await told(world, aurora, "PAUSED")
    async with system(world.db) as tx:
        await sync.compare(
            tx, world.now, aurora.tenant.tenant_id, aurora.number.waba_id, [REMINDER], asked_at=asked_at
        )
    assert (await stored(world, aurora))["lembrete_consulta"]["status"] == "PAUSED"


async def test_another_company_sees_none_of_it(world: World, aurora: Company) -> None:
    await compare(world, aurora, REMINDER)
    other = await world.company("clinica-sol", external_id="106540352242923", waba="102290129340399")
    async with world.db.tenant(other.tenant.tenant_id) as tx:
        assert await templates.list_all(tx, other.tenant.tenant_id) == []


# --------------------------------------------------------------------------- holding


@pytest.mark.parametrize(
    ("status", "reason"), [("PAUSED", "template_paused"), ("DISABLED", "template_disabled")]
)
async def test_a_stopped_template_holds_its_messages_and_lets_them_leave_when_approved(
    world: World, aurora: Company, status: str, reason: str
) -> None:
    await compare(world, aurora, REMINDER, OTHER)
    world.clock.advance(seconds=1)
    await told(world, aurora, status)
    held = await world.queue(aurora)
    going = await world.queue(aurora, **WELCOME)
    assert [one.row.due.message_id for one in await world.claim()] == [going]
    row = await world.message(held)
    assert (row["state"], row["reason"]) == ("held", reason)
    assert await free(world, aurora) == 0, "it left although nothing changed"
    world.clock.advance(seconds=1)
    await told(world, aurora, "APPROVED")
    assert await free(world, aurora) == 1
    assert [one.row.due.message_id for one in await world.claim()] == [held]
    assert await world.diary(held) == ["message.accepted", "message.held", "message.released"]


async def test_a_held_message_ends_when_its_time_is_over(world: World, aurora: Company) -> None:
    await compare(world, aurora, REMINDER)
    world.clock.advance(seconds=1)
    await told(world, aurora, "PAUSED")
    soon = (world.now + timedelta(minutes=2)).isoformat()
    held = await world.queue(aurora, expires_at=soon)
    assert await world.claim() == []
    world.clock.advance(seconds=180)
    async with system(world.db) as tx:
        assert await template_holds.free_expired(tx, world.now) == 1
    assert await world.claim() == []
    assert (await world.message(held))["state"] == "expired"


async def test_the_providers_own_word_holds_too_and_asks_for_a_comparison(
    world: World, aurora: Company
) -> None:
    await compare(world, aurora, REMINDER)
    message_id = await world.queue(aurora)
    (intent,) = await world.claim()
    await world.record(intent, rejected(Reason.TEMPLATE_PAUSED, Blame.TEMPLATE, code=132015))
    row = await world.message(message_id)
    assert (row["state"], row["reason"], row["attention"]) == ("held", "template_paused", False)
    jobs = await world.rows("select payload from job where kind = $1", sync.SYNC_JOB)
    assert [row["payload"] for row in jobs] == [{"number_id": aurora.number.number_id.hex}]
    # The list says approved: it is tried again, and not for ever.
    for _ in range(2):
        assert await free(world, aurora) == 1
        (intent,) = await world.claim()
        await world.record(intent, rejected(Reason.TEMPLATE_PAUSED, Blame.TEMPLATE, code=132015))
    assert await free(world, aurora) == 1
    (intent,) = await world.claim()
    await world.record(intent, rejected(Reason.TEMPLATE_PAUSED, Blame.TEMPLATE, code=132015))
    assert (await world.message(message_id))["state"] == "rejected"


async def test_a_webhook_asks_for_a_job_once(world: World, aurora: Company) -> None:
    value = {
        "event": "PAUSED",
        "message_template_id": 900,
        "message_template_name": "lembrete_consulta",
        "message_template_language": "pt_BR",
        "reason": "NONE",
    }
    change = {"field": "message_template_status_update", "value": value}
    entry = {"id": aurora.number.waba_external_id, "time": int(world.now.timestamp()), "changes": [change]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    await world.hear(body, json.dumps(body).encode())
    jobs = await world.rows("select payload from job where kind = $1", sync.TOLD_JOB)
    assert [row["payload"]["event"] for row in jobs] == ["PAUSED"]


async def test_a_claim_pays_nothing_for_what_it_held(world: World, aurora: Company) -> None:
    await compare(world, aurora, REMINDER)
    world.clock.advance(seconds=1)
    await told(world, aurora, "PAUSED")
    for _ in range(3):
        await world.queue(aurora)
    await world.claim()
    assert await world.value("select count(*) from outbox where state = 0") == 0
