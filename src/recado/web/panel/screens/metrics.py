"""Métricas: how messages fared, from hourly sums; charts with table twins, CSV and JSON of exactly what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from recado.audit import service as audit
from recado.errors import NotFound
from recado.kit.ids import NumberId
from recado.numbers import service as numbers
from recado.reports import service as reports
from recado.reports.model import Asked
from recado.web.auth import Deps
from recado.web.panel import charts, csv_safe
from recado.web.panel.pages import answer
from recado.web.panel.screens.metrics_view import PERIODS, TABLES, Shown, bounds, earlier, shown
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _, number, span
from recado.web.services import Services

router = APIRouter()
PATH = "/painel/metricas"
Word = Annotated[str, Query(max_length=600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """What the address asks for."""

    period: str
    number: str
    template: str

    @property
    def number_id(self) -> NumberId | None:
        try:
            return NumberId(UUID(self.number)) if self.number else None
        except ValueError as error:
            raise NotFound("number_not_found", "this company has no such number") from error


def read_looking(periodo: str, numero: str, modelo: str) -> Looking:
    return Looking(period=periodo if periodo in PERIODS else "7d", number=numero, template=modelo)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    view: Shown
    numbers: list[tuple[str, str]]
    templates: list[str]


async def _read(deps: Services, visitor: Visitor, looking: Looking) -> _Read:
    since, until = bounds(deps.clock.now(), visitor.timezone, looking.period)
    asked = Asked(
        since=since,
        until=until,
        zone=visitor.timezone,
        step="hour" if looking.period == "hoje" else "day",
        number_id=looking.number_id,
        # A free message has no template; `-` asks for those.
        template="" if looking.template == "-" else looking.template or None,
    )
    async with deps.db.tenant(visitor.tenant_id) as tx:
        report = await reports.report(tx, visitor.tenant_id, asked)
        before = await reports.report(tx, visitor.tenant_id, earlier(asked))
        rows = await numbers.list_numbers(tx, visitor.tenant_id)
        templates = await reports.known_templates(tx, visitor.tenant_id, since.date())
    names = {one.number_id: one.verified_name or one.display_phone or one.external_id for one in rows}
    return _Read(
        view=shown(report, names, before.total),
        numbers=[(str(key), name) for key, name in names.items()],
        templates=templates,
    )


@router.get(PATH)
@needs("metrics.read")
async def overview(
    request: Request, deps: Deps, visitor: Viewer, periodo: Word = "7d", numero: Word = "", modelo: Word = ""
) -> Response:
    looking = read_looking(periodo, numero, modelo)
    found = await _read(deps, visitor, looking)
    view = found.view
    outcomes, delays = view.outcomes(), view.delays()
    return answer(
        request,
        "metrics/index.html",
        "content",
        looking=looking,
        here={"periodo": looking.period, "numero": looking.number, "modelo": looking.template},
        view=view,
        numbers=found.numbers,
        templates=found.templates,
        outcomes=outcomes,
        outcome_top=number(charts.stacked_top(outcomes)),
        outcome_chart=charts.stacked(outcomes, view.labels, _("Mensagens por situação")),
        delays=delays,
        delay_top=span(charts.line_top(delays)),
        delay_chart=charts.line(delays, _("Tempo até a entrega")),
        causes=charts.bars(view.causes()),
        tables=view.tables(),
    )


async def _take(deps: Services, visitor: Visitor, looking: Looking, form: str) -> Shown:
    found = await _read(deps, visitor, looking)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await audit.record(
            tx,
            deps.clock.now(),
            visitor.tenant_id,
            actor=visitor.actor,
            action="metrics.exported",
            data={"form": form, "period": looking.period},
        )
    return found.view


@router.get(PATH + ".csv")
@needs("metrics.export")
async def as_csv(
    deps: Deps,
    visitor: Viewer,
    tabela: Word = "tempo",
    periodo: Word = "7d",
    numero: Word = "",
    modelo: Word = "",
) -> Response:
    """One table of the page."""
    if tabela not in TABLES:
        raise NotFound("no_such_table", "there is no such table")
    view = await _take(deps, visitor, read_looking(periodo, numero, modelo), f"csv.{tabela}")
    table = next(one for one in view.tables() if one.key == tabela)
    return Response(
        csv_safe.document(table.head, table.rows),
        media_type="text/csv; charset=utf-8",
        headers=_named(deps, f"metricas-{tabela}", "csv"),
    )


@router.get(PATH + ".json")
@needs("metrics.export")
async def as_json(
    deps: Deps, visitor: Viewer, periodo: Word = "7d", numero: Word = "", modelo: Word = ""
) -> Response:
    """Every table of the page, as lists of rows under their heads."""
    looking = read_looking(periodo, numero, modelo)
    view = await _take(deps, visitor, looking, "json")
    body: dict[str, Any] = {
        "periodo": looking.period,
        "desde": view.report.asked.since.isoformat(),
        "ate": view.report.asked.until.isoformat(),
        "fuso": view.report.asked.zone,
        "horas_em_atualizacao": view.report.behind,
        "tabelas": {
            table.key: {
                "titulo": table.title,
                "colunas": list(table.head),
                "linhas": [list(row) for row in table.rows],
            }
            for table in view.tables()
        },
    }
    return JSONResponse(body, headers=_named(deps, "metricas", "json"))


def _named(deps: Services, name: str, ending: str) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="{name}-{deps.clock.now():%Y-%m-%d}.{ending}"',
    }
