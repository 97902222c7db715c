"""The stream of changes as a door: who gets it, whose it is, and that nobody can make it grow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from starlette.types import Message
from tests.doors.panel.browser import Browser
from tests.doors.street import Street
from tests.slices.world import Company

from recado.live.model import MOST, Change
from recado.people.rights import Role

Enter = Callable[..., Awaitable[Browser]]
INSERT = (
    "insert into event (tenant_id, kind, at, message_id, conversation_id) values ($1, 'test', now(), $2, $3)"
)


class Ear:
    """A browser's side of one stream, as slow as it wants to be."""

    def __init__(self, street: Street, browser: Browser, **headers: str) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.events: asyncio.Queue[tuple[str, str | None, Any]] = asyncio.Queue()
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.gone = asyncio.Event()
        given = {"host": "localhost", "cookie": f"recado_session={browser.token}"} | headers
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/painel/vivo",
            "raw_path": b"/painel/vivo",
            "query_string": b"",
            "root_path": "",
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in given.items()],
            "state": {},
        }
        self.task = asyncio.create_task(street.app(scope, self._receive, self._send))

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        await self.may_read.wait()
        for block in message.get("body", b"").decode().split("\n\n"):
            parts = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "event" in parts:
                self.events.put_nowait((parts["event"], parts.get("id"), json.loads(parts["data"])))

    async def hear(self, name: str = "mudou") -> tuple[str | None, Any]:
        async with asyncio.timeout(10):
            while True:
                event, ident, data = await self.events.get()
                if event == name:
                    return ident, data

    async def hang_up(self) -> None:
        self.gone.set()
        await asyncio.wait_for(self.task, 5)


async def write(street: Street, company: Company, message: UUID, conversation: UUID | None = None) -> None:
    await street.world.do(INSERT, company.tenant.tenant_id, message, conversation)
    street.house.notifier.changed([company.tenant.tenant_id])


async def test_the_stream_carries_ids_and_nothing_else(
    street: Street, company: Company, enter: Enter
) -> None:
    ear = Ear(street, await enter(Role.OPERATOR))
    message, conversation = uuid4(), uuid4()
    await asyncio.sleep(0)
    while not ear.status:
        await write(street, company, message, conversation)
    _, data = await ear.hear()
    assert data == {"m": {str(message): str(conversation)}, "c": [str(conversation)], "k": []}
    assert ear.headers["content-type"].startswith("text/event-stream")
    assert ear.headers["x-accel-buffering"] == "no"
    assert ear.headers["cache-control"] == "no-store"
    assert "content-length" not in ear.headers
    await ear.hang_up()
    assert street.house.live.streams == 0


async def test_strangers_get_no_stream(street: Street, company: Company, enter: Enter) -> None:
    inside = await enter(Role.OPERATOR)
    stranger = street.client(base="http://localhost")
    for path in ("/painel/vivo", "/painel/vivo/mudancas", "/painel/contagens"):
        answer = await stranger.get(path)
        assert answer.status_code == 303, path
    assert (await inside.get("/painel/vivo/mudancas?desde=-1")).status_code == 422


async def test_each_company_hears_its_own(street: Street, company: Company, enter: Enter) -> None:
    other = await street.world.company("casa-bruma", external_id="1065", waba="1022")
    there = await enter(Role.OPERATOR, login="bruma@bruma.example", into=other)
    here = await enter(Role.OPERATOR)
    secret = uuid4()
    await write(street, company, secret)
    for browser, heard in ((here, True), (there, False)):
        answer = await browser.get("/painel/vivo/mudancas")
        assert (str(secret) in answer.json()["m"]) is heard


async def test_a_role_without_conversations_hears_of_none(
    street: Street, company: Company, enter: Enter
) -> None:
    browser = await enter(Role.DEVELOPER)
    await write(street, company, uuid4(), uuid4())
    answer = (await browser.get("/painel/vivo/mudancas")).json()
    assert answer["m"]
    assert answer["c"] == []
    assert list(answer["m"].values()) == [None]


async def test_resuming_tells_what_was_missed(street: Street, company: Company, enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    await write(street, company, uuid4())
    ear = Ear(street, browser)
    ident: str | None = None
    async with asyncio.timeout(15):
        while ident is None:
            event, ident, _ = await ear.events.get()
            if event != "ping":
                await write(street, company, uuid4())
    await ear.hang_up()
    missed = uuid4()
    await write(street, company, missed)
    again = Ear(street, browser, last_event_id=ident)
    _, data = await again.hear()
    assert str(missed) in data["m"]
    await again.hang_up()
    # A cursor from a newer copy of the data than this one: only a fresh look helps.
    lost = Ear(street, browser, last_event_id="999999999999")
    await lost.hear("recarregar")
    await lost.hang_up()


async def test_a_slow_browser_holds_one_bounded_change(
    street: Street, company: Company, enter: Enter
) -> None:
    ear = Ear(street, await enter(Role.OPERATOR))
    await write(street, company, uuid4())
    await ear.hear()
    ear.may_read.clear()
    feed = street.house.live._feeds[company.tenant.tenant_id]
    (looker,) = feed.lookers
    for _ in range(50):
        feed.tell(Change(messages={uuid4(): None for _ in range(200)}))
        await asyncio.sleep(0)
        assert len(looker.pending.messages) <= MOST
    ear.may_read.set()
    await ear.hear("recarregar")
    await ear.hang_up()


async def test_stopping_ends_every_stream_at_once(street: Street, company: Company, enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    ears = [Ear(street, browser) for _ in range(5)]
    await write(street, company, uuid4())
    for ear in ears:
        await ear.hear()
    street.house.live.hang_up()
    await asyncio.wait_for(asyncio.gather(*(ear.task for ear in ears)), 2)
    refused = await browser.get("/painel/vivo")
    assert refused.status_code == 503


async def test_who_is_put_out_or_gets_another_role_loses_the_stream(
    street: Street, company: Company, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recado.web.panel.screens.live.RECHECK_S", 0.05)
    browser = await enter(Role.OPERATOR)
    ear = Ear(street, browser)
    await write(street, company, uuid4())
    await ear.hear()
    await street.world.do("update membership set role = 'reviewer' where person_id = $1", browser.person_id)
    await asyncio.wait_for(ear.task, 5)
    again = Ear(street, browser)
    await write(street, company, uuid4())
    await again.hear()
    await street.world.do("update person_session set revoked_at = now()")
    await asyncio.wait_for(again.task, 5)


async def test_too_many_streams_of_one_person_are_refused(street: Street, enter: Enter) -> None:
    browser = await enter(Role.OPERATOR)
    ears = [Ear(street, browser) for _ in range(12)]
    async with asyncio.timeout(5):
        while street.house.live.streams < 12:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
    assert (await browser.get("/painel/vivo")).status_code == 503
    for ear in ears:
        await ear.hang_up()
