"""A small company in a real database, moved only through the product's own use cases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from recado.db.pool import Database
from recado.db.system import system
from recado.inbound.effects import Applied
from recado.inbound.ledger import Ledger
from recado.inbound.projector import Projection, project_batch
from recado.inbound.routing import Routes
from recado.kit.clock import ManualClock, SystemClock
from recado.kit.crypto import KeyRing
from recado.kit.ids import AttemptToken, MessageId, uuid7
from recado.kit.reasons import Reason
from recado.messages.accept import Acceptance, Request, Taken, accept_many
from recado.messages.claim import Intent, claim
from recado.messages.content import parse_draft
from recado.messages.record import Finished, record
from recado.numbers import service as numbers
from recado.numbers.model import Leased, NumberRow
from recado.providers.contract import (
    Accepted,
    Blame,
    Credentials,
    Exchange,
    Later,
    Rejected,
    Scope,
    SendOutcome,
    Unknown,
)
from recado.providers.event_keys import event_key
from recado.providers.meta.provider import MetaReceiver
from recado.tenants import service as tenants
from recado.tenants.model import Mode, TenantRow
from recado.tenants.vault import TenantKeys, Vault

MARINA = "5520955500111"
OTHER = "5520955500122"
RING = KeyRing({"k1": bytes(range(32))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    tenant: TenantRow
    number: NumberRow
    keys: TenantKeys = field(repr=False)

    @property
    def lane(self) -> tuple[Any, Any]:
        return self.tenant.tenant_id, self.number.number_id


class Tally:
    """What a projector would have told Prometheus."""

    def __init__(self) -> None:
        self.applied: list[Applied] = []
        self.dead = 0

    def projected(self, applied: Applied, bodies: int) -> None:
        self.applied.append(applied)

    def buried(self) -> None:
        self.dead += 1


class World:
    """`db` under the runtime login; `eye` is the owner's own connection, for looking only."""

    def __init__(self, db: Database, eye: asyncpg.Connection, clock: ManualClock) -> None:
        self.db = db
        self.eye = eye
        self.clock = clock
        self.vault = Vault(RING)
        self.tally = Tally()
        self.ledger = Ledger(db, "meta")
        self.projection = Projection(
            db=db,
            routes=Routes(self.vault, clock),
            receivers={"meta": MetaReceiver()},
            event_key=event_key,
            clock=clock,
            meter=self.tally,
            retry_after=timedelta(minutes=5),
        )
        self.owner = uuid4()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    # ------------------------------------------------------------------ companies

    async def company(
        self,
        client_id: str = "estudio-aurora",
        *,
        external_id: str = "106540352242922",
        waba: str = "102290129340398",
        mode: Mode = Mode.ENABLED,
        rate: float = 80,
    ) -> Company:
        async with system(self.db) as tx:
            tenant = await tenants.find_tenant(tx, client_id)
            if tenant is None:
                tenant = await tenants.create_tenant(
                    tx, self.now, self.vault, client_id=client_id, name="Estúdio Aurora", mode=mode
                )
            number = await numbers.add_number(
                tx,
                self.now,
                self.vault,
                tenant,
                provider="meta",
                waba_external_id=waba,
                external_id=external_id,
                credentials=Credentials(access_token="only-for-tests"),
                rate_per_s=rate,
            )
        return Company(tenant=tenant, number=number, keys=self.vault.keys(tenant.tenant_id, tenant.dek))

    # ------------------------------------------------------------------ looking

    async def rows(self, text: str, *args: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.eye.fetch(text, *args)]

    async def row(self, text: str, *args: Any) -> dict[str, Any]:
        (only,) = await self.rows(text, *args)
        return only

    async def value(self, text: str, *args: Any) -> Any:
        return await self.eye.fetchval(text, *args)

    async def do(self, text: str, *args: Any) -> None:
        """For what no use case of the product does (time passed, an operator's hand)."""
        await self.eye.execute(text, *args)

    async def counts(self) -> dict[str, int]:
        tables = await self.rows(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
        )
        names = sorted(row["relname"] for row in tables)
        return {name: await self.value(f'select count(*) from "{name}"') for name in names}

    async def message(self, message_id: UUID) -> dict[str, Any]:
        return await self.row("select * from message where id = $1", message_id)

    async def outbox(self, message_id: UUID) -> dict[str, Any] | None:
        found = await self.rows("select * from outbox where message_id = $1", message_id)
        return found[0] if found else None

    async def attempts(self, message_id: UUID) -> list[dict[str, Any]]:
        return await self.rows("select * from attempt where message_id = $1 order by n", message_id)

    async def diary(self, message_id: UUID) -> list[str]:
        found = await self.rows("select kind from event where message_id = $1 order by seq", message_id)
        return [row["kind"] for row in found]

    # ------------------------------------------------------------------ asking

    def request(self, company: Company, *, key: str | None = None, **payload: Any) -> Request:
        asked = {"to": "+" + MARINA} | payload if "recipient" not in payload else payload
        draft = parse_draft(asked, None)
        assert not isinstance(draft, list), draft
        return Request(
            id=MessageId(uuid7(self.now)),
            draft=draft,
            number_id=company.number.number_id,
            idempotency_key=key,
            request_hash=json.dumps(payload, sort_keys=True).encode(),
        )

    async def accept(self, company: Company, *requests: Request) -> list[Acceptance]:
        async with self.db.tenant(company.tenant.tenant_id) as tx:
            return await accept_many(tx, self.now, company.tenant.tenant_id, requests)

    async def queue(self, company: Company, **payload: Any) -> MessageId:
        """One accepted message; a template unless `text` is given."""
        if not payload.keys() & {"text", "template", "type"}:
            payload |= TEMPLATE
        (verdict,) = await self.accept(company, self.request(company, **payload))
        assert isinstance(verdict, Taken), verdict
        return verdict.id

    # ------------------------------------------------------------------ sending

    async def lease(self, owner: UUID | None = None, most: int = 100) -> list[Leased]:
        async with system(self.db) as tx:
            return await numbers.lease_lanes(tx, owner or self.owner, lease_s=60, most=most)

    async def claim(
        self,
        *,
        owner: UUID | None = None,
        lanes: Sequence[Leased] | None = None,
        most: int = 50,
        lease_s: float = 30,
    ) -> list[Intent]:
        lanes = await self.lease(owner) if lanes is None else lanes
        async with system(self.db) as tx:
            return await claim(
                tx,
                self.now,
                owner=owner or self.owner,
                lanes=lanes,
                most=most,
                lease_s=lease_s,
                new_token=lambda: AttemptToken(uuid4()),
            )

    async def record(self, intent: Intent, outcome: SendOutcome) -> Finished:
        keys = self.vault.keys(intent.row.due.tenant_id, b"")
        hashed = keys.hash(outcome.wamid) if isinstance(outcome, Accepted) else None
        finished = Finished(intent=intent, outcome=outcome, wamid_hash=hashed, jitter=0.5)
        await self.record_again(finished)
        return finished

    async def record_again(self, *finished: Finished) -> None:
        async with system(self.db) as tx:
            await record(tx, self.now, finished)

    # ------------------------------------------------------------------ hearing

    async def hear(self, *bodies: dict[str, Any] | bytes) -> None:
        """Webhook bodies written down and projected, all of them."""
        for body in bodies:
            await self.ledger.append(body if isinstance(body, bytes) else json.dumps(body).encode())
        await self.project()

    async def project(self) -> None:
        assert self.now > SystemClock().now(), "the machine was too slow: the database is past our clock"
        while await project_batch(self.projection, 100):
            pass

    async def open_window(self, company: Company, person: str = MARINA) -> None:
        await self.hear(inbound(company, text(person, f"wamid.OPEN{uuid4().hex}", self.now)))


