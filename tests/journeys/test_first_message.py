"""The main job: a message leaves, is seen on the customer's phone, and the answer comes back."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
from typing import Any

import aiohttp
from tests.support.demo import Demo, eventually

MARINA = "+5520955500111"
CAIO = "+5520955500112"


def reminder(to: str) -> dict[str, Any]:
    parameters = [{"type": "text", "text": "Marina"}, {"type": "text", "text": "amanhã às 14h"}]
    return {
        "to": to,
        "type": "template",
        "template": {
            "name": "lembrete_consulta",
            "language": {"code": "pt_BR"},
            "components": [{"type": "body", "parameters": parameters}],
        },
    }


async def seen_by(demo: Demo, phone: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await demo.sim("GET", f"/_sim/handset/{phone}/messages")
    return found


async def test_a_reminder_is_seen_answered_and_told_as_a_timeline(demo: Demo) -> None:
    status, answer = await demo.send(reminder(MARINA))
    assert status == 202, answer
    assert answer["status"] == "pending"

    async def arrived() -> Any:
        return [one for one in await seen_by(demo, MARINA) if one["direction"] == "in"]

    message = (await eventually(arrived))[-1]
    assert "amanhã às 14h" in message["text"]
    assert [button["title"] for button in message["buttons"]] == ["Confirmar", "Remarcar", "Cancelar"]

    async def read() -> Any:
        body = await demo.get(f"/api/v1/messages/{answer['id']}")
        return body if body["status"] == "read" else None

    told = await eventually(read)
    kinds = [line["kind"] for line in told["timeline"]]
    assert kinds[0] == "message.accepted"
    assert {"attempt.started", "provider.accepted", "status.sent", "status.delivered", "status.read"} <= set(
        kinds
    )

    await demo.sim(
        "POST", f"/_sim/handset/{MARINA}/send", json={"button": "Confirmar", "context": message["wamid"]}
    )

    async def answered() -> Any:
        page = await demo.get("/api/v1/messages?direction=in&type=button")
        return [one for one in page["data"] if one["conversation_id"] == told["conversation_id"]]

    reply = (await eventually(answered))[0]
    assert reply["content"]["button"]["text"] == "Confirmar"

    status, free = await demo.send({"to": MARINA, "text": {"body": "Combinado, até amanhã!"}}, "text")
    assert status == 202, free

    async def delivered() -> Any:
        body = await demo.get(f"/api/v1/messages/{free['id']}/status")
        return body["status"] in {"delivered", "read"}

    await eventually(delivered)


async def test_free_text_to_a_stranger_is_refused_with_the_next_step_and_leaves_no_trace(demo: Demo) -> None:
    stranger = "+5520955500177"
    status, body = await demo.send({"to": stranger, "text": {"body": "oi"}}, "text")
    assert status == 409
    assert body["code"] == "window_closed"
    assert body["next_step"]
    page = await demo.get("/api/v1/messages?to=%2B5520955500177")
    assert page["data"] == []


async def test_the_same_request_again_is_the_same_message(demo: Demo) -> None:
    first = await demo.send(reminder(CAIO), **{"Idempotency-Key": "journey-1"})
    again = await demo.send(reminder(CAIO), **{"Idempotency-Key": "journey-1"})
    other = await demo.send(reminder(MARINA), **{"Idempotency-Key": "journey-1"})
    assert first == again
    assert other[0] == 422

    async def once() -> Any:
        ledger = await demo.sim("GET", "/_sim/ledger")
        mine = [one for one in ledger if CAIO.lstrip("+") in (one["to"] or "")]
        return len(mine) == 1

    await eventually(once)


async def test_a_person_without_a_phone_number_is_met_and_answered_by_their_id(demo: Demo) -> None:
    people = {one["name"]: one for one in await demo.sim("GET", "/_sim/handsets")}
    lurdes = people["Dona Lurdes"]
    body = {"text": "Oi, tem horário?", "bsuid_only": True}
    await demo.sim("POST", f"/_sim/handset/{lurdes['phone']}/send", json=body)

    async def met() -> Any:
        page = await demo.get("/api/v1/messages?direction=in&type=text")
        return [one for one in page["data"] if one["content"]["text"]["body"] == "Oi, tem horário?"]

    await eventually(met)
    status, answer = await demo.send({"recipient": lurdes["bsuid"], "text": {"body": "Temos sim!"}}, "text")
    assert status == 202, answer

    async def seen() -> Any:
        return [one for one in await seen_by(demo, lurdes["phone"]) if one["text"] == "Temos sim!"]

    await eventually(seen)


async def test_a_picture_from_the_customer_is_kept(demo: Demo) -> None:
    tiny_png = base64.b64encode(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
            "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
        )
    ).decode()
    image = {"data_base64": tiny_png, "mime_type": "image/png", "caption": "comprovante"}
    await demo.sim("POST", f"/_sim/handset/{MARINA}/send", json={"image": image})

    async def stored() -> Any:
        page = await demo.get("/api/v1/messages?direction=in&type=image")
        for one in page["data"]:
            body = await demo.get(f"/api/v1/messages/{one['id']}")
            if body["media"] and body["media"][0]["state"] == "stored":
                return body["media"][0]
        return None

    media = await eventually(stored)
    assert media["mime_type"] == "image/png"
    assert demo.session is not None
    async with demo.session.get(demo.api + media["url"], headers=demo.headers) as answer:
        assert answer.status == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert base64.b64encode(await answer.read()).decode() == tiny_png


async def test_logs_know_no_person(demo: Demo) -> None:
    """After all journeys of this file no line holds a number, a name, a text or a wamid, plain or decoded."""
    text = demo.log.read_text()
    assert text.strip(), "the processes log at debug level, so there must be something to look at"
    ledger = await demo.sim("GET", "/_sim/ledger")
    forbidden = [
        "5520955500",
        "Marina Azevedo",
        "Dona Lurdes",
        "Combinado",
        "Temos sim",
        "tem horário",
        "comprovante",
    ]
    for one in forbidden:
        assert one not in text, one
    for sent in ledger:
        assert sent["wamid"] not in text
        assert sent["wamid"].removeprefix("wamid.") not in text
    for blob in re.findall(r"[A-Za-z0-9+/_-]{24,}={0,2}", text):
        try:
            raw = base64.b64decode(blob + "==", altchars=b"-_")
        except ValueError:
            continue
        assert b"5520955500" not in raw


# --------------------------------------------------------------------------- the panel's doors


async def recado(demo: Demo, *words: str) -> tuple[int, str]:
    """A command on the demonstration's own data."""
    environ = dict(os.environ) | {"RECADO_DATA_DIR": str(demo.log.with_suffix("")), "COLUMNS": "200"}  # noqa: TID251
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "recado",
        *words,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(child.communicate(), 60)
    return child.returncode or 0, told.decode()


