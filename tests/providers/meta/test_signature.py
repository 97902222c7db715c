"""Only the holder of the app secret speaks: raw bytes, exact form, constant time, no exceptions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.providers.meta.signature import read_signed_request, verify_webhook

SECRET = b"test-app-secret"
BODY = '{"entry":[],"u":"Estúdio Aurora"}'.encode()


def sign(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def test_the_right_signature_verifies_under_the_current_and_the_previous_secret() -> None:
    assert verify_webhook(BODY, sign(BODY), [SECRET])
    assert verify_webhook(BODY, sign(BODY), [b"new", SECRET])
    assert verify_webhook(BODY, "sha256=" + sign(BODY)[7:].upper(), [SECRET])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        sign(BODY)[7:],
        "sha1=" + sign(BODY)[7:],
        "SHA256=" + sign(BODY)[7:],
        sign(BODY)[:-1],
        sign(BODY) + "0",
        " " + sign(BODY),
        sign(BODY)[:-1] + "g",
        sign(BODY)[:-1] + "é",
        sign(BODY)[:-2] + "٣٤",
        "sha256=" + " " * 64,
        sign(BODY, b"other"),
    ],
)
def test_any_other_header_is_refused(header: str | None) -> None:
    assert not verify_webhook(BODY, header, [SECRET])


def test_the_bytes_are_signed_not_their_meaning() -> None:
    assert not verify_webhook(BODY.replace(b":", b": "), sign(BODY), [SECRET])


def test_an_empty_secret_or_none_never_verifies() -> None:
    assert not verify_webhook(BODY, sign(BODY, b""), [b""])
    assert not verify_webhook(BODY, sign(BODY, b""), [])
    assert not verify_webhook(BODY, sign(BODY, b""), [b"", SECRET])


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=90), st.binary(max_size=50))
def test_no_header_makes_it_raise(header: str, body: bytes) -> None:
    assert not verify_webhook(body, header, [SECRET])
    assert not verify_webhook(body, "sha256=" + header, [SECRET])
    assert read_signed_request(header, [SECRET]) is None


def signed_request(claims: object, secret: bytes = SECRET) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    mac = hmac.new(secret, payload, hashlib.sha256).digest()
    return (base64.urlsafe_b64encode(mac).rstrip(b"=") + b"." + payload).decode()


def test_a_signed_request_gives_its_claims() -> None:
    claims = {"user_id": "1", "algorithm": "HMAC-SHA256"}
    assert read_signed_request(signed_request(claims), [b"other", SECRET]) == claims


@pytest.mark.parametrize(
    "text",
    [
        signed_request({"user_id": "1"}),
        signed_request({"user_id": "1", "algorithm": "none"}),
        signed_request(["HMAC-SHA256"]),
        signed_request({"algorithm": "HMAC-SHA256"}, b"other"),
        signed_request({"algorithm": "HMAC-SHA256"}, b"").replace(".", ".."),
        "a.b.c",
        ".",
    ],
)
def test_a_signed_request_that_proves_nothing(text: str) -> None:
    assert read_signed_request(text, [SECRET]) is None


def test_a_signed_request_with_a_letter_that_is_no_base64_proves_nothing() -> None:
    good = signed_request({"user_id": "1", "algorithm": "HMAC-SHA256"})
    assert read_signed_request(good, [SECRET]) is not None
    for letter in "!*, é":
        # Also so many of them that what is left, were they overlooked, has the right length.
        assert read_signed_request(letter + good, [SECRET]) is None
        assert read_signed_request(letter * 4 + good, [SECRET]) is None


@pytest.mark.parametrize(
    "letter", [chr(code) for code in range(32, 127) if chr(code) not in "0123456789abcdefABCDEF"]
)
def test_a_signature_of_anything_but_hex_digits_is_wrong_and_no_stumble(letter: str) -> None:
    assert verify_webhook(BODY, sign(BODY)[:-1] + letter, [SECRET]) is False
    assert verify_webhook(BODY, "sha256=" + letter * 64, [SECRET]) is False


@pytest.mark.corpus
def test_the_sample_signatures_are_all_judged_right(shared_corpus: Path) -> None:
    seen = 0
    for path in sorted((shared_corpus / "open").glob("signature-*.json")):
        case = json.loads(path.read_text())
        secrets = [case["app_secret"].encode()]
        if "signed_request" in case:
            valid = read_signed_request(case["signed_request"], secrets) is not None
        else:
            header = case["x_hub_signature_256"]
            valid = verify_webhook(case["raw_body"].encode(), header, secrets)
        assert valid is case["valid"], path.name
        seen += 1
    assert seen >= 11
