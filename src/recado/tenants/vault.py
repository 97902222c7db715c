"""Tenant keys in memory: unwraps each data key once and derives what the slices need from it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from uuid import UUID

from recado.kit.crypto import KeyRing, Place, derive, keyed_hash, seal, unseal
from recado.kit.ids import RandomBytes, TenantId
from recado.kit.tokens import read_token, write_token


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """One tenant's derived keys. `hash` keys lookups, `token` signs attempt tokens, `dek` seals secrets."""

    tenant_id: TenantId
    dek: bytes = field(repr=False)
    hash_key: bytes = field(repr=False)
    token_key: bytes = field(repr=False)

    def hash(self, value: str) -> bytes:
        return keyed_hash(self.hash_key, value.encode("utf-8", "replace"))

    def write_token(self, token: UUID) -> str:
        return write_token(self.token_key, token)

    def read_token(self, opaque: str | None) -> UUID | None:
        return read_token(self.token_key, opaque)

    def _place(self, table: str, column: str, row: UUID) -> Place:
        return Place(tenant=self.tenant_id.hex, table=table, column=column, row=row.hex)

    def seal(
        self,
        table: str,
        column: str,
        row: UUID,
        value: bytes,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> bytes:
        return seal(self.dek, self._place(table, column, row), value, random_bytes)

    def unseal(self, table: str, column: str, row: UUID, sealed: bytes) -> bytes:
        """Raises SecretUnreadable for a value that was moved or sealed under another key."""
        return unseal(self.dek, self._place(table, column, row), sealed)


class Vault:
    """Unwrapped tenant keys by tenant. Data keys never change (rotation only re-wraps them), so no expiry."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._open: dict[TenantId, TenantKeys] = {}

    def new_dek(self, tenant_id: TenantId, random_bytes: RandomBytes = secrets.token_bytes) -> bytes:
        """A fresh wrapped data key for a new tenant."""
        return self.ring.wrap(tenant_id.hex, random_bytes(32), random_bytes)

    def rewrap(
        self, tenant_id: TenantId, wrapped: bytes, random_bytes: RandomBytes = secrets.token_bytes
    ) -> bytes | None:
        """The same data key under the current master key, or None when it already is."""
        if self.ring.key_id(wrapped) == self.ring.current:
            return None
        return self.ring.wrap(tenant_id.hex, self.ring.unwrap(tenant_id.hex, wrapped), random_bytes)

    def keys(self, tenant_id: TenantId, wrapped: bytes) -> TenantKeys:
        """Raises SecretUnreadable when the master key is missing or wrong."""
        if found := self._open.get(tenant_id):
            return found
        dek = self.ring.unwrap(tenant_id.hex, wrapped)
        keys = TenantKeys(
            tenant_id,
            dek,
            derive(dek, "recado/lookup-hash/v1"),
            derive(dek, "recado/attempt-token/v1"),
        )
        self._open[tenant_id] = keys
        return keys
