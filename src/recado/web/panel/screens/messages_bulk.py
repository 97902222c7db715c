"""Many messages at once: the plan of what would happen, then a named job that people can watch and stop."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from recado.errors import Forbidden, Invalid
from recado.messages import bulk
from recado.messages.bulk_model import Action, BulkRefusal, BulkRow, Plan, Refused, Selection
from recado.messages.listing import TABS
from recado.tenants.switches import checked_reason
from recado.web.auth import Deps
from recado.web.panel.pages import answer, go, page
from recado.web.panel.screens.messages import PATH, Chosen, wanted_of
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _, mark, n_, span
from recado.web.services import Services

router = APIRouter()
_NAME_LEAST, _NAME_MOST = 3, 120
_SHOWN = 50
ACTIONS: dict[str, tuple[str, str, str]] = {
    "resend": (mark("Reenviar mensagens"), mark("Reenviar"), "rotate-ccw"),
    "cancel": (mark("Cancelar mensagens"), mark("Cancelar"), "ban"),
    "discard": (mark("Descartar mensagens"), mark("Descartar"), "trash-2"),
}
STATES: dict[str, tuple[str, str, str]] = {
    "waiting": (mark("Vai começar"), "clock", "pending"),
    "running": (mark("Em andamento"), "refresh-cw", "sent"),
    "done": (mark("Concluído"), "circle-check", "delivered"),
    "cancelled": (mark("Parado por alguém"), "ban", "skipped"),
}
REFUSED: dict[str, str] = {
    Refused.NOT_FOUND: mark("Não existem mais"),
    Refused.NOT_OURS: mark("Não saíram daqui"),
    Refused.NOT_ENDED: mark("Ainda estão a caminho"),
    Refused.ARRIVED: mark("Já foram entregues à Meta; reenviar duplicaria"),
    Refused.IN_DOUBT: mark("Em dúvida: primeiro é preciso saber se saíram"),
    Refused.RESENT: mark("Já foram reenviadas"),
    Refused.WINDOW: mark("A janela de conversa fechou; só um modelo pode sair"),
    Refused.CONTENT: mark("O conteúdo não pode mais ser enviado como está"),
    Refused.LEFT: mark("Já saíram ou estão saindo agora"),
    Refused.NOTHING: mark("Não esperam por ninguém"),
    Refused.FAULT: mark("Erro nosso; ficou registrado"),
}
Field = Annotated[str, Form(max_length=500)]
Filter = Annotated[str, Form(max_length=4000)]


def refused_words(reason: str) -> str:
    return _(REFUSED[reason]) if reason in REFUSED else reason


def chosen_from(text: str) -> Chosen:
    """The list's filter, as its address had it."""
    given = {
        name: values[0][:200].replace("\x00", "") for name, values in parse_qs(text.removeprefix("?")).items()
    }
    kept = {name: given[name] for name in Chosen.__dataclass_fields__ if name in given}
    if kept.get("aba") not in TABS:
        kept["aba"] = "todas"
    return Chosen(**kept)


def _action(visitor: Visitor, name: str) -> Action:
    if name not in set(Action):
        raise Invalid("unknown_action", "resend, cancel or discard", violations=[])
    if not visitor.allowed(f"messages.{name}"):
        raise Forbidden("not_allowed", "your role may not do this")
    return Action(name)


# --------------------------------------------------------------------------- the plan


@router.post(PATH + "/plano")
@needs("messages.bulk")
async def plan(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    acao: Field = "",
    filtro: Filter = "",
    todas: Field = "",
    ids: Annotated[list[UUID] | None, Form(max_length=bulk.MOST)] = None,
) -> Response:
    """What would happen to the selected messages, or to all of the list. Changes none of them."""
    action = _action(visitor, acao)
    chosen = chosen_from(filtro)
    if not ids and not todas:
        return go(request, chosen.address(), toast=_("Selecione mensagens primeiro."), kind="info")
    now = deps.clock.now()
    keys = await deps.tenant_keys(visitor.tenant_id)
    selection = Selection(wanted=wanted_of(chosen, now)) if todas else Selection(ids=tuple(ids or ()))
    async with deps.db.tenant(visitor.tenant_id) as tx:
        made = await bulk.plan(tx, now, visitor.tenant_id, selection, action, keys=keys, actor=visitor.actor)
    return _show(request, made, chosen, everything=bool(todas))


def _show(
    request: Request,
    made: Plan,
    chosen: Chosen,
    *,
    everything: bool,
    trouble: str = "",
    name: str = "",
    why: str = "",
) -> Response:
    row = made.row
    title, verb, icon = ACTIONS[row.action]
    return page(
        request,
        "messages/plan.html",
        status=422 if trouble else 200,
        row=row,
        plan=_figures(row, made.refused),
        title=_(title),
        verb=_(verb),
        icon=icon,
        back=chosen.address(),
        filter=chosen.address("?").removeprefix("?"),
        everything=everything,
        trouble=trouble,
        name=name,
        why=why,
        most=bulk.MOST,
    )


