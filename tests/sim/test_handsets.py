"""People: what they see and what they can do."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import pytest
from tests.sim.stage import BRUNO_BSUID, PHONE, TOKEN, Sim, eventually

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def buttons(*pairs: tuple[str, str]) -> dict[str, Any]:
    replies = [{"type": "reply", "reply": {"id": id_, "title": title}} for id_, title in pairs]
    about = {"type": "button", "body": {"text": "Confirma?"}, "action": {"buttons": replies}}
    return {"type": "interactive", "interactive": about}


def test_a_template_is_shown_with_its_words(sim: Sim) -> None:
    phone = sim.person()
    components = [
        {"type": "header", "parameters": [text("Marina")]},
        {"type": "body", "parameters": [text("30/11"), text("10h")]},
        {"type": "button", "sub_type": "url", "index": 2, "parameters": [text("abc")]},
    ]
    about = {"name": "lembrete_24h", "language": {"code": "pt_BR"}, "components": components}
    sim.sent({"to": phone, "type": "template", "template": about})
    (bubble,) = sim.seen(phone)
    assert bubble["text"] == "Sua visita é 30/11 às 10h. Podemos confirmar?"
    assert bubble["header"] == {"type": "text", "text": "Olá Marina"}
    assert bubble["footer"] == "Estúdio Aurora"
    assert bubble["buttons"] == [
        {"type": "quick_reply", "title": "Confirmar", "payload": "Confirmar"},
        {"type": "quick_reply", "title": "Cancelar", "payload": "Cancelar"},
        {"type": "url", "title": "Ver", "url": "https://www.example.com/v/abc"},
    ]
    tapped = sim.sink.value_with(sim.writes(phone, {"button": "Confirmar"}))["messages"][0]
    assert tapped["button"] == {"text": "Confirmar", "payload": "Confirmar"}
    assert tapped["context"] == {"from": "16505550100", "id": bubble["wamid"]}


def test_an_unknown_phone_becomes_a_handset(sim: Sim) -> None:
    value = {"type": "text", "parameter_name": "nome", "text": "Bia"}
    components = [{"type": "body", "parameters": [value]}]
    about = {"name": "boas_vindas", "language": {"code": "pt_BR"}, "components": components}
    sim.sent({"to": "+5520955500333", "type": "template", "template": about})
    (person,) = [p for p in sim.ask("GET", "/_sim/handsets").json if p["phone"] == "5520955500333"]
    assert person["bsuid"].startswith("BR.")
    assert person["last_text"] == "Olá Bia, boas-vindas!"
    for name in ("5520955500333", "+5520955500333", person["bsuid"]):
        assert len(sim.seen(name)) == 1


def test_the_latest_button_is_tapped_unless_a_message_is_named(sim: Sim) -> None:
    phone = sim.guest()
    first = sim.sent({"to": phone, **buttons(("a:1", "Sim"))})
    second = sim.sent({"to": phone, **buttons(("a:2", "Sim"))})
    latest = sim.sink.value_with(sim.writes(phone, {"button": "Sim"}))["messages"][0]
    assert latest["interactive"]["button_reply"] == {"id": "a:2", "title": "Sim"}
    assert latest["context"]["id"] == second
    named = sim.sink.value_with(sim.writes(phone, {"button": "Sim", "context": first}))
    assert named["messages"][0]["interactive"]["button_reply"]["id"] == "a:1"

    answer = sim.ask("POST", f"/_sim/handset/{phone}/send", {"button": "Talvez"})
    assert answer.status == 422
    assert {b["payload"] for b in answer.json["buttons"]} == {"a:1", "a:2"}


def test_list_rows(sim: Sim) -> None:
    phone = sim.guest()
    rows = [{"id": "h:9", "title": "9h", "description": "com Ana"}, {"id": "h:10", "title": "10h"}]
    action = {"button": "Ver", "sections": [{"title": "Manhã", "rows": rows}]}
    about = {"type": "list", "body": {"text": "Quando?"}, "action": action}
    sim.sent({"to": phone, "type": "interactive", "interactive": about})
    assert sim.seen(phone)[-1]["list"] == action
    picked = sim.sink.value_with(sim.writes(phone, {"list_row": "9h"}))["messages"][0]
    assert picked["interactive"] == {"type": "list_reply", "list_reply": rows[0]}
    assert sim.ask("POST", f"/_sim/handset/{phone}/send", {"list_row": "x"}).status == 422


def test_pictures_travel_both_ways(sim: Sim) -> None:
    phone = sim.person()
    data = base64.b64encode(PNG).decode()
    image = {"data_base64": data, "mime_type": "image/png", "caption": "Exame"}
    wamid = sim.writes(phone, {"image": image})
    media = sim.sink.value_with(wamid)["messages"][0]["image"]
    assert (media["mime_type"], media["caption"]) == ("image/png", "Exame")

    about = sim.ask("GET", f"/v25.0/{media['id']}").json
    assert (about["file_size"], about["mime_type"]) == (len(PNG), "image/png")
    assert sim.ask("GET", about["url"]).raw == PNG
    assert sim.ask("GET", media["url"]).raw == PNG
    assert sim.ask("GET", about["url"], token="invalid").status == 401
    assert sim.ask("GET", about["url"].replace("hash=", "hash=0")).status == 404
    (bubble,) = sim.seen(phone)
    assert sim.ask("GET", bubble["media"]["url"], token=None).raw == PNG

    sent = sim.sent({"to": phone, "type": "image", "image": {"id": media["id"], "caption": "De volta"}})
    (bubble,) = [b for b in sim.seen(phone) if b["wamid"] == sent]
    assert (bubble["text"], bubble["direction"]) == ("De volta", "in")
    assert sim.ask("GET", bubble["media"]["url"]).raw == PNG

    sim.shift(301)
    assert sim.ask("GET", about["url"]).status == 404
    assert sim.ask("GET", sim.ask("GET", f"/v25.0/{media['id']}").json["url"]).raw == PNG


def test_a_linked_picture_of_this_machine_is_fetched(sim: Sim) -> None:
    phone = sim.person()
    data = base64.b64encode(PNG).decode()
    wamid = sim.writes(phone, {"image": {"data_base64": data, "mime_type": "image/png"}})
    link = sim.base + sim.seen(phone)[0]["media"]["url"]
    sent = sim.sent({"to": phone, "type": "image", "image": {"link": link}})

    def shown() -> bool:
        (bubble,) = [b for b in sim.seen(phone) if b["wamid"] == sent]
        return bool(bubble["media"]["url"].startswith("/_sim/media/"))

    assert wamid
    eventually(shown)
    outside = {"link": "https://www.example.com/a.png"}
    sim.sent({"to": phone, "type": "image", "image": outside})
    assert sim.seen(phone)[-1]["media"]["url"] == outside["link"]


def test_people_quote_react_edit_and_delete(sim: Sim) -> None:
    phone = sim.guest()
    ours = sim.sent({"to": phone, "text": {"body": "Até amanhã"}})
    quote_ = sim.sink.value_with(sim.writes(phone, {"text": "Ok", "context": ours}))["messages"][0]
    assert quote_["context"] == {"from": "16505550100", "id": ours}
    reaction = sim.sink.value_with(sim.writes(phone, {"reaction": "👍", "context": ours}))
    assert reaction["messages"][0]["reaction"] == {"message_id": ours, "emoji": "👍"}
    removed = sim.sink.value_with(sim.writes(phone, {"reaction": "", "context": ours}))
    assert removed["messages"][0]["reaction"] == {"message_id": ours}

    mine = sim.writes(phone, {"text": "às 9"})
    edit = sim.sink.value_with(sim.writes(phone, {"edit": {"original": mine, "text": "às 10"}}))
    assert edit["messages"][0]["edit"] == {
        "original_message_id": mine,
        "message": {"context": {"id": "M0"}, "type": "text", "text": {"body": "às 10"}},
    }
    assert (sim.seen(phone)[-1]["text"], sim.seen(phone)[-1]["edited"]) == ("às 10", True)
    revoke = sim.sink.value_with(sim.writes(phone, {"revoke": mine}))
    assert revoke["messages"][0]["revoke"] == {"original_message_id": mine}
    assert sim.seen(phone)[-1]["revoked"]
    assert sim.ask("POST", f"/_sim/handset/{phone}/send", {"revoke": ours}).status == 422


def test_a_hidden_phone_appears_nowhere(sim: Sim) -> None:
    phone = sim.person(username="caio")
    wamid = sim.writes(phone, {"text": "Oi", "bsuid_only": True})
    post = sim.sink.post_with(wamid)
    (contact,) = post.values()[0]["contacts"]
    assert contact["profile"] == {"name": "Caio", "username": "caio"}
    assert "wa_id" not in contact
    assert "from" not in post.messages()[0]
    assert post.messages()[0]["from_user_id"] == contact["user_id"]

    sent = sim.sent({"recipient": contact["user_id"], "text": {"body": "Oi"}})
    status = sim.sink.status(sent, "delivered")
    assert "recipient_id" not in status
    assert status["recipient_user_id"] == contact["user_id"]
    assert sim.seen(phone)[-1]["text"] == "Oi"


def test_an_offline_phone_gets_everything_later(sim: Sim) -> None:
    phone = sim.guest()
    sim.ask("POST", f"/_sim/handset/{phone}/state", {"state": "offline"})
    wamids = [sim.sent({"to": phone, "text": {"body": str(n)}}) for n in range(3)]
    sim.sink.status(wamids[-1], "sent")
    probe = sim.sent({"to": sim.guest(), "text": {"body": "outra pessoa"}})
    sim.sink.status(probe, "read")
    assert [sim.sink.statuses(wamid) for wamid in wamids] == [["sent"]] * 3
    assert [b["status"] for b in sim.seen(phone) if b["direction"] == "in"] == ["sent"] * 3
    sim.ask("POST", f"/_sim/handset/{quote('+' + phone)}/state", {"online": True})
    for wamid in wamids:
        assert sim.sink.status(wamid, "read")
    assert [b["status"] for b in sim.seen(phone) if b["direction"] == "in"] == ["read"] * 3


def test_who_blocked_the_business_gets_nothing(sim: Sim) -> None:
    phone = sim.guest()
    sim.ask("POST", f"/_sim/handset/{phone}/state", {"blocked": True})
    lost = sim.sent({"to": phone, "text": {"body": "Perdida"}})
    assert sim.sink.status(lost, "sent")
    sim.ask("POST", f"/_sim/handset/{phone}/state", {"state": "unblocked"})
    found = sim.sent({"to": phone, "text": {"body": "Chega"}})
    assert sim.sink.status(found, "read")
    assert sim.sink.statuses(lost) == ["sent"]
    assert [b["text"] for b in sim.seen(phone)] == ["Oi", "Chega"]


def test_blocked_between_acceptance_and_delivery_never_arrives(sim: Sim) -> None:
    phone = sim.guest()
    sim.ask("POST", f"/_sim/handset/{phone}/state", {"online": False})
    lost = sim.sent({"to": phone, "text": {"body": "A caminho"}})
    assert sim.sink.status(lost, "sent")
    sim.ask("POST", f"/_sim/handset/{phone}/state", {"blocked": True})
    sim.ask("POST", f"/_sim/handset/{phone}/state", {"online": True})
    # Another person's message went the whole way meanwhile.
    assert sim.sink.status(sim.sent({"to": sim.guest(), "text": {"body": "Oi"}}), "read")
    sim.ask("POST", f"/_sim/handset/{phone}/state", {"blocked": False})
    assert sim.sink.status(sim.sent({"to": phone, "text": {"body": "Chega"}}), "read")
    assert sim.sink.statuses(lost) == ["sent"]
    assert [b["text"] for b in sim.seen(phone)] == ["Oi", "Chega"]


def test_after_a_day_ahead_and_back_messages_go_as_before(sim: Sim) -> None:
    phone = sim.guest()
    before = sim.settings(rate_limit=5, pair_limit=5)
    sim.shift(90_000)
    sim.writes(phone, {"text": "Amanhã"})
    sim.sent({"to": phone, "text": {"body": "No futuro"}})
    sim.shift(-90_000)
    try:
        found = sim.sent({"to": phone, "text": {"body": "Agora"}})
        assert sim.sink.status(found, "read")
    finally:
        sim.settings(rate_limit=before["rate_limit"], pair_limit=before["pair_limit"])


def test_a_voice_note_is_played_once(sim: Sim) -> None:
    phone = sim.guest()
    note = sim.sent(
        {"to": phone, "type": "audio", "audio": {"link": "https://a.example/v.ogg", "voice": True}}
    )
    assert sim.sink.status(note, "read")
    for _ in range(2):
        answer = sim.ask("POST", f"/_sim/handset/{phone}/played", {"wamid": note})
        assert answer.json == {"status": "played"}
    assert sim.sink.status(note, "played")
    assert sim.sink.statuses(note) == ["sent", "delivered", "read", "played"]
    text = sim.sent({"to": phone, "text": {"body": "Oi"}})
    assert sim.ask("POST", f"/_sim/handset/{phone}/played", {"wamid": text}).status == 422
    assert sim.ask("POST", f"/_sim/handset/{phone}/played", {"wamid": "wamid.none"}).status == 422


def test_the_business_speaks_through_its_door_or_by_itself(sim: Sim) -> None:
    phone = sim.guest()
    message = {"to": f"+{phone}", "type": "text", "text": {"body": "Por mim"}}
    assert sim.ask("GET", "/_sim/business").json == {"known": False}
    assert sim.ask("POST", "/_sim/business/send", message).json["ok"]
    eventually(lambda: [b["text"] for b in sim.seen(phone)] == ["Oi", "Por mim"])
    assert not sim.ask("POST", "/_sim/business/send", {"to": "x", "type": "text"}).json["ok"]
    assert sim.ask("POST", "/_sim/business", {"url": "https://elsewhere.example/"}).status == 422
    assert sim.ask("POST", "/_sim/business", {"nothing": 1}).status == 422


def test_without_read_receipts_nobody_knows(sim: Sim) -> None:
    phone = sim.guest()
    sim.ask("POST", f"/_sim/handset/{phone}/state", {"state": "read_receipts_off"})
    quiet = sim.sent({"to": phone, "text": {"body": "Oi"}})
    probe = sim.sent({"to": sim.guest(), "text": {"body": "outra pessoa"}})
    sim.sink.status(probe, "read")
    eventually(lambda: sim.sink.statuses(quiet) == ["sent", "delivered"])


def test_people_without_a_phone(sim: Sim) -> None:
    (bruno,) = [p for p in sim.ask("GET", "/_sim/handsets").json if p["bsuid"] == BRUNO_BSUID]
    assert bruno["phone"] is None
    wamid = sim.writes(BRUNO_BSUID, {"text": "Oi"})
    value = sim.sink.value_with(wamid)
    assert value["contacts"] == [
        {"profile": {"name": "Bruno Sem Telefone", "username": "bruno"}, "user_id": BRUNO_BSUID}
    ]
    assert "from" not in value["messages"][0]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "a", "revoke": "b"},
        {"image": {"data_base64": "%%%"}},
        {"location": []},
        {"reaction": "👍", "context": "wamid.none"},
        {"edit": {"original": "wamid.none", "text": "x"}},
        {"text": "Oi", "phone_number_id": "999"},
    ],
)
def test_what_nobody_can_do(sim: Sim, body: dict[str, Any]) -> None:
    answer = sim.ask("POST", f"/_sim/handset/{sim.person()}/send", body)
    assert answer.status == 422
    assert answer.json["error"]


def test_uploads_have_limits(sim: Sim) -> None:
    def upload(mime_type: str, data: bytes) -> int:
        mark = "MARK"
        part = (
            f'--{mark}\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
            f"Content-Type: {mime_type}\r\n\r\n"
        )
        raw = part.encode() + data + f"\r\n--{mark}--\r\n".encode()
        request = urllib.request.Request(f"{sim.base}/v25.0/{PHONE}/media", data=raw, method="POST")
        request.add_header("Authorization", f"Bearer {TOKEN}")
        request.add_header("Content-Type", f"multipart/form-data; boundary={mark}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code

    assert upload("image/png", PNG) == 200
    assert upload("image/tiff", PNG) == 400
    assert upload("image/png", bytes(5 * 1024 * 1024 + 1)) == 400
    assert upload("image/png", b"") == 400
