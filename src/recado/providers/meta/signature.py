"""Who signed: Meta's webhook header and its signed requests, over raw bytes, in constant time.

Nothing here raises for any input. The hex digits of a webhook signature may be upper or lower case:
Meta writes lower case, proxies have been seen to rewrite, and case carries no security.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Any, Final

import msgspec

_PREFIX: Final = "sha256="
_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_SIGNATURE_LENGTH: Final = len(_PREFIX) + 64


def verify_webhook(body: bytes, signature: str | None, secrets: Sequence[bytes]) -> bool:
    """True when `signature` (`sha256=` and 64 hex digits) fits these raw bytes under any secret.

    `secrets` holds the current app secret and, while it is being rotated, the previous one. All of
    them are tried, so the time does not tell which one matched. An empty secret never verifies.
    """
    if (
        signature is None
        or len(signature) != _SIGNATURE_LENGTH
        or not signature.startswith(_PREFIX)
        or not _HEX_DIGITS.issuperset(signature[len(_PREFIX) :])
    ):
        return False
    given = bytes.fromhex(signature[len(_PREFIX) :])
    matched = False
    for secret in secrets:
        if secret:
            matched |= hmac.compare_digest(hmac.digest(secret, body, "sha256"), given)
    return matched


def read_signed_request(signed_request: str, secrets: Sequence[bytes]) -> dict[str, Any] | None:
    """The payload of a data-deletion or deauthorisation callback; None when the signature is wrong.

    Meta's form is `base64url(HMAC-SHA256(secret, payload text)).base64url(JSON)`.
    """
    head, dot, payload = signed_request.partition(".")
    given = _decode(head)
    content = _decode(payload)
    if not dot or given is None or len(given) != 32 or not content:
        return None
    matched = False
    for secret in secrets:
        if secret:
            expected = hmac.digest(secret, payload.encode("ascii"), "sha256")
            matched |= hmac.compare_digest(expected, given)
    return _claims(content) if matched else None


def _decode(text: str) -> bytes | None:
    try:
        raw = text.encode("ascii")
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None


def _claims(content: bytes) -> dict[str, Any] | None:
    try:
        claims = msgspec.json.decode(content)
    except (ValueError, RecursionError):
        return None
    if type(claims) is not dict or claims.get("algorithm") != "HMAC-SHA256":
        return None
    return claims
