"""Auditoria: who did what, and whether anybody touched it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response, StreamingResponse

from recado.audit import service as audit
from recado.audit.model import Broken, Entry, Verdict, Wanted
from recado.errors import Forbidden
from recado.web.auth import Deps
from recado.web.panel import csv_safe
from recado.web.panel.pages import page
from recado.web.panel.screens.audit_words import action_words, actor_words, changes, json_line
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _
from recado.web.services import Services

router = APIRouter()
PATH = "/painel/auditoria"
PAGE = 50
_BITE = 500
_PERIODS: Mapping[str, timedelta | None] = {
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "tudo": None,
}
Word = Annotated[str, Query(max_length=120)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """What the address asks for. `everywhere`: the installation's own trail, for the platform's people."""

    period: str
    action: str
    actor: str
    everywhere: bool

    def wanted(self, now: datetime) -> Wanted:
        back = _PERIODS[self.period]
        return Wanted(
            since=now - back if back is not None else None,
            actions=[self.action] if self.action else None,
            actor=self.actor or None,
        )


def read_looking(visitor: Visitor, periodo: str, acao: str, quem: str, trilha: str) -> Looking:
    """Raises Forbidden when somebody asks for the installation's trail who may not."""
    everywhere = trilha == "instalacao"
    if everywhere and not visitor.allowed("rollout.global"):
        raise Forbidden("missing_right", "only the platform sees the installation's trail")
    return Looking(
        period=periodo if periodo in _PERIODS else "30d", action=acao, actor=quem, everywhere=everywhere
    )


async def _read(
    deps: Services, visitor: Visitor, looking: Looking, *, before: int | None, most: int
) -> list[Entry]:
    wanted = looking.wanted(deps.clock.now())
    if looking.everywhere:
        return await deps.control.trail(wanted, before=before, most=most)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        return await audit.page(tx, visitor.tenant_id, wanted, before=before, most=most)


async def _known(deps: Services, visitor: Visitor, looking: Looking) -> tuple[list[str], list[str]]:
    if looking.everywhere:
        return await deps.control.trail_words()
    async with deps.db.tenant(visitor.tenant_id) as tx:
        actions = await audit.known_actions(tx, visitor.tenant_id)
        return actions, await audit.known_actors(tx, visitor.tenant_id)


async def _names(deps: Services, visitor: Visitor) -> dict[str, str]:
    """`person:<id>` to names, as far as they are members of this company."""
    found = {f"person:{one.person_id}": one.name for one in await deps.desk.members(visitor.tenant_id)}
    return found | {visitor.actor: visitor.name}


@router.get(PATH)
@needs("audit.read")
async def listing(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    periodo: Word = "30d",
    acao: Word = "",
    quem: Word = "",
    trilha: Word = "",
    antes: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    looking = read_looking(visitor, periodo, acao, quem, trilha)
    return await _show(request, deps, visitor, looking, antes=antes)


async def _show(
    request: Request,
    deps: Services,
    visitor: Visitor,
    looking: Looking,
    *,
    antes: int | None = None,
    verdict: Verdict | None = None,
) -> Response:
    rows = await _read(deps, visitor, looking, before=antes, most=PAGE + 1)
    actions, actors = await _known(deps, visitor, looking)
    names = await _names(deps, visitor)
    shown = rows[:PAGE]
    return page(
        request,
        "audit/list.html",
        looking=looking,
        rows=[
            (row, actor_words(row.actor, names), action_words(row.action), changes(row, names))
            for row in shown
        ],
        actions=sorted(((one, action_words(one)) for one in actions), key=lambda pair: pair[1]),
        actors=sorted(((one, actor_words(one, names)) for one in actors), key=lambda pair: pair[1]),
        older=shown[-1].n if len(rows) > PAGE else None,
        first=antes is None,
        verdict=verdict,
        broken=isinstance(verdict, Broken),
    )


@router.post(PATH + "/verificar")
@needs("audit.verify")
async def verify(
    request: Request, deps: Deps, visitor: Viewer, trilha: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    """Walks the chain from its first link. Reads only; a POST because it is work, not an address."""
    looking = read_looking(visitor, "30d", "", "", trilha)
    if looking.everywhere:
        verdict = await deps.control.verify_trail()
    else:
        async with deps.db.tenant(visitor.tenant_id) as tx:
            verdict = await audit.verify(tx, visitor.tenant_id)
    return await _show(request, deps, visitor, looking, verdict=verdict)


@router.get(PATH + ".csv")
@needs("audit.export")
async def export(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    periodo: Word = "30d",
    acao: Word = "",
    quem: Word = "",
    trilha: Word = "",
) -> Response:
    """Everything the filters match, in bites, newest first."""
    looking = read_looking(visitor, periodo, acao, quem, trilha)
    names = await _names(deps, visitor)
    # Written down before the first byte: whoever takes the trail away is in it.
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await audit.record(
            tx, deps.clock.now(), visitor.tenant_id, actor=visitor.actor, action="audit.exported"
        )
    head = [
        _("nº"),
        _("quando"),
        _("quem"),
        _("ação"),
        _("alvo"),
        _("antes"),
        _("depois"),
        _("motivo"),
        _("origem"),
        _("dados"),
    ]
    body = _csv(deps, visitor, looking, names, head)
    name = f"auditoria-{deps.clock.now():%Y-%m-%d}.csv"
    return StreamingResponse(
        body,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _csv(
    deps: Services, visitor: Visitor, looking: Looking, names: Mapping[str, str], head: list[str]
) -> AsyncIterator[bytes]:
    yield csv_safe.document(head, [])
    before: int | None = None
    while rows := await _read(deps, visitor, looking, before=before, most=_BITE):
        table = [
            [
                row.n,
                row.at,
                actor_words(row.actor, names),
                row.action,
                row.target,
                json_line(row.was),
                json_line(row.became),
                row.why,
                row.origin,
                json_line(row.data or None),
            ]
            for row in rows
        ]
        yield csv_safe.lines(table).encode()
        before = rows[-1].n
