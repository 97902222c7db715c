"""Liberação: whether messages leave, what every stop holds, and what letting go would mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, assert_never
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from recado.errors import Forbidden, Invalid, NotFound
from recado.kit.ids import NumberId, TenantId
from recado.messages import backlog
from recado.messages.backlog import Plan, Scope
from recado.numbers import service as numbers
from recado.tenants import service as tenants
from recado.tenants import switches
from recado.tenants.model import Mode
from recado.web.auth import Deps
from recado.web.control import By
from recado.web.panel import security
from recado.web.panel.pages import go, page
from recado.web.panel.screens.release_view import (
    ACTIONS,
    KIND_NAMES,
    PLATFORM_ONLY,
    TARGETS,
    Target,
    What,
    done_words,
    load,
    standing,
)
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _
from recado.web.services import Services

router = APIRouter()
PATH = "/painel/liberacao"
Word = Annotated[str, Query(max_length=80)]
Field = Annotated[str, Form(max_length=1000)]
# Bites in one request; a chore takes what is left.
_BITES = 20


def read_target(visitor: Visitor, alvo: str, qual: str, acao: str) -> Target:
    """Raises NotFound for what makes no sense, Forbidden for what only the platform may touch."""
    if alvo not in TARGETS or acao not in ACTIONS:
        raise NotFound("no_such_switch", "there is no such switch")
    platform = visitor.allowed("rollout.global")
    # What the platform's people stop, only they let go on.
    what: What = "linha" if (alvo, acao) == ("numero", "parar") and platform else alvo
    if what in PLATFORM_ONLY and not platform:
        raise Forbidden("missing_right", "only the platform may do this")
    if (what == "modo") != (acao == "modo") or (what == "modo" and qual not in set(Mode)):
        raise NotFound("no_such_switch", "there is no such switch")
    if what == "tipo" and qual not in KIND_NAMES:
        raise NotFound("no_such_switch", "there is no such switch")
    return Target(what=what, which=qual, action=acao)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("no_such_switch", "there is no such switch") from error


@router.get(PATH)
@needs("rollout.read")
async def overview(request: Request, deps: Deps, visitor: Viewer) -> Response:
    view = await load(deps, visitor)
    return page(request, "release/list.html", view=view, standing=standing(view))


# --------------------------------------------------------------------------- the plan


@router.get(PATH + "/plano")
@needs("rollout.switch")
async def ask(
    request: Request, deps: Deps, visitor: Viewer, alvo: Word = "", qual: Word = "", acao: Word = ""
) -> Response:
    return await _ask(request, deps, visitor, read_target(visitor, alvo, qual, acao))


async def _ask(
    request: Request, deps: Services, visitor: Visitor, target: Target, *, trouble: str = "", reason: str = ""
) -> Response:
    return page(
        request,
        "release/plan.html",
        status=422 if trouble else 200,
        target=target,
        name=await _name(deps, visitor, target),
        plan=await plan_of(deps, visitor, target),
        trouble=trouble,
        reason=reason,
    )


async def plan_of(deps: Services, visitor: Visitor, target: Target) -> Plan:
    """What waits behind this switch. Everything and other companies are counted by the platform's hand."""
    match target.what:
        case "tudo":
            return await deps.control.plan(None)
        case "conta":
            return await deps.control.plan(TenantId(_uuid(target.which)))
        case _:
            scope = Scope(
                tenant_id=visitor.tenant_id,
                number_id=NumberId(_uuid(target.which)) if target.what in ("linha", "numero") else None,
                kind=target.which if target.what == "tipo" else None,
            )
            async with deps.db.tenant(visitor.tenant_id) as tx:
                return await backlog.plan(tx, deps.clock.now(), scope)