async def test_the_demonstration_leads_to_the_panel_and_to_its_first_link(demo: Demo) -> None:
    assert demo.panel == f"{demo.api}/painel"
    async with aiohttp.ClientSession() as browser:
        async with browser.get(demo.panel) as page:
            assert page.url.path == "/painel/entrar"
            assert "Entrar na demonstração como recepção" in await page.text()
        async with browser.get(demo.panel_link) as page:
            assert page.status == 200
            assert "Primeiro acesso" in await page.text()


async def test_commands_make_people_and_links(demo: Demo) -> None:
    code, told = await recado(demo, "panel", "link")
    assert code == 0, told
    (token,) = re.findall(r"/painel/convite/([\w-]{43})", told)
    async with aiohttp.ClientSession() as browser:
        async with browser.get(f"{demo.api}/painel/convite/{token}") as page:
            assert page.status == 200
        # Printing another one ends the one before.
        async with browser.get(demo.panel_link) as page:
            assert page.status == 404
    code, told = await recado(demo, "person", "invite", demo.client_id, "operator")
    assert code == 0, told
    assert "/painel/convite/" in told
    code, told = await recado(demo, "person", "role", "recepcao@demonstracao.invalid", demo.client_id, "boss")
    assert code == 1
    assert "role: one of administrator" in told
    code, told = await recado(demo, "person", "list")
    assert "recepcao@demonstracao.invalid" in told
    assert f"{demo.client_id}:operator" in told


async def test_the_doctor_names_what_is_well_and_what_is_missing(demo: Demo) -> None:
    """On the running installation: keys are found; what this shell lacks is named with its cure."""
    code, told = await recado(demo, "doctor", "--json")
    found = {one["name"]: one for one in json.loads(told[told.index("[") :])}
    assert found["master keys"]["ok"], told
    assert code == (0 if all(one["ok"] for one in found.values()) else 1)
    assert not found["webhook secret"]["ok"]
    assert "RECADO_META_APP_SECRET" in found["webhook secret"]["fix"]
