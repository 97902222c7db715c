"""Passwords, codes and random tokens. Nothing here is stored as it was typed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from recado.errors import Invalid
from recado.kit.crypto import KeyRing, Place, SecretUnreadable, derive, seal, unseal
from recado.kit.ids import RandomBytes
from recado.people.model import PersonId

MIN_PASSWORD = 12
MAX_PASSWORD = 256
# OWASP's second choice (19 MiB, two passes): about 30 ms here, and several at once do not fill the memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Checked when nobody has the login, so that both answers take the same time.
NOBODY = _HASHER.hash("nobody has this password")
_STEP_S = 30


def check_password_rules(password: str, *, login: str) -> None:
    """Raises Invalid. Long and not the login; no rules about kinds of characters (NIST SP 800-63B)."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid("password_length", f"password: {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    plain = password.casefold()
    if len(set(plain)) < 5 or plain.strip() == login or plain in login:
        raise Invalid("password_weak", "password: too easy to guess")


def hash_password(password: str) -> str:
    """Argon2id; takes some 30 ms, so callers use a thread."""
    return _HASHER.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Whether the password made this hash; takes the same time for an account without one."""
    try:
        matches = _HASHER.verify(password_hash or NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return False
    return matches and password_hash is not None


def new_token(random_bytes: RandomBytes) -> str:
    """256 random bits for a cookie or a link."""
    return base64.urlsafe_b64encode(random_bytes(32)).rstrip(b"=").decode()


def token_hash(token: str) -> bytes:
    """256 random bits cannot be guessed back from a plain digest."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def throttle_key(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{kind}:{value}".encode("utf-8", "replace")).digest()


# --------------------------------------------------------------------------- second factor


def _place(person_id: PersonId) -> Place:
    return Place(tenant="", table="person", column="totp", row=person_id.hex)


def seal_totp(ring: KeyRing, person_id: PersonId, secret: str, random_bytes: RandomBytes) -> bytes:
    """`<key id>:` in clear, then the sealed secret: the same shape as tenants' keys."""
    key = derive(ring.keys[ring.current], "recado totp")
    return ring.current.encode() + b":" + seal(key, _place(person_id), secret.encode(), random_bytes)


def open_totp(ring: KeyRing, person_id: PersonId, sealed: bytes) -> str:
    """Raises SecretUnreadable when no master key of the ring fits."""
    kid, _, body = sealed.partition(b":")
    if (master := ring.keys.get(kid.decode("utf-8", "replace"))) is None:
        raise SecretUnreadable(f"master key {kid!r} is not in the key ring")
    return unseal(derive(master, "recado totp"), _place(person_id), body).decode()


def new_totp_secret(random_bytes: RandomBytes) -> str:
    return base64.b32encode(random_bytes(20)).decode()


def totp_uri(secret: str, login: str) -> str:
    """What the QR code holds for an authenticator application."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="recado")


def totp_step(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The step the code belongs to (one before to one after now), or None. RFC 6238: a step serves once."""
    typed = "".join(one for one in code if one.isascii() and one.isdigit())
    if len(typed) != 6:
        return None
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // _STEP_S
    for step in (current - 1, current, current + 1):
        if step > after and hmac.compare_digest(totp.generate_otp(step), typed):
            return step
    return None
