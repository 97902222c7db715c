"""What must never reach a log or a technical view."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.kit.redact import redact_json, redact_text

PHONE = "5520955500111"
WAMID = "wamid." + base64.b64encode(b"\x1d\x1c\r" + PHONE.encode() + b"\x15\x02\x00").decode()


@pytest.mark.parametrize(
    "text",
    [
        f"sent {WAMID} to somebody",
        f"id={WAMID}, next",
        "call +5520955500111 now",
        "call 5520955500111",
        "call +55 20 95550-0111.",
        "(+55) 20 95550-0111",
        "to=+16505550100;",
        "Authorization: Bearer EAAGm0PX4ZCpsBAKxyz",
        "token EAAGm0PX4ZCpsBAKxyz",
        "key rk_Zm9vYmFyYmF6cXV4",
    ],
)
def test_numbers_wamids_and_secrets_are_masked(text: str) -> None:
    masked = redact_text(text)
    plain = "".join(character for character in masked if character.isdigit())
    assert "20955500111" not in plain
    assert "95550" not in plain
    assert "5550100" not in plain
    assert WAMID not in masked
    assert "EAAGm0" not in masked
    assert "Zm9vYmFy" not in masked


def test_ordinary_words_codes_and_ids_stay() -> None:
    text = "HTTP 429 code 130429 at 12:30, try 2 of 3, 019b3c5e-7d2a-7c11-8a55-2f6b5d0c9a10"
    assert redact_text(text) == text


@given(st.text(alphabet="0123456789 ()-.", max_size=12), st.text(alphabet="abc ,;:=", max_size=5))
def test_a_number_is_masked_wherever_it_stands(before: str, after: str) -> None:
    text = f"x {after} +{PHONE} {after}"
    assert PHONE not in redact_text(text)


def test_a_webhook_keeps_its_shape_without_people() -> None:
    body = {
        "entry": [
            {
                "id": "102290129340398",
                "changes": [
                    {
                        "value": {
                            "contacts": [{"profile": {"name": "Marina Azevedo"}, "wa_id": PHONE}],
                            "messages": [
                                {
                                    "from": PHONE,
                                    "id": WAMID,
                                    "type": "text",
                                    "text": {"body": "Bom dia, aqui é a Marina"},
                                    "context": {"from": PHONE, "id": WAMID},
                                    "document": {"filename": "exame-marina.pdf", "mime_type": "x/y"},
                                }
                            ],
                        }
                    }
                ],
            }
        ]
    }
    masked = redact_json(body)
    text = json.dumps(masked, ensure_ascii=False)
    for secret in (PHONE, WAMID, "Marina", "Bom dia"):
        assert secret not in text
    message = masked["entry"][0]["changes"][0]["value"]["messages"][0]
    assert message["type"] == "text"
    assert set(message) == {"from", "id", "type", "text", "context", "document"}


def test_json_in_a_text_is_opened_first_and_other_text_is_masked() -> None:
    assert redact_json(json.dumps({"to": PHONE, "n": 3})) == {"to": "[13 characters]", "n": 3}
    assert redact_json(f"broken {{ {WAMID}") == "broken { wamid.[redacted]"
    assert redact_json([PHONE, 5, None, True]) == ["[number]", 5, None, True]
