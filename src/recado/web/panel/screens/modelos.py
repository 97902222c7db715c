"""Modelos: what may be sent, how it looks on a phone, which variables it needs, and what changed about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from recado.audit import service as audit
from recado.kit.ids import TenantId
from recado.queue import jobs
from recado.reports import number_use
from recado.templates import preview, sync
from recado.templates import service as templates
from recado.templates.model import STOPPING, TemplateRow
from recado.web.auth import Deps
from recado.web.panel.pages import answer, go, page, query
from recado.web.panel.screens import channel_words as said
from recado.web.panel.visitor import Viewer, needs
from recado.web.panel.words import _

router = APIRouter()
PATH = "/painel/modelos"
Word = Annotated[str, Query(max_length=80)]
# How far back "last used" looks.
_USED = timedelta(days=90)
_VALUE_MOST = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """What the list is narrowed to; `-` is a quality nobody has said yet."""

    tab: str
    category: str
    language: str
    quality: str
    search: str


def _wanted(rows: Sequence[TemplateRow], to: Narrowed) -> list[TemplateRow]:
    found = [
        one
        for one in rows
        if _in_tab(one, to.tab)
        and to.category in ("", one.category)
        and to.language in ("", one.language)
        and to.quality in ("", one.quality if one.quality in said.QUALITY else "-")
    ]
    words = to.search.strip().lower().split()
    return [one for one in found if all(part in f"{one.name} {one.language}".lower() for part in words)]


def _in_tab(row: TemplateRow, tab: str) -> bool:
    match tab:
        case "aprovados":
            return row.sendable
        case "parados":
            return row.status in STOPPING or row.status in {"REJECTED", "LIMIT_EXCEEDED"}
        case "analise":
            return row.status in {"PENDING", "IN_APPEAL"}
        case _:
            return True


@router.get(PATH)
@needs("templates.read")
async def listed(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    aba: Word = "todos",
    categoria: Word = "",
    idioma: Word = "",
    qualidade: Word = "",
    busca: Word = "",
) -> Response:
    now = deps.clock.now()
    narrowed = Narrowed(tab=aba, category=categoria, language=idioma, quality=qualidade, search=busca)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        rows = await templates.list_all(tx, visitor.tenant_id)
        syncs = await templates.sync_states(tx, visitor.tenant_id)
        used = await number_use.templates_used(tx, visitor.tenant_id, now - _USED)
    tabs = [("todos", _("Todos")), ("aprovados", _("Aprovados")), ("parados", _("Precisam de você"))]
    tabs.append(("analise", _("Em análise")))
    counts = {name: sum(_in_tab(row, name) for row in rows) for name, _label in tabs}
    return answer(
        request,
        "modelos/list.html",
        "content",
        rows=_wanted(rows, narrowed)[:500],
        stopped=[row for row in rows if row.status in STOPPING],
        syncs=syncs,
        used=used,
        tabs=[
            {
                "label": label,
                "href": query(
                    PATH, aba=name, categoria=categoria, idioma=idioma, qualidade=qualidade, busca=busca
                ),
                "count": counts[name],
                "current": name == aba,
                "hot": name == "parados",
            }
            for name, label in tabs
        ],
        aba=aba,
        narrowed=narrowed,
        languages=[(one, one) for one in sorted({row.language for row in rows})],
        qualities=[
            *((name, _(one.label)) for name, one in said.QUALITY.items()),
            ("-", _(said.NO_QUALITY.label)),
        ],
        categories=[(name, _(label)) for name, label in said.CATEGORY.items()],
        said=said,
    )


@router.post(PATH + "/comparar")
@needs("templates.edit")
async def compare(request: Request, deps: Deps, visitor: Viewer) -> Response:
    """Asks the worker to compare every WABA of the company with Meta now."""
    now = deps.clock.now()
    async with deps.db.tenant(visitor.tenant_id) as tx:
        for state in await templates.sync_states(tx, visitor.tenant_id):
            waba = state.waba_id.hex
            payload = {"waba_id": waba}
            await jobs.enqueue(
                tx, now, visitor.tenant_id, sync.SYNC_JOB, payload, dedupe=waba, due_at=now, again=True
            )
        await audit.record(tx, now, visitor.tenant_id, actor=visitor.actor, action="templates.compared")
    return go(request, PATH, toast=_("Comparando com a Meta. A lista se atualiza em instantes."))


@router.get(PATH + "/{template_id}")
@needs("templates.read")
async def one(request: Request, deps: Deps, visitor: Viewer, template_id: UUID) -> Response:
    return await _detail(request, deps, visitor.tenant_id, template_id, {})


@router.post(PATH + "/{template_id}/previa")
@needs("templates.read")
async def tried(request: Request, deps: Deps, visitor: Viewer, template_id: UUID) -> Response:
    """The preview with a person's own values; nothing is stored."""
    form = await request.form()
    values = {name: str(value)[:_VALUE_MOST] for name, value in form.items() if isinstance(value, str)}
    return await _detail(request, deps, visitor.tenant_id, template_id, values)


async def _detail(
    request: Request, deps: Deps, tenant_id: TenantId, template_id: UUID, values: dict[str, str]
) -> Response:
    now = deps.clock.now()
    async with deps.db.tenant(tenant_id) as tx:
        row = await templates.get(tx, tenant_id, template_id)
        changes = await templates.changes_of(tx, tenant_id, template_id)
        used = await number_use.templates_used(tx, tenant_id, now - _USED)
    variables = preview.variables(row)
    given = {one.id: values.get(one.id, "") for one in variables}
    wrong = preview.problems(row, given) if values else {}
    return page(
        request,
        "modelos/detail.html",
        row=row,
        changes=changes,
        used=used.get(row.name),
        variables=variables,
        values=given,
        troubles={name: _trouble(what) for name, what in wrong.items() if what != "missing"},
        read=preview.fill(row, given, samples=not any(given.values())),
        asked=_asked(row, given),
        hard=preview.unfillable(row),
        said=said,
    )


def _asked(row: TemplateRow, given: dict[str, str]) -> str:
    """What the API takes for it, so that everybody sees which value goes where. Samples where nothing is given."""
    values = {one.id: given[one.id] or one.sample or one.key for one in preview.variables(row)}
    body = {"to": "+5520955500111"} | preview.content(row, values)
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode()


def _trouble(what: str) -> str:
    if what == "line_break":
        return _("A Meta não aceita quebra de linha, tabulação nem cinco espaços seguidos aqui.")
    return _("Falta preencher.")
