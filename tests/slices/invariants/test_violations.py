"""The audit finds nothing in a healthy house, and each broken promise by its own name."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from tests.slices.invariants.life import BREAKS, FASTER, HELLO, Life
from tests.slices.world import MARINA, OTHER, Company, World, accepted, inbound, text
from tests.support.cluster import Dsns

from recado.db.pool import Database
from recado.db.system import system
from recado.invariants import service
from recado.invariants.ledgers import ProviderLedger
from recado.invariants.model import NOT_YET, Report
from recado.invariants.service import Scope
from recado.kit.crypto import KeyRing
from recado.tenants import service as tenants
from recado.tenants.vault import Vault


@pytest.fixture
async def life(world: World, aurora: Company) -> Life:
    lived = Life(world, aurora)
    await lived.live()
    return lived


Audit = Callable[..., Awaitable[Report]]


@pytest.fixture
def audit(world: World) -> Audit:
    async def run(**more: Any) -> Report:
        scope = Scope(**({"vault": Vault(world.vault.ring), "slice_size": 7} | more))
        return await service.run(lambda: system(world.db), world.db, world.now, scope)

    return run


def broken(report: Report) -> dict[str, Any]:
    return {one.id: list(one.sample) for one in report.failed}


async def test_a_healthy_house(life: Life, audit: Audit) -> None:
    report = await audit()
    assert broken(report) == {}
    assert report.messages == len(life.ids) + 1
    skipped = {one.id: one.skipped for one in report.invariants if one.ok is None}
    assert set(skipped) == {*NOT_YET, "I1", "I5", "I7"}
    assert all(skipped.values())
    json.dumps(report.as_dict())


async def test_an_empty_house(world: World, audit: Audit) -> None:
    assert broken(await audit()) == {}


@pytest.mark.parametrize("what", BREAKS)
async def test_each_break_is_found_by_its_own_promise(
    life: Life, audit: Audit, world: World, what: str
) -> None:
    which, name, hand = BREAKS[what]
    await world.do(hand.replace("{read}", str(life.ids["read"])), life.ids[name])
    assert set(broken(await audit())) == {which}


async def test_a_switch_is_remembered_whoever_turned_it(life: Life, audit: Audit, world: World) -> None:
    tenant_id, number_id = life.aurora.lane
    for turn in (
        "update installation set kill_switch = {}",
        f"update tenant set kill_switch = {{}} where tenant_id = '{tenant_id}'",
        f"update lane set kill_switch = {{}} where number_id = '{number_id}'",
    ):
        await world.do(turn.format("true"))
        started = await world.value("select clock_timestamp()")
        await world.do(turn.format("false"))
        await world.do("update attempt set started_at = $2 where token = $1", life.tokens["refused"], started)
        assert set(broken(await audit())) == {"I12"}
    await world.do(
        "update attempt set started_at = clock_timestamp() where token = $1", life.tokens["refused"]
    )
    assert broken(await audit()) == {}


async def test_nothing_leaves_in_dry_run(life: Life, audit: Audit, world: World) -> None:
    tenant_id = life.aurora.tenant.tenant_id
    for mode in ("dry_run", "disabled"):
        async with world.db.tenant(tenant_id) as tx:
            await tenants.change_settings(tx, world.now, tenant_id, {"mode": mode}, actor="test")
    await world.do(
        "update attempt set started_at = clock_timestamp() where token = $1", life.tokens["refused"]
    )
    assert set(broken(await audit())) == {"I22"}


async def test_replies_that_overtake_each_other(life: Life, audit: Audit, world: World) -> None:
    await life.send("second", MARINA, accepted("wamid.SECOND"), **HELLO)
    assert broken(await audit()) == {}
    await world.do(
        "update attempt set finished_at = finished_at + interval '1 hour' where token = $1",
        life.tokens["reply"],
    )
    assert set(broken(await audit())) == {"I10"}


@pytest.mark.parametrize(("before_s", "found"), [(1.0, set()), (3.0, {"I8"})])
async def test_a_proof_is_judged_by_the_figures_it_names(
    life: Life, audit: Audit, world: World, before_s: float, found: set[str]
) -> None:
    """The door came back two seconds before the send: enough or not, as this installation's rules had it."""
    await world.do(
        """update attempt a set state = 'presumed_lost', doubt_at = w.started_at - interval '1 hour',
               proof = jsonb_build_object('rule', 'window', 'judged_at', now() + interval '1 hour', 'window_s', 0,
                   'cooldown_s', 0, 'before_s', $3::float8, 'trusted_since', a.started_at - interval '2 seconds',
                   'watermark_attempt', w.token)
           from attempt w where a.message_id = $1 and w.message_id = $2""",
        life.ids["again"],
        life.ids["read"],
        before_s,
    )
    assert broken(await audit()).keys() & {"I8"} == found


async def test_a_pair_faster_than_allowed(life: Life, audit: Audit, world: World) -> None:
    await world.do(
        FASTER.replace("200)", "50)").replace("50 microseconds", "50 milliseconds"), life.ids["again"]
    )
    assert set(broken(await audit())) == {"I11"}


