"""The strip above the messages: how fast they leave now, the last hours, and how much of the day's limit is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from recado.db.pool import Tx
from recado.reports import number_use
from recado.web.auth import Deps
from recado.web.panel.pages import fragment
from recado.web.panel.screens import channel_words as said
from recado.web.panel.screens.spark import spark
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import n_

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Customers a template left for in the last 24 hours, of those the provider allows, over all accounts."""

    used: int
    most: int

    @property
    def share(self) -> float:
        return self.used / self.most


async def _reach(tx: Tx, now: datetime, visitor: Visitor) -> Reach | None:
    """Nothing when no account has a limit that is a figure: then there is nothing to be measured against."""
    tiers = await number_use.limits(tx, visitor.tenant_id)
    limits = {waba: most for waba, tier in tiers.items() if (most := said.customers(tier))}
    if not limits:
        return None
    reached = await number_use.reached(tx, now, visitor.tenant_id)
    return Reach(used=sum(reached.get(waba, 0) for waba in limits), most=sum(limits.values()))


@router.get("/painel/mensagens/ritmo")
@needs("messages.read")
async def pace(request: Request, deps: Deps, visitor: Viewer) -> Response:
    """Asked for by the page once it stands, and every minute: counting must not make anybody wait for the list."""
    now = deps.clock.now()
    async with deps.db.tenant(visitor.tenant_id) as tx:
        flow = await number_use.flow(tx, now, visitor.tenant_id, visitor.timezone)
        reach = await _reach(tx, now, visitor)
    tries = sum(flow.half_hours)
    label = n_("%(n)s envio nas últimas 8 horas", "%(n)s envios nas últimas 8 horas", tries)
    bars = spark(flow.half_hours, label, running=True)
    return fragment(request, "messages/pace.html", "pace", flow=flow, bars=bars, reach=reach)
