"""Providers knocking: verified over the raw bytes, written down, answered. Nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from tests.doors.street import HOOK_TOKEN, SECRET, VERIFY_TOKEN, Street, signed, written
from tests.slices.world import MARINA, inbound, text

from recado.app.wiring import House, web_app
from recado.web.hooks.receive import MAX_BODY

DOORS = [f"/hooks/meta/{HOOK_TOKEN}", "/api/v1/whatsapp/webhook", "/api/whatsapp/meta/webhook"]
DOOR = DOORS[0]
BODY = b'{"object": "whatsapp_business_account", "entry": []}'


async def stored(street: Street) -> int:
    count: int = await street.world.value("select count(*) from ledger")
    return count


@pytest.mark.parametrize("door", DOORS)
async def test_a_signed_body_is_durable_before_the_200(street: Street, door: str) -> None:
    body = b' {"entry" : [],\n"x":1.0}\t'
    answer = await street.client().post(door, content=body, headers=signed(body))
    assert (answer.status_code, answer.text) == (200, "ok")
    assert await street.world.value("select body from ledger") == body
    assert await street.world.value("select count(*) from ledger_work") == 1


async def test_the_secret_before_the_rotation_still_counts(street: Street) -> None:
    answer = await street.client().post(DOOR, content=BODY, headers=signed(BODY, "the-old-secret"))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": "sha256=" + "0" * 64},
        {"x-hub-signature-256": "sha1=" + "0" * 40},
        {"x-hub-signature-256": "sha256=" + "é" * 64},
        signed(BODY, "another-secret"),
        signed(BODY + b" "),
    ],
)
async def test_a_bad_signature_stores_nothing(street: Street, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = await street.client().post(DOOR, content=BODY, headers=raw)
    assert answer.status_code == 401
    assert await stored(street) == 0


async def test_a_body_over_the_limit_is_413_with_or_without_a_length(street: Street) -> None:
    largest = b"x" * MAX_BODY
    answer = await street.client().post(DOOR, content=largest, headers=signed(largest))
    assert answer.status_code == 200
    bigger = largest + b"x"
    answer = await street.client().post(DOOR, content=bigger, headers=signed(bigger))
    assert answer.status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * (1024 * 1024)

    answer = await street.client().post(DOOR, content=chunks(), headers=signed(bigger))
    assert answer.status_code == 413
    assert await stored(street) == 1


@pytest.mark.parametrize("path", ["", "wrong", HOOK_TOKEN + "x", HOOK_TOKEN[:-1], HOOK_TOKEN + "/", "é"])
async def test_a_wrong_path_is_404_whatever_the_signature(street: Street, path: str) -> None:
    answer = await street.client().post(f"/hooks/meta/{path}", content=BODY, headers=signed(BODY))
    assert answer.status_code == 404
    assert await stored(street) == 0


async def test_without_a_secret_there_is_no_door(house: House, street: Street) -> None:
    """An empty key would let anybody sign."""
    open_house = House(
        house.settings.model_copy(update={"meta_app_secret": None, "meta_app_secret_previous": None}),
        house.installation,
        web=True,
    )
    await open_house.open()
    try:
        transport = httpx2.ASGITransport(app=web_app(open_house))
        async with httpx2.AsyncClient(transport=transport, base_url="http://recado.test") as guest:
            for door in DOORS:
                answer = await guest.post(door, content=BODY, headers=signed(BODY, ""))
                assert answer.status_code == 404
    finally:
        await open_house.close()
    assert await stored(street) == 0


async def test_other_methods_are_405(street: Street) -> None:
    answer = await street.client().put(DOOR, content=BODY, headers=signed(BODY))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


# --------------------------------------------------------------------------- challenge


def challenge(**change: str) -> dict[str, str]:
    asked = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1158201444"} | change
    return {f"hub.{name}": value for name, value in asked.items()}


@pytest.mark.parametrize("door", DOORS)
async def test_the_challenge_is_answered_in_plain_text(street: Street, door: str) -> None:
    answer = await street.client().get(door, params=challenge())
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "change",
    [
        {"verify_token": "wrong"},
        {"verify_token": ""},
        {"verify_token": "é"},
        {"mode": "unsubscribe"},
        {"challenge": "<script>"},
        {"challenge": ""},
        {"challenge": "x" * 200},
    ],
)
async def test_any_other_challenge_is_403_and_not_echoed(street: Street, change: dict[str, str]) -> None:
    answer = await street.client().get(DOOR, params=challenge(**change))
    assert answer.status_code == 403
    assert "<script>" not in answer.text


async def test_a_challenge_without_anything_is_403(street: Street) -> None:
    assert (await street.client().get(DOOR)).status_code == 403
    assert (await street.client().get("/hooks/meta/wrong", params=challenge())).status_code == 404


# --------------------------------------------------------------------------- load and trouble


async def test_many_at_once_are_each_kept(street: Street) -> None:
    meta = street.client()
    bodies = [b'{"n": %d}' % n for n in range(60)]
    answers = await asyncio.gather(*(meta.post(DOOR, content=body, headers=signed(body)) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    kept = {bytes(row["body"]) for row in await street.world.rows("select body from ledger")}
    assert kept == set(bodies)


async def test_with_the_database_away_the_answer_is_503_and_a_try_later_works(street: Street) -> None:
    meta = street.client()
    await street.house.db.close()
    answer = await meta.post(DOOR, content=BODY, headers=signed(BODY))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    await street.house.db.open()
    assert (await meta.post(DOOR, content=BODY, headers=signed(BODY))).status_code == 200
    assert await stored(street) == 1


async def test_what_came_in_by_the_door_reaches_the_list(street: Street) -> None:
    company = await street.world.company()
    client = await street.client_of(company)
    body = written(inbound(company, text(MARINA, "wamid.IN", street.world.now, "Tem horário?")))
    assert (await street.client().post(DOOR, content=body, headers=signed(body))).status_code == 200
    await street.world.project()
    (row,) = (await client.get("/api/v1/messages")).json()["data"]
    assert (row["direction"], row["status"]) == ("in", "received")
    assert row["content"]["text"]["body"] == "Tem horário?"
    assert SECRET not in str(row)
