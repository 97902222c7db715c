"""`/_sim/...`: the levers, the ledger and the handsets, for pages and tests."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from recado_sim import faults, seed
from recado_sim.answers import answer, parsed
from recado_sim.graph import Graph
from recado_sim.handsets import Cannot
from recado_sim.limits import kind_of
from recado_sim.loopback import is_loopback
from recado_sim.simulation import Simulation
from recado_sim.state import Message, Person, Settings

Json = dict[str, Any]


def problem(status: int, sentence: str, **more: Any) -> Response:
    """An admin refusal: one sentence, and facts beside it."""
    return answer({"error": sentence, **more}, status)


def entry(message: Message) -> Json:
    """One line of the ledger."""
    return {
        "wamid": message.wamid,
        "to": message.to,
        "recipient": message.recipient,
        "type": kind_of(message.body),
        "payload": message.body,
        "opaque": message.opaque,
        "at": message.at,
        "phone_number_id": message.phone_id,
        "status": message.status,
    }


class Admin:
    """The handlers of the admin API."""

    def __init__(self, simulation: Simulation, graph: Graph) -> None:
        self.sim = simulation
        self.world = simulation.world
        self.graph = graph

    def routes(self) -> list[Route]:
        """Routes below `/_sim`."""
        table = (
            ("/ledger", self.ledger, ["GET"]),
            ("/faults", self.faults, ["GET", "POST", "DELETE"]),
            ("/handsets", self.handsets, ["GET", "POST"]),
            ("/handset/{phone}/messages", self.thread, ["GET"]),
            ("/handset/{phone}/send", self.write, ["POST"]),
            ("/handset/{phone}/state", self.state, ["POST"]),
            ("/handset/{phone}/played", self.played, ["POST"]),
            ("/business", self.business, ["GET", "POST"]),
            ("/business/send", self.say, ["POST"]),
            ("/media/{media_id}", self.media, ["GET"]),
            ("/clock", self.clock, ["GET", "POST"]),
            ("/seed", self.seed, ["POST"]),
            ("/hooks", self.hooks, ["GET"]),
            ("/hooks/settings", self.settings, ["GET", "POST"]),
            ("/hooks/verify", self.verify, ["POST"]),
            ("/template/{template_id}", self.template, ["POST"]),
            ("/templates", self.templates, ["GET"]),
            ("/health", self.health, ["GET"]),
            ("/events", self.events, ["GET"]),
            ("/reset", self.reset, ["POST"]),
        )
        return [Route(path, handler, methods=methods) for path, handler, methods in table]

    async def ledger(self, request: Request) -> Response:
        """Every accepted send in order."""
        return answer([entry(message) for message in self.world.ledger])

    async def faults(self, request: Request) -> Response:
        """Press, list or release levers."""
        if request.method == "GET":
            return answer([faults.shown(fault) for fault in self.sim.faults.active])
        if request.method == "DELETE":
            self.sim.faults.clear()
            return answer({"cleared": True})
        body = parsed(await request.body())
        kind = faults.kind_named(str((body or {}).get("kind", "")))
        if body is None or kind is None:
            return problem(422, "unknown kind of fault", kinds=sorted(faults.KINDS))
        try:
            fault = msgspec.convert({**body, "kind": kind, "id": ""}, faults.Fault)
        except msgspec.ValidationError as error:
            return problem(422, str(error))
        if fault.times is not None and fault.times < 1:
            return problem(422, "times must be 1 or more, or null")
        return answer(faults.shown(self.sim.faults.add(fault)), 201)

    async def handsets(self, request: Request) -> Response:
        """Everybody, or somebody new."""
        if request.method == "GET":
            return answer(self.sim.handsets.listed())
        try:
            given = msgspec.json.decode(await request.body(), type=seed.PersonSeed)
        except msgspec.DecodeError as error:
            return problem(422, str(error))
        if not any(char.isdigit() for char in given.phone or "") and not given.bsuid:
            return problem(422, "a person needs a phone or a bsuid")
        person = self.world.person(given.phone, bsuid=given.bsuid, name=given.name, username=given.username)
        described = self.sim.handsets.described(person)
        self.sim.feed.tell("handset", described)
        return answer(described, 201)

    def _person(self, request: Request) -> Person | None:
        return self.world.find_person(str(request.path_params["phone"]).strip())

    def _nobody(self, request: Request) -> Response:
        return problem(404, f"nobody has the phone {request.path_params['phone']}")

    async def thread(self, request: Request) -> Response:
        """What one person sees."""
        person = self._person(request)
        return self._nobody(request) if person is None else answer(self.sim.handsets.thread(person))

    async def write(self, request: Request) -> Response:
        """One person writes, taps, reacts, edits or deletes. Unknown phones are created."""
        person = self._person(request)
        who = str(request.path_params["phone"])
        if person is None and sum(char.isdigit() for char in who) >= 7:
            person = self.world.person(who)
        body = parsed(await request.body())
        if person is None:
            return self._nobody(request)
        if body is None:
            return problem(422, "the body must be a JSON object")
        outcome = self.sim.handsets.write(person, body)
        if isinstance(outcome, Cannot):
            return problem(422, outcome.error, **outcome.more)
        return answer({"wamid": outcome.wamid})

    async def state(self, request: Request) -> Response:
        """Online, offline, blocked, read receipts."""
        person = self._person(request)
        body = parsed(await request.body())
        if person is None:
            return self._nobody(request)
        refused = self.sim.handsets.change(person, body or {})
        if refused is not None:
            return problem(422, refused.error, **refused.more)
        return answer(self.sim.handsets.described(person))

    async def played(self, request: Request) -> Response:
        """One person listens to a voice note."""
        person = self._person(request)
        body = parsed(await request.body()) or {}
        message = self.world.messages.get(str(body.get("wamid")))
        if person is None:
            return self._nobody(request)
        if message is None or message.person != person.key or not self.sim.statuses.played(message):
            return problem(422, "wamid must name a voice note that has arrived here")
        return answer({"status": message.status})

    async def business(self, request: Request) -> Response:
        """Which door takes the business's side of a story; its headers are never shown."""
        if request.method == "POST":
            refused = self.sim.business.use(await request.body())
            if refused is not None:
                return problem(422, refused)
        return answer({"known": self.sim.business.known})

    async def say(self, request: Request) -> Response:
        """The business writes: a message of Meta's shape."""
        body = parsed(await request.body())
        if not body:
            return problem(422, "the body must be a message")
        return answer(await self.sim.business.say(body))

    async def media(self, request: Request) -> Response:
        """Bytes of a file for the handset page; no token, only this machine reaches it."""
        media = self.world.media.get(str(request.path_params["media_id"]))
        if media is None:
            return problem(404, "no such file")
        # Strangers' files must not run as a page of this origin.
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(media.data, media_type=media.mime_type, headers=headers)

    async def clock(self, request: Request) -> Response:
        """Simulated time; `shift_s` adds up."""
        if request.method == "POST":
            shift = (parsed(await request.body()) or {}).get("shift_s")
            if isinstance(shift, bool) or not isinstance(shift, int | float):
                return problem(422, "shift_s must be a number of seconds")
            self.world.shift(float(shift))
        return answer({"now": self.world.now(), "shift_s": self.world.clock.shift_s})

    async def seed(self, request: Request) -> Response:
        """Accounts, numbers, templates, people. Idempotent."""
        given = seed.read(await request.body())
        if isinstance(given, str):
            return problem(422, given)
        seed.plant(self.world, given)
        return answer(
            {
                "wabas": list(self.world.wabas),
                "phones": list(self.world.phones),
                "templates": len(self.world.templates),
                "people": len(self.world.people),
            }
        )

    async def hooks(self, request: Request) -> Response:
        """The delivery log, oldest first, bounded."""
        return answer(list(self.sim.hooks.log))

    async def settings(self, request: Request) -> Response:
        """Delays, batching, limits; secrets are taken and never shown."""
        if request.method == "POST":
            body = parsed(await request.body())
            if body is None:
                return problem(422, "the body must be a JSON object")
            known = set(Settings.__struct_fields__)
            if body.keys() - known:
                return problem(422, "unknown settings", settings=sorted(known))
            if body.get("callback_url") and not is_loopback(str(body["callback_url"])):
                return problem(422, "callback_url must be a loopback address")
            merged = {**msgspec.to_builtins(self.world.settings), **body}
            try:
                self.world.settings = msgspec.convert(merged, Settings)
            except msgspec.ValidationError as error:
                return problem(422, str(error))
            self.world.changes += 1
        shown = msgspec.to_builtins(self.world.settings)
        return answer({k: v for k, v in shown.items() if k not in ("app_secret", "tokens")})

    async def verify(self, request: Request) -> Response:
        """Ask the callback URL for the challenge, as Meta's dashboard button does."""
        settings = self.world.settings
        problem_found = await self.sim.hooks.verify(settings.callback_url, settings.verify_token)
        if problem_found is not None:
            return problem(422, problem_found)
        return answer({"verified": True})

    async def templates(self, request: Request) -> Response:
        """Every template of every account."""
        shown = self.graph.governance.shown
        return answer([{**shown(t), "waba_id": t.waba_id} for t in self.world.templates.values()])

    async def template(self, request: Request) -> Response:
        """Pause, disable, reject or approve a template as Meta's review would."""
        template = self.world.templates.get(str(request.path_params["template_id"]))
        body = parsed(await request.body()) or {}
        if template is None:
            return problem(404, "no such template")
        status = str(body.get("status") or "").upper()
        if not status:
            return problem(422, "say a status")
        self.graph.governance.set_status(template, status, str(body.get("reason") or "NONE"))
        return answer({"id": template.id, "status": template.status})

    async def health(self, request: Request) -> Response:
        """That it runs, and how much waits."""
        return answer(
            {
                "status": "ok",
                "now": self.world.now(),
                "sent": len(self.world.ledger),
                "timers": len(self.world.timers),
                "hooks_waiting": self.sim.hooks.backlog,
                "hooks_retrying": self.sim.hooks.waiting_retry,
            }
        )

    async def events(self, request: Request) -> Response:
        """Server-sent events for the page."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = self.sim.feed.listen()
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def reset(self, request: Request) -> Response:
        """Forget accounts, people, messages and levers; keep settings and clock."""
        self.sim.reset()
        return answer({"reset": True})
