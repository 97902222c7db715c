"""`POST /{phone}/messages`: the busiest door, with the levers that break it."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from recado_sim import wires
from recado_sim.answers import GRAPH_TYPE, answer, parsed, refuse
from recado_sim.faults import Fault
from recado_sim.refusals import Refusal, invalid, missing, parameter
from recado_sim.sending import Accepted, forced
from recado_sim.simulation import Simulation
from recado_sim.state import Phone

Json = dict[str, Any]
BEFORE = {"timeout_before_accept", "reset_before_accept"}
BROKEN = {"timeout_after_accept", "reset_after_accept", "truncated_200"}
REFUSING = {
    "graph_500",
    "graph_130429",
    "token_expired",
    "template_paused",
    "pair_rate",
    "any_error",
}
SILENCE_S, SLOW_S = 60.0, 2.0
LATER = 131026
GARBAGE = b"<!DOCTYPE html><html><body>Sorry, something went wrong.</body></html>"


class MessagesDoor:
    """Takes sends, read marks and typing indicators."""

    def __init__(self, simulation: Simulation) -> None:
        self.sim = simulation
        self.world = simulation.world

    async def __call__(self, phone: Phone, raw: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for a number that exists, by a caller that may ask."""
        body = parsed(raw)
        if body is None:
            refusal = parameter("The request body is not valid JSON.")
            await refuse(self.world, refusal)(scope, receive, send)
            return
        if "status" in body and "type" not in body:
            await self._marked(phone, body)(scope, receive, send)
            return
        to = str(body.get("to") or body.get("recipient") or "")
        fault = self.sim.faults.for_send(to=to, phone_id=phone.id)
        if fault is None:
            await self._reply(self.sim.sending.send(phone, body))(scope, receive, send)
        else:
            await self._faulty(fault, phone, body, scope, receive, send)

    def _reply(self, outcome: Accepted | Refusal) -> Response:
        if isinstance(outcome, Refusal):
            return refuse(self.world, outcome)
        return answer(outcome.answer)

    def _marked(self, phone: Phone, body: Json) -> Response:
        """Read marks and typing dots. Both mark everything up to that message as read."""
        if body.get("messaging_product") != "whatsapp":
            return refuse(self.world, parameter("The parameter messaging_product is required."))
        if body["status"] != "read":
            return refuse(self.world, parameter('Param status must be "read".'))
        if not body.get("message_id"):
            return refuse(self.world, missing("message_id"))
        about = self.world.messages.get(str(body["message_id"]))
        if about is None or about.direction != "out" or about.phone_id != phone.id:
            return refuse(self.world, invalid("Param message_id names no received message."))
        event = {"phone": about.person, "wamid": about.wamid, "typing": "typing_indicator" in body}
        self.sim.feed.tell("handset", event)
        return answer({"success": True})

    async def _faulty(
        self, fault: Fault, phone: Phone, body: Json, scope: Scope, receive: Receive, send: Send
    ) -> None:
        wait = fault.seconds
        if fault.kind in BEFORE:
            await self._break(fault, b"", scope, receive)
            return
        if fault.kind in REFUSING:
            refusal = forced(fault.kind, fault.code)
            await refuse(self.world, refusal)(scope, receive, send)
            return
        if fault.kind in ("http_500", "http_429"):
            await _bare(fault)(scope, receive, send)
            return
        if fault.kind == "slow":
            await self._pause(SLOW_S if wait is None else wait)
        later = (fault.code or LATER) if fault.kind == "status_failed" else None
        outcome = self.sim.sending.send(phone, body, fail=later)
        if isinstance(outcome, Refusal):
            await refuse(self.world, outcome)(scope, receive, send)
        elif fault.kind in BROKEN:
            reply = answer(outcome.answer).body
            await self._break(fault, bytes(reply), scope, receive)
        else:
            await _odd(fault, outcome)(scope, receive, send)

    async def _break(self, fault: Fault, reply: bytes, scope: Scope, receive: Receive) -> None:
        if fault.kind.startswith("timeout"):
            seconds = SILENCE_S if fault.seconds is None else fault.seconds
            await wires.silence(scope, receive, seconds, self.sim.feed.closing)
        elif fault.kind.startswith("reset"):
            await wires.reset(scope, receive)
        else:
            await wires.half_an_answer(scope, receive, reply)

    async def _pause(self, seconds: float) -> None:
        closing = asyncio.ensure_future(self.sim.feed.closing.wait())
        await asyncio.wait((closing,), timeout=seconds)
        closing.cancel()


def _bare(fault: Fault) -> Response:
    """A proxy's error: no Graph body."""
    if fault.kind == "http_429":
        return Response("Too Many Requests", status_code=429, headers={"Retry-After": "1"})
    return Response("<html><body>Internal Server Error</body></html>", 500, media_type="text/html")


def _odd(fault: Fault, outcome: Accepted) -> Response:
    """It was accepted, but the answer does not say so clearly."""
    if fault.kind == "garbage_200":
        return Response(GARBAGE, media_type=GRAPH_TYPE)
    if fault.kind == "no_id_200":
        return answer({**outcome.answer, "messages": []})
    return answer(outcome.answer)


async def body_of(receive: Receive) -> bytes:
    """The whole request body, read as the server hands it over."""
    chunks: list[bytes] = []
    while True:
        part = await receive()
        if part["type"] == "http.disconnect":
            return b"".join(chunks)
        chunks.append(part.get("body", b""))
        if not part.get("more_body", False):
            return b"".join(chunks)


def bearer(request: Request) -> str:
    """The access token, from the header or the query."""
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() in ("bearer", "oauth"):
        return token.strip()
    return str(request.query_params.get("access_token", ""))
