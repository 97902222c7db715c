"""What changed just now: one stream for each browser, and the same by asking, for who cannot have a stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from recado.db.pool import UNAVAILABLE
from recado.live.hub import Full, Hub, Looker
from recado.live.model import Change
from recado.people.model import role_of
from recado.web.auth import Deps
from recado.web.panel import security
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.services import Services

router = APIRouter()
PING_S = 15.0
# A browser that takes nothing for so long is gone; the stream it held is given back.
PATIENCE_S = 30.0
# Who may look is asked again: sessions end, roles change, people choose another company.
RECHECK_S = 60.0
RETRY_MS = 2000
Cursor = Annotated[str | None, Query(max_length=20, pattern=r"^\d*$")]


def frame(change: Change, cursor: int | None) -> bytes:
    """One event. Without anything new it is a ping, which the page uses to know that the line is alive."""
    name, data = ("ping", b"{}") if not change else ("mudou", change.as_json())
    if change.everything:
        name, data = "recarregar", b"{}"
    ident = b"" if cursor is None else b"id: %d\n" % cursor
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), ident, data)


def seen_by(visitor: Visitor, change: Change) -> Change:
    """Without what this role has no screen for."""
    if not visitor.allowed("conversations.read"):
        return Change(dict.fromkeys(change.messages), set(), change.topics, change.everything)
    return change


class EventStream(Response):
    """Server-sent events until the browser goes, the server stops or the person may no longer look."""

    media_type = "text/event-stream"

    def __init__(
        self, hub: Hub, looker: Looker, visitor: Visitor, still: Callable[[], Awaitable[bool]]
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._looker = looker
        self._visitor = visitor
        self._still = still

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_gone(receive))
        gone.add_done_callback(lambda _task: self._looker.end())
        checking = asyncio.create_task(self._check())
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await self._push(send, b"retry: %d\n\n" % RETRY_MS)
            while (change := await self._looker.next(PING_S)) is not None:
                await self._push(send, frame(seen_by(self._visitor, change), self._looker.cursor()))
            with contextlib.suppress(OSError):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            return
        finally:
            self._hub.leave(self._looker)
            for task in (gone, checking):
                task.cancel()

    async def _push(self, send: Send, body: bytes) -> None:
        """Waits while the browser takes nothing: what changes meanwhile is merged, never queued."""
        message = {"type": "http.response.body", "body": body, "more_body": True}
        async with asyncio.timeout(PATIENCE_S):
            await send(message)

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            if not await self._still():
                self._looker.end()
                return


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _still(request: Request, deps: Services, visitor: Visitor) -> Callable[[], Awaitable[bool]]:
    token = security.read_session(request, request.state.place) or ""

    async def still() -> bool:
        try:
            row = await deps.desk.session(token)
        except UNAVAILABLE:
            return True  # nothing can be told meanwhile either; the next look decides
        if row is None or row.half or row.tenant_id != visitor.tenant_id:
            return False
        return role_of(row.platform, row.role) == visitor.role

    return still


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


@router.get("/painel/vivo")
@needs("live")
async def stream(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    desde: Cursor = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Ids of what changes in the company the visitor looks at, from `Last-Event-ID` (or `desde`) on."""
    cursor = _number(last_event_id) if last_event_id else _number(desde)
    try:
        looker = await deps.live.join(visitor.tenant_id, visitor.person_id, cursor)
    except Full:
        # Not 200: the browser gives the stream up and the page asks now and then instead.
        return Response(status_code=503, headers={"retry-after": "30"})
    return EventStream(deps.live, looker, visitor, _still(request, deps, visitor))


@router.get("/painel/vivo/mudancas")
@needs("live")
async def changes(deps: Deps, visitor: Viewer, desde: Cursor = None) -> JSONResponse:
    """The same by asking: `{"id": cursor, "tudo": false, "m": {...}, "c": [...], "k": [...]}`."""
    change, cursor = await deps.live.catch_up(visitor.tenant_id, _number(desde))
    answer: dict[str, Any] = {"id": cursor, "tudo": change.everything}
    change = seen_by(visitor, change)
    answer["m"] = {str(key): value and str(value) for key, value in change.messages.items()}
    answer["c"] = sorted(str(one) for one in change.conversations)
    answer["k"] = sorted(change.topics)
    return JSONResponse(answer, headers={"cache-control": "no-store"})
