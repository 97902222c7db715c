"""Números: state, quality and pace of each number, what it did today, and stopping or letting it go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from markupsafe import Markup

from recado.audit import service as audit
from recado.audit.model import Wanted
from recado.errors import NotFound
from recado.kit.ids import NumberId
from recado.numbers import service as numbers
from recado.reports import number_use
from recado.reports.number_use import Number, NumberIncident
from recado.tenants.switches import checked_reason
from recado.web.auth import Deps
from recado.web.panel import security
from recado.web.panel.pages import answer, go, page
from recado.web.panel.screens import channel_words as said
from recado.web.panel.screens.channel_words import Badge
from recado.web.panel.screens.spark import spark
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _, n_
from recado.web.services import Services

router = APIRouter()
PATH = "/painel/numeros"
Reason = Annotated[str, Form(max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One number ready to be shown. `why` says why nothing leaves by it, `next` what happens then."""

    number: Number
    name: str
    state: Badge
    why: str
    spark: Markup
    rate: float

    @property
    def may_go_on(self) -> bool:
        """Whether the company's own people can let it go on."""
        return self.number.facts.kill_switch or self.number.facts.paused_reason is not None


def state_of(number: Number, now: datetime) -> tuple[Badge, str]:
    """The word people see, and why. What stops everything comes first."""
    facts = number.facts
    if facts.platform_stop:
        return Badge(_("Parado pela plataforma"), "octagon-alert", "failed"), facts.stop_reason or ""
    if facts.kill_switch:
        return Badge(_("Parado"), "pause", "failed"), _("Alguém da empresa parou os envios deste número.")
    if facts.paused_reason is not None:
        return Badge(_("Em pausa"), "circle-pause", "doubt"), said.why(facts.paused_reason)
    if number.stuck(now):
        text = _("Há mensagens na hora de sair e nenhum processo cuida deste número.")
        return Badge(_("Sem ninguém enviando"), "triangle-alert", "failed"), text
    if number.slowed(now):
        text = _("A Meta pediu calma; o ritmo volta sozinho.")
        return Badge(_("Mais devagar"), "gauge", "doubt"), text
    if facts.quality == "RED":
        text = _("Clientes bloquearam ou denunciaram mensagens deste número.")
        return Badge(_("Qualidade baixa"), "triangle-alert", "doubt"), text
    return Badge(_("Ligado"), "circle-check", "delivered"), ""


def _card(number: Number, now: datetime) -> Card:
    state, why = state_of(number, now)
    facts = number.facts
    tries = [bar.tries for bar in number.hour]
    label = n_("%(n)s envio na última hora", "%(n)s envios na última hora", sum(tries))
    return Card(
        number=number,
        name=facts.verified_name or facts.display_phone or facts.external_id,
        state=state,
        why=why,
        spark=spark(tries, label),
        rate=number.rate(now),
    )


async def _cards(deps: Services, visitor: Visitor, number_id: NumberId | None = None) -> list[Card]:
    now = deps.clock.now()
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await number_use.numbers_in_use(tx, now, visitor.tenant_id, visitor.timezone, number_id)
    return [_card(one, now) for one in found]


async def _one(deps: Services, visitor: Visitor, number_id: UUID) -> Card:
    cards = await _cards(deps, visitor, NumberId(number_id))
    if not cards:
        raise NotFound("number_not_found", "this tenant has no such phone number")
    return cards[0]


@router.get(PATH)
@needs("numbers.read")
async def listed(request: Request, deps: Deps, visitor: Viewer) -> Response:
    cards = await _cards(deps, visitor)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        reached = await number_use.reached(tx, deps.clock.now(), visitor.tenant_id)
    limits = {
        one.number.facts.waba_external_id: (
            one.number.facts.messaging_limit,
            said.customers(one.number.facts.messaging_limit),
            reached.get(one.number.facts.waba_external_id, 0),
        )
        for one in cards
        if one.number.facts.messaging_limit
    }
    return answer(request, "numeros/list.html", "content", cards=cards, limits=limits, said=said)


@router.get(PATH + "/{number_id}")
@needs("numbers.read")
async def one(request: Request, deps: Deps, visitor: Viewer, number_id: UUID) -> Response:
    card = await _one(deps, visitor, number_id)
    return await _detail(request, deps, visitor, card)


async def _detail(
    request: Request, deps: Services, visitor: Visitor, card: Card, *, trouble: str = ""
) -> Response:
    number_id = card.number.facts.number_id
    async with deps.db.tenant(visitor.tenant_id) as tx:
        incidents = await number_use.incidents(tx, visitor.tenant_id, number_id)
        wanted = Wanted(actions=("number.stopped",), target=str(number_id))
        stops = (
            await audit.page(tx, visitor.tenant_id, wanted, most=1) if card.number.facts.kill_switch else []
        )
    return page(
        request,
        "numeros/detail.html",
        status=422 if trouble else 200,
        card=card,
        incidents=[(one, incident_words(one)) for one in incidents],
        stopped=stops[0] if stops else None,
        trouble=trouble,
        said=said,
    )


def incident_words(one: NumberIncident) -> str:
    """What happened; a pause is named by the reason it ended or began with."""
    began, ended = said.SWITCH.get(one.what, (one.what, one.what))
    if one.what == "paused_reason":
        return _(began) if one.was is None else f"{_(ended)}: {said.why(str(one.was))}"
    if one.what in {"kill_switch", "platform_stop"}:
        return _(began) if one.stops else _(ended)
    return f"{_(began)} ({_('era %(was)s', was=one.was)})"


@router.post(PATH + "/{number_id}/pausar")
@needs("numbers.pause")
async def pause(
    request: Request, deps: Deps, visitor: Viewer, number_id: UUID, motivo: Reason = ""
) -> Response:
    """The company's own stop: anybody of the front desk may lift it again."""
    card = await _one(deps, visitor, number_id)
    if len(motivo.strip()) < 3:
        return await _detail(request, deps, visitor, card, trouble=_("Diga em poucas palavras por quê."))
    await _switch(request, deps, visitor, card, on=True, why=checked_reason(motivo))
    return go(request, f"{PATH}/{number_id}", toast=_("Número parado. As mensagens esperam."))


@router.post(PATH + "/{number_id}/retomar")
@needs("numbers.pause")
async def go_on(request: Request, deps: Deps, visitor: Viewer, number_id: UUID) -> Response:
    """Lifts the company's own stop and a pause; the platform's stop stays."""
    card = await _one(deps, visitor, number_id)
    await _switch(request, deps, visitor, card, on=False, why=None)
    if card.number.facts.platform_stop:
        text = _("A parada da plataforma continua: só ela pode soltar.")
        return go(request, f"{PATH}/{number_id}", toast=text, kind="info")
    return go(request, f"{PATH}/{number_id}", toast=_("Número ligado. A fila volta a sair."))


async def _switch(
    request: Request, deps: Services, visitor: Visitor, card: Card, *, on: bool, why: str | None
) -> None:
    now = deps.clock.now()
    facts = card.number.facts
    async with deps.db.tenant(visitor.tenant_id) as tx:
        if on or facts.kill_switch:
            await numbers.set_kill_switch(
                tx,
                now,
                visitor.tenant_id,
                facts.number_id,
                on=on,
                actor=visitor.actor,
                why=why,
                origin=security.address_of(request, deps.proxies),
            )
        if not on and facts.paused_reason is not None:
            await numbers.resume_lane(tx, now, visitor.tenant_id, facts.number_id, actor=visitor.actor)
    deps.changed([visitor.tenant_id])
