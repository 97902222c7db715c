"""Writing the audit trail, reading it and proving that nobody touched it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from recado.audit.model import Broken, Chain, Entry, Known, Link, Unlinked, Verdict, Wanted, Whole, judge
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.ids import TenantId

_Q = sql.load("recado.audit")
_BITE = 2000


async def record(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    *,
    actor: str,
    action: str,
    target: str | None = None,
    data: dict[str, Any] | None = None,
    was: Mapping[str, Any] | None = None,
    became: Mapping[str, Any] | None = None,
    why: str | None = None,
    origin: str | None = None,
) -> None:
    """One line: `actor` did `action` to `target`. Only identifiers and settings, never content, names or secrets.

    `was` and `became` hold the changed settings, `why` the words of the person, `origin` where it came from
    (an address, a command). `model.INSTALLATION` as tenant is the installation's own chain (engine scope).
    The entry joins the chain of its tenant when the caller commits.
    """
    await tx.execute(
        _Q["append"],
        tenant_id=tenant_id,
        at=now,
        actor=actor,
        action=action,
        target=target,
        data=data or {},
        was=dict(was) if was is not None else None,
        became=dict(became) if became is not None else None,
        why=why[:500] if why else None,
        origin=origin[:200] if origin else None,
    )


async def page(
    tx: Tx, tenant_id: TenantId, wanted: Wanted, *, before: int | None = None, most: int = 50
) -> list[Entry]:
    """Newest first; `before` is the `n` of the last entry already shown."""
    return await tx.many(
        _Q["page"],
        Entry,
        tenant_id=tenant_id,
        before=before if before is not None else 2**63 - 1,
        since=wanted.since,
        until=wanted.until,
        actions=list(wanted.actions) if wanted.actions else None,
        actor=wanted.actor,
        target=wanted.target,
        most=most,
    )


async def known_actions(tx: Tx, tenant_id: TenantId) -> list[str]:
    """Every action of this trail, for a filter."""
    return [one.word for one in await tx.many(_Q["actions"], Known, tenant_id=tenant_id)]


async def known_actors(tx: Tx, tenant_id: TenantId) -> list[str]:
    """Everybody who did something in this trail, for a filter."""
    return [one.word for one in await tx.many(_Q["actors"], Known, tenant_id=tenant_id)]


async def chains(tx: Tx) -> list[TenantId]:
    """Whose trails there are; all of them under the engine scope."""
    return [one.tenant_id for one in await tx.many(_Q["chains"], Chain)]


async def verify(tx: Tx, tenant_id: TenantId, *, head: str | None = None) -> Verdict:
    """Walks the chain of one tenant from its first link, in bites, and stops at the first that does not fit.

    `head` (as `Whole.head` gave it some day) must still be in the chain: it tells whether the end was cut off.
    """
    n, last = 0, b""
    wanted_n, wanted_hash = _read_head(head)
    found = wanted_n == 0
    while links := await tx.many(_Q["links"], Link, tenant_id=tenant_id, after=n, most=_BITE):
        for link in links:
            if broken := judge(link, n, last):
                return broken
            n, last = link.n, bytes(link.hash)
            found = found or (n == wanted_n and last.hex() == wanted_hash)
    if (outside := await tx.one(_Q["unlinked"], Unlinked, tenant_id=tenant_id)) is not None:
        return Broken(n=None, why="unlinked", at=outside.at, action=outside.action)
    if not found:
        return Broken(n=wanted_n, why="shortened")
    return Whole(entries=n, head=f"{n}:{last.hex()}")


def _read_head(head: str | None) -> tuple[int, str]:
    number, _, hashed = (head or "0:").partition(":")
    # What is no head at all is in no chain either.
    return (int(number), hashed) if number.isdecimal() else (-1, hashed)
