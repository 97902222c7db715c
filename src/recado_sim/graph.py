"""Everything under `/{version}/...`: which Graph object and edge a request means."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from recado_sim.accounts import Accounts
from recado_sim.answers import answer, fields_of, refuse
from recado_sim.governance import Governance
from recado_sim.messages import MessagesDoor, bearer, body_of
from recado_sim.refusals import (
    Refusal,
    bad_token,
    coded,
    expired_token,
    missing,
    parameter,
    unknown_object,
    unknown_path,
)
from recado_sim.simulation import Simulation
from recado_sim.state import Phone, Waba

Json = dict[str, Any]
Outcome = Json | Refusal
Edge = Callable[[Any, Json], Outcome | Awaitable[Outcome]]
VERSION = re.compile(r"^v\d{1,3}(\.\d{1,2})?$")


class Graph:
    """Routes Graph requests. `messages` is a raw ASGI door; the rest is built from outcomes."""

    def __init__(self, simulation: Simulation) -> None:
        self.sim = simulation
        self.world = simulation.world
        self.accounts = Accounts(self.world, simulation.hooks)
        self.governance = Governance(self.world, simulation.hooks)
        self.door = MessagesDoor(simulation)
        accounts, templates = self.accounts, self.governance
        self._of_phone: dict[tuple[str, str], Edge] = {
            ("GET", ""): lambda p, f: accounts.phone(p, f.get("fields")),
            ("POST", ""): accounts.change_phone,
            ("GET", "whatsapp_business_profile"): lambda p, f: accounts.profile(p, f.get("fields")),
            ("POST", "whatsapp_business_profile"): accounts.change_profile,
            ("POST", "register"): accounts.register,
            ("POST", "deregister"): lambda p, f: accounts.deregister(p),
            ("GET", "block_users"): lambda p, f: accounts.blocked(p),
            ("POST", "block_users"): lambda p, f: accounts.block(p, f, block=True),
            ("DELETE", "block_users"): lambda p, f: accounts.block(p, f, block=False),
            ("GET", "message_history"): accounts.history,
        }
        self._of_waba: dict[tuple[str, str], Edge] = {
            ("GET", ""): lambda w, f: accounts.waba(w, f.get("fields")),
            ("GET", "phone_numbers"): lambda w, f: accounts.phones(w, f.get("fields")),
            ("GET", "subscribed_apps"): lambda w, f: accounts.subscriptions(w),
            ("POST", "subscribed_apps"): accounts.subscribe,
            ("DELETE", "subscribed_apps"): lambda w, f: accounts.unsubscribe(w),
            ("GET", "message_templates"): templates.listed,
            ("POST", "message_templates"): templates.create,
            ("DELETE", "message_templates"): templates.delete,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer any Graph request."""
        parts = [part for part in scope["path"].split("/") if part]
        if parts and VERSION.match(parts[0]):
            del parts[0]
        request = Request(scope, receive)
        if len(parts) == 2 and parts[1] == "messages" and scope["method"] == "POST":
            await self._messages(parts[0], request, scope, receive, send)
            return
        response = await self._respond(parts, request)
        await response(scope, receive, send)

    async def _messages(
        self, phone_id: str, request: Request, scope: Scope, receive: Receive, send: Send
    ) -> None:
        raw = await body_of(receive)
        refusal = self._unauthorised(bearer(request))
        phone = self.world.phones.get(phone_id)
        if refusal is None and phone is None:
            refusal = unknown_object(phone_id, "POST")
        if refusal is None and phone is not None and not phone.registered:
            refusal = coded(133010)
        if refusal is not None or phone is None:
            found = refusal or unknown_object(phone_id, "POST")
            await refuse(self.world, found)(scope, receive, send)
            return
        await self.door(phone, raw, scope, receive, send)

    def _unauthorised(self, token: str) -> Refusal | None:
        match self.accounts.token_problem(token):
            case None:
                return None
            case "expired":
                return expired_token()
            case _:
                return bad_token()

    async def _respond(self, parts: list[str], request: Request) -> Response:
        if parts == ["whatsapp_business", "attachments"]:
            return self._download(request)
        if len(parts) == 2 and parts[1] == "media" and request.method == "POST":
            outcome = await self._upload(parts[0], request)
        else:
            fields = await fields_of(request)
            if fields is None:
                return refuse(self.world, parameter("The request body is not valid JSON."))
            outcome = await self._outcome(parts, request, fields)
        if isinstance(outcome, Refusal):
            return refuse(self.world, outcome)
        return answer(outcome)

    async def _outcome(self, parts: list[str], request: Request, fields: Json) -> Outcome:
        method = request.method
        if parts == ["oauth", "access_token"]:
            return self.accounts.exchange(fields)
        refusal = self._unauthorised(bearer(request))
        if refusal is not None:
            return refusal
        if parts == ["debug_token"]:
            token = str(fields.get("input_token") or "")
            return self.accounts.debug_token(token) if token else missing("input_token")
        if not 1 <= len(parts) <= 2:
            return unknown_path("/" + "/".join(parts))
        return await self._object(parts[0], parts[1] if len(parts) == 2 else "", method, fields)

    async def _object(self, object_id: str, edge: str, method: str, fields: Json) -> Outcome:
        if object_id == self.world.settings.app_id and (method, edge) == ("POST", "subscriptions"):
            return await self.accounts.app_callback(fields)
        about: Phone | Waba | None = self.world.phones.get(object_id)
        table = self._of_phone
        if about is None:
            about, table = self.world.wabas.get(object_id), self._of_waba
        if about is None:
            return self._small_object(object_id, edge, method, fields)
        action = table.get((method, edge))
        if action is None:
            return unknown_path(f"/{edge}") if edge else unknown_object(object_id, method)
        outcome = action(about, fields)
        return outcome if isinstance(outcome, dict | Refusal) else await outcome

    def _small_object(self, object_id: str, edge: str, method: str, fields: Json) -> Outcome:
        template = self.world.templates.get(object_id)
        media = self.world.media.get(object_id)
        match (method, edge):
            case ("GET", "") if template is not None:
                return self.governance.shown(template, fields.get("fields"))
            case ("POST", "") if template is not None:
                return self.governance.change(template, fields)
            case ("POST", "unpause") if template is not None:
                self.governance.set_status(template, "APPROVED")
                return {"success": True}
            case ("GET", "") if media is not None:
                return self.sim.library.described(media)
            case ("DELETE", "") if media is not None:
                del self.world.media[object_id]
                return {"success": True}
        return unknown_object(object_id, method)

    async def _upload(self, phone_id: str, request: Request) -> Outcome:
        refusal = self._unauthorised(bearer(request))
        if refusal is not None:
            return refusal
        if phone_id not in self.world.phones:
            return unknown_object(phone_id, "POST")
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            return missing("file")
        async with request.form() as form:
            if form.get("messaging_product") != "whatsapp":
                return parameter("The parameter messaging_product is required.")
            file = form.get("file")
            if not isinstance(file, UploadFile):
                return missing("file")
            data = await file.read()
            mime_type = str(file.content_type or form.get("type") or "")
            refused = self.sim.library.refuse(mime_type, len(data))
            if refused is not None:
                return refused
            return {"id": self.sim.library.store(data, mime_type, file.filename).id}

    def _download(self, request: Request) -> Response:
        refusal = self._unauthorised(bearer(request))
        if refusal is not None:
            return refuse(self.world, refusal)
        query = request.query_params
        media_id, expires = query.get("mid", ""), query.get("ext", "")
        given = query.get("hash", "")
        media = self.sim.library.at_link(media_id, expires, given) if expires.isdigit() else None
        if media is None:
            return Response(status_code=404)
        name = (media.filename or media.id).replace('"', "")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if not name.isascii():
            headers = {}
        return Response(media.data, media_type=media.mime_type, headers=headers)