async def test_a_pace_that_was_allowed_then_is_no_violation(life: Life, audit: Audit, world: World) -> None:
    await world.do("update lane set rate_per_s = 1, burst = 1, pair_burst = 1, pair_interval_s = 60")
    assert broken(await audit()) == {}


async def test_row_security_that_was_loosened(make_database: Callable[..., Dsns]) -> None:
    dsns = make_database()
    db = Database(dsns.runtime, app_size=2, engine_size=2)
    await db.open()
    owner = await asyncpg.connect(dsns.owner)

    async def wrong() -> dict[str, Any]:
        return broken(
            await service.run(lambda: system(db), db, await owner.fetchval("select now()"), Scope())
        )

    try:
        assert await wrong() == {}
        await owner.execute("alter table message no force row level security")
        assert [row["table_name"] for row in (await wrong())["I18"]] == ["message"]
        await owner.execute("alter table message force row level security; drop index event_once")
        assert set(await wrong()) == {"I14"}
        await owner.execute("create unique index event_once on event (tenant_id, key) where key is not null")
        await owner.execute("create policy all_of_it on contact to recado_app using (true)")
        assert [row["table_name"] for row in (await wrong())["I18"]] == ["contact"]
    finally:
        await owner.close()
        await db.close()


async def test_rows_of_another_tenant_seen(life: Life, audit: Audit, world: World) -> None:
    """The catalogue says one thing, looking says the same: a policy that lets everything through."""
    await world.do("alter policy tenant_scope on contact using (true) with check (true)")
    try:
        found = broken(await audit())
    finally:
        await world.do(
            "alter policy tenant_scope on contact "
            "using (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid) "
            "with check (tenant_id = nullif(current_setting('recado.tenant_id', true), '')::uuid)"
        )
    assert set(found) == {"I18"}
    assert any("seen_by" in row for row in found["I18"])


async def test_the_wrong_master_key(life: Life, audit: Audit) -> None:
    report = await audit(vault=Vault(KeyRing({"k1": bytes(32)})))
    assert {row["what"] for row in broken(report)["I19"]} == {"the tenant's key does not open"}


async def test_the_provider_s_own_list(life: Life, audit: Audit, world: World) -> None:
    known = [await world.rows("select token from attempt where state = 'accepted'")]
    tokens = tuple(row["token"] for row in known[0])
    assert broken(await audit(provider=ProviderLedger(tokens=tokens, strange=0))) == {}
    more = ProviderLedger(tokens=(*tokens, uuid4()), strange=0)
    assert set(broken(await audit(provider=more))) == {"I5"}
    assert set(broken(await audit(provider=ProviderLedger(tokens=tokens, strange=1)))) == {"I5"}
    assert set(broken(await audit(provider=ProviderLedger(tokens=tokens[1:], strange=0)))) == {"I7"}
    twice = ProviderLedger(tokens=(*tokens, life.tokens["read"]), strange=0)
    assert set(broken(await audit(provider=twice))) == {"I6"}


async def test_a_client_s_list(life: Life, audit: Audit) -> None:
    ids = tuple(life.ids.values())
    assert broken(await audit(client_ids=ids)) == {}
    assert set(broken(await audit(client_ids=(*ids, uuid4())))) == {"I1"}


async def test_a_run_is_kept_and_opens_incidents_until_it_heals(
    life: Life, audit: Audit, world: World
) -> None:
    await world.do("update message set state = 'failed' where id = $1", life.ids["read"])
    for _ in range(2):
        report = await audit()
        async with system(world.db) as tx:
            await service.keep(tx, report)
    assert await world.value("select array_agg(failed[1]) from invariant_run") == ["I15", "I15"]
    incident = await world.row("select * from incident where kind = 'audit'")
    assert incident["tenant_id"] == life.aurora.tenant.tenant_id
    assert incident["data"]["invariant"] == "I15"
    await world.do("update message set state = 'read' where id = $1", life.ids["read"])
    async with system(world.db) as tx:
        await service.keep(tx, await audit())
    assert await world.value("select count(*) from incident where resolved_at is null") == 0


async def test_workers_share_the_hour(world: World, audit: Audit) -> None:
    async with system(world.db) as tx:
        assert not await service.ran_lately(tx, 3600)
        await service.keep(tx, await audit())
        assert await service.ran_lately(tx, 3600)
        assert not await service.ran_lately(tx, 0)


async def test_an_audit_changes_nothing(life: Life, audit: Audit, world: World) -> None:
    before = await world.counts()
    await audit()
    assert await world.counts() == before


async def test_inbound_messages_are_folded_too(life: Life, audit: Audit, world: World) -> None:
    await world.hear(inbound(life.aurora, text(OTHER, "wamid.IN2", world.now)))
    await world.do("update message set state = 'sent' where wamid = 'wamid.IN2'")
    assert set(broken(await audit())) == {"I4"}
