"""Webhooks: signed, shaped, ordered, batched and tried again as Meta does."""

from __future__ import annotations

from tests.sim.stage import (
    MARINA,
    MARINA_BSUID,
    OTHER_PHONE,
    PHONE,
    WABA,
    WORD,
    Sim,
    eventually,
)


def test_a_status_says_what_metas_says(sim: Sim) -> None:
    sim.writes(MARINA, {"text": "Oi"})
    wamid = sim.sent({"to": f"+{MARINA}", "text": {"body": "Oi"}, "biz_opaque_callback_data": "j"})
    sim.sink.status(wamid, "read")
    posts = {
        h.statuses()[0]["status"]: h for h in sim.sink.heard if any(s["id"] == wamid for s in h.statuses())
    }
    assert list(posts) == ["sent", "delivered", "read"]
    assert all(post.genuine for post in posts.values())
    body = posts["delivered"].body
    assert body["object"] == "whatsapp_business_account"
    assert body["entry"][0]["id"] == WABA
    value = body["entry"][0]["changes"][0]["value"]
    assert value["metadata"] == {"display_phone_number": "16505550100", "phone_number_id": PHONE}
    assert value["contacts"] == [
        {
            "profile": {"name": "Marina Azevedo", "username": "marina.azevedo"},
            "wa_id": MARINA,
            "user_id": MARINA_BSUID,
        }
    ]
    status = value["statuses"][0]
    assert status["recipient_id"] == MARINA
    assert status["recipient_user_id"] == MARINA_BSUID
    assert status["biz_opaque_callback_data"] == "j"
    assert status["pricing"] == {
        "billable": False,
        "pricing_model": "PMP",
        "type": "free_customer_service",
        "category": "service",
    }
    assert "pricing" not in posts["read"].statuses()[0]
    assert "username" not in posts["sent"].values()[0]["contacts"][0]["profile"]


def test_the_monthly_allowance_ends(sim: Sim) -> None:
    sim.settings(free_service_messages=0)
    wamid = sim.sent({"to": sim.guest(), "text": {"body": "Oi"}})
    assert sim.sink.status(wamid, "sent")["pricing"]["type"] == "regular"


def test_failures_name_nobody_but_the_phone(sim: Sim) -> None:
    phone = sim.guest()
    sim.fault("status_failed", code=131026, times=1)
    wamid = sim.sent({"to": phone, "text": {"body": "Oi"}})
    status = sim.sink.status(wamid, "failed")
    assert status["recipient_id"] == phone
    assert "recipient_user_id" not in status
    assert status["errors"][0].keys() == {"code", "title", "message", "error_data", "href"}
    (post,) = [h for h in sim.sink.heard if any(s["id"] == wamid for s in h.statuses())]
    assert "contacts" not in post.values()[0]
    assert sim.sink.statuses(wamid) == ["failed"]
    assert all(bubble["wamid"] != wamid for bubble in sim.seen(phone))


def test_reactions_are_only_sent(sim: Sim) -> None:
    phone = sim.person()
    theirs = sim.writes(phone, {"text": "Oi"})
    about = {"message_id": theirs, "emoji": "👍"}
    reaction = sim.sent({"to": phone, "type": "reaction", "reaction": about})
    after = sim.sent({"to": phone, "text": {"body": "depois"}})
    sim.sink.status(after, "read")
    assert sim.sink.statuses(reaction) == ["sent"]


def test_hosts_that_fail_are_asked_again_until_they_answer(sim: Sim) -> None:
    sim.sink.answers.extend([500, 503, 404])
    wamid = sim.writes(sim.person(), {"text": "Oi"})
    posts = eventually(
        lambda: (
            found if len(found := [h for h in list(sim.sink.heard) if wamid.encode() in h.raw]) == 4 else None
        )
    )
    assert posts is not None
    assert [post.answered for post in posts] == [500, 503, 404, 200]
    assert len({post.raw for post in posts}) == 1
    log = [line for line in sim.ask("GET", "/_sim/hooks").json if line["wamid"] == wamid]
    assert [(line["http_status"], line["tries"]) for line in log] == [
        (500, 1),
        (503, 2),
        (404, 3),
        (200, 4),
    ]