async def _name(deps: Services, visitor: Visitor, target: Target) -> str:
    if target.what == "conta":
        return (await deps.control.company(TenantId(_uuid(target.which)))).name
    if target.what in ("linha", "numero"):
        return await _number_name(deps, visitor, NumberId(_uuid(target.which)))
    if target.what == "tipo":
        return _(KIND_NAMES[target.which])
    return visitor.tenant_name


async def _number_name(deps: Services, visitor: Visitor, number_id: NumberId) -> str:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        for row in await numbers.list_numbers(tx, visitor.tenant_id):
            if row.number_id == number_id:
                return row.verified_name or row.display_phone or row.external_id
    raise NotFound("number_not_found", "this company has no such number")


# --------------------------------------------------------------------------- doing it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    target: Target
    reason: str | None
    by: By


@router.post(PATH)
@needs("rollout.switch")
async def act(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    alvo: Field = "",
    qual: Field = "",
    acao: Field = "",
    motivo: Field = "",
) -> Response:
    """Every stop and every change of mode needs words; letting go may have some."""
    target = read_target(visitor, alvo, qual, acao)
    try:
        said = motivo.strip()
        reason = switches.checked_reason(said) if acao != "retomar" or said else None
    except Invalid:
        trouble = _("Escreva o motivo, de 3 a 500 caracteres.")
        return await _ask(request, deps, visitor, target, trouble=trouble, reason=motivo[:500])
    by = By(actor=visitor.actor, origin=security.address_of(request, deps.proxies))
    await _carry_out(deps, visitor, _Change(target=target, reason=reason, by=by))
    deps.changed([visitor.tenant_id], topics=["release"])
    return go(request, PATH, toast=done_words(target))


async def _carry_out(deps: Services, visitor: Visitor, change: _Change) -> None:
    on, target = change.target.action == "parar", change.target
    match target.what:
        case "tudo":
            await deps.control.switch_installation(on=on, reason=change.reason, by=change.by)
        case "conta":
            tenant_id = TenantId(_uuid(target.which))
            await deps.control.switch_company(tenant_id, on=on, reason=change.reason, by=change.by)
        case "linha":
            number_id = NumberId(_uuid(target.which))
            await _number_name(deps, visitor, number_id)
            await deps.control.switch_number(
                visitor.tenant_id, number_id, on=on, reason=change.reason, by=change.by
            )
        case "empresa":
            stop = {"kill_switch": True, "kill_reason": change.reason} if on else {"kill_switch": False}
            await _settings(deps, visitor, change, stop)
        case "modo":
            await _settings(deps, visitor, change, {"mode": target.which})
        case "numero":
            await _switch_number(deps, visitor, change, on=on)
        case "tipo":
            await _switch_kind(deps, visitor, change, on=on)
        case _:
            assert_never(target.what)


async def _settings(deps: Services, visitor: Visitor, change: _Change, fields: Mapping[str, object]) -> None:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await tenants.change_settings(
            tx,
            deps.clock.now(),
            visitor.tenant_id,
            fields,
            actor=change.by.actor,
            why=change.reason,
            origin=change.by.origin,
        )


async def _switch_number(deps: Services, visitor: Visitor, change: _Change, *, on: bool) -> None:
    number_id = NumberId(_uuid(change.target.which))
    await _number_name(deps, visitor, number_id)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await numbers.set_kill_switch(
            tx,
            deps.clock.now(),
            visitor.tenant_id,
            number_id,
            on=on,
            actor=change.by.actor,
            why=change.reason,
            origin=change.by.origin,
        )


async def _switch_kind(deps: Services, visitor: Visitor, change: _Change, *, on: bool) -> None:
    now = deps.clock.now()
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await switches.switch_kind(
            tx,
            now,
            visitor.tenant_id,
            change.target.which,
            on=on,
            reason=change.reason,
            actor=change.by.actor,
            origin=change.by.origin,
        )
    for _bite in range(0 if on else _BITES):
        async with deps.db.tenant(visitor.tenant_id) as tx:
            if not await backlog.free_kinds(tx, now, visitor.tenant_id):
                return
