"""recado's message becomes exactly one request body, or nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from recado.providers.contract import Outbound
from recado.providers.meta.payload import UnsendableError, encode_message, encode_read

TEXT = {"type": "text", "text": {"body": "Olá"}}


def outbound(**changes: Any) -> Outbound:
    given: dict[str, Any] = {
        "phone_number_id": "106000000000023",
        "phone": "+5520955500111",
        "bsuid": None,
        "content": TEXT,
        "context_wamid": None,
        "opaque": "v1.a.b",
    }
    return Outbound(**(given | changes))


def decoded(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(encode_message(outbound(**changes)))
    return body


def test_a_phone_goes_into_to_with_its_plus() -> None:
    assert decoded(context_wamid="wamid.A") == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+5520955500111",
        "type": "text",
        "text": {"body": "Olá"},
        "context": {"message_id": "wamid.A"},
        "biz_opaque_callback_data": "v1.a.b",
    }


@pytest.mark.parametrize("bsuid", ["BR.13490000000000000111", "US.ENT.13306782629361786981"])
def test_a_user_id_goes_into_recipient_and_never_into_to(bsuid: str) -> None:
    body = decoded(phone=None, bsuid=bsuid)
    assert body["recipient"] == bsuid
    assert "to" not in body


def test_content_cannot_replace_the_recipient_or_the_token() -> None:
    content = {
        **TEXT,
        "to": "+15550000000",
        "recipient": "BR.1",
        "biz_opaque_callback_data": "x",
        "recipient_identity_key_hash": "h",
        "messaging_product": "other",
    }
    body = decoded(content=content)
    assert body["to"] == "+5520955500111"
    assert "recipient" not in body
    assert body["biz_opaque_callback_data"] == "v1.a.b"
    assert body["recipient_identity_key_hash"] == "h"
    assert body["messaging_product"] == "whatsapp"


@pytest.mark.parametrize(
    ("changes", "recipient"),
    [
        ({"phone": "5520955500111"}, True),
        ({"phone": "+0520955500111"}, True),
        ({"phone": "BR.13490000000000000111"}, True),
        ({"phone": None}, True),
        ({"phone": None, "bsuid": ""}, True),
        ({"bsuid": "BR.1349"}, True),
        ({"content": {}}, False),
        ({"content": {"type": "text"}}, False),
        ({"content": {"type": "text", "text": {"body": object()}}}, False),
        ({"content": {"type": "text", "text": {"body": "\ud83d"}}}, False),
        ({"opaque": "x" * 513}, False),
    ],
)
def test_what_cannot_be_sent_is_said_before_anything_leaves(changes: dict[str, Any], recipient: bool) -> None:
    with pytest.raises(UnsendableError) as caught:
        encode_message(outbound(**changes))
    assert caught.value.recipient is recipient


def test_reading_and_typing() -> None:
    assert msgspec.json.decode(encode_read("wamid.A", typing=False)) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.A",
    }
    typing = msgspec.json.decode(encode_read("wamid.A", typing=True))
    assert typing["typing_indicator"] == {"type": "text"}
