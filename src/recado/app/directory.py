"""Questions the doors ask about keys, tenants and numbers, answered under the engine role."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from recado.app.fresh import Fresh
from recado.audit import service as audit
from recado.db import sql
from recado.db.system import system
from recado.kit.ids import NumberId, TenantId
from recado.numbers import service as numbers
from recado.numbers.model import NumberRow, SealedCredentials
from recado.tenants import service as tenants
from recado.tenants.model import KeyRefused, Principal
from recado.tenants.vault import TenantKeys

if TYPE_CHECKING:
    from recado.app.wiring import House

_FRESH_S = 2.0
# Unknown keys looked up at once: a flood of them holds this many connections and no more.
STRANGERS = 2
# A refusal that repeats is one line in the trail every so often: a flood of requests with a revoked key writes no
# flood of rows.
_REFUSAL_EVERY_S = 600.0
_REPEATING = frozenset({"key.refused", "client_id.mismatch"})
_Q = sql.load("recado.app")


class Directory:
    """Small caches of a couple of seconds. A revoked key is still refused at once where it matters: accepting
    a message checks it again in its own transaction."""

    def __init__(self, house: House, *, fresh_s: float = _FRESH_S) -> None:
        self._house = house
        # Whoever was let in before does not stand in line behind any number of unknown keys.
        self._strangers = asyncio.Semaphore(STRANGERS)
        self._principals: Fresh[str, Principal | KeyRefused] = Fresh(
            house.clock, fresh_s, keep=lambda verdict: isinstance(verdict, Principal)
        )
        self._numbers: Fresh[TenantId, list[NumberRow]] = Fresh(house.clock, fresh_s)
        self._refusals: dict[tuple[TenantId, str, str], tuple[float, int]] = {}

    async def authenticate(self, secret: str, lately: bool = False) -> Principal | KeyRefused:
        """With `lately` an answer of the last seconds is good enough; else the key is looked up now."""
        ask = self._principals.lately if lately else self._principals.now
        return await ask(secret, lambda: self._look_up(secret))

    async def _look_up(self, secret: str) -> Principal | KeyRefused:
        if secret in self._principals:
            return await self._read_key(secret)
        async with self._strangers:
            return await self._read_key(secret)

    async def _read_key(self, secret: str) -> Principal | KeyRefused:
        async with system(self._house.db) as tx:
            return await tenants.authenticate(tx, self._house.clock.now(), secret)

    async def audit_refusal(self, tenant_id: TenantId, action: str, target: str) -> None:
        """The first refusal of its sort is written at once; what anybody can repeat as often as they like is only
        counted for some minutes, and told with the first one after them."""
        now = self._house.clock.monotonic()
        which = (tenant_id, action, target)
        since, repeats = self._refusals.get(which, (float("-inf"), 0))
        if action in _REPEATING and now - since < _REFUSAL_EVERY_S:
            self._refusals[which] = (since, repeats + 1)
            return
        if len(self._refusals) > 5000:
            self._refusals.clear()
        # Noted before the write: requests that come meanwhile are repeats already.
        self._refusals[which] = (now, 0)
        try:
            async with system(self._house.db) as tx:
                await audit.record(
                    tx,
                    self._house.clock.now(),
                    tenant_id,
                    actor="api",
                    action=action,
                    target=target,
                    data={"repeats": repeats} if repeats else None,
                )
        except BaseException:
            self._refusals.pop(which, None)
            raise

    async def find(self, tenant_id: TenantId, external_id: str | None) -> NumberId | None:
        """By provider id, or the default number."""
        for fresh in (False, True):
            rows = await self._rows(tenant_id, fresh=fresh)
            if external_id is None:
                row = rows[0] if rows else None
            else:
                row = next((one for one in rows if one.external_id == external_id), None)
            if row is not None:
                return row.number_id
        return None

    async def _rows(self, tenant_id: TenantId, *, fresh: bool) -> list[NumberRow]:
        ask = self._numbers.now if fresh else self._numbers.lately
        return await ask(tenant_id, lambda: self._read_numbers(tenant_id))

    async def _read_numbers(self, tenant_id: TenantId) -> list[NumberRow]:
        async with self._house.db.tenant(tenant_id) as tx:
            rows = await numbers.list_numbers(tx, tenant_id)
            if len(rows) > 1:
                chosen = (await tenants.tenant_by_id(tx, tenant_id)).settings.get("default_phone_number_id")
                # The tenant's own choice comes first; without one the order is the stored default's.
                rows.sort(key=lambda row: (row.external_id != chosen, not row.is_default))
        return rows

    async def sealed_credentials(self, tenant_id: TenantId, number_id: NumberId) -> SealedCredentials | None:
        async with system(self._house.db) as tx:
            return await numbers.sealed_credentials(tx, tenant_id, number_id)

    async def stopped(self, tenant_id: TenantId, number_id: NumberId) -> bool:
        """Whether a switch, the mode or a restore forbids sending by this number right now."""
        async with system(self._house.db) as tx:
            return bool(await tx.value(_Q["stopped"], tenant_id=tenant_id, number_id=number_id))

    async def find_client(self, client_id: str) -> TenantId | None:
        async with system(self._house.db) as tx:
            row = await tenants.find_tenant(tx, client_id)
        return row.tenant_id if row else None

    async def tenant_keys(self, tenant_id: TenantId) -> TenantKeys:
        async with system(self._house.db) as tx:
            row = await tenants.tenant_by_id(tx, tenant_id)
        return self._house.vault.keys(tenant_id, row.dek)
