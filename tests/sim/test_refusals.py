"""What Meta refuses, with Meta's codes, statuses and error bodies."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sim.stage import (
    BRUNO_BSUID,
    MARINA_BSUID,
    OTHER_PHONE,
    PHONE,
    WABA,
    Answer,
    Sim,
    eventually,
    running,
)

Json = dict[str, Any]
LONG = "x" * 5000


def template(name: str, components: list[Json] | None = None, language: str = "pt_BR") -> Json:
    about: Json = {"name": name, "language": {"code": language}}
    if components is not None:
        about["components"] = components
    return {"type": "template", "template": about}


def words(*texts: str, of: str = "body") -> Json:
    return {"type": of, "parameters": [{"type": "text", "text": text} for text in texts]}


def url(text: str, index: str = "2") -> Json:
    parameters = [{"type": "text", "text": text}]
    return {"type": "button", "sub_type": "url", "index": index, "parameters": parameters}


REMINDER = [words("Marina", of="header"), words("30/11", "10h"), url("abc")]


def test_the_error_body_is_metas(sim: Sim) -> None:
    answer = sim.text(sim.person())
    assert answer.status == 400
    error = answer.json["error"]
    assert error["message"] == "(#131047) Re-engagement message"
    assert error["type"] == "OAuthException"
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert "24 hours" in error["error_data"]["details"]
    assert error["fbtrace_id"].startswith("A")


def test_the_window_opens_for_a_day_for_one_number_only(sim: Sim) -> None:
    phone = sim.person()
    assert sim.text(phone).code == 131047
    sim.writes(phone, {"text": "Oi"})
    assert sim.text(phone).status == 200
    other = {"to": f"+{phone}", "type": "text", "text": {"body": "Oi"}}
    assert sim.send(other, phone_id=OTHER_PHONE).code == 131047
    sim.shift(86_390)
    assert sim.text(phone).status == 200
    sim.shift(20)
    assert sim.text(phone).code == 131047


def test_the_window_counts_from_the_messages_own_time(sim: Sim) -> None:
    phone = sim.person()
    now = sim.ask("GET", "/_sim/clock").json["now"]
    sim.writes(phone, {"text": "Atrasada", "timestamp": now - 86_500})
    assert sim.text(phone).code == 131047


@pytest.mark.parametrize("body", [{"unsupported": True}, {"reaction": "👍"}])
def test_reactions_and_unsupported_messages_do_not_open_the_window(sim: Sim, body: Json) -> None:
    phone = sim.person()
    ours = sim.sent({"to": phone, **template("lembrete_24h", REMINDER)})
    sim.writes(phone, {**body, "context": ours})
    assert sim.text(phone).code == 131047


def test_a_closed_window_may_also_fail_later(sim: Sim) -> None:
    sim.settings(window_refusal="async")
    phone = sim.person()
    wamid = sim.sent({"to": phone, "text": {"body": "Oi"}})
    assert sim.sink.status(wamid, "failed")["errors"][0]["code"] == 131047
    assert sim.seen(phone) == []


TEMPLATES: dict[str, tuple[Json, int, int]] = {
    "unknown": (template("nenhum"), 132001, 404),
    "unknown language": (template("lembrete_24h", REMINDER, "en_US"), 132001, 404),
    "in review": (template("em_analise"), 132001, 404),
    "paused": (template("pausado"), 132015, 400),
    "disabled": (template("desligado"), 132016, 400),
    "no parameters": (template("lembrete_24h"), 132000, 400),
    "too few": (template("lembrete_24h", [REMINDER[0], words("30/11"), url("a")]), 132000, 400),
    "too many": (
        template("lembrete_24h", [REMINDER[0], words("30/11", "10h", "?"), url("a")]),
        132000,
        400,
    ),
    "no link": (template("lembrete_24h", REMINDER[:2]), 131008, 400),
    "no such button": (template("lembrete_24h", [*REMINDER, url("a", "7")]), 132018, 400),
    "new line": (
        template("lembrete_24h", [REMINDER[0], words("30\n11", "10h"), url("a")]),
        132018,
        400,
    ),
    "too long": (
        template("lembrete_24h", [REMINDER[0], words(LONG, "10h"), url("a")]),
        132005,
        400,
    ),
    "wrong name": (
        template(
            "boas_vindas",
            [{"type": "body", "parameters": [{"type": "text", "text": "a", "parameter_name": "x"}]}],
        ),
        100,
        400,
    ),
    "no picture": (template("foto"), 132012, 400),
    "wrong header": (template("foto", [words("Oi", of="header")]), 132012, 400),
    "no code": (template("codigo", [words("123456")]), 131008, 400),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_that_do_not_fit(sim: Sim, name: str) -> None:
    body, code, status = TEMPLATES[name]
    answer = sim.send({"to": f"+{sim.person()}", **body})
    assert (answer.code, answer.status) == (code, status), answer.raw


def test_templates_that_fit_need_no_window(sim: Sim) -> None:
    answer = sim.send({"to": f"+{sim.person()}", **template("lembrete_24h", REMINDER)})
    assert answer.status == 200
    assert answer.json["messages"][0]["message_status"] == "accepted"


def reply(title: str = "Sim", row_id: str = "1") -> Json:
    return {"type": "reply", "reply": {"id": row_id, "title": title}}


def interactive(kind: str, action: Json, **more: Any) -> Json:
    about = {"type": kind, "body": {"text": "Oi"}, "action": action, **more}
    return {"type": "interactive", "interactive": about}


def rows(count: int, **more: Any) -> list[Json]:
    return [{"id": str(n), "title": f"Linha {n}", **more} for n in range(count)]


def listing(*sections: Json, button: str = "Ver") -> Json:
    return interactive("list", {"button": button, "sections": list(sections)})


LIMITS: dict[str, tuple[Json, int]] = {
    "no text": ({"type": "text"}, 131008),
    "empty text": ({"type": "text", "text": {"body": ""}}, 131008),
    "long text": ({"type": "text", "text": {"body": "x" * 4097}}, 100),
    "unknown kind": ({"type": "hologram", "hologram": {}}, 100),
    "text that is no object": ({"type": "text", "text": "Oi"}, 100),
    "opaque": ({"text": {"body": "Oi"}, "biz_opaque_callback_data": "x" * 513}, 100),
    "media without source": ({"type": "image", "image": {}}, 131008),
    "media with both": ({"type": "image", "image": {"id": "1", "link": "https://a.b"}}, 131008),
    "unknown media": ({"type": "image", "image": {"id": "999"}}, 131009),
    "link that is none": ({"type": "image", "image": {"link": "ftp://a.b"}}, 100),
    "caption": ({"type": "image", "image": {"link": "https://a.b", "caption": LONG}}, 100),
    "audio caption": ({"type": "audio", "audio": {"link": "https://a.b", "caption": "x"}}, 100),
    "latitude": ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009),
    "no longitude": ({"type": "location", "location": {"latitude": 1}}, 131008),
    "no contacts": ({"type": "contacts", "contacts": []}, 100),
    "contact without name": ({"type": "contacts", "contacts": [{"phones": []}]}, 131008),
    "reaction without target": ({"type": "reaction", "reaction": {"emoji": "👍"}}, 131008),
    "reaction of words": ({"type": "reaction", "reaction": {"message_id": "w", "emoji": "ok"}}, 131009),
    "context": ({"text": {"body": "Oi"}, "context": {}}, 131008),
    "no buttons": (interactive("button", {"buttons": []}), 131009),
    "four buttons": (interactive("button", {"buttons": [reply(str(n), str(n)) for n in range(4)]}), 131009),
    "long button": (interactive("button", {"buttons": [reply("x" * 21)]}), 131009),
    "same button": (interactive("button", {"buttons": [reply("a", "1"), reply("a", "2")]}), 131009),
    "long footer": (interactive("button", {"buttons": [reply()]}, footer={"text": "x" * 61}), 131009),
    "long header": (
        interactive("button", {"buttons": [reply()]}, header={"type": "text", "text": "x" * 61}),
        131009,
    ),
    "no body": (interactive("button", {"buttons": [reply()]}, body={}), 131008),
    "eleven rows": (listing({"title": "A", "rows": rows(6)}, {"title": "B", "rows": rows(5)}), 131009),
    "same row": (listing({"rows": [*rows(1), *rows(1)]}), 131009),
    "long row": (listing({"rows": rows(1, description="x" * 73)}), 131009),
    "untitled sections": (listing({"rows": rows(1)}, {"rows": rows(1)}), 131009),
    "long list button": (listing({"rows": rows(1)}, button="x" * 21), 131009),
    "link label": (
        interactive("cta_url", {"parameters": {"display_text": "x" * 21, "url": "https://a.b"}}),
        131009,
    ),
    "one card": (interactive("carousel", {"cards": [{"action": {}}]}), 131009),
    "flow without id": (
        interactive("flow", {"parameters": {"flow_message_version": "3", "flow_cta": "Ir"}}),
        131008,
    ),
    "unknown interactive": (interactive("dance", {}), 100),
}


@pytest.mark.parametrize("name", LIMITS)
def test_payloads_that_break_a_rule(sim: Sim, name: str) -> None:
    body, code = LIMITS[name]
    answer = sim.send({"to": f"+{sim.guest()}", **body})
    assert (answer.code, answer.status) == (code, 400), answer.raw


def test_rules_of_the_envelope(sim: Sim) -> None:
    phone = sim.guest()
    assert sim.send({"to": phone, "text": {"body": "Oi"}, "messaging_product": "x"}).code == 100
    assert sim.send({"text": {"body": "Oi"}}).code == 100
    assert sim.send({"to": "perto daqui", "text": {"body": "Oi"}}).code == 131009
    assert sim.send({"to": "123", "text": {"body": "Oi"}}).code == 131009
    assert sim.send({"to": "+1 650-555-0100", "text": {"body": "Oi"}}).code == 131021
    assert sim.send({"to": "grupo", "recipient_type": "group", "text": {"body": "Oi"}}).code == 131020
    assert sim.send({"to": f"+{phone[:2]} ({phone[2:4]}) {phone[4:]}", "text": {"body": "Oi"}}).status == 200


def test_tokens_and_unknown_objects(sim: Sim) -> None:
    phone = sim.guest()
    for token in ("invalid", "expired", "nobody", None):
        answer = sim.ask("POST", f"/v25.0/{PHONE}/messages", {}, token=token)
        assert (answer.code, answer.status) == (190, 401)
        assert answer.headers["www-authenticate"].startswith("OAuth")
    body = {"messaging_product": "whatsapp", "to": phone, "text": {"body": "Oi"}}
    unknown: list[Answer] = [
        sim.ask("POST", "/v25.0/999/messages", body),
        sim.ask("GET", "/v25.0/999"),
        sim.ask("GET", "/v25.0/999/phone_numbers"),
    ]
    for answer in unknown:
        error = answer.json["error"]
        assert (error["code"], error["error_subcode"]) == (100, 33)
        assert error["type"] == "GraphMethodException"
    for version in ("/v1.0", "/v99.9", ""):
        assert sim.ask("POST", f"{version}/{PHONE}/messages", body).status == 200


def test_an_unregistered_number_cannot_send(sim: Sim) -> None:
    body = {"messaging_product": "whatsapp", "pin": "123456"}
    assert sim.ask("POST", f"/v25.0/{OTHER_PHONE}/deregister", {}).status == 200
    assert sim.send({"to": "+5520955500199", "text": {"body": "Oi"}}, phone_id=OTHER_PHONE).code == 133010
    assert sim.ask("POST", f"/v25.0/{OTHER_PHONE}/register", {**body, "pin": "1"}).code == 100
    assert sim.ask("POST", f"/v25.0/{OTHER_PHONE}/register", body).status == 200


def test_people_the_business_blocked(sim: Sim) -> None:
    phone = sim.guest()
    users = {"messaging_product": "whatsapp", "block_users": [{"user": f"+{phone}"}]}
    assert sim.ask("POST", f"/v25.0/{PHONE}/block_users", users).status == 200
    assert sim.text(phone).code == 130403
    assert sim.ask("DELETE", f"/v25.0/{PHONE}/block_users", users).status == 200
    assert sim.text(phone).status == 200


def test_a_bsuid_in_to_is_taken_and_never_arrives(sim: Sim) -> None:
    sim.writes(BRUNO_BSUID, {"text": "Oi"})
    before = len(sim.seen(BRUNO_BSUID))
    lost = sim.sent({"to": BRUNO_BSUID, "text": {"body": "Perdida"}})
    answer = sim.send({"recipient": BRUNO_BSUID, "text": {"body": "Chega"}})
    assert answer.json["contacts"] == [{"input": BRUNO_BSUID, "user_id": BRUNO_BSUID}]
    found = answer.json["messages"][0]["id"]
    assert sim.sink.status(found, "read")
    assert [b["text"] for b in sim.seen(BRUNO_BSUID)][before:] == ["Chega"]
    assert sim.sink.statuses(lost) == []
    assert {line["wamid"] for line in sim.ledger()} >= {lost, found}


def test_codes_need_a_phone(sim: Sim) -> None:
    code: list[Json] = [words("123456"), url("123456", "0")]
    assert sim.send({"recipient": MARINA_BSUID, **template("codigo", code)}).code == 131062
    assert sim.send({"to": f"+{sim.person()}", **template("codigo", code)}).status == 200


def test_when_both_are_given_the_phone_wins(sim: Sim) -> None:
    phone = sim.guest()
    answer = sim.send({"to": f"+{phone}", "recipient": BRUNO_BSUID, "text": {"body": "Oi"}})
    assert answer.json["contacts"] == [{"input": f"+{phone}", "wa_id": phone}]


def test_a_reaction_to_what_nobody_wrote_fails_later(sim: Sim) -> None:
    phone = sim.guest()
    about = {"message_id": "wamid.nothing", "emoji": "👍"}
    wamid = sim.sent({"to": phone, "type": "reaction", "reaction": about})
    assert sim.sink.status(wamid, "failed")["errors"][0]["code"] == 131009


def test_one_person_and_one_number_have_their_pace() -> None:
    with running("--pair-limit", "3", "--rate-limit", "5") as sim:
        phone = sim.guest()
        answers = [sim.text(phone) for _ in range(4)]
        assert [a.status for a in answers] == [200, 200, 200, 400]
        assert answers[-1].code == 131056
        sim.shift(6)
        assert sim.text(phone).status == 200
        assert sim.text(phone).code == 131056
        sim.settings(pair_limit=0)
        codes = {a.json.get("error", {}).get("code") for a in (sim.text(phone) for _ in range(30))}
        assert codes == {None, 130429}
        sim.settings(rate_limit=0)
        assert sim.text(phone).status == 200


def test_templates_are_reviewed_listed_and_refused(sim: Sim) -> None:
    path = f"/v25.0/{WABA}/message_templates"
    body = {"type": "BODY", "text": "Olá {{1}}, até logo.", "example": {"body_text": [["Ana"]]}}
    new = {"name": "novo", "language": "pt_BR", "category": "UTILITY", "components": [body]}

    created = sim.ask("POST", path, new).json
    assert created["status"] == "PENDING"
    eventually(lambda: sim.ask("GET", f"/v25.0/{created['id']}").json["status"] == "APPROVED")
    assert sim.ask("POST", path, new).json["error"]["error_subcode"] == 2388024
    bad = {**new, "name": "ruim", "components": [{**body, "text": "Sua hora é {{1}}"}]}
    assert sim.ask("POST", path, bad).json["error"]["error_subcode"] == 2388299
    bad = {**new, "name": "ruim", "components": [{**body, "text": "x" * 1025}]}
    assert sim.ask("POST", path, bad).json["error"]["error_subcode"] == 2388040

    first = sim.ask("GET", f"{path}?limit=3&fields=name,status").json
    assert len(first["data"]) == 3
    assert set(first["data"][0]) == {"name", "status", "id"}
    second = sim.ask("GET", f"{path}?limit=3&after={first['paging']['cursors']['after']}").json
    assert not {t["id"] for t in first["data"]} & {t["id"] for t in second["data"]}
    assert [t["name"] for t in sim.ask("GET", f"{path}?name=novo").json["data"]] == ["novo"]
    paused = sim.ask("GET", f"{path}?status=PAUSED").json["data"]
    assert {t["name"] for t in paused} == {"pausado"}
    assert sim.ask("DELETE", f"{path}?name=novo").json == {"success": True}
    assert sim.ask("GET", f"{path}?name=novo").json["data"] == []
