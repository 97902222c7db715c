"""Many HTTP requests, one transaction: accepts of a tenant share commits, each keeps its own verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from recado.db.group_commit import GroupCommit
from recado.db.pool import RETRYABLE, UNAVAILABLE, Database
from recado.kit.clock import Clock, SystemClock
from recado.kit.failpoints import reached
from recado.kit.ids import TenantId
from recado.messages.accept import Acceptance, Request, Taken, accept_many, stored

_TRIES = 4


class Accepting:
    """`changed` is told which companies changed, after each commit."""

    def __init__(
        self,
        db: Database,
        clock: Clock | None = None,
        changed: Callable[[Iterable[TenantId]], None] = lambda _tenants: None,
    ) -> None:
        self._changed = changed
        self._db = db
        self._clock = clock or SystemClock()
        self._groups: dict[TenantId, GroupCommit[Request, Acceptance]] = {}

    async def accept(self, tenant_id: TenantId, request: Request) -> Acceptance:
        """Returns when the verdict is durable."""
        group = self._groups.get(tenant_id)
        if group is None:

            async def flush(batch: Sequence[Request]) -> Sequence[Acceptance]:
                return await self._flush(tenant_id, batch)

            group = self._groups[tenant_id] = GroupCommit(
                flush, flushers=2, most=128, join_at=64, handful=32, breath_s=0.006
            )
        return await group.add(request)

    async def _flush(self, tenant_id: TenantId, batch: Sequence[Request]) -> Sequence[Acceptance]:
        try:
            return await self._commit(tenant_id, batch)
        except UNAVAILABLE:
            raise
        except Exception:
            if len(batch) == 1:
                raise
            # One of them is poison: the others must not pay for it.
            return [(await self._commit(tenant_id, [one]))[0] for one in batch]

    async def _commit(self, tenant_id: TenantId, batch: Sequence[Request]) -> Sequence[Acceptance]:
        for tries in range(_TRIES):
            verdicts: Sequence[Acceptance] | None = None
            try:
                async with self._db.tenant(tenant_id) as tx:
                    verdicts = await accept_many(tx, self._clock.now(), tenant_id, batch)
                reached("accept.after_commit")
                self._changed((tenant_id,))
                return verdicts
            except UNAVAILABLE:
                # An error on COMMIT is not a rollback: look before telling anybody that nothing was stored.
                if verdicts is not None and await self._are_stored(tenant_id, verdicts):
                    return verdicts
                raise
            except RETRYABLE:
                if tries == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    async def _are_stored(self, tenant_id: TenantId, verdicts: Sequence[Acceptance]) -> bool:
        ids = [verdict.id for verdict in verdicts if isinstance(verdict, Taken)]
        try:
            async with self._db.tenant(tenant_id) as tx:
                return await stored(tx, tenant_id, ids)
        except UNAVAILABLE:
            return False
