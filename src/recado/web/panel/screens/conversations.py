"""Conversas: who waits, what was said, and what may be answered now."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from recado.conversations import desk
from recado.conversations.desk import Talk
from recado.errors import NotFound
from recado.kit.ids import uuid4
from recado.media import service as media
from recado.templates import service as templates
from recado.web.auth import Deps
from recado.web.panel.pages import fragment, page
from recado.web.panel.screens import conversations_view as view
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _

router = APIRouter()
PATH = "/painel/conversas"
TEMPLATE = "conversations/index.html"
_PAGE = 40
_TABS = {"esperando": "waiting", "todas": "all", "resolvidas": "resolved"}
Word = Annotated[str, Query(max_length=120)]
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, no-store",
}


def _cursor(talk: Talk) -> str:
    return urlsafe_b64encode(f"{talk.last_at.isoformat()} {talk.conversation_id}".encode()).decode()


def _read_cursor(text: str) -> tuple[datetime, UUID] | None:
    try:
        at, _space, ident = urlsafe_b64decode(text.encode()).decode().partition(" ")
        return datetime.fromisoformat(at), UUID(ident)
    except ValueError:
        return None


async def _list(deps: Deps, visitor: Visitor, tab: str, search: str, before: str) -> dict[str, Any]:
    tab = tab if tab in _TABS else "esperando"
    async with deps.db.tenant(visitor.tenant_id) as tx:
        found = await desk.listed(
            tx,
            visitor.tenant_id,
            tab=_TABS[tab],
            search=search,
            before=_read_cursor(before) if before else None,
            most=_PAGE + 1,
        )
    labels = {"esperando": _("Esperando você"), "todas": _("Todas"), "resolvidas": _("Resolvidas")}
    return {
        "talks": found[:_PAGE],
        "older": _cursor(found[_PAGE - 1]) if len(found) > _PAGE else None,
        "aba": tab,
        "busca": search,
        "antes": before,
        "tabs": [
            {"label": label, "href": f"{PATH}?aba={name}", "current": name == tab}
            for name, label in labels.items()
        ],
        "view": view,
        "picked": None,
    }


async def open_talk(deps: Deps, visitor: Visitor, conversation_id: UUID, **more: Any) -> dict[str, Any]:
    """Everything the thread's template needs. Raises NotFound."""
    now = deps.clock.now()
    before = more.pop("before", desk.LAST)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        talk = await desk.talk(tx, visitor.tenant_id, conversation_id)
        lines = await desk.thread(tx, visitor.tenant_id, conversation_id, before=before)
        noted = await desk.notes(tx, visitor.tenant_id, conversation_id)
        known = await templates.list_all(tx, visitor.tenant_id, gone=True)
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
) -> Response:
    """Rows of the list that changed, as they are now; those that left the tab do not come."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        tab = _TABS.get(aba, "waiting")
        found = await desk.listed(tx, visitor.tenant_id, tab=tab, search=busca, ids=ids, most=100)
    return fragment(request, TEMPLATE, "rows", talks=found, view=view, picked=None, aba=aba, busca=busca)


@router.get(PATH + "/arquivo/{media_id}")
@needs("conversations.read")
async def file(deps: Deps, visitor: Viewer, media_id: UUID) -> Response:
    """A picture to be shown, or any other file to be saved: never rendered as a page."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        row = await media.find(tx, visitor.tenant_id, media_id)
    data = await deps.blobs.get(row.blob) if row and row.state == "stored" and row.blob else None
    if row is None or data is None:
        raise NotFound("media_not_found", "no such file")
    mime = (row.mime_type or "").split(";")[0]
    shown = mime in view.PICTURES
    name = quote(row.filename or "arquivo")
    how = "inline" if shown else "attachment"
    return Response(
        data,
        media_type=mime if shown else "application/octet-stream",
        headers=_HEADERS | {"content-disposition": f"{how}; filename*=UTF-8''{name}"},
    )


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
