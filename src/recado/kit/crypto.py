"""Envelope encryption and keyed hashes.

Key-encryption keys (KEK) live outside the database. Each tenant has one data key (DEK), stored wrapped
by a KEK. Values are AES-256-GCM under the DEK with the place they belong to as associated data, so a
ciphertext moved to another tenant, table, column or row does not decrypt.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from recado.kit.ids import RandomBytes

_VERSION = b"\x01"
_NONCE = 12


class SecretUnreadable(Exception):
    """A stored secret does not decrypt: wrong master key, or moved from where it belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a secret belongs; part of what is authenticated."""

    tenant: str
    table: str
    column: str
    row: str

    def aad(self) -> bytes:
        return "|".join(("v1", self.tenant, self.table, self.column, self.row)).encode()


def seal(key: bytes, place: Place, value: bytes, random_bytes: RandomBytes) -> bytes:
    nonce = random_bytes(_NONCE)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, value, place.aad())


def unseal(key: bytes, place: Place, sealed: bytes) -> bytes:
    """Raises SecretUnreadable when key or place are not the ones it was sealed for."""
    if sealed[:1] != _VERSION:
        raise SecretUnreadable("unknown secret format")
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place.aad())
    except (InvalidTag, ValueError) as error:  # ValueError: cut short, not even a nonce left
        raise SecretUnreadable(f"{place.table}.{place.column} does not decrypt") from error


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Master keys by id; the first is the current one, the others only read."""

    keys: dict[str, bytes] = field(repr=False)

    @property
    def current(self) -> str:
        return next(iter(self.keys))

    def wrap(self, tenant: str, dek: bytes, random_bytes: RandomBytes) -> bytes:
        """`<key id>:` in clear, then the wrapped data key."""
        kid = self.current
        place = Place(tenant=tenant, table="tenant", column="dek", row=kid)
        return kid.encode() + b":" + seal(self.keys[kid], place, dek, random_bytes)

    def unwrap(self, tenant: str, wrapped: bytes) -> bytes:
        """Raises SecretUnreadable when no master key of the ring fits."""
        kid_bytes, _, sealed = wrapped.partition(b":")
        kid = kid_bytes.decode()
        if kid not in self.keys:
            raise SecretUnreadable(f"master key {kid!r} is not in the key ring")
        place = Place(tenant=tenant, table="tenant", column="dek", row=kid)
        return unseal(self.keys[kid], place, sealed)

    def key_id(self, wrapped: bytes) -> str:
        return wrapped.partition(b":")[0].decode()


def parse_ring(text: str) -> KeyRing:
    """Reads `id:base64,id:base64` (32 bytes each, current first). Raises ValueError naming the rule."""
    keys: dict[str, bytes] = {}
    for part in text.replace("\n", ",").split(","):
        if not (part := part.strip()):
            continue
        kid, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ValueError(f"master key {kid!r} is not base64") from error
        if len(key) != 32:
            raise ValueError(f"master key {kid!r} must have 32 bytes, has {len(key)}")
        keys[kid] = key
    if not keys:
        raise ValueError("no master key given")
    return KeyRing(keys)


def new_ring_entry(kid: str, random_bytes: RandomBytes = secrets.token_bytes) -> str:
    return f"{kid}:{base64.b64encode(random_bytes(32)).decode()}"


def derive(key: bytes, purpose: str) -> bytes:
    """A 32-byte subkey for one purpose, so that no key is used for two things."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)


def keyed_hash(key: bytes, value: bytes, size: int = 16) -> bytes:
    """HMAC-SHA256, truncated: lets us look a personal value up without storing it in clear."""
    return hmac.digest(key, value, "sha256")[:size]


def api_key_hash(key: str) -> bytes:
    """API keys have 256 random bits, so a plain digest cannot be guessed back."""
    return hashlib.sha256(key.encode()).digest()