def test_after_a_week_meta_gives_up(sim: Sim) -> None:
    sim.settings(retry_base_s=3600.0, retry_max_s=8 * 86_400.0)
    sim.sink.answers.append(500)
    wamid = sim.writes(sim.person(), {"text": "Oi"})
    eventually(lambda: sim.ask("GET", "/_sim/health").json["hooks_retrying"] == 1)
    sim.settings(keep_s=60.0)
    sim.sink.answers.append(500)
    sim.shift(3601)
    eventually(lambda: len([h for h in list(sim.sink.heard) if wamid.encode() in h.raw]) == 2)
    eventually(lambda: sim.ask("GET", "/_sim/health").json["hooks_retrying"] == 0)


def test_batches_hold_several_updates(sim: Sim) -> None:
    phones = [sim.guest() for _ in range(3)]
    sim.settings(batch_ms=300)
    wamids = {sim.sent({"to": phone, "text": {"body": "Oi"}}) for phone in phones}
    for wamid in wamids:
        sim.sink.status(wamid, "read")
    largest = max(sim.sink.heard, key=lambda post: len(post.statuses()))
    assert len(largest.statuses()) >= 3
    assert largest.genuine


def test_two_numbers_of_one_account_keep_apart(sim: Sim) -> None:
    sim.settings(batch_ms=300)
    phone = sim.person()
    first = sim.writes(phone, {"text": "um", "phone_number_id": PHONE})
    second = sim.writes(phone, {"text": "dois", "phone_number_id": OTHER_PHONE})
    assert sim.sink.value_with(first)["metadata"]["phone_number_id"] == PHONE
    assert sim.sink.value_with(second)["metadata"]["phone_number_id"] == OTHER_PHONE


def test_urls_of_a_number_and_of_an_account_come_first(sim: Sim) -> None:
    path = f"/v25.0/{WABA}/subscribed_apps"
    override = {"override_callback_uri": f"{sim.sink.url}/conta", "verify_token": WORD}
    assert sim.ask("POST", path, override).json == {"success": True}
    wamid = sim.writes(sim.person(), {"text": "Oi"})
    assert sim.sink.post_with(wamid).path == "/hooks/conta"
    (app,) = sim.ask("GET", path).json["data"]
    assert app["override_callback_uri"] == override["override_callback_uri"]

    assert sim.ask("POST", path).json == {"success": True}
    wamid = sim.writes(sim.person(), {"text": "Oi"})
    assert sim.sink.post_with(wamid).path == "/hooks"

    assert sim.ask("DELETE", path).json == {"success": True}
    assert sim.ask("GET", path).json == {"data": []}
    unheard = sim.writes(sim.person(), {"text": "Alguém?"})
    assert sim.ask("POST", path).json == {"success": True}
    heard = sim.writes(sim.person(), {"text": "Agora sim"})
    assert sim.sink.post_with(heard)
    assert not any(unheard.encode() in post.raw for post in sim.sink.heard)


def test_urls_are_proven_and_local(sim: Sim) -> None:
    path = f"/v25.0/{WABA}/subscribed_apps"
    wrong = {"override_callback_uri": sim.sink.url, "verify_token": "another word"}
    assert sim.ask("POST", path, wrong).code == 2200
    outside = {"override_callback_uri": "https://www.example.com/hooks", "verify_token": WORD}
    assert "loopback" in sim.ask("POST", path, outside).json["error"]["message"]
    assert sim.seed(callback_url="http://192.0.2.1/hooks").status == 422
    assert sim.ask("POST", "/_sim/hooks/verify").json == {"verified": True}


def test_history_knows_whether_webhooks_arrived(sim: Sim) -> None:
    wamid = sim.sent({"to": sim.guest(), "text": {"body": "Oi"}})
    path = f"/v25.0/{PHONE}/message_history?message_id={wamid}"

    def events() -> list[tuple[str, str]]:
        (about,) = sim.ask("GET", path).json["data"]
        assert about["message_id"] == wamid
        return [(e["delivery_status"], e["webhook_update_state"]) for e in about["events"]["data"]]

    wanted = [("SENT", "DELIVERED"), ("DELIVERED", "DELIVERED"), ("READ", "DELIVERED")]
    eventually(lambda: events() == wanted)
