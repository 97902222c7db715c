"""Accepting a message from the business, or refusing it as Meta would."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from recado_sim import ids, limits, pace, templates
from recado_sim.feed import Feed
from recado_sim.loopback import is_loopback
from recado_sim.media import Library
from recado_sim.refusals import Refusal, coded, expired_token, invalid
from recado_sim.state import DAY_S, Message, Person, Phone, Template, World
from recado_sim.statuses import Statuses

Json = dict[str, Any]
FORCED = {
    "graph_500": 131000,
    "graph_130429": 130429,
    "template_paused": 132015,
    "pair_rate": 131056,
}
MEDIA_KINDS = frozenset(limits.MEDIA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What Graph answers with 200."""

    message: Message
    answer: Json


def forced(kind: str, code: int | None) -> Refusal:
    """The refusal a lever asks for."""
    if kind == "token_expired":
        return expired_token()
    return coded(FORCED.get(kind, code or 131000))


class Sending:
    """The gates in Meta's order: payload, recipient, template, window, pace; then it is accepted."""

    def __init__(self, world: World, statuses: Statuses, library: Library, feed: Feed) -> None:
        self.world = world
        self.statuses = statuses
        self.library = library
        self.feed = feed

    def send(self, phone: Phone, body: Json, *, fail: int | None = None) -> Accepted | Refusal:
        """Take one message. `fail` makes it end in a `failed` status with that code."""
        refusal = limits.check(body)
        if refusal is not None:
            return refusal
        person = self._person(phone, body)
        if isinstance(person, Refusal):
            return person
        template = self._template(phone, body, person)
        if isinstance(template, Refusal):
            return template
        refusal = self._media(body)
        if refusal is not None:
            return refusal
        code = fail
        if person is not None:
            closed = template is None and not self._window_open(phone, person)
            if closed and self.world.settings.window_refusal == "sync":
                return coded(131047)
            code = 131047 if closed else code
        refusal = pace.check(self.world, phone.id, person.key if person else str(body.get("to")))
        if refusal is not None:
            return refusal
        return self._accept(phone, body, person, template, code)

    def _person(self, phone: Phone, body: Json) -> Person | Refusal | None:
        """Who gets it; None for nobody: a BSUID in `to` is taken and never arrives [Meta 2026]."""
        if body.get("recipient_type") == "group":
            return coded(131020, "The group is not known to this account.")
        to = str(body.get("to") or "").strip()
        if not to:
            bsuid = str(body["recipient"]).strip()
            if not ids.is_bsuid(bsuid):
                return invalid("Param recipient must be a business-scoped user id.")
            return self.world.find_person(bsuid) or self.world.person(None, bsuid=bsuid)
        if ids.is_bsuid(to):
            return None
        number = ids.digits(to)
        if not 7 <= len(number) <= 15 or any(char.isalpha() for char in to):
            return invalid("Param to is not a valid phone number.")
        if number == ids.digits(phone.display):
            return coded(131021, "Recipient phone number cannot be the sender's.")
        if number in phone.blocked_users:
            return coded(130403)
        return self.world.people.get(number) or self.world.person(number)

    def _template(self, phone: Phone, body: Json, person: Person | None) -> Template | Refusal | None:
        if limits.kind_of(body) != "template":
            return None
        about = body["template"]
        template = templates.find(self.world, phone.waba_id, about)
        if isinstance(template, Refusal):
            return template
        by_bsuid = person is None or not body.get("to")
        if by_bsuid and templates.needs_phone(template):
            return coded(131062)
        return templates.check(template, about) or template

    def _media(self, body: Json) -> Refusal | None:
        kind = limits.kind_of(body)
        if kind not in MEDIA_KINDS or not self.world.settings.strict_media:
            return None
        media_id = body[kind].get("id")
        if media_id is None or str(media_id) in self.world.media:
            return None
        return invalid(f"Param {kind}['id'] is not a valid whatsapp business account media attachment ID.")

    def _window_open(self, phone: Phone, person: Person) -> bool:
        return self.world.now() - person.windows.get(phone.id, float("-inf")) < DAY_S

    def _accept(
        self,
        phone: Phone,
        body: Json,
        person: Person | None,
        template: Template | None,
        fail: int | None,
    ) -> Accepted:
        world, kind = self.world, limits.kind_of(body)
        message = Message(
            wamid=world.ids.wamid(person.key if person else str(body.get("to"))),
            direction="in",
            type=kind,
            body=body,
            phone_id=phone.id,
            person=person.key if person else "",
            at=world.now(),
            to=str(body["to"]) if body.get("to") else None,
            recipient=body.get("recipient"),
            opaque=body.get("biz_opaque_callback_data"),
            template=template.components if template else None,
            fail=fail,
            hidden=fail is not None or kind == "reaction" or (person is not None and person.blocked),
        )
        self._price(message, phone, template)
        if kind == "reaction":
            self._react(message, body["reaction"])
        world.remember(message)
        if person is not None:
            person.last_phone_id = phone.id
        self._fetch(message)
        self.statuses.begin(message)
        self.feed.tell("message", {"phone": message.person, "wamid": message.wamid})
        return Accepted(message=message, answer=self._answer(message, person))

    def _price(self, message: Message, phone: Phone, template: Template | None) -> None:
        """Free-form messages are charged since 1 Oct 2026, after a monthly allowance per number."""
        if template is not None:
            message.category = template.category.lower()
            return
        month = time.strftime("%Y-%m", time.gmtime(message.at))
        if phone.free_month != month:
            phone.free_month, phone.free_used = month, 0
        phone.free_used += 1
        message.billable = phone.free_used > self.world.settings.free_service_messages

    def _react(self, message: Message, about: Json) -> None:
        target = self.world.messages.get(about["message_id"])
        # Reactions go only to what the customer wrote; a wrong target fails afterwards, not now.
        if target is None or target.direction != "out" or target.person != message.person:
            message.fail = message.fail or 131009
        elif about["emoji"]:
            target.reactions = {**target.reactions, "business": about["emoji"]}
        else:
            target.reactions = {k: v for k, v in target.reactions.items() if k != "business"}

    def _fetch(self, message: Message) -> None:
        """Remember the picture's bytes; a link is fetched only from this machine."""
        if message.type not in MEDIA_KINDS:
            return
        about = message.body[message.type]
        if about.get("id") is not None:
            message.media_id = str(about["id"])
        elif is_loopback(str(about.get("link"))):
            self.library.fetch_for(message, str(about["link"]))

    def _answer(self, message: Message, person: Person | None) -> Json:
        contact: Json = {"input": message.to or message.recipient}
        if message.to is None and person is not None:
            contact["user_id"] = person.bsuid
        else:
            contact["wa_id"] = ids.digits(message.to or "")
        entry: Json = {"id": message.wamid}
        if message.type == "template":
            entry["message_status"] = "accepted"
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [entry]}
