"""Asking the provider's memory about sends in doubt, before a person is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from recado.kit.phone import digits
from recado.messages.doubt import Doubt, has_rivals, mark_probed, unknown_wamids
from recado.messages.statuses import StatusItem, apply_statuses
from recado.numbers import service as numbers
from recado.providers.contract import Credentials, History, HistoryEntry
from recado.tenants.vault import TenantKeys
from recado.worker.ports import WorkerPorts

# The provider's clock and ours may differ a little; the request may have been on its way for a while.
_BEFORE = timedelta(seconds=2)
_AFTER = timedelta(seconds=90)


async def probe(ports: WorkerPorts, doubts: Sequence[Doubt]) -> int:
    """Returns how many were found to have been accepted. Exactly one unknown candidate counts; none or
    several prove nothing, and then a person is asked in the next pass."""
    found = 0
    for doubt in doubts:
        found += await _one(ports, doubt)
    return found


async def _one(ports: WorkerPorts, doubt: Doubt) -> int:
    async with ports.engine() as tx:
        sealed = await numbers.sealed_credentials(tx, doubt.tenant_id, doubt.number_id)
    recipient = doubt.recipient or ""
    history = ports.providers[sealed.provider].history if sealed is not None else None
    entries: Sequence[HistoryEntry] = []
    if sealed is not None and history is not None and recipient.startswith("+"):
        credentials = numbers.open_credentials(ports.vault, sealed)
        entries = await _ask(history, sealed.external_id, doubt, credentials)
        keys = ports.vault.keys(sealed.tenant_id, sealed.dek)
        return await _judge(ports, doubt, keys, entries)
    async with ports.engine() as tx:
        await mark_probed(tx, doubt)
    return 0


async def _ask(
    history: History, phone_number_id: str, doubt: Doubt, credentials: Credentials
) -> Sequence[HistoryEntry]:
    answer = await history.sent_between(
        phone_number_id,
        digits(doubt.recipient or ""),
        doubt.started_at - _BEFORE,
        doubt.started_at + _AFTER,
        credentials,
    )
    return answer if isinstance(answer, Sequence) else []


async def _judge(ports: WorkerPorts, doubt: Doubt, keys: TenantKeys, entries: Sequence[HistoryEntry]) -> int:
    async with ports.engine() as tx:
        fresh = await unknown_wamids(tx, doubt, {keys.hash(one.wamid): one for one in entries})
        await mark_probed(tx, doubt)
        if len(fresh) != 1 or await has_rivals(tx, doubt):
            return 0
        [(wamid_hash, entry)] = fresh.items()
        item = StatusItem(
            tenant_id=doubt.tenant_id,
            key=keys.hash(f"history|{entry.wamid}"),
            ledger_id=None,
            status="accepted",
            at=entry.at,
            wamid=entry.wamid,
            wamid_hash=wamid_hash,
            token=doubt.token,
            reason=None,
            code=None,
            skip=False,
            data={"evidence": "history"},
        )
        await apply_statuses(tx, [item])
        return 1
