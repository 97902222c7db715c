"""What people write: stored once, on the right person, with the window from their own time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.slices.world import (
    MARINA,
    OTHER,
    Company,
    World,
    envelope,
    inbound,
    said,
    status,
    statuses,
    text,
)

from recado.conversations.model import WINDOW, WINDOW_MARGIN

DAY = WINDOW - WINDOW_MARGIN


async def only(world: World) -> dict[str, Any]:
    return await world.row("select * from message")


async def window(world: World) -> datetime:
    found: datetime = await world.value("select window_until from conversation")
    return found


def second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


async def test_a_text_is_stored_once_and_opens_the_window(world: World, aurora: Company) -> None:
    at = second(world.now - timedelta(minutes=3))
    profile = {"profile": {"name": "Marina Azevedo"}, "wa_id": MARINA}
    body = inbound(aurora, text(MARINA, "wamid.IN", at, "Bom dia!"), contacts=[profile])
    await world.hear(body, body)
    message = await only(world)
    assert (message["direction"], message["state"], message["kind"]) == ("in", "received", "text")
    assert message["content"] == {"type": "text", "text": {"body": "Bom dia!"}}
    assert (message["preview"], message["at"]) == ("Bom dia!", at)
    assert await window(world) == at + DAY
    contact = await world.row("select * from contact")
    assert (contact["name"], contact["phone"]) == ("Marina Azevedo", "+" + MARINA)
    assert await world.value("select unread from conversation") == 1
    assert world.tally.applied[-1].repeated == 1


async def test_the_same_message_twice_in_one_body_counts_once(world: World, aurora: Company) -> None:
    one = text(MARINA, "wamid.IN", world.now)
    await world.hear(inbound(aurora, one, one, text(MARINA, "wamid.TWO", world.now)))
    assert await world.value("select count(*) from message") == 2
    assert await world.value("select unread from conversation") == 2


async def test_a_late_message_opens_the_window_from_its_own_time(world: World, aurora: Company) -> None:
    long_ago = second(world.now - timedelta(hours=30))
    await world.hear(inbound(aurora, text(MARINA, "wamid.LATE", long_ago)))
    assert await window(world) == long_ago + DAY < world.now
    await world.hear(inbound(aurora, text(MARINA, "wamid.NEW", world.now)))
    assert await window(world) > world.now
    await world.hear(inbound(aurora, text(MARINA, "wamid.OLD", world.now - timedelta(hours=2))))
    assert await window(world) > world.now + timedelta(hours=23)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("reaction", {"message_id": "wamid.X", "emoji": "👍"}),
        ("unsupported", {"type": "edit"}),
        ("system", {"type": "something_new", "body": "changed"}),
    ],
)
async def test_what_is_no_message_of_theirs_opens_no_window(
    world: World, aurora: Company, kind: str, content: dict[str, Any]
) -> None:
    await world.hear(inbound(aurora, said(kind, "wamid.R", world.now, content)))
    assert (await only(world))["kind"] == kind
    assert await window(world) == datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    assert await world.value("select unread from conversation") == 0


async def test_unsupported_keeps_what_meta_said_about_it(world: World, aurora: Company) -> None:
    errors = [{"code": 131051, "title": "Message type unknown"}]
    await world.hear(inbound(aurora, said("unsupported", "wamid.U", world.now, {}, errors=errors)))
    event = await world.row("select data from event")
    assert event["data"]["errors"] == [{"code": 131051, "title": "Message type unknown"}]


async def test_a_standby_copy_is_marked_and_opens_the_window_all_the_same(
    world: World, aurora: Company
) -> None:
    """Another application holds the conversation at Meta; the person still wrote to this business."""
    await world.hear(inbound(aurora, text(MARINA, "wamid.S", world.now), field="standby"))
    assert (await only(world))["direction"] == "in"
    assert (await world.row("select data from event"))["data"]["standby"] is True
    assert await window(world) > world.now


async def test_a_group_message_opens_no_private_window(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, text(MARINA, "wamid.G", world.now, group_id="120363@g.us")))
    assert (await window(world)).year == 1970


async def test_a_tapped_button_keeps_its_payload(world: World, aurora: Company) -> None:
    button = {"text": "Confirmar", "payload": "confirm:42"}
    await world.hear(inbound(aurora, said("button", "wamid.B", world.now, button)))
    assert (await world.row("select data from event"))["data"]["reply_payload"] == "confirm:42"
    assert (await only(world))["preview"] == "Confirmar"


async def test_a_file_is_noted_at_once_and_asked_for_once(world: World, aurora: Company) -> None:
    image = {"id": "9988", "mime_type": "image/jpeg", "sha256": "x", "url": "https://lookaside.fbsbx.com/x"}
    body = inbound(aurora, said("image", "wamid.F", world.now, image))
    await world.hear(body, body)
    row = await world.row("select * from media")
    assert (row["state"], row["direction"], row["provider_media_id"]) == ("pending", "in", "9988")
    assert row["message_id"] == (await only(world))["id"]
    job = await world.row("select kind, payload from job")
    assert job["kind"] == "media.fetch"
    assert job["payload"]["media_id"] == row["media_id"].hex


async def test_a_message_of_nobody_stays_in_the_diary(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, text(None, "wamid.NOBODY", world.now)))
    assert await world.value("select count(*) from message") == 0
    assert (await world.row("select kind from event"))["kind"] == "message.received"


@pytest.mark.parametrize("body", ["a\u0000b", "😀" * 500, "\u202eabc", "", "x" * 70_000])
async def test_whatever_people_type_is_stored(world: World, aurora: Company, body: str) -> None:
    await world.hear(inbound(aurora, text(MARINA, "wamid.ODD", world.now, body)))
    assert (await only(world))["kind"] == "text"
    assert await world.value("select count(*) from ledger_work") == 0


async def test_lone_surrogates_and_huge_numbers_do_no_harm(world: World, aurora: Company) -> None:
    raw = inbound(aurora, text(MARINA, "wamid.ODD", world.now, "MARK"))
    raw["entry"][0]["changes"][0]["value"]["messages"][0]["referral"] = {"source_id": 10**30}
    import json

    await world.hear(json.dumps(raw).replace("MARK", "x\\ud83dy\\u0000").encode())
    assert (await only(world))["kind"] == "text"
    code = status("failed", "wamid.ODD2", world.now, errors=[{"code": 10**15, "title": "\ud83d\u0000"}])
    await world.hear(statuses(aurora, code))
    assert await world.value("select count(*) from ledger_work") == 0


# --------------------------------------------------------------------------- edits and deletions


def edit(wamid: str, original: str, at: datetime, body: str) -> dict[str, Any]:
    inner = {"type": "text", "text": {"body": body}}
    return said("edit", wamid, at, {"original_message_id": original, "message": inner})


async def test_an_edit_shows_the_latest_text_and_keeps_the_first(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, text(MARINA, "wamid.O", world.now, "primeira")))
    await world.hear(inbound(aurora, edit("wamid.E", "wamid.O", world.now, "segunda")))
    message = await only(world)
    assert message["preview"] == "segunda"
    assert message["content"]["text"] == {"body": "primeira"}
    assert message["content"]["edited"] is True
    assert await world.diary(message["id"]) == ["message.received", "message.edited"]
    assert await world.value("select unread from conversation") == 1


async def test_an_older_edit_that_comes_late_does_not_win(world: World, aurora: Company) -> None:
    at = world.now - timedelta(minutes=5)
    await world.hear(inbound(aurora, text(MARINA, "wamid.O", at, "primeira")))
    newer = edit("wamid.E2", "wamid.O", at + timedelta(seconds=60), "terceira")
    older = edit("wamid.E1", "wamid.O", at + timedelta(seconds=30), "segunda")
    await world.hear(inbound(aurora, newer), inbound(aurora, older))
    assert (await only(world))["preview"] == "terceira"
    assert await world.value("select count(*) from event where kind = 'message.edited'") == 2


async def test_a_revoked_message_is_marked_and_kept(world: World, aurora: Company) -> None:
    await world.hear(inbound(aurora, text(MARINA, "wamid.O", world.now, "segredo")))
    revoke = said("revoke", "wamid.R", world.now, {"original_message_id": "wamid.O"})
    await world.hear(inbound(aurora, revoke), inbound(aurora, revoke))
    message = await only(world)
    assert message["content"]["revoked"] is True
    assert await world.diary(message["id"]) == ["message.received", "message.revoked"]


async def test_an_edit_or_revoke_of_something_unknown_is_noted(world: World, aurora: Company) -> None:
    revoke = said("revoke", "wamid.R", world.now, {"original_message_id": "wamid.NEVER"})
    await world.hear(inbound(aurora, revoke, edit("wamid.E", "wamid.NEVER", world.now, "x")))
    assert await world.value("select count(*) from message") == 0
    found = await world.rows("select kind, data from event order by kind")
    assert [row["data"]["known"] for row in found] == [False, False]


# --------------------------------------------------------------------------- the business's own phone


def echo(company: Company, wamid: str, at: datetime, body: str = "Oi!") -> dict[str, Any]:
    item = {
        "from": "16505550100",
        "to": MARINA,
        "id": wamid,
        "timestamp": str(int(at.timestamp())),
        "type": "text",
        "text": {"body": body},
    }
    return envelope(company, {"message_echoes": [item]}, "smb_message_echoes")


async def test_an_echo_is_shown_and_never_opens_the_window(world: World, aurora: Company) -> None:
    body = echo(aurora, "wamid.ECHO", world.now)
    await world.hear(body, body)
    message = await only(world)
    assert (message["direction"], message["state"], message["preview"]) == ("echo", "sent", "Oi!")
    assert (await window(world)).year == 1970
    assert await world.value("select unread from conversation") == 0


async def test_statuses_of_an_echo_are_folded_into_it(world: World, aurora: Company) -> None:
    await world.hear(echo(aurora, "wamid.ECHO", world.now))
    await world.hear(statuses(aurora, status("read", "wamid.ECHO", world.now)))
    message = await only(world)
    assert (message["state"], message["rank"]) == ("read", 4)


async def test_an_echo_and_an_answer_share_the_conversation(world: World, aurora: Company) -> None:
    await world.hear(echo(aurora, "wamid.ECHO", world.now))
    await world.hear(inbound(aurora, text(MARINA, "wamid.IN", world.now)))
    await world.hear(inbound(aurora, text(OTHER, "wamid.IN2", world.now)))
    assert await world.value("select count(*) from conversation") == 2
    assert (
        await world.value("select count(distinct conversation_id) from message where wamid <> 'wamid.IN2'")
        == 1
    )
