"""The ASGI application and the server that runs it."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from recado_sim.admin import Admin
from recado_sim.graph import Graph
from recado_sim.persist import Keeper
from recado_sim.simulation import Simulation
from recado_sim.state import Config
from recado_sim.wires import SimProtocol

PAGE = "recado_sim.page"


class Simulator:
    """The ASGI application. `simulation.world` holds all state."""

    def __init__(self, config: Config) -> None:
        self.simulation = Simulation(config, time.time)
        self.graph = Graph(self.simulation)
        admin = Admin(self.simulation, self.graph)
        routes: list[BaseRoute] = [Mount("/_sim", routes=admin.routes()), *_page_routes()]
        self._rest = Starlette(routes=routes, lifespan=self._lifespan)
        self._keeper = Keeper(self.simulation.world, config.state) if config.state else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Graph requests take the short way; the admin API and the page go through Starlette."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith(("/_sim", "/celular")):
            await self._rest(scope, receive, send)
        else:
            await self.graph(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        simulation = self.simulation
        if self._keeper is not None:
            if self._keeper.load():
                simulation.statuses.resume()
                self.graph.governance.resume()
            self._keeper.start()
        await simulation.hooks.start()
        simulation.world.timers.start(asyncio.get_running_loop())
        try:
            yield
        finally:
            simulation.feed.closing.set()
            simulation.world.timers.stop()
            await simulation.hooks.stop()
            if self._keeper is not None:
                await self._keeper.stop()


def _page_routes() -> list[Route]:
    """The handset page, when it is installed; the simulator is whole without it."""
    if importlib.util.find_spec(PAGE) is None:
        return []
    return list(importlib.import_module(PAGE).routes)


def _facts(app: Simulator, url: str) -> dict[str, str]:
    facts = {"url": url}
    for phone in app.simulation.world.phones.values():
        return {**facts, "phone_number_id": phone.id, "waba_id": phone.waba_id}
    return facts


def create_app(config: Config) -> Simulator:
    """The simulator as an ASGI application. Connection faults need the server of `serve`."""
    return Simulator(config)


class _Server(uvicorn.Server):
    """Lets go of open streams first, so that stopping takes no time; says when it listens."""

    def __init__(self, config: uvicorn.Config, app: Simulator, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._ready = ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would raise the signal again after stopping; being told to stop is no failure.
        self.should_exit = True
        self._app.simulation.feed.closing.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.simulation.feed.closing.set()
        await super().shutdown(sockets=sockets)


def serve(config: Config, ready: Callable[[dict[str, str]], None]) -> None:
    """Listen until SIGTERM or SIGINT. `ready(facts)` is called once the port answers.

    The facts: `url`, and the first account's `waba_id` and `phone_number_id`.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((config.host, config.port))
    listener.setblocking(False)
    host = f"[{config.host}]" if ":" in config.host else config.host
    url = f"http://{host}:{listener.getsockname()[1]}"
    app = create_app(config)
    app.simulation.world.base_url = url
    settings = uvicorn.Config(
        app,
        http=SimProtocol,
        loop="uvloop",
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
        backlog=2048,
        server_header=False,
    )
    server = _Server(settings, app, lambda: ready(_facts(app, url)))
    server.run(sockets=[listener])
