"""The first thing a request meets: the two busiest doors are taken before the framework, all else goes to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from recado.web.hooks.receive import Receive, Scope, Send


class Asgi(Protocol):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Door(Asgi, Protocol):
    def opens(self, path: str) -> bool: ...


class Front:
    """The framework's router alone would cost half the intake (measured; see docs/decisions)."""

    def __init__(self, hook: Door, posts: Mapping[str, Asgi], rest: Asgi) -> None:
        self._hook = hook
        self._posts = posts
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if self._hook.opens(path):
                await self._hook(scope, receive, send)
                return
            if scope["method"] == "POST" and (door := self._posts.get(path)) is not None:
                await door(scope, receive, send)
                return
        await self._rest(scope, receive, send)
