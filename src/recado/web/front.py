"""The first thing a request meets: the two busiest doors are taken before the framework, all else goes to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from recado.web.direct import Knocks
from recado.web.hooks.receive import Receive, Scope, Send

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Asgi(Protocol):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Door(Asgi, Protocol):
    def opens(self, path: str) -> bool: ...


class Front:
    """The framework's router alone would cost half the intake (measured; see docs/decisions)."""

    def __init__(
        self,
        hook: Door,
        posts: Mapping[str, Asgi],
        rest: Asgi,
        *,
        full: Callable[[], bool] = lambda: False,
        refuse: Asgi | None = None,
        knocks: Knocks | None = None,
    ) -> None:
        """`refuse` answers everything that would store something while the disk is `full`; the hook door
        answers for itself. `knocks` is the hook door once more, for a server that can ask it directly."""
        self._full = full
        self._refuse = refuse or rest
        self._hook = hook
        self._posts = posts
        self._rest = rest
        self.knocks = knocks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if self._hook.opens(path):
                await self._hook(scope, receive, send)
                return
            if scope["method"] not in _READING and self._full():
                await self._refuse(scope, receive, send)
                return
            if scope["method"] == "POST" and (door := self._posts.get(path)) is not None:
                await door(scope, receive, send)
                return
        await self._rest(scope, receive, send)
