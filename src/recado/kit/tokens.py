"""The attempt token that travels through the provider and comes back with every status.

`v1.<22 base64url characters of the UUID>.<8-byte MAC>`: no tenant, no person, unforgeable.
"""

from __future__ import annotations

import base64
import hmac
from uuid import UUID

_PREFIX = "v1."


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def write_token(key: bytes, token: UUID) -> str:
    mac = hmac.digest(key, token.bytes, "sha256")[:8]
    return f"{_PREFIX}{_b64(token.bytes)}.{_b64(mac)}"


def read_token(key: bytes, opaque: str | None) -> UUID | None:
    """The attempt token, or None when it is not ours (another application's data, or tampered)."""
    if opaque is None or not opaque.startswith(_PREFIX) or len(opaque) != 37:
        return None
    body, _, mac = opaque[3:].partition(".")
    try:
        raw = base64.urlsafe_b64decode(body + "==")
        given = base64.urlsafe_b64decode(mac + "=")
    except ValueError:
        return None
    if len(raw) != 16 or not hmac.compare_digest(hmac.digest(key, raw, "sha256")[:8], given):
        return None
    return UUID(bytes=raw)
