"""`kill -9` in the worst moments: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from tests.support.demo import Demo, eventually

TEO = "+5520955500114"


def hello(to: str) -> dict[str, Any]:
    return {"to": to, "type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}}


async def ledger_of(demo: Demo, phone: str) -> list[dict[str, Any]]:
    ledger = await demo.sim("GET", "/_sim/ledger")
    return [one for one in ledger if phone.lstrip("+") in (one["to"] or "")]


async def test_a_worker_killed_before_it_could_record_the_answer_sends_once(demo: Demo) -> None:
    fault = {"kind": "timeout_after_accept", "times": 1, "seconds": 30}
    await demo.sim("POST", "/_sim/faults", json=fault)
    status, answer = await demo.send(hello(TEO))
    assert status == 202

    async def accepted_there() -> Any:
        return await ledger_of(demo, TEO)

    await eventually(accepted_there)
    [worker] = demo.children("work")
    worker.kill()

    async def known() -> Any:
        body = await demo.get(f"/api/v1/messages/{answer['id']}")
        return body if body["status"] in {"delivered", "read"} else None

    told = await eventually(known, 30)
    assert len(await ledger_of(demo, TEO)) == 1
    assert sum(line["kind"] == "attempt.started" for line in told["timeline"]) == 1

    async def back() -> Any:
        return demo.children("work")

    await eventually(back)


async def test_doors_killed_while_taking_messages_lose_and_double_nothing(demo: Demo) -> None:
    people = [f"+55209555{n:05d}" for n in range(30, 60)]

    async def ask(phone: str) -> tuple[int, Any]:
        """A careful client: the same key until there is an answer."""
        while True:
            try:
                status, body = await demo.send(hello(phone), **{"Idempotency-Key": f"kill-{phone}"})
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
                continue
            if status != 503:
                return status, body

    asking = [asyncio.create_task(ask(phone)) for phone in people]
    await asyncio.sleep(0)
    [web] = demo.children("web")
    web.kill()
    async with asyncio.timeout(40):
        answers = await asyncio.gather(*asking)
    assert [status for status, _ in answers] == [202] * len(people)
    assert len({body["id"] for _, body in answers}) == len(people)

    async def all_arrived() -> Any:
        counts = [len(await ledger_of(demo, phone)) for phone in people]
        return counts if all(counts) else None

    assert await eventually(all_arrived, 40) == [1] * len(people)


async def test_sigterm_of_the_worker_leaves_nothing_in_doubt(demo: Demo) -> None:
    await demo.sim("POST", "/_sim/faults", json={"kind": "slow", "times": 5, "seconds": 0.8})
    sent = [(await demo.send(hello(f"+55209555{n:05d}")))[1]["id"] for n in range(170, 175)]

    async def flying() -> Any:
        body = await demo.get(f"/api/v1/messages/{sent[0]}")
        return any(line["kind"] == "attempt.started" for line in body["timeline"])

    await eventually(flying)
    [worker] = demo.children("work")
    worker.terminate()

    async def settled() -> Any:
        bodies = [await demo.get(f"/api/v1/messages/{one}") for one in sent]
        return bodies if all(one["status"] in {"delivered", "read"} for one in bodies) else None

    for body in await eventually(settled, 30):
        assert "provider.in_doubt" not in [line["kind"] for line in body["timeline"]]
