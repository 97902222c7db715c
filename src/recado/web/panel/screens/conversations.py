"""Conversas: who waits, what was said, and what may be answered now."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from recado.conversations import desk
from recado.conversations.desk import Cursor
from recado.db.pool import Tx
from recado.errors import NotFound
from recado.kit.ids import uuid4
from recado.media import service as media
from recado.people.model import MemberRow
from recado.people.rights import Role, may
from recado.templates import service as templates
from recado.web.auth import Deps
from recado.web.panel.pages import fragment, page, query
from recado.web.panel.screens import conversations_view as view
from recado.web.panel.screens.counts import badge
from recado.web.panel.screens.messages_files import as_file
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _
from recado.web.services import Services

router = APIRouter()
PATH = "/painel/conversas"
TEMPLATE = "conversations/index.html"
_PAGE = 40
_TABS = {
    "esperando": "waiting",
    "minhas": "mine",
    "livres": "free",
    "abertas": "open",
    "resolvidas": "resolved",
    "todas": "all",
}
Word = Annotated[str, Query(max_length=120)]


def _write_cursor(cursor: Cursor) -> str:
    return urlsafe_b64encode(f"{cursor[0].isoformat()} {cursor[1]}".encode()).decode()


def _read_cursor(text: str) -> Cursor | None:
    try:
        at, _space, ident = urlsafe_b64decode(text.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(at)
        return (moment, UUID(ident)) if moment.tzinfo else None
    except ValueError:
        return None


@badge("esperando", "conversations.read")
async def count_waiting(tx: Tx, visitor: Visitor) -> int:
    return (await desk.counts(tx, visitor.tenant_id, visitor.person_id)).waiting


def _tabs(tab: str, search: str, counted: desk.Counts) -> list[dict[str, Any]]:
    labels = {
        "esperando": _("Esperando você"),
        "minhas": _("Minhas"),
        "livres": _("Sem dono"),
        "abertas": _("Abertas"),
        "resolvidas": _("Resolvidas"),
        "todas": _("Todas"),
    }
    numbers = {"esperando": counted.waiting, "minhas": counted.mine}
    return [
        {
            "label": label,
            "href": query(PATH, aba=name, busca=search),
            "current": name == tab,
            "count": numbers.get(name),
            "more": numbers.get(name, 0) >= desk.COUNTED,
            "hot": name == "esperando",
        }
        for name, label in labels.items()
    ]


async def _list(deps: Deps, visitor: Visitor, tab: str, search: str, before: str) -> dict[str, Any]:
    tab = tab if tab in _TABS else "esperando"
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await desk.listed(
            tx,
            visitor.tenant_id,
            tab=_TABS[tab],
            holder_id=visitor.person_id,
            search=search,
            before=_read_cursor(before) if before else None,
            most=_PAGE,
        )
        counted = await desk.counts(tx, visitor.tenant_id, visitor.person_id)
    return {
        "talks": found.talks,
        "older": _write_cursor(found.older) if found.older else None,
        "stopped_early": found.stopped_early,
        "aba": tab,
        "busca": search,
        "antes": before,
        "tabs": _tabs(tab, search, counted),
        "view": view,
        "picked": None,
    }


async def holders(deps: Services, visitor: Visitor) -> list[MemberRow]:
    """Who of the company may hold a conversation."""
    people = await deps.desk.members(visitor.tenant_id)
    return [one for one in people if one.disabled_at is None and may(Role(one.role), "conversations.reply")]


async def open_talk(deps: Deps, visitor: Visitor, conversation_id: UUID, **more: Any) -> dict[str, Any]:
    """Everything the thread's template needs. Raises NotFound."""
    now = deps.clock.now()
    before = more.pop("before", desk.LAST)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        talk = await desk.talk(tx, visitor.tenant_id, conversation_id)
        lines = await desk.thread(tx, visitor.tenant_id, conversation_id, before=before)
        noted = await desk.notes(tx, visitor.tenant_id, conversation_id)
        known = await templates.list_all(tx, visitor.tenant_id, gone=True)
    people = await holders(deps, visitor) if visitor.allowed("conversations.assign") else []
    given: dict[str, Any] = {
        "talk": talk,
        "bubbles": view.bubbles(lines, known),
        "notes": noted,
        "window_open": talk.window_until > now,
        "older_than": lines[0].id if len(lines) == 60 else None,
        "form_key": str(uuid4(deps.random_bytes)),
        "draft": "",
        "quoting": "",
        "trouble": "",
        "view": view,
        "others": [one for one in people if one.person_id not in (visitor.person_id, talk.holder_id)],
        "mine": talk.holder_id == visitor.person_id,
        "emoji": view.EMOJI,
        "picker": None,
    }
    return given | more


@router.get(PATH)
@needs("conversations.read")
async def index(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    aba: Word = "esperando",
    busca: Word = "",
    antes: Word = "",
) -> Response:
    return page(request, TEMPLATE, **await _list(deps, visitor, aba, busca, antes), talk=None)


@router.get(PATH + "/linhas")
@needs("conversations.read")
async def rows(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    ids: Annotated[list[UUID], Query(max_length=100)],
    aba: Word = "esperando",
    busca: Word = "",
    antes: Word = "",
) -> Response:
    """Rows of the list that changed, as they are now; those that left the tab do not come."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await desk.among(
            tx,
            visitor.tenant_id,
            ids,
            tab=_TABS.get(aba, "waiting"),
            holder_id=visitor.person_id,
            search=busca,
        )
    return fragment(
        request, TEMPLATE, "rows", talks=found, view=view, picked=None, aba=aba, busca=busca, antes=antes
    )


@router.get(PATH + "/arquivo/{media_id}")
@needs("conversations.read")
async def file(request: Request, deps: Deps, visitor: Viewer, media_id: UUID) -> Response:
    """A picture to be shown, sound or video to be played, any other file to be saved: never rendered as a page."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        row = await media.find(tx, visitor.tenant_id, media_id)
    data = await deps.blobs.get(row.blob) if row and row.state == "stored" and row.blob else None
    if row is None or data is None:
        raise NotFound("media_not_found", "no such file")
    return as_file(request, row, data)


@router.get(PATH + "/{conversation_id}")
@needs("conversations.read")
async def opened(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    conversation_id: UUID,
    aba: Word = "esperando",
    busca: Word = "",
    antes: Word = "",
    ate: UUID | None = None,
    citar: Word = "",
) -> Response:
    more: dict[str, Any] = {"quoting": citar} | ({"before": ate} if ate else {})
    given = await _list(deps, visitor, aba, busca, antes) | {"picked": conversation_id}
    return page(request, TEMPLATE, **given | await open_talk(deps, visitor, conversation_id, **more))


@router.get(PATH + "/{conversation_id}/bolhas")
@needs("conversations.read")
async def lately(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    conversation_id: UUID,
    ids: Annotated[list[UUID] | None, Query(max_length=100)] = None,
) -> Response:
    """The newest bubbles, or only some of them, and the composer as it must be now."""
    given = await open_talk(deps, visitor, conversation_id)
    if ids is not None:
        given["bubbles"] = [one for one in given["bubbles"] if one.id in ids]
    return fragment(request, TEMPLATE, "thread", **given)
