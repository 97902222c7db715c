"""Mensagens: what wants somebody first, then everything else; filters live in the address."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from recado.db.pool import Tx
from recado.kit.ids import NumberId, uuid7
from recado.messages import listing, listing_one
from recado.messages.listing import Counts, Wanted
from recado.numbers import service as numbers
from recado.web.auth import Deps
from recado.web.panel.pages import answer, fragment, query
from recado.web.panel.screens import messages_words as words
from recado.web.panel.screens.counts import ENOUGH, badge
from recado.web.panel.screens.messages_bubble import said
from recado.web.panel.screens.messages_view import line
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _, mark, speech

router = APIRouter()
PATH = "/painel/mensagens"
_MOST = 50
_MOST_IDS = 100
_TABS = {
    "voce": mark("Precisam de você"),
    "todas": mark("Todas"),
    "fila": mark("Na fila"),
    "agendadas": mark("Agendadas"),
    "sairam": mark("Saíram"),
    "nao-enviadas": mark("Não enviadas"),
}
# What the keyboard knows here beyond every list's own keys; `?` shows it.
OWN_KEYS = (
    ("o", mark("Abrir a linha")),
    ("e", mark("Reenviar…")),
    ("d", mark("Descartar…")),
    ("c", mark("Abrir conversa")),
    ("p", mark("Pausar ou retomar as atualizações")),
    ("1 … 6", mark("Escolher a aba")),
)
Word = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The filter as the address says it; anything that is no filter counts as nothing chosen."""

    aba: str = "todas"
    periodo: str = ""
    numero: str = ""
    tipo: str = ""
    situacao: str = ""
    classe: str = ""
    modelo: str = ""
    formato: str = ""
    causa: str = ""
    q: str = field(default="", repr=False)

    def address(self, base: str = PATH, **changed: Any) -> str:
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__} | changed
        if kept["aba"] == "todas":
            kept["aba"] = ""
        return query(base, **kept)

    @property
    def narrowed(self) -> bool:
        """Whether anything beside the tab is chosen."""
        return any(getattr(self, name) for name in self.__dataclass_fields__ if name != "aba")


def chosen_of(request: Request) -> Chosen:
    given = {name: _said(request.query_params.get(name, "")) for name in Chosen.__dataclass_fields__}
    if given["aba"] not in _TABS:
        given["aba"] = "todas"
    return Chosen(**given)


def _said(text: str) -> str:
    """PostgreSQL knows no NUL."""
    return text[:200].replace("\x00", "")


def wanted_of(chosen: Chosen, now: datetime) -> Wanted:
    """What the list is narrowed to. Days begin at the company's midnight."""
    return Wanted(
        tab=chosen.aba,
        since=_since(chosen.periodo, now),
        number_id=NumberId(number) if (number := _uuid(chosen.numero)) is not None else None,
        kind=chosen.tipo if chosen.tipo in words.KINDS else None,
        message_class=chosen.classe if chosen.classe in words.CLASSES else None,
        states=words.STATUSES[chosen.situacao][1] if chosen.situacao in words.STATUSES else None,
        template=chosen.modelo or None,
        free={"livre": True, "modelo": False}.get(chosen.formato),
        reason=chosen.causa or None,
        words=chosen.q or None,
    )


