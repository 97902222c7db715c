"""The levers: each breaks what it says, as often as it says, and nothing else."""

from __future__ import annotations

import http.client
import urllib.error

import pytest
from tests.sim.stage import Sim, eventually

LOST = (urllib.error.URLError, http.client.HTTPException, OSError)
REFUSED = {
    "http-500": (500, None),
    "500": (500, None),
    "graph_500": (500, 131000),
    "429": (429, None),
    "graph_130429": (400, 130429),
    "token_expired": (401, 190),
    "template-paused": (400, 132015),
    "pair_rate": (400, 131056),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refusals_on_demand_leave_no_trace(sim: Sim, kind: str) -> None:
    phone, before = sim.guest(), len(sim.ledger())
    assert sim.fault(kind, times=1).status == 201
    answer = sim.text(phone)
    status, code = REFUSED[kind]
    assert answer.status == status
    assert (answer.code if answer.raw.startswith(b"{") else None) == code
    assert len(sim.ledger()) == before
    assert sim.text(phone).status == 200


def test_any_error(sim: Sim) -> None:
    sim.fault("any_error", times=1, code=131042)
    assert sim.text(sim.guest()).code == 131042


@pytest.mark.parametrize("how", ["timeout", "reset"])
def test_connections_that_break_before_anything_is_accepted(sim: Sim, how: str) -> None:
    phone, before = sim.guest(), len(sim.ledger())
    sim.fault(f"{how}-before-accept", times=1, seconds=0.1)
    with pytest.raises(LOST):
        sim.text(phone, biz_opaque_callback_data="lost")
    assert len(sim.ledger()) == before
    assert sim.text(phone).status == 200


@pytest.mark.parametrize("kind", ["timeout_after_accept", "reset_after_accept", "timeout", "reset"])
def test_connections_that_break_after_it_was_accepted(sim: Sim, kind: str) -> None:
    phone, token = sim.guest(), f"job={kind}"
    sim.fault(kind, times=1, seconds=0.1)
    with pytest.raises(LOST):
        sim.text(phone, biz_opaque_callback_data=token)
    (line,) = [line for line in sim.ledger() if line["opaque"] == token]
    assert sim.sink.status(line["wamid"], "read")["biz_opaque_callback_data"] == token
    assert sum(b["direction"] == "in" for b in sim.seen(phone)) == 1


def test_silence_lasts_until_the_caller_gives_up(sim: Sim) -> None:
    phone = sim.guest()
    sim.fault("timeout_before_accept", times=1)
    with pytest.raises(LOST):
        sim.text(phone, timeout=0.3)
    assert sim.text(phone).status == 200


def test_answers_that_say_nothing_useful(sim: Sim) -> None:
    phone, before = sim.guest(), len(sim.ledger())
    sim.fault("garbage_200", times=1)
    garbage = sim.text(phone)
    assert (garbage.status, garbage.raw[:1]) == (200, b"<")
    sim.fault("no_id_200", times=1)
    assert sim.text(phone).json["messages"] == []
    sim.fault("truncated_200", times=1)
    with pytest.raises(http.client.IncompleteRead):
        sim.text(phone)
    # A 200 means that Meta took it, whatever became of the answer.
    assert len(sim.ledger()) == before + 3


def test_a_slow_answer_is_a_good_answer(sim: Sim) -> None:
    sim.fault("slow", times=1, seconds=0.05)
    assert sim.text(sim.guest()).status == 200


def test_levers_may_aim_and_count(sim: Sim) -> None:
    one, other = sim.guest(), sim.guest()
    pressed = sim.fault("graph_500", times=2, to=f"+{one}").json
    assert sim.ask("GET", "/_sim/faults").json == [pressed]
    assert sim.text(other).status == 200
    assert [sim.text(one).status for _ in range(3)] == [500, 500, 200]
    assert sim.ask("GET", "/_sim/faults").json == []
    sim.fault("graph_500", times=None)
    assert [sim.text(other).status for _ in range(3)] == [500, 500, 500]
    assert sim.ask("DELETE", "/_sim/faults").status == 200
    assert sim.text(other).status == 200


def test_read_marks_are_no_sends(sim: Sim) -> None:
    phone = sim.person()
    wamid = sim.writes(phone, {"text": "Oi"})
    sim.fault("graph_500", times=1)
    assert sim.send({"status": "read", "message_id": wamid}).json == {"success": True}
    assert sim.text(phone).status == 500


def test_an_unknown_lever_names_the_others(sim: Sim) -> None:
    answer = sim.fault("earthquake")
    assert answer.status == 422
    assert "reset_after_accept" in answer.json["kinds"]
    assert sim.fault("slow", times=0).status == 422


def test_dropped_webhooks_stay_lost(sim: Sim) -> None:
    phone = sim.guest()
    sim.fault("drop_webhooks", times=1, to=phone)
    wamid = sim.sent({"to": phone, "text": {"body": "Oi"}})
    assert sim.sink.status(wamid, "read")
    assert sorted(sim.sink.statuses(wamid)) == ["delivered", "read"]


def test_duplicated_webhooks_come_twice(sim: Sim) -> None:
    phone = sim.guest()
    sim.fault("duplicate-webhooks", times=3, to=phone)
    wamid = sim.sent({"to": phone, "text": {"body": "Oi"}})
    eventually(lambda: len(sim.sink.statuses(wamid)) == 6)


def test_shuffled_webhooks_come_in_another_order(sim: Sim) -> None:
    phone = sim.guest()
    sim.settings(coalesce=False)
    sim.fault("webhooks_shuffled", times=None, seconds=0.4, to=phone)
    wamid = sim.sent({"to": phone, "text": {"body": "Oi"}})
    posts = eventually(
        lambda: (
            [h for h in list(sim.sink.heard) if any(s["id"] == wamid for s in h.statuses())]
            if len(sim.sink.statuses(wamid)) == 3
            else None
        )
    )
    assert posts is not None
    assert sorted(sim.sink.statuses(wamid)) == ["delivered", "read", "sent"]


def test_delayed_webhooks_wait(sim: Sim) -> None:
    phone = sim.guest()
    sim.fault("webhooks_delayed", times=1, seconds=3600, to=phone)
    wamid = sim.sent({"to": phone, "text": {"body": "Oi"}})
    assert sim.sink.status(wamid, "read")
    assert "sent" not in sim.sink.statuses(wamid)
    sim.shift(3601)
    assert sim.sink.status(wamid, "sent")


def test_batched_webhooks_share_a_post(sim: Sim) -> None:
    phone = sim.guest()
    sim.fault("webhooks_batched", times=3, seconds=0.4, to=phone)
    wamid = sim.sent({"to": phone, "text": {"body": "Oi"}})
    sim.sink.status(wamid, "read")
    (post,) = [h for h in sim.sink.heard if any(s["id"] == wamid for s in h.statuses())]
    assert [s["status"] for s in post.statuses()] == ["sent", "delivered", "read"]


def test_a_bad_signature_heals_with_the_retry(sim: Sim) -> None:
    phone = sim.person()
    sim.fault("webhooks_bad_signature", times=1, to=phone)
    sim.sink.answers.append(401)
    wamid = sim.writes(phone, {"text": "Oi"})
    posts = eventually(
        lambda: (
            found if len(found := [h for h in list(sim.sink.heard) if wamid.encode() in h.raw]) == 2 else None
        )
    )
    assert posts is not None
    assert [post.genuine for post in posts] == [False, True]
    assert [post.answered for post in posts] == [401, 200]
