"""Histories the machines and the simulation found or were pointed at, kept as they were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.slices.world import TEMPLATE, Company, World, accepted, later, rejected, unknown
from tests.stateful.rig import Rig
from tests.stateful.send import MARINA, SendMachine
from tests.support.cluster import Dsns

from recado.db.system import system
from recado.kit.reasons import Reason
from recado.messages.claim import Intent
from recado.messages.doubt import decide, resolve
from recado.messages.doubt_rules import DoubtRules
from recado.providers.contract import Blame, SendOutcome


@pytest.fixture
def rig(database: Dsns) -> Iterator[Rig]:
    with Rig(database) as opened:
        yield opened


def asked_about(rig: Rig) -> tuple[World, Company, Intent]:
    """A campaign message nobody can tell anything about: a person is asked."""
    world = rig.fresh()
    company = rig.run(world.company())
    rig.run(world.queue(company, **{"class": "marketing"}))
    (intent,) = rig.run(world.claim())
    rig.run(world.record(intent, unknown()))
    rig.age(world, 130)
    rig.run(_resolve(world))
    message_id = intent.row.due.message_id
    assert rig.run(world.message(message_id))["state"] == "needs_decision"
    return world, company, intent


async def _resolve(world: World) -> None:
    async with system(world.db) as tx:
        await resolve(tx, DoubtRules(), None)


def test_a_late_refusal_ends_the_question(rig: Rig) -> None:
    """A worker frozen for minutes wakes up with a definite no: there is nothing left to decide."""
    world, _, intent = asked_about(rig)
    rig.run(world.record(intent, rejected()))
    message_id = intent.row.due.message_id
    assert rig.run(world.message(message_id))["state"] == "rejected"
    assert rig.run(world.outbox(message_id)) is None


@pytest.mark.parametrize(
    "word", [later(), later(sent=False), rejected(Reason.TOKEN_EXPIRED, Blame.TOKEN, code=190)]
)
def test_a_late_not_now_puts_it_back_in_line(rig: Rig, word: SendOutcome) -> None:
    world, _, intent = asked_about(rig)
    rig.run(world.record(intent, word))
    message_id = intent.row.due.message_id
    message = rig.run(world.message(message_id))
    assert (rig.run(world.outbox(message_id)) or {})["state"] == 0
    assert (message["state"], message["attention"]) == ("queued", False)


def overtaken(rig: Rig) -> tuple[World, Company, Intent, Intent]:
    """Two replies of one conversation: a person is asked about the first, the second is on the wire."""
    world = rig.fresh()
    company = rig.run(world.company())
    rig.run(world.open_window(company))
    for body in ("um", "dois"):
        rig.run(world.queue(company, type="text", text={"body": body}))
    (first,) = rig.run(world.claim())
    rig.run(world.record(first, unknown()))
    rig.age(world, 130)
    rig.run(_resolve(world))
    (second,) = rig.run(world.claim())
    return world, company, first, second


async def _decide(world: World, company: Company, intent: Intent, word: str) -> None:
    tenant_id = company.tenant.tenant_id
    async with world.db.tenant(tenant_id) as tx:
        await decide(tx, world.now, tenant_id, intent.row.due.message_id, word, actor="test")


def test_sending_an_overtaken_reply_again_waits_for_the_one_on_the_wire(rig: Rig) -> None:
    """It used to break every claim of the worker, for all its numbers, until the other one was settled."""
    world, company, first, second = overtaken(rig)
    rig.run(_decide(world, company, first, "resend"))
    other = rig.run(world.queue(company, **TEMPLATE))
    assert [intent.row.due.message_id for intent in rig.run(world.claim())] == [other]
    rig.run(world.record(second, accepted()))
    rig.age(world, 1)
    (again,) = rig.run(world.claim())
    assert again.row.due.message_id == first.row.due.message_id


def test_waiting_longer_for_an_overtaken_reply_is_possible(rig: Rig) -> None:
    world, company, first, _ = overtaken(rig)
    rig.run(_decide(world, company, first, "wait"))
    assert (rig.run(world.outbox(first.row.due.message_id)) or {})["state"] == 2


def test_the_model_lets_one_reply_of_a_person_out_at_a_time(rig: Rig) -> None:
    """The model itself had forgotten the order, and only long histories came to two replies in one claim."""
    SendMachine.rig = rig
    machine = SendMachine()
    for _ in range(2):
        machine.ask(kind="session", person=MARINA, short=False)
    machine.claim(most=50)
    assert [message.out for message in machine.messages] == [1, 0]
    machine.teardown()
