"""The first thing a request meets: provider hooks go straight to their door, all else to the framework."""

from __future__ import annotations

from typing import Protocol

from recado.web.hooks.receive import Receive, Scope, Send


class Asgi(Protocol):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Door(Asgi, Protocol):
    def opens(self, path: str) -> bool: ...


class Front:
    """The framework's router alone would cost half the intake (measured; see docs/decisions)."""

    def __init__(self, hook: Door, rest: Asgi) -> None:
        self._hook = hook
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._hook.opens(scope["path"]):
            await self._hook(scope, receive, send)
        else:
            await self._rest(scope, receive, send)
