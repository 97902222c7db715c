"""Which tenant an event belongs to, kept in memory and re-read when something is unknown."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from recado.db.pool import Tx
from recado.kit.clock import Clock
from recado.kit.ids import TenantId
from recado.numbers import service as numbers
from recado.numbers.model import RouteListed
from recado.tenants.vault import TenantKeys, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    tenant_id: TenantId
    target_id: UUID
    keys: TenantKeys = field(repr=False)


class Routes:
    """Provider names to tenants. At most one re-read a second, however many unknown numbers knock."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._known: dict[tuple[str, str, str], RouteListed] = {}
        self._read_at = float("-inf")

    async def find(self, tx: Tx, provider: str, number: str | None, waba: str | None) -> Destination | None:
        """By phone number first, else by WABA.

        Raises SecretUnreadable when this tenant's keys do not open; the others' events go on.
        """
        found = self._get(provider, number, waba)
        if found is None and self._clock.monotonic() - self._read_at >= 1:
            await self._read(tx)
            found = self._get(provider, number, waba)
        if found is None:
            return None
        keys = self._vault.keys(found.tenant_id, found.dek)
        return Destination(tenant_id=found.tenant_id, target_id=found.target_id, keys=keys)

    def _get(self, provider: str, number: str | None, waba: str | None) -> RouteListed | None:
        if number is not None:
            return self._known.get((provider, "phone_number", number))
        return self._known.get((provider, "waba", waba)) if waba is not None else None

    async def _read(self, tx: Tx) -> None:
        rows = await numbers.all_routes(tx)
        # Only a look that succeeded counts: after a failed one everybody would seem unknown for a second.
        self._read_at = self._clock.monotonic()
        self._known = {(row.provider, row.kind, row.external_id): row for row in rows}
