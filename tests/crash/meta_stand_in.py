"""A fast stand-in for the Graph API with a ledger of its own: what it accepted is what handsets show.

It speaks Meta's wire format, loses answers, resets connections, fails with and without a Graph body,
and knows nothing of recado. The real simulator is thorough; this one is made to be hit hard.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any, cast

from tests.crash.cast import BY_ID, LINES, MARKER, WRITERS
from tests.crash.meta_hooks import CALM, Manners, News, Postman

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
_IN_A_STORM = 0.7
# Shares of requests. The first group was not accepted, the second was: the answers look alike.
_NOT_TAKEN = {"reset": 0.015, "hang": 0.005, "busy": 0.001, "error_html": 0.006, "error_graph": 0.008}
_TAKEN = {
    "reset": 0.02,
    "hang": 0.01,
    "error_html": 0.006,
    "error_graph": 0.004,
    "no_id": 0.003,
    "slow": 0.02,
}

_TEMPLATE = {
    "id": "700000000000001",
    "name": "lembrete_consulta",
    "language": "pt_BR",
    "category": "UTILITY",
    "status": "APPROVED",
    "components": [{"type": "BODY", "text": "Lembrete: {{1}}"}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """How this provider behaves in a run."""

    seed: int
    port: int
    hook_url: str
    app_secret: str
    manners: Manners = field(default_factory=Manners)
    inbound_per_s: float = 10.0
    media_share: float = 0.6
    faults: bool = True
    # So many more of what it takes are never answered.
    unanswered: float = 0.0
    lines: int = len(LINES)


@dataclass(slots=True)
class Taken:
    """One message the provider accepted: it will be on the handset."""

    marker: str
    opaque: str
    wamid: str
    phone_number_id: str
    to: str


class StandIn:
    def __init__(self, character: Character) -> None:
        self._character = character
        self._rng = random.Random(character.seed)
        self.postman = Postman(
            character.hook_url, character.app_secret, character.seed + 1, character.manners
        )
        self.ledger: list[Taken] = []
        self.news: list[News] = []
        self._faults = character.faults
        self._inbound = character.inbound_per_s
        self._count = 0
        self._storm: tuple[str, bool] | None = None
        self._storm_until = 0.0

    # ------------------------------------------------------------------ sends

    def take(self, number: str, raw: bytes, connection: Connection) -> None:
        """Decides the fate of one send. Nothing is answered before this returns."""
        fate, taken = self._fate()
        if not taken:
            self._answer(fate, None, "", connection)
            return
        message = json.loads(raw)
        found = MARKER.search(raw)
        self._count += 1
        wamid = f"wamid.HBgNNTUyMDk1NTUwMDExMRUCABEYEj{self._count:016d}AA=="
        to = str(message.get("to") or message.get("recipient") or "").lstrip("+")
        one = Taken(
            marker=found.group().decode() if found else "?",
            opaque=str(message.get("biz_opaque_callback_data") or ""),
            wamid=wamid,
            phone_number_id=number,
            to=to,
        )
        self.ledger.append(one)
        self._report(one)
        self._answer(fate, one, to, connection)

    def _fate(self) -> tuple[str, bool]:
        if not self._faults:
            return "ok", True
        if (
            self._storm is not None
            and time.monotonic() < self._storm_until
            and self._rng.random() < _IN_A_STORM
        ):
            return self._storm
        if self._rng.random() < self._character.unanswered:
            return "reset", True
        draw = self._rng.random()
        for shares, taken in ((_NOT_TAKEN, False), (_TAKEN, True)):
            for name, share in shares.items():
                draw -= share
                if draw < 0:
                    return name, taken
        return "ok", True

    def _report(self, one: Taken) -> None:
        after = 0.0
        for status in ("sent", "delivered", "read"):
            body = {
                "id": one.wamid,
                "status": status,
                "timestamp": str(int(time.time())),
                "recipient_id": one.to,
                "biz_opaque_callback_data": one.opaque,
            }
            news = News(one.phone_number_id, "statuses", body)
            self.news.append(news)
            self.postman.tell(news, after)
            after += self._rng.uniform(*self.postman.manners.apart_s)

    def _answer(self, fate: str, one: Taken | None, to: str, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        match fate:
            case "reset":
                connection.drop()
            case "hang":
                loop.call_later(3.0, connection.drop)
            case "busy":
                connection.reply(429, _graph_error(130429, "Rate limit hit"))
            case "error_html":
                connection.reply(502, b"<html>Bad Gateway</html>")
            case "error_graph":
                connection.reply(500, _graph_error(131000, "Something went wrong"))
            case "no_id":
                connection.reply(200, b'{"messaging_product":"whatsapp"}')
            case _:
                assert one is not None
                body = {
                    "messaging_product": "whatsapp",
                    "contacts": [{"input": to, "wa_id": to}],
                    "messages": [{"id": one.wamid, "message_status": "accepted"}],
                }
                slow = fate == "slow"
                wait = self._rng.uniform(0.2, 0.5) if slow else self._rng.uniform(0.003, 0.03)
                loop.call_later(wait, connection.reply, 200, json.dumps(body).encode())

    # ------------------------------------------------------------------ people

    async def write_in(self) -> None:
        """People write to the business; first everybody once, so that their windows are open."""
        everybody = [(line, n) for line in LINES[: self._character.lines] for n in range(WRITERS)]
        for count, (line, n) in enumerate(everybody):
            self._one_writes(line.phone_number_id, line.writer(n), f"in-first-{count}", media=False)
        count = 0
        while True:
            await asyncio.sleep(1 / max(self._inbound, 0.01) if self._inbound else 0.1)
            if self._inbound:
                line, n = self._rng.choice(everybody)
                media = self._rng.random() < self._character.media_share
                self._one_writes(line.phone_number_id, line.writer(n), f"in-{count}", media=media)
                count += 1

    def _one_writes(self, number: str, who: str, text: str, *, media: bool) -> None:
        wamid = f"wamid.HBgNNTUyMDk1NTUwMDExMRUCABEYFi{text}AA=="
        body: dict[str, Any] = {"from": who, "id": wamid, "timestamp": str(int(time.time()))}
        if media:
            media_id = f"9{len(self.news):015d}"
            url = f"http://127.0.0.1:{self._character.port}/blob/{media_id}"
            body |= {"type": "image", "image": {"id": media_id, "mime_type": "image/png", "url": url}}
        else:
            body |= {"type": "text", "text": {"body": text}}
        news = News(number, "messages", body)
        self.news.append(news)
        self.postman.tell(news)

    # ------------------------------------------------------------------ the run's levers

    def storm(self, fate: str, *, taken: bool, lasts_s: float) -> None:
        """For a while most sends end like this."""
        self._storm, self._storm_until = (fate, taken), time.monotonic() + lasts_s

    def flood(self, times: int) -> None:
        """Tells the latest news again, so often, all at once: Meta repeats itself."""
        for _ in range(times):
            for one in self.news[-100:]:
                self.postman.tell(one)

    def calm(self) -> None:
        self._faults = False
        self._inbound = 0.0
        self.postman.manners = CALM

    def state(self) -> dict[str, int]:
        return {
            "pending": self.postman.pending,
            "count": len(self.ledger),
            "posts": self.postman.posts,
            "refused": self.postman.refused,
        }

    def dump(self) -> dict[str, Any]:
        return {
            "taken": [[one.marker, one.opaque, one.wamid, one.phone_number_id] for one in self.ledger],
            "statuses": [
                [one.body["id"], one.body["status"], one.acked] for one in self.news if one.part == "statuses"
            ],
            "inbound": [
                [one.body["id"], one.body["type"], one.acked] for one in self.news if one.part == "messages"
            ],
        } | self.state()


def _graph_error(code: int, message: str) -> bytes:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return json.dumps({"error": error}).encode()


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as little of it as the product's client uses."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            whole = end + 4 + _declared(data[:end].lower())
            if len(data) < whole:
                break
            method, path, _ = data[: data.index(b"\r\n")].decode("latin-1").split(" ", 2)
            self._route(method, path, data[end + 4 : whole])
            data = data[whole:]
        self._buffer = data

    def _route(self, method: str, path: str, body: bytes) -> None:
        parts = path.split("?")[0].strip("/").split("/")
        if parts[0] == "_stand":
            self._lever(parts[1])
        elif method == "POST" and parts[-1] == "messages":
            self._stand_in.take(parts[1], body, self)
        elif method == "POST" and parts[-1] == "media":
            self.reply(200, b'{"id":"8000000000000001"}')
        elif parts[0] == "blob":
            self.reply(200, PNG, "image/png")
        elif parts[-1] == "message_templates":
            self.reply(200, json.dumps({"data": [_TEMPLATE]}).encode())
        elif parts[-1] in BY_ID:
            self.reply(200, b'{"status":"CONNECTED","quality_rating":"GREEN"}')
        else:
            url = f"http://127.0.0.1:{self._stand_in._character.port}/blob/{parts[-1]}"
            self.reply(200, json.dumps({"url": url, "mime_type": "image/png", "id": parts[-1]}).encode())

    def _lever(self, name: str) -> None:
        match name.split(":"):
            case ["calm"]:
                self._stand_in.calm()
            case ["storm", fate, taken, seconds]:
                self._stand_in.storm(fate, taken=taken == "taken", lasts_s=float(seconds))
            case ["flood", times]:
                self._stand_in.flood(int(times))
        answer = self._stand_in.dump() if name == "dump" else self._stand_in.state()
        self.reply(200, json.dumps(answer).encode())

    def reply(self, status: int, body: bytes, kind: str = "application/json") -> None:
        if self._transport is not None and not self._transport.is_closing():
            head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _declared(head: bytes) -> int:
    mark = head.find(b"content-length:")
    if mark < 0:
        return 0
    stop = head.find(b"\r", mark)
    return int(head[mark + 15 : stop if stop >= 0 else len(head)])


async def serve(character: Character) -> None:
    """Until the process is ended."""
    stand_in = StandIn(character)
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Connection(stand_in), "127.0.0.1", character.port, backlog=1024)
    await asyncio.gather(stand_in.postman.run(), stand_in.write_in())
