"""The attempt token byte by byte: it is written by one version and read by the next."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

import pytest

from recado.kit.tokens import read_token, write_token

KEY = bytes(range(32))
TOKEN = UUID("0190a5b2-7c3d-7e4f-8a1b-2c3d4e5f6071")


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def by_hand(token: UUID, key: bytes = KEY, prefix: str = "v1.") -> str:
    mac = hmac.new(key, token.bytes, hashlib.sha256).digest()[:8]
    return f"{prefix}{b64(token.bytes)}.{b64(mac)}"


def test_the_form_is_a_promise_to_messages_that_are_on_their_way() -> None:
    assert write_token(KEY, TOKEN) == by_hand(TOKEN)
    assert len(write_token(KEY, TOKEN)) == 37
    assert read_token(KEY, by_hand(TOKEN)) == TOKEN


@pytest.mark.parametrize(
    "opaque",
    [
        None,
        "",
        "v1.",
        by_hand(TOKEN, prefix="v2."),
        by_hand(TOKEN, key=bytes(32)),
        by_hand(TOKEN) + "A",
        by_hand(TOKEN)[:-1],
        by_hand(TOKEN).replace(".", "_"),
        # As long as one of ours, with other lengths inside.
        f"v1.{b64(TOKEN.bytes)[:21]}.{'A' * 12}",
        f"v1.{'A' * 34}",
        f"v1.{'A' * 22}.{'é' * 11}",
    ],
)
def test_anything_else_is_another_applications_data(opaque: str | None) -> None:
    assert read_token(KEY, opaque) is None


def test_a_right_signature_over_too_few_bytes_is_not_ours() -> None:
    raw = bytes(15)
    mac = hmac.new(KEY, raw, hashlib.sha256).digest()[:8]
    text = f"v1.{b64(raw)}.{b64(mac)}".ljust(37, "=")
    assert read_token(KEY, text) is None
    padded = f"v1.{b64(raw)}==.{b64(mac)}"
    assert len(padded) == 37
    assert read_token(KEY, padded) is None
