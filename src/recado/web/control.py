"""What the platform's people do across companies, and what everybody may know of the whole installation. Opens its
transactions under the engine role, which the composition root hands in: the panel itself never does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from recado.audit import service as audit
from recado.audit.model import INSTALLATION, Entry, Verdict, Wanted
from recado.db.pool import Tx
from recado.kit.clock import Clock
from recado.kit.ids import NumberId, TenantId
from recado.messages import backlog
from recado.messages.backlog import Plan, Scope
from recado.numbers import stops
from recado.tenants import service as tenants
from recado.tenants import switches
from recado.tenants.model import KillSwitch, Mode, TenantRow
from recado.tenants.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyStanding:
    """One company in the platform's list: how it sends and how much waits."""

    tenant: TenantRow
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who acts, and from where."""

    actor: str
    origin: str


class Control:
    """One for each process."""

    def __init__(
        self, engine: Callable[[], AbstractAsyncContextManager[Tx]], clock: Clock, vault: Vault
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._vault = vault

    # ------------------------------------------------------------------ stops

    async def installation(self) -> KillSwitch:
        """The stop of everything."""
        async with self._engine() as tx:
            return await tenants.kill_switch(tx)

    async def companies(self) -> list[CompanyStanding]:
        async with self._engine() as tx:
            waiting = await backlog.by_tenant(tx)
            rows = await tenants.list_tenants(tx)
        return [CompanyStanding(tenant=row, waiting=waiting.get(row.tenant_id, 0)) for row in rows]

    async def company(self, tenant_id: TenantId) -> TenantRow:
        """Raises NotFound."""
        async with self._engine() as tx:
            return await tenants.tenant_by_id(tx, tenant_id)

    async def plan(self, tenant_id: TenantId | None) -> Plan:
        """What waits in one company, or everywhere, and what of it would leave."""
        async with self._engine() as tx:
            return await backlog.plan(tx, self._clock.now(), Scope(tenant_id=tenant_id))

    async def switch_installation(self, *, on: bool, reason: str | None, by: By) -> None:
        async with self._engine() as tx:
            await switches.switch_installation(
                tx, self._clock.now(), on=on, reason=reason, actor=by.actor, origin=by.origin
            )

    async def switch_company(self, tenant_id: TenantId, *, on: bool, reason: str | None, by: By) -> None:
        """The platform's stop of one company. Raises NotFound."""
        async with self._engine() as tx:
            await switches.switch_tenant(
                tx, self._clock.now(), tenant_id, on=on, reason=reason, actor=by.actor, origin=by.origin
            )

    async def switch_number(
        self, tenant_id: TenantId, number_id: NumberId, *, on: bool, reason: str | None, by: By
    ) -> None:
        """The platform's stop of one number of a company. Raises NotFound."""
        async with self._engine() as tx:
            await stops.stop_by_platform(
                tx,
                self._clock.now(),
                tenant_id,
                number_id,
                on=on,
                reason=reason,
                actor=by.actor,
                origin=by.origin,
            )

    # ------------------------------------------------------------------ companies

    async def create_company(self, *, client_id: str, name: str, mode: Mode, by: By) -> TenantRow:
        """Raises Invalid, Conflict."""
        async with self._engine() as tx:
            return await tenants.create_tenant(
                tx,
                self._clock.now(),
                self._vault,
                client_id=client_id,
                name=name,
                mode=mode,
                actor=by.actor,
                origin=by.origin,
            )

    # ------------------------------------------------------------------ the installation's own trail

    async def trail(self, wanted: Wanted, *, before: int | None, most: int) -> list[Entry]:
        async with self._engine() as tx:
            return await audit.page(tx, INSTALLATION, wanted, before=before, most=most)

    async def trail_words(self) -> tuple[list[str], list[str]]:
        """Every action and everybody in the installation's trail."""
        async with self._engine() as tx:
            return await audit.known_actions(tx, INSTALLATION), await audit.known_actors(tx, INSTALLATION)

    async def verify_trail(self) -> Verdict:
        async with self._engine() as tx:
            return await audit.verify(tx, INSTALLATION)
