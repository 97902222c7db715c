"""What people see of received bodies and of those that could not be projected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.inbound.effects import Applied
from recado.kit.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who looks. With `everything` (the platform) all bodies, else only those about this company alone."""

    tenant_id: TenantId
    everything: bool
    actor: str
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """`state` is None when it is done, 0 waiting, 2 a dead letter. `body` is None when it is too large to list."""

    ledger_id: int
    provider: str
    received_at: datetime
    size_bytes: int
    body: bytes | None = field(repr=False)
    state: int | None
    tries: int
    next_at: datetime | None
    error: str | None
    dead_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One body: what it says by kind, and whose it is. `kinds` is empty when it could not be read."""

    stored: Stored
    kinds: Mapping[str, int]
    tenants: frozenset[TenantId]
    orphans: int

    def alone(self, tenant_id: TenantId) -> bool:
        """About this company and nobody else, as far as it can be read."""
        return self.tenants == {tenant_id} and not self.orphans


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`older` is the cursor of the next page. A page may be short or empty and still have a next one."""

    letters: Sequence[Letter]
    older: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    error: str
    letters: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event of a body. `outcome`: applied (by this body), repeated (an earlier one said it), pending (nobody
    counted it yet), orphan (nobody's), other (another company's)."""

    name: str
    at: datetime | None
    outcome: str
    kind: str | None = None
    message_id: UUID | None = None
    conversation_id: UUID | None = None
    first_ledger_id: int | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """`tree` is the body as JSON, redacted unless it was revealed; None when it is no JSON."""

    letter: Letter
    tree: Any = field(repr=False)
    changes: Sequence[Change]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A message the rehearsal would touch; `was` is None for a new one."""

    message_id: UUID | None
    kind: str
    was: str | None
    becomes: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a replay would do. `trouble` is set when it would fail again."""

    trouble: str | None
    applied: Applied | None
    shifts: Sequence[Shift]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOf:
    ledger_id: int
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEvent:
    seq: int
    key: bytes
    kind: str
    message_id: UUID | None
    conversation_id: UUID | None
    ledger_id: int | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seq:
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    seq: int
    kind: str
    message_id: UUID | None
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState:
    id: UUID
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Dead letters taken up together. `done` were put back or discarded; of these `waiting` are in line and `dead`
    failed again."""

    batch_id: UUID
    name: str
    action: str
    cause: str
    why: str | None
    actor: str
    letters: int
    done: int
    state: str
    created_at: datetime
    finished_at: datetime | None
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWork:
    batch_id: UUID
    action: str
    ledger_ids: list[int]
    done: int
    why: str | None
    actor: str
    state: str