TEMPLATE: dict[str, Any] = {
    "type": "template",
    "template": {"name": "lembrete_consulta", "language": {"code": "pt_BR"}},
}


# --------------------------------------------------------------------------- outcomes


def exchange(status: int | None = 200) -> Exchange:
    return Exchange(http_status=status, answer=b"{}", elapsed_s=0.01)


def accepted(wamid: str = "wamid.OUT1", wa_id: str | None = None) -> Accepted:
    return Accepted(wamid=wamid, message_status=None, wa_id=wa_id, user_id=None, exchange=exchange())


def rejected(
    reason: Reason = Reason.UNDELIVERABLE,
    blame: Blame = Blame.MESSAGE,
    *,
    code: int | None = 131026,
    skip: bool = False,
) -> Rejected:
    return Rejected(
        code=code, reason=reason, detail="said no", blame=blame, skip=skip, exchange=exchange(400)
    )


def later(
    scope: Scope = Scope.MESSAGE,
    *,
    code: int | None = None,
    retry_after_s: float | None = None,
    slow_down: bool = False,
    sent: bool = True,
) -> Later:
    return Later(
        code=code,
        reason=Reason.THROUGHPUT if sent else Reason.PROVIDER_UNREACHABLE,
        detail="not now",
        scope=scope,
        retry_after_s=retry_after_s,
        slow_down=slow_down,
        exchange=exchange(429) if sent else None,
    )


def unknown() -> Unknown:
    return Unknown(reason=Reason.IN_DOUBT_NO_ANSWER, detail="silence", exchange=None)


# --------------------------------------------------------------------------- webhooks


def _stamp(at: datetime) -> str:
    return str(int(at.timestamp()))


def envelope(company: Company | None, value: dict[str, Any], field: str = "messages") -> dict[str, Any]:
    number = company.number.external_id if company else "999999999999999"
    waba = company.number.waba_external_id if company else "888888888888888"
    metadata = {"display_phone_number": "16505550100", "phone_number_id": number}
    change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata} | value}
    return {"object": "whatsapp_business_account", "entry": [{"id": waba, "changes": [change]}]}


def inbound(company: Company | None, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    field_name = more.pop("field", "messages")
    return envelope(company, {"messages": list(messages)} | more, field_name)


def text(person: str | None, wamid: str, at: datetime, body: str = "Bom dia!", **more: Any) -> dict[str, Any]:
    item = {"id": wamid, "timestamp": _stamp(at), "type": "text", "text": {"body": body}}
    return item | ({"from": person} if person else {}) | more


def said(kind: str, wamid: str, at: datetime, content: Any, **more: Any) -> dict[str, Any]:
    return {"from": MARINA, "id": wamid, "timestamp": _stamp(at), "type": kind, kind: content} | more


def status(word: str, wamid: str, at: datetime, opaque: str | None = None, **more: Any) -> dict[str, Any]:
    item = {"id": wamid, "status": word, "timestamp": _stamp(at), "recipient_id": MARINA}
    return item | ({"biz_opaque_callback_data": opaque} if opaque else {}) | more


def failed(wamid: str, at: datetime, code: int, opaque: str | None = None) -> dict[str, Any]:
    return status("failed", wamid, at, opaque, errors=[{"code": code, "title": "said no"}])


def statuses(company: Company | None, *items: dict[str, Any]) -> dict[str, Any]:
    return envelope(company, {"statuses": list(items)})
