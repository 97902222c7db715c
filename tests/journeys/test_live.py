"""From a status webhook to somebody's open panel, through real processes."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from tests.support.demo import Demo, eventually

TEMPLATE = {
    "to": "+5520955500111",
    "type": "template",
    "template": {
        "name": "lembrete_consulta",
        "language": {"code": "pt_BR"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": one} for one in ("Marina", "amanhã às 14h")],
            }
        ],
    },
}
ROUNDS = 20
PERSON = "+5520955500111"


async def inside(demo: Demo) -> aiohttp.ClientSession:
    """A browser of the sample company's front desk."""
    session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    async with session.get(f"{demo.api}/painel/entrar") as page:
        found = re.search(r"name='csrf' value='([0-9a-f]{64})'", await page.text())
    assert found
    form = {"csrf": found[1], "quem": "recepcao"}
    async with session.post(f"{demo.api}/painel/demonstracao", data=form, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
    return session


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    name = ""
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])


def body_of(demo: Demo, wamid: str, word: str) -> bytes:
    status = {
        "id": wamid,
        "status": word,
        "timestamp": str(int(time.time())),
        "recipient_id": "5520955500111",
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "16505550100", "phone_number_id": demo.phone_number_id},
        "statuses": [status],
    }
    entry = {"id": demo.waba_id, "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


async def delivered_messages(demo: Demo) -> list[tuple[str, str]]:
    """Ids and wamids of messages that the person has and will not read by themselves."""
    await demo.sim("POST", f"/_sim/handset/{PERSON}/state", json={"read_receipts": False})
    answers = [await demo.send(TEMPLATE) for _ in range(ROUNDS)]
    assert {status for status, _ in answers} == {202}

    async def all_here() -> Any:
        thread = await demo.sim("GET", f"/_sim/handset/{PERSON}/messages")
        wamids = [one["wamid"] for one in thread if one["direction"] == "in"]
        return wamids if len(wamids) >= ROUNDS else None

    wamids = await eventually(all_here, 60.0)

    async def settled() -> Any:
        states = [(await demo.get(f"/api/v1/messages/{one['id']}"))["status"] for _, one in answers]
        return states.count("delivered") == ROUNDS

    await eventually(settled, 60.0)
    # The order of arrival is the order of sending: one conversation, one lane.
    return [(one["id"], wamid) for (_, one), wamid in zip(answers, wamids[-ROUNDS:], strict=True)]


async def test_a_status_is_on_the_panel_within_two_seconds(demo: Demo) -> None:
    known = await delivered_messages(demo)
    ids = {one for one, _ in known}
    took: list[float] = []
    session = await inside(demo)
    timeout = aiohttp.ClientTimeout(total=None, sock_read=20)
    try:
        async with session.get(f"{demo.api}/painel/vivo", timeout=timeout) as stream:
            assert stream.status == 200
            heard = events(stream)
            await anext(heard)  # what happened a moment ago
            async with asyncio.timeout(60):
                for _, wamid in known:
                    began = time.monotonic()
                    assert await demo.hook(body_of(demo, wamid, "read")) == 200
                    while True:
                        name, data = await anext(heard)
                        if name == "recarregar" or (name == "mudou" and ids & set(data["m"])):
                            break
                    took.append(time.monotonic() - began)
    finally:
        await session.close()
    took.sort()
    p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
    print(
        f"status webhook to panel: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms,"
        f" worst {took[-1] * 1000:.0f} ms"
    )
    assert p95 <= 2.0


async def test_a_web_process_stops_at_once_with_streams_open(demo: Demo) -> None:
    """And its successor tells what happened meanwhile."""
    session = await inside(demo)
    url = f"{demo.api}/painel/vivo"
    timeout = aiohttp.ClientTimeout(total=None, sock_read=20)
    try:
        streams = [await session.get(url, timeout=timeout) for _ in range(4)]
        assert {stream.status for stream in streams} == {200}
        cursor = (await (await session.get(f"{url}/mudancas")).json())["id"]
        (web,) = demo.children("web")
        began = time.monotonic()
        web.terminate()
        async with asyncio.timeout(10):
            for stream in streams:
                await stream.read()

        async def gone() -> bool:
            return web not in demo.children("web")

        await eventually(gone, 10.0)
        took = time.monotonic() - began
        print(f"stopping the doors with 4 open streams: {took * 1000:.0f} ms")
        assert took < 5.0

        async def sent() -> Any:
            try:
                status, answer = await demo.send(TEMPLATE)
            except aiohttp.ClientError:
                return None
            return answer["id"] if status == 202 else None

        missed = await eventually(sent, 30.0)
        async with session.get(f"{url}/mudancas", params={"desde": str(cursor or "")}) as answer:
            told = await answer.json()
        assert told["tudo"] or missed in told["m"]
    finally:
        await session.close()
