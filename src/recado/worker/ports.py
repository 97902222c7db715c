"""What the worker needs from outside; the composition root fills it in."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from uuid import UUID

from recado.adapters.blobs import BlobStore
from recado.db.pool import Tx
from recado.inbound.projector import Projection
from recado.kit.clock import Clock
from recado.kit.ids import AttemptToken, TenantId
from recado.messages.doubt_rules import DoubtRules
from recado.providers.contract import Provider
from recado.queue.jobs import LEASE_S, Job, JobOutcome
from recado.tenants.vault import Vault

EngineScope = Callable[[], AbstractAsyncContextManager[Tx]]
Handler = Callable[[Job], Awaitable[JobOutcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """Durations in seconds."""

    owner: UUID
    send_concurrency: int
    send_lease_s: float
    lane_lease_s: float
    claim_interval_s: float
    drain_s: float
    # The longest one send may take. What cannot end within its lease any more does not begin.
    send_budget_s: float = 0.0
    doubt: DoubtRules = field(default_factory=DoubtRules)
    doubt_every_s: float = 5.0
    rescue_every_s: float = 5.0
    job_lease_s: float = LEASE_S
    receiver_tolerance_s: float = 3.0
    most_lanes: int = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something to do now and then; what it does is the composition root's business. Seconds."""

    name: str
    every_s: float
    first_s: float
    run: Callable[[], Awaitable[None]]


class SendMeter:
    """Counts for `/metrics`; the default counts nothing."""

    def claimed(self, count: int) -> None: ...

    def finished(self, outcome: str, elapsed_s: float) -> None: ...

    def rescued(self, count: int) -> None: ...

    def resolved(self, resent: int, asked: int, expired: int) -> None: ...

    def beat(self, loop: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPorts:
    engine: EngineScope
    providers: Mapping[str, Provider]
    vault: Vault
    clock: Clock
    new_token: Callable[[], AttemptToken]
    random: random.Random
    blobs: BlobStore
    projection: Projection
    meter: SendMeter
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    # Kinds whose handlers may take minutes; they do not share slots with the others.
    transfers: frozenset[str] = frozenset()
    chores: Sequence[Chore] = ()
    # Told which companies changed, after each commit; losing a call is allowed.
    changed: Callable[[Iterable[TenantId]], None] = lambda _tenants: None
    # Whether the disk is too full to write intents and outcomes safely.
    full: Callable[[], bool] = lambda: False
