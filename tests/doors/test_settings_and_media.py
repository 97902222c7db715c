"""Settings of a company; files in and out."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import httpx2
import pytest
from tests.doors.street import Street, is_problem
from tests.slices.world import MARINA, inbound, said

from recado.media import service as media

SETTINGS = "/api/v1/tenant/settings"
MEDIA = "/api/v1/media"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64)


async def test_settings_are_shown_and_changed_and_what_was_shown_may_come_back(
    street: Street, client: httpx2.AsyncClient
) -> None:
    shown = (await client.get(SETTINGS)).json()
    assert (shown["client_id"], shown["mode"], shown["locale"]) == ("estudio-aurora", "enabled", "pt-BR")
    (number,) = shown["numbers"]
    assert (number["phone_number_id"], number["default"], number["paused"]) == ("106540352242922", True, None)
    assert "only-for-tests" not in json.dumps(shown)
    changed = await client.put(SETTINGS, json=shown | {"mode": "dry_run", "locale": "en"})
    assert (changed.status_code, changed.json()["mode"]) == (200, "dry_run")
    assert (await client.get(SETTINGS)).json() == changed.json()
    (entry,) = await street.world.rows("select * from audit_entry where action = 'tenant.settings_changed'")
    assert entry["actor"].startswith("key:")


async def test_the_order_is_chosen_for_the_company_and_for_single_numbers(
    street: Street, client: httpx2.AsyncClient
) -> None:
    shown = (await client.get(SETTINGS)).json()
    assert (shown["ordering"], shown["numbers"][0]["ordering"]) == ("fast", None)
    number = shown["numbers"][0]["phone_number_id"]
    change = {"ordering": "strict", "number_ordering": {number: "fast"}}
    changed = (await client.put(SETTINGS, json=change)).json()
    assert (changed["ordering"], changed["numbers"][0]["ordering"]) == ("strict", "fast")
    back = (await client.put(SETTINGS, json=changed | {"number_ordering": {number: None}})).json()
    assert (back["ordering"], back["numbers"][0]["ordering"]) == ("strict", None)
    is_problem(await client.put(SETTINGS, json={"number_ordering": {"1": "strict"}}), 404, "number_not_found")
    actions = await street.world.rows("select action from audit_entry where action like '%ordering%'")
    assert len(actions) == 2


BAD: list[Any] = [
    {"mode": "on"},
    {"mode": []},
    {"mode": None},
    {"name": None},
    {"name": "a\u0000"},
    {"timezone": "America"},
    {"timezone": {}},
    {"locale": ["en"]},
    {"ordering": "loose"},
    {"ordering": None},
    {"number_ordering": "strict"},
    {"number_ordering": {"106540352242922": "loose"}},
    {"number_ordering": {"106540352242922": []}},
    {"kill_switch": "yes"},
    {"settings": {"x": 1}},
    {"unknown": 1},
    [],
    "x",
    5,
]


@pytest.mark.parametrize("change", BAD, ids=range(len(BAD)))
async def test_a_bad_change_is_a_problem_and_changes_nothing(client: httpx2.AsyncClient, change: Any) -> None:
    before = (await client.get(SETTINGS)).json()
    is_problem(await client.put(SETTINGS, json=change), 422, "invalid_settings")
    assert (await client.get(SETTINGS)).json() == before


async def test_a_stop_from_the_api_shows_in_waiting_messages(
    street: Street, client: httpx2.AsyncClient
) -> None:
    await client.put(SETTINGS, json={"kill_switch": True, "kill_reason": "férias"})
    body = {"to": "+" + MARINA, "type": "template"}
    body |= {"template": {"name": "a", "language": {"code": "pt_BR"}}}  # type: ignore[dict-item]
    message_id = (await client.post("/api/v1/messages", json=body)).json()["id"]
    status = (await client.get(f"/api/v1/messages/{message_id}/status")).json()
    assert (status["state"], status["reason"]["code"]) == ("held", "kill_switch")
    assert status["reason"]["text"]
    assert status["reason"]["next_step"]


# --------------------------------------------------------------------------- files


async def upload(client: httpx2.AsyncClient, data: bytes, mime: str, name: str = "a.png") -> httpx2.Response:
    return await client.post(MEDIA, files={"file": (name, data, mime)})


async def test_a_file_comes_back_as_it_was_and_can_never_run(client: httpx2.AsyncClient) -> None:
    answer = await upload(client, PNG, "image/png", 'nota "1"\r\n.png')
    assert answer.status_code == 201
    body = answer.json()
    assert (body["state"], body["mime_type"], body["size_bytes"]) == ("stored", "image/png", len(PNG))
    assert "\r" not in body["filename"]
    got = await client.get(body["url"])
    assert got.content == PNG
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert (await client.get(body["url"] + "/info")).json() == body


@pytest.mark.parametrize(
    ("data", "mime", "status", "code", "rule"),
    [
        (b"<html>", "text/html", 422, "invalid_file", "not_allowed"),
        (b"MZ" + bytes(60), "image/png", 422, "invalid_file", "not_allowed"),
        (b"", "text/plain", 422, "invalid_file", "too_short"),
        (PNG + bytes(5 * 1024 * 1024), "image/png", 413, "file_too_large", "too_large"),
    ],
)
async def test_a_refused_file_leaves_nothing_behind(
    street: Street,
    client: httpx2.AsyncClient,
    data: bytes,
    mime: str,
    status: int,
    code: str,
    rule: str,
) -> None:
    body = is_problem(await upload(client, data, mime), status, code)
    assert body["errors"][0]["rule"] == rule
    assert await street.world.value("select count(*) from media") == 0
    folder = street.house.settings.data_dir / "media"
    assert not [path for path in folder.rglob("*") if path.is_file()]


async def test_an_upload_without_a_file_is_a_problem(client: httpx2.AsyncClient) -> None:
    is_problem(await client.post(MEDIA, json={}), 422, "invalid_file")
    is_problem(await client.post(MEDIA, data={"file": "text"}), 422, "invalid_file")
    broken = {"content-type": "multipart/form-data; boundary=x"}
    answer = await client.post(MEDIA, content=b"--y\r\nnonsense", headers=broken)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_anothers_file_and_no_file_look_the_same(street: Street, client: httpx2.AsyncClient) -> None:
    bruma = await street.world.company("casa-bruma", external_id="106540352242923", waba="1022")
    theirs = (await upload(await street.client_of(bruma), PNG, "image/png")).json()["id"]
    for one in (theirs, media.write_id(UUID(int=5)), "nonsense", theirs.upper()):
        is_problem(await client.get(f"{MEDIA}/{one}"), 404, "media_not_found")
        is_problem(await client.get(f"{MEDIA}/{one}/info"), 404, "media_not_found")


async def test_a_received_file_that_is_not_here_yet_says_why(
    street: Street, client: httpx2.AsyncClient
) -> None:
    company = await street.world.company(external_id="106540352242924")
    image = {"id": "778899", "mime_type": "image/png"}
    await street.world.hear(inbound(company, said("image", "wamid.F", street.world.now, image)))
    media_id = media.write_id(await street.world.value("select media_id from media"))
    is_problem(await client.get(f"{MEDIA}/{media_id}"), 409, "media_pending")
    await street.world.do("update media set state = 'unavailable', reason = 'media_unavailable'")
    body = is_problem(await client.get(f"{MEDIA}/{media_id}"), 409, "media_unavailable")
    assert body["next_step"]
    message_id = await street.world.value("select id from message")
    (listed,) = (await client.get(f"/api/v1/messages/{message_id}")).json()["media"]
    assert (listed["id"], listed["url"]) == (media_id, None)
