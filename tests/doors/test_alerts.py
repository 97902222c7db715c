"""A broken promise reaches somebody: an open alert, shown by /health and counted in /metrics, until it holds again."""

from __future__ import annotations

from typing import Any

from tests.doors.street import Street

from recado.alerts import service as alerts
from recado.app.chores import audit
from recado.db.system import system


async def health(street: Street) -> tuple[int, dict[str, Any]]:
    answer = await street.client().get("/health")
    return answer.status_code, answer.json()


async def counted(street: Street) -> float:
    lines = (await street.client().get("/metrics")).text.splitlines()
    (line,) = [one for one in lines if one.startswith("recado_alerts_open ")]
    return float(line.split()[-1])


async def test_what_the_hourly_audit_finds_is_an_alert_until_it_is_mended(street: Street) -> None:
    company = await street.world.company()
    message_id = await street.world.queue(company)
    await audit(street.house, 0)
    assert (await health(street))[1]["checks"]["alerts"] == {"ok": True, "detail": "none open"}
    assert await counted(street) == 0
    (row,) = await street.world.rows("select * from outbox")
    await street.world.do("delete from outbox")
    for _ in range(2):
        await audit(street.house, 0)
    async with system(street.house.db) as tx:
        (alert,) = await alerts.open_alerts(tx)
    assert (alert.kind, alert.subject, alert.severity, alert.times) == (
        "audit.violation",
        "I23",
        "critical",
        2,
    )
    assert alert.data["found"] == 1
    assert alert.data["promise"]["pt"]
    assert str(message_id) not in str(alert.data)
    status, body = await health(street)
    assert (status, body["status"], body["ready"]) == (200, "degraded", True), "the doors have to stay open"
    assert body["checks"]["alerts"]["ok"] is False
    assert "I23" in body["checks"]["alerts"]["detail"]
    assert "alerts" in body["summary"]
    assert (await street.client().get("/health/ready")).status_code == 200
    assert await counted(street) == 1
    await street.world.do("update message set state = 'cancelled' where id = $1", message_id)
    await street.world.do(
        "insert into event (tenant_id, message_id, kind, at) values ($1, $2, 'message.cancelled', now())",
        row["tenant_id"],
        message_id,
    )
    await audit(street.house, 0)
    assert (await health(street))[1]["checks"]["alerts"]["ok"] is True
    assert await counted(street) == 0
    assert await street.world.value("select resolved_at is not null from alert") is True


async def test_the_same_matter_may_come_back(street: Street) -> None:
    now = street.world.now
    async with system(street.house.db) as tx:
        fresh = [
            await alerts.raise_alert(tx, now, "test", "a", alerts.Severity.WARNING, {"n": n})
            for n in range(2)
        ]
        assert fresh == [True, False]
        assert await alerts.resolve(tx, now, "test", ["a", "b"]) == 1
        assert await alerts.raise_alert(tx, now, "test", "a", alerts.Severity.CRITICAL, {})
        (alert,) = await alerts.open_alerts(tx)
    assert (alert.times, alert.severity) == (1, "critical")
    assert await street.world.value("select count(*) from alert") == 2


async def test_a_company_sees_its_own_alerts_only(street: Street) -> None:
    company = await street.world.company()
    tenant_id = company.tenant.tenant_id
    async with system(street.house.db) as tx:
        await alerts.raise_alert(tx, street.world.now, "test", "house", alerts.Severity.WARNING, {})
        await alerts.raise_alert(
            tx, street.world.now, "test", "own", alerts.Severity.WARNING, {}, tenant_id=tenant_id
        )
    async with street.house.db.tenant(tenant_id) as tx:
        assert [one.subject for one in await alerts.open_alerts(tx)] == ["own"]