def _since(period: str, now: datetime) -> UUID:
    if period not in words.PERIODS:
        return listing.FIRST
    midnight = now.astimezone(speech().zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return uuid7(midnight.astimezone(UTC) - timedelta(days=words.PERIODS[period][1]), bytes)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@badge("voce", "messages.read")
async def waiting_for_somebody(tx: Tx, visitor: Visitor) -> int:
    return await listing.attention_count(tx, visitor.tenant_id, ENOUGH)


@router.get(PATH)
@needs("messages.read")
async def index(request: Request, deps: Deps, visitor: Viewer, antes: Word = "") -> Response:
    now = deps.clock.now()
    chosen = chosen_of(request)
    keys = await deps.tenant_keys(visitor.tenant_id)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await listing.page(
            tx,
            now,
            visitor.tenant_id,
            wanted_of(chosen, now),
            keys=keys,
            before=_uuid(antes) or listing.LAST,
            most=_MOST,
        )
        told = await said(tx, visitor.tenant_id, found.rows)
        above = await _standing(tx, now, visitor, chosen)
        calm = chosen.aba == "voce" and not found.rows
        failed_at = await listing_one.last_failure(tx, visitor.tenant_id) if calm else None
        templates = await listing.templates_used(tx, visitor.tenant_id)
        owned = await numbers.list_numbers(tx, visitor.tenant_id)
    return answer(
        request,
        "messages/list.html",
        "content",
        lines=[line(row, now, visitor, told) for row in found.rows],
        older=chosen.address(antes=str(found.older)) if found.older else None,
        newest=chosen.address() if antes else None,
        stopped_early=found.stopped_early,
        failed_at=failed_at,
        chosen=chosen,
        **above,
        picks=_picks(templates, owned),
        words=words,
        own_keys=OWN_KEYS,
    )


def _tabs(chosen: Chosen, counts: Counts) -> list[dict[str, Any]]:
    found = {
        "voce": counts.attention,
        "todas": counts.everything,
        "fila": counts.waiting,
        "agendadas": counts.scheduled,
        "sairam": counts.left_us,
        "nao-enviadas": counts.unsent,
    }
    return [
        {
            "label": _(label),
            "href": query(PATH, aba="" if name == "todas" else name),
            "count": min(found[name], listing.COUNTED - 1),
            "more": found[name] >= listing.COUNTED,
            "hot": name == "voce",
            "current": name == chosen.aba,
            "id": f"conta-{name}",
            "attrs": {"data-tab": name},
        }
        for name, label in _TABS.items()
    ]


def _picks(templates: list[str], owned: list[Any]) -> dict[str, list[tuple[str, str]]]:
    return {
        "periodo": [
            ("", _("Sempre")),
            *((key, _(label)) for key, (label, _days) in words.PERIODS.items()),
        ],
        "numero": [
            ("", _("Todos")),
            *(
                (str(one.number_id), one.verified_name or one.display_phone or one.external_id)
                for one in owned
            ),
        ],
        "tipo": [("", _("Todos")), *((key, _(label)) for key, label in words.KINDS.items())],
        "situacao": [
            ("", _("Todas")),
            *((key, _(label)) for key, (label, _states) in words.STATUSES.items()),
        ],
        "classe": [("", _("Todas")), *((key, _(label)) for key, label in words.CLASSES.items())],
        "modelo": [("", _("Todos")), *((name, name) for name in templates)],
        "formato": [("", _("Todos")), ("modelo", _("Modelo")), ("livre", _("Livre"))],
    }


@router.get(PATH + "/linhas")
@needs("messages.read")
async def rows(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    ids: Annotated[list[UUID] | None, Query(max_length=_MOST_IDS)] = None,
    contas: str = "",
) -> Response:
    """Fresh rows for the ones on the page, and those of the others that belong to this list. With `contas` the
    numbers of the tabs and the problems by cause come along."""
    now = deps.clock.now()
    chosen = chosen_of(request)
    keys = await deps.tenant_keys(visitor.tenant_id)
    given: dict[str, Any] = {"chosen": chosen, "words": words, "tabs": [], "causes": [], "stopped": []}
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await listing.among(tx, now, visitor.tenant_id, wanted_of(chosen, now), ids or [], keys=keys)
        told = await said(tx, visitor.tenant_id, found)
        if contas:
            given |= await _standing(tx, now, visitor, chosen)
    given["lines"] = [line(row, now, visitor, told) for row in found]
    return fragment(request, "messages/list.html", "fresh", **given)


async def _standing(tx: Tx, now: datetime, visitor: Visitor, chosen: Chosen) -> dict[str, Any]:
    """Above the rows: the tabs with their numbers, and what is wrong by cause."""
    counts = await listing.counts(tx, now, visitor.tenant_id)
    causes = await listing.causes(tx, visitor.tenant_id) if counts.attention else []
    stopped = await listing.stopped_lanes(tx, visitor.tenant_id)
    return {
        "tabs": _tabs(chosen, counts),
        "causes": [(cause, words.reason(cause.reason)) for cause in causes],
        "stopped": [(lane, words.reason(lane.reason)) for lane in stopped],
    }
