"""The business's side of a story: whoever plays one asks for a message here.

With a business behind the simulator its own door is asked, so that the message takes its real way; without one the
simulator lets the first number send it itself.
"""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec

from recado_sim.loopback import is_loopback
from recado_sim.refusals import Refusal
from recado_sim.sending import Sending
from recado_sim.state import World

Json = dict[str, Any]
PATIENCE_S = 15.0


class Door(msgspec.Struct, kw_only=True):
    """Where the business takes a message of Meta's shape by POST. Kept in memory only."""

    url: str
    headers: dict[str, str] = {}


class Said(msgspec.Struct, kw_only=True):
    """What became of it: the door's answer, whatever its language."""

    ok: bool
    status: int
    answer: Any = None


class Business:
    """Speaks for the company."""

    def __init__(self, world: World, sending: Sending) -> None:
        self._world = world
        self._sending = sending
        self._door: Door | None = None

    @property
    def known(self) -> bool:
        """Whether a real business answers, not the simulator in its place."""
        return self._door is not None

    def use(self, raw: bytes) -> str | None:
        """Remember the door; the reason when it cannot be used."""
        try:
            door = msgspec.json.decode(raw, type=Door)
        except msgspec.DecodeError as error:
            return str(error)
        if not is_loopback(door.url):
            return "url must be a loopback address: the simulator calls nobody else"
        self._door = door
        return None

    async def say(self, message: Json) -> Said:
        """One message of Meta's shape, without `messaging_product`."""
        if self._door is None:
            return self._by_itself(message)
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    self._door.url, json=message, headers=self._door.headers, allow_redirects=False
                ) as response,
            ):
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Said(ok=False, status=0, answer=type(error).__name__)
        return Said(ok=response.status < 300, status=response.status, answer=_read(body))

    def _by_itself(self, message: Json) -> Said:
        phone = next(iter(self._world.phones.values()), None)
        if phone is None:
            return Said(ok=False, status=0, answer="no business number")
        outcome = self._sending.send(phone, {"messaging_product": "whatsapp", **message})
        if isinstance(outcome, Refusal):
            return Said(ok=False, status=outcome.http, answer=outcome.body("story"))
        return Said(ok=True, status=200, answer=outcome.answer)


def _read(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body[:300].decode(errors="replace")
