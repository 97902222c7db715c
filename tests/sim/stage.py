"""A simulator in a process of its own, and a small server that hears its webhooks."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

T = TypeVar("T")
Json = dict[str, Any]

FIXTURES = Path(__file__).parent / "fixtures"
SEED: Json = json.loads((FIXTURES / "seed.json").read_text())
SECRET, WORD, TOKEN = SEED["app_secret"], SEED["verify_token"], "token-ok"
WABA, PHONE, OTHER_PHONE = "102000000000017", "106000000000023", "106000000000024"
MARINA, MARINA_BSUID = "5520955500111", "BR.13490000000000000111"
BRUNO_BSUID = "BR.13490000000000000999"
QUICK = [
    *("--sent-s", "0.02", "--delivered-s", "0.04", "--read-s", "0.06", "--approve-s", "0.05"),
    *("--retry-base-s", "0.05", "--rate-limit", "0", "--pair-limit", "0"),
]


def eventually(condition: Callable[[], T], within_s: float = 10.0) -> T:
    """The condition's first true value."""
    deadline, pause = time.monotonic() + within_s, threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"still {value!r} after {within_s} s")
        pause.wait(0.01)


@dataclass(kw_only=True)
class Heard:
    """One webhook POST."""

    raw: bytes
    signature: str | None
    answered: int
    path: str

    @property
    def body(self) -> Json:
        found: Json = json.loads(self.raw)
        return found

    @property
    def genuine(self) -> bool:
        digest = hmac.new(SECRET.encode(), self.raw, hashlib.sha256).hexdigest()
        return self.signature == f"sha256={digest}"

    def values(self) -> list[Json]:
        return [change["value"] for entry in self.body["entry"] for change in entry["changes"]]

    def statuses(self) -> list[Json]:
        return [status for value in self.values() for status in value.get("statuses", [])]

    def messages(self) -> list[Json]:
        return [message for value in self.values() for message in value.get("messages", [])]


class Sink:
    """Hears webhooks on a free port. `answers` are HTTP statuses for the next POSTs."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: deque[int] = deque()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
                good = query.get("hub.mode") == "subscribe" and query["hub.verify_token"] == WORD
                self._say(200 if good else 403, query.get("hub.challenge", "") if good else "no")

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                status = sink.answers.popleft() if sink.answers else 200
                signature = self.headers["X-Hub-Signature-256"]
                sink.heard.append(Heard(raw=raw, signature=signature, answered=status, path=self.path))
                self._say(status, "")

            def _say(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *about: Any) -> None:
                """Tests need no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def statuses(self, wamid: str) -> list[str]:
        """The statuses heard of one message, in the order of arrival."""
        return [
            status["status"]
            for heard in list(self.heard)
            for status in heard.statuses()
            if status["id"] == wamid and heard.answered == 200
        ]

    def status(self, wamid: str, name: str) -> Json:
        """Waits for a status of a message."""
        return (
            eventually(
                lambda: next(
                    (
                        status
                        for heard in list(self.heard)
                        for status in heard.statuses()
                        if status["id"] == wamid and status["status"] == name
                    ),
                    None,
                )
            )
            or {}
        )

    def value_with(self, wamid: str) -> Json:
        """Waits for the webhook value that carries an inbound message."""
        return (
            eventually(
                lambda: next(
                    (
                        value
                        for heard in list(self.heard)
                        for value in heard.values()
                        if any(m["id"] == wamid for m in value.get("messages", []))
                    ),
                    None,
                )
            )
            or {}
        )

    def post_with(self, wamid: str) -> Heard:
        """Waits for the POST that carries an inbound message."""
        return eventually(
            lambda: next((h for h in list(self.heard) if any(m["id"] == wamid for m in h.messages())), None)
        ) or Heard(raw=b"", signature=None, answered=0, path="")


@dataclass(kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int
    raw: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def code(self) -> int:
        return int(self.json["error"]["code"])


@dataclass(kw_only=True)
class Sim:
    """A running simulator."""

    base: str
    process: subprocess.Popen[bytes]
    sink: Sink
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(40_001))

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = TOKEN,
        timeout: float = 10,
    ) -> Answer:
        url = path if path.startswith("http") else f"{self.base}{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:
                return Answer(status=reply.status, raw=reply.read(), headers=dict(reply.headers))
        except urllib.error.HTTPError as refusal:
            with refusal:
                headers = dict(refusal.headers)
                return Answer(status=refusal.code, raw=refusal.read(), headers=headers)

    def person(self, **more: Any) -> str:
        """The phone of somebody new."""
        phone = f"55209555{next(self.numbers):05d}"
        self.ask("POST", "/_sim/handsets", {"phone": f"+{phone}", "name": "Caio", **more})
        return phone

    def guest(self, **more: Any) -> str:
        """Somebody new who already wrote, so that free-form messages may go out."""
        phone = self.person(**more)
        self.writes(phone, {"text": "Oi"})
        return phone

    def writes(self, phone: str, body: Json) -> str:
        answer = self.ask("POST", f"/_sim/handset/{quote(phone)}/send", body)
        assert answer.status == 200, answer.raw
        return str(answer.json["wamid"])

    def seen(self, phone: str) -> list[Json]:
        found: list[Json] = self.ask("GET", f"/_sim/handset/{quote(phone)}/messages").json
        return found

    def send(self, body: Json, *, phone_id: str = PHONE, **more: Any) -> Answer:
        whole = {"messaging_product": "whatsapp", **body}
        return self.ask("POST", f"/v25.0/{phone_id}/messages", whole, **more)

    def text(self, to: str, words: str = "Tudo certo?", **more: Any) -> Answer:
        return self.send({"to": f"+{to}", "type": "text", "text": {"body": words}, **more})

    def sent(self, body: Json) -> str:
        """The wamid of a message that must be accepted."""
        answer = self.send(body)
        assert answer.status == 200, answer.raw
        return str(answer.json["messages"][0]["id"])

    def ledger(self) -> list[Json]:
        found: list[Json] = self.ask("GET", "/_sim/ledger").json
        return found

    def fault(self, kind: str, **more: Any) -> Answer:
        return self.ask("POST", "/_sim/faults", {"kind": kind, **more})

    def seed(self, **more: Any) -> Answer:
        return self.ask("POST", "/_sim/seed", {**SEED, "callback_url": self.sink.url, **more})

    def settings(self, **wanted: Any) -> Json:
        answer = self.ask("POST", "/_sim/hooks/settings", wanted)
        assert answer.status == 200, answer.raw
        found: Json = answer.json
        return found

    def shift(self, seconds: float) -> None:
        self.ask("POST", "/_sim/clock", {"shift_s": seconds})


@contextmanager
def running(*options: str, seeded: bool = True) -> Iterator[Sim]:
    """A simulator process, seeded with the fixture; stopped at the end."""
    sink = Sink()
    command = [sys.executable, "-m", "recado_sim", "--port", "0", "--json", *QUICK, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read().decode()
        sim = Sim(base=json.loads(line)["url"], process=process, sink=sink)
        if seeded:
            assert sim.seed().status == 200
        yield sim
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
        process.stderr.close()
        sink.close()


def keys(value: Any, at: str = "") -> set[str]:
    """Every path of keys in a JSON value; list positions do not matter."""
    if isinstance(value, dict):
        found = {f"{at}.{key}" for key in value}
        return found.union(*(keys(inside, f"{at}.{key}") for key, inside in value.items()))
    if isinstance(value, list):
        return set().union(*(keys(inside, f"{at}[]") for inside in value))
    return set()
