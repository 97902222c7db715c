"""A small server with the real stream, the real scripts and a real diary behind it; the page is only a list."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from tests.support.cluster import Dsns
from tests.support.repository import SOURCE

from recado.db.notes import listen
from recado.db.pool import Database
from recado.kit.clock import SystemClock
from recado.kit.ids import TenantId, uuid7
from recado.live.hub import Full, Hub
from recado.live.notifier import CHANNEL, Notifier
from recado.people.model import PersonId
from recado.people.rights import Role
from recado.web.panel.pages import environment
from recado.web.panel.screens.live import EventStream
from recado.web.panel.security import CSP
from recado.web.panel.visitor import Visitor
from recado.web.panel.words import speak

T = TypeVar("T")
STATIC = SOURCE / "recado" / "web" / "static" / "panel"
PAGE = """<!doctype html><html lang="pt-BR"><head><meta charset="utf-8"><title>Ao vivo</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/s/css/live.css">
<script type="module" src="/s/js/live.js"></script></head><body>{badge}
<main><h1>Mensagens</h1><div id="lista" data-live="messages" data-live-url="/linhas">
<table><tbody>{rows}</tbody></table>
</div></main></body></html>"""


@dataclass(kw_only=True)
class Rows:
    """What the screen would read from its own tables."""

    words: dict[UUID, str] = field(default_factory=dict)

    def html(self, ids: list[UUID]) -> str:
        return "".join(
            f'<tr data-id="{one}"><td><a href="#{one}">{self.words[one]}</a></td></tr>'
            for one in ids
            if one in self.words
        )


class LiveServer:
    """Runs in a thread of its own; `restart` is a new process as far as the browser can tell."""

    def __init__(self, database: Dsns, tenant_id: TenantId, port: int) -> None:
        self.database = database
        self.tenant_id = tenant_id
        self.port = port
        self.rows = Rows()
        self.refuse = False
        self.most_at_once = 0
        self.asked = 0
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def start(self) -> None:
        self.run(self._start())

    def stop(self) -> float:
        """Seconds that stopping took with streams open."""
        return self.run(self._stop())

    def close(self) -> None:
        self.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    @property
    def streams(self) -> int:
        return self.hub.streams

    def change(self, *ids: UUID, hint: bool = True) -> None:
        self.run(self._change(ids, hint))

    def add(self, words: str, *, hint: bool = True) -> UUID:
        one = uuid7(SystemClock().now())
        self.rows.words[one] = words
        self.change(one, hint=hint)
        return one

    # ------------------------------------------------------------------ inside the thread

    async def _start(self) -> None:
        self.db = Database(self.database.runtime, app_size=3, engine_size=1)
        await self.db.open()
        self.hub = Hub(self.db, SystemClock(), partial(listen, self.database.runtime, CHANNEL))
        self.notifier = Notifier(self.db)
        self.notifier.start()
        routes = [
            Route("/", self._page),
            Route("/linhas", self._lines),
            Route("/painel/vivo", self._stream),
            Route("/painel/vivo/mudancas", self._changes),
            Mount("/s", StaticFiles(directory=STATIC)),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes),
            port=self.port,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=10,
        )
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._serving = asyncio.create_task(self._server._serve())
        async with asyncio.timeout(10):
            while not self._server.started:  # noqa: ASYNC110 - uvicorn offers no event
                await asyncio.sleep(0.01)

    async def _stop(self) -> float:
        began = self.loop.time()
        self.hub.hang_up()
        self._server.should_exit = True
        await self._serving
        took = self.loop.time() - began
        await self.hub.close()
        await self.notifier.stop()
        await self.db.close()
        return took

    async def _change(self, ids: tuple[UUID, ...], hint: bool) -> None:
        connection = await asyncpg.connect(self.database.owner)
        insert = "insert into event (tenant_id, kind, at, message_id) values ($1, 'test', now(), $2)"
        await connection.executemany(insert, [(self.tenant_id, one) for one in ids])
        await connection.close()
        if hint:
            self.notifier.changed([self.tenant_id])

    # ------------------------------------------------------------------ doors

    def _visitor(self) -> Visitor:
        return Visitor(
            person_id=PersonId(UUID(int=1)),
            name="Luana Prado",
            login="luana",
            role=Role.OPERATOR,
            tenant_id=self.tenant_id,
            tenant_name="Estúdio Aurora",
            client_id="estudio-aurora",
            timezone="America/Sao_Paulo",
            language="pt-BR",
            theme="system",
            shortcuts=True,
            second_factor=False,
            session=b"",
            csrf="",
        )

    async def _page(self, request: Request) -> Response:
        # Whoever spoke last in this process may have spoken another language.
        speak("pt-BR", "America/Sao_Paulo", SystemClock().now())
        badge = environment().get_template("shell/live.html").render(visitor=self._visitor())
        newest = sorted(self.rows.words, reverse=True)[:20]
        text = PAGE.format(badge=badge, rows=self.rows.html(newest))
        return HTMLResponse(text, headers={"content-security-policy": CSP, "cache-control": "no-store"})

    async def _lines(self, request: Request) -> Response:
        self.asked += 1
        return HTMLResponse(self.rows.html([UUID(one) for one in request.query_params.getlist("ids")]))

    async def _stream(self, request: Request) -> Response:
        if self.refuse:
            return Response(status_code=503)
        last = request.headers.get("last-event-id") or request.query_params.get("desde")
        try:
            looker = await self.hub.join(self.tenant_id, UUID(int=1), int(last) if last else None)
        except Full:
            return Response(status_code=503)
        self.most_at_once = max(self.most_at_once, self.hub.streams)
        return EventStream(self.hub, looker, self._visitor(), self._still)

    async def _still(self) -> bool:
        return True

    async def _changes(self, request: Request) -> Response:
        last = request.query_params.get("desde")
        change, cursor = await self.hub.catch_up(self.tenant_id, int(last) if last else None)
        messages = {str(one): None for one in change.messages}
        return JSONResponse({"id": cursor, "tudo": change.everything, "m": messages, "c": [], "k": []})
