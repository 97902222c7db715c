"""A stand-in for the provider on loopback: answers as it was told, remembers what it was asked."""

from __future__ import annotations

import itertools
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    method: str
    path: str
    authorization: str | None = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Graph:
    """`say(status, body)` sets the next answers in order; without any, everything succeeds."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.files: dict[str, bytes] = {}
        self.url = ""
        self._answers: deque[tuple[int, Any]] = deque()
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None

    def say(self, status: int, body: Any) -> None:
        self._answers.append((status, body))

    def refuse(self, status: int, code: int) -> None:
        self.say(status, {"error": {"message": "(said no)", "type": "OAuthException", "code": code}})

    def sent(self) -> list[Any]:
        """The messages that were asked for, read receipts left out."""
        posts = [one.json for one in self.asked if one.path.endswith("/messages")]
        return [one for one in posts if one.get("status") != "read"]

    async def __aenter__(self) -> Graph:
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        self.asked.append(
            Asked(
                method=request.method,
                path=request.path,
                authorization=request.headers.get("authorization"),
                body=await request.read(),
            )
        )
        if self._answers:
            status, body = self._answers.popleft()
            return web.json_response(body, status=status)
        return self._fine(request)

    def _fine(self, request: web.Request) -> web.Response:
        last = request.path.rsplit("/", 1)[-1]
        if request.path.startswith("/files/"):
            data = self.files.get(last)
            return web.Response(body=data) if data is not None else web.Response(status=404)
        if request.method == "GET":
            return web.json_response({"id": last, "url": f"{self.url}/files/{last}"})
        if last == "media":
            return web.json_response({"id": str(9000 + next(self._ids))})
        if json.loads(self.asked[-1].body).get("status") == "read":
            return web.json_response({"success": True})
        return web.json_response({"messages": [{"id": f"wamid.GRAPH{next(self._ids)}"}]})