def _figures(row: BulkRow, refused: list[BulkRefusal]) -> dict[str, Any]:
    return {
        "matched": row.matched,
        "allowed": row.allowed,
        "refused": [{"reason": refused_words(one.reason), "count": one.messages} for one in refused],
        "time": span(row.seconds) if row.seconds is not None and row.allowed else None,
    }


@router.post(PATH + "/lote/{job_id}/comecar")
@needs("messages.bulk")
async def begin(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    job_id: UUID,
    nome: Field = "",
    motivo: Field = "",
    filtro: Filter = "",
    todas: Field = "",
) -> Response:
    """Under the name of the incident; to discard, a reason is needed too."""
    name, why = " ".join(nome.split())[:_NAME_MOST], motivo.strip()
    async with deps.db.tenant(visitor.tenant_id) as tx:
        planned = await bulk.get(tx, visitor.tenant_id, job_id)
        action = _action(visitor, planned.action)
        if trouble := _missing(action, name, why):
            refused = await bulk.refusals(tx, visitor.tenant_id, job_id)
            made = Plan(row=planned, refused=refused)
            return _show(
                request,
                made,
                chosen_from(filtro),
                everything=bool(todas),
                trouble=trouble,
                name=name,
                why=why,
            )
        row = await bulk.begin(
            tx,
            deps.clock.now(),
            visitor.tenant_id,
            job_id,
            name=name,
            why=checked_reason(why) if why else None,
            actor=visitor.actor,
        )
    words = n_(
        "%(n)s mensagem em 10 segundos. Ainda dá para desfazer.",
        "%(n)s mensagens em 10 segundos. Ainda dá para desfazer.",
        row.allowed,
    )
    return go(request, f"{PATH}/lote/{job_id}", toast=words)


def _missing(action: Action, name: str, why: str) -> str:
    if len(name) < _NAME_LEAST or "\x00" in name:
        return _("Dê um nome ao incidente, para achar depois.")
    if (action is Action.DISCARD or why) and len(why) < _NAME_LEAST:
        return _("Diga em poucas palavras por quê.")
    return ""


# --------------------------------------------------------------------------- jobs


@router.get(PATH + "/lotes")
@needs("messages.bulk")
async def listed(request: Request, deps: Deps, visitor: Viewer) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        rows = await bulk.recent(tx, visitor.tenant_id)
    return answer(request, "messages/jobs.html", "content", rows=rows, said=_said, back=PATH)


@router.get(PATH + "/lote/{job_id}")
@needs("messages.bulk")
async def one(request: Request, deps: Deps, visitor: Viewer, job_id: UUID) -> Response:
    """The part that moves asks for itself every second, for as long as it moves."""
    return await _one(request, deps, visitor, job_id)


async def _one(request: Request, deps: Services, visitor: Visitor, job_id: UUID) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        row = await bulk.get(tx, visitor.tenant_id, job_id)
        refused = await bulk.refusals(tx, visitor.tenant_id, job_id)
        items = await bulk.items(tx, visitor.tenant_id, job_id, "refused", _SHOWN)
    if row.state == "planned":
        return _show(request, Plan(row=row, refused=refused), Chosen(), everything=True)
    return answer(
        request,
        "messages/job.html",
        "progress",
        row=row,
        refused=[(refused_words(each.reason), each.messages) for each in refused],
        items=[(each.message_id, refused_words(each.reason or "")) for each in items],
        said=_said,
        back=PATH,
        title=_(ACTIONS[row.action][0]),
    )


def _said(row: BulkRow) -> dict[str, str]:
    """Words, icon and tone of where a job stands."""
    label, icon, tone = STATES[row.state]
    return {"label": _(label), "icon": icon, "tone": tone, "action": _(ACTIONS[row.action][0])}


@router.post(PATH + "/lote/{job_id}/cancelar")
@needs("messages.bulk")
async def cancel(request: Request, deps: Deps, visitor: Viewer, job_id: UUID) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        row = await bulk.cancel(tx, deps.clock.now(), visitor.tenant_id, job_id, actor=visitor.actor)
    words = (
        n_(
            "Parado. %(n)s mensagem já tinha andado e fica como está.",
            "Parado. %(n)s mensagens já tinham andado e ficam como estão.",
            row.done,
        )
        if row.done
        else _("Desfeito. Nenhuma mensagem mudou.")
    )
    return go(request, f"{PATH}/lote/{job_id}", toast=words)
