"""Known-bad policies: each is what a careless system does. A harness that cannot fail proves nothing.

They are put in place of the product's own functions inside a forked process, after the fork.
"""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from recado.app import accepting, wiring
from recado.app.wiring import House
from recado.db.pool import RETRYABLE, Tx
from recado.db.system import system
from recado.inbound import ledger, projector
from recado.inbound.projector import Body, Projection
from recado.kit.failpoints import reached
from recado.kit.ids import TenantId
from recado.messages import doubt_rules, record
from recado.messages.accept import Acceptance, Request, Taken, first_answer
from recado.messages.record import Finished
from recado.providers.contract import Unknown
from recado.providers.event_keys import event_key
from recado.tenants.vault import TenantKeys
from recado.worker import loops

GOOD = "recado"
BAD = ("naive-resend", "ack-before-commit", "memory-dedupe", "no-taint", "split-transactions")

_AGAIN = """
with lost as (
    select tenant_id, message_id, token from outbox
    where state = 1 and lease_until < clock_timestamp()
    order by tenant_id, message_id limit 500 for update skip locked
), tried as (
    update attempt a set state = 'not_sent' from lost l
    where a.tenant_id = l.tenant_id and a.token = l.token and a.state = 'intent'
)
update outbox o set state = 0, token = null, lease_until = null, due_at = clock_timestamp()
from lost l where o.tenant_id = l.tenant_id and o.message_id = l.message_id
"""
_REQUEUE = """
with tried as (
    update attempt set state = 'not_sent' where tenant_id = $1 and token = $2 and state = 'intent'
)
update outbox set state = 0, token = null, lease_until = null, due_at = clock_timestamp()
where tenant_id = $1 and token = $2 and state = 1
"""
_CLAIM = """
delete from ledger_work w using ledger l where l.id = w.ledger_id and w.ledger_id in (
    select ledger_id from ledger_work where state = 0 and next_at <= $1
    order by next_at, ledger_id limit $2 for update skip locked)
returning w.ledger_id, w.tries, l.provider, l.received_at, l.body
"""


def _put(owner: Any, name: str, careless: Any) -> None:
    """In place of the product's own; the type checker is right that this is not done elsewhere."""
    setattr(owner, name, careless)


def in_worker(policy: str, house: House) -> None:
    match policy:
        case "naive-resend":
            _put(loops, "rescue", _rescue_by_sending_again)
            _put(record, "_record_unknown", _send_again)
            _put(TenantKeys, "read_token", _no_token)
        case "no-taint":
            _put(doubt_rules, "channel_trusted", _always_trusted)
            _put(doubt_rules.DoubtRules, "window", _fixed_window)
        case "memory-dedupe":
            _put(wiring, "event_key", _forgetful_key(os.urandom(16)))
        case "split-transactions":
            _put(loops, "project_batch", _mark_first)
        case _:
            pass


def in_web(policy: str, house: House) -> None:
    match policy:
        case "ack-before-commit":
            _Early.tasks = set()
            _put(ledger.Ledger, "append", _append_later)
            _put(ledger.Ledger, "submit", _submit_later)
            _put(accepting.Accepting, "accept", _accept_later)
        case "memory-dedupe":
            _put(accepting.Accepting, "accept", _forgetful_accept(os.urandom(8).hex()))
        case _:
            pass


# ---------------------------------------------------------------------- naive-resend


async def _rescue_by_sending_again(tx: Tx, now: datetime, **_: Any) -> int:
    reached("rescue.begin")
    await tx.connection.execute(_AGAIN)
    reached("rescue.marked")
    reached("rescue.before_commit")
    return 0


async def _send_again(tx: Tx, now: datetime, one: Finished, outcome: Unknown) -> None:
    await tx.connection.execute(_REQUEUE, one.intent.row.due.tenant_id, one.intent.token)


def _no_token(keys: TenantKeys, opaque: str | None) -> None:
    """What queues do: a status is known by the id of the HTTP answer or not at all."""


# ---------------------------------------------------------------------- no-taint


def _always_trusted(case: Any, rules: Any) -> bool:
    return True


def _fixed_window(rules: Any, echo_p999_s: float) -> float:
    """Some time, whatever this number's echoes took lately."""
    return float(rules.window_s)


# ---------------------------------------------------------------------- memory-dedupe


def _forgetful_key(salt: bytes) -> Any:
    natural = event_key

    def key(event: Any, tenant_key: bytes) -> bytes:
        return hmac.digest(salt, natural(event, tenant_key), "sha256")[:16]

    return key


def _forgetful_accept(salt: str) -> Any:
    accept = accepting.Accepting.accept

    async def forgetful(self: Any, tenant_id: TenantId, request: Request) -> Acceptance:
        key = request.idempotency_key
        return await accept(
            self, tenant_id, replace(request, idempotency_key=f"{key}-{salt}" if key else None)
        )

    return forgetful


# ---------------------------------------------------------------------- ack-before-commit


class _Early:
    tasks: set[asyncio.Task[Any]]


def _in_background(work: Any) -> None:
    task = asyncio.ensure_future(work)
    _Early.tasks.add(task)
    task.add_done_callback(_Early.tasks.discard)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())


async def _append_later(self: ledger.Ledger, body: bytes) -> None:
    _in_background(self._group.add(body))


def _submit_later(self: ledger.Ledger, body: bytes, tell: Callable[[Exception | None], None]) -> None:
    _in_background(self._group.add(body))
    tell(None)


async def _commit_later(self: accepting.Accepting, tenant_id: TenantId, request: Request) -> None:
    async def flush(batch: Sequence[Request]) -> Sequence[Acceptance]:
        return await self._flush(tenant_id, batch)

    await flush([request])


async def _accept_later(self: accepting.Accepting, tenant_id: TenantId, request: Request) -> Acceptance:
    _in_background(_commit_later(self, tenant_id, request))
    return Taken(id=request.id, answer=first_answer(request, self._clock.now()))


# ---------------------------------------------------------------------- split-transactions


async def _mark_first(projection: Projection, most: int) -> int:
    """The bodies are marked as done in one transaction, their effects follow in another."""
    now = projection.clock.now()
    async with system(projection.db) as tx:
        rows = await tx.connection.fetch(_CLAIM, now, most)
        bodies = [Body(**row) for row in rows]
    if not bodies:
        return 0
    reached("project.claimed")
    for tries in range(8):
        try:
            async with system(projection.db) as tx:
                await projector._apply(tx, projection, bodies, now)
                reached("project.before_commit")
            break
        except RETRYABLE:
            # Careful enough not to lose anything unless it dies here.
            if tries == 7:
                raise
    reached("project.after_commit")
    return len(bodies)
