"""What the doors need; the composition root fills it in."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from recado.adapters.blobs import BlobStore
from recado.db.pool import Database
from recado.inbound.letters import Letters
from recado.kit.clock import Clock
from recado.kit.ids import NumberId, RandomBytes, TenantId
from recado.live.hub import Hub
from recado.live.notifier import Changed
from recado.messages.accept import Acceptance, Request
from recado.numbers.model import SealedCredentials
from recado.providers.contract import Provider
from recado.tenants.model import KeyRefused, Principal
from recado.tenants.vault import TenantKeys, Vault

if TYPE_CHECKING:
    from recado.web.control import Control
    from recado.web.desk import Desk

# With `lately` an answer of the last seconds will do: accepting a message looks at the key again itself.
Authenticate = Callable[[str, bool], Awaitable[Principal | KeyRefused]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One readiness fact. What does not `block` needs a person, and is no reason to be taken out of service."""

    name: str
    ok: bool
    detail: str
    blocks: bool = True


class NumberFinder(Protocol):
    async def find(self, tenant_id: TenantId, external_id: str | None) -> NumberId | None:
        """The tenant's number with this provider id; the default one for None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    db: Database
    clock: Clock
    vault: Vault
    blobs: BlobStore
    providers: Mapping[str, Provider]
    authenticate: Authenticate
    audit_refusal: Callable[[TenantId, str, str], Awaitable[None]]
    accept: Callable[[TenantId, Request], Awaitable[Acceptance]]
    sealed_credentials: Callable[[TenantId, NumberId], Awaitable[SealedCredentials | None]]
    find_client: Callable[[str], Awaitable[TenantId | None]]
    readiness: Callable[[], Awaitable[list[Check]]]
    metrics: Callable[[], Awaitable[bytes]]
    numbers: NumberFinder
    stopped: Callable[[TenantId, NumberId], Awaitable[bool]]
    tenant_keys: Callable[[TenantId], Awaitable[TenantKeys]]
    media_max_bytes: int
    public_url: str
    # Streams of what changed, and the way to say that something did (after the commit).
    live: Hub
    changed: Changed
    desk: Desk
    # Received bodies and dead letters, cut to who looks.
    letters: Letters
    control: Control
    # Reverse proxies in front whose X-Forwarded-For is believed.
    proxies: int = 0
    # The sample company's people may come in without a password (see Settings.demo_login).
    demo_login: bool = False
    # The virtual handset, when the simulator stands behind us.
    handset_url: str | None = None
    # A message the sample company may send, as a body of `POST /api/v1/messages`: to somebody on the handset.
    sample: Mapping[str, Any] | None = None
    staging_token: str | None = field(default=None, repr=False)
    # Whether the disk is too full to store anything more.
    full: Callable[[], bool] = lambda: False
    random_bytes: RandomBytes = secrets.token_bytes
