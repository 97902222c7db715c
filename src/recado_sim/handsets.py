"""What people do with their phones: write, tap, react, edit, delete, go offline, block."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from recado_sim import envelope, render
from recado_sim.feed import Feed
from recado_sim.hooks import Hooks
from recado_sim.limits import MEDIA
from recado_sim.media import Library
from recado_sim.state import Message, Person, Phone, World
from recado_sim.statuses import Statuses

Json = dict[str, Any]
# Meta does not say whether a reaction opens the window; these surely do not.
KEEP_WINDOW = frozenset({"reaction", "system", "unsupported", "edit", "revoke"})
UNSUPPORTED = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}
STATES: dict[str, tuple[str, bool]] = {
    "online": ("online", True),
    "offline": ("online", False),
    "blocked": ("blocked", True),
    "unblocked": ("blocked", False),
    "read_receipts_on": ("read_receipts", True),
    "read_receipts_off": ("read_receipts", False),
}
YEAR_3000 = 32_503_680_000
DEFAULT_MIME = {
    "image": "image/jpeg",
    "audio": "audio/ogg; codecs=opus",
    "video": "video/mp4",
    "document": "application/pdf",
    "sticker": "image/webp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cannot:
    """Why a person cannot do this; `more` is shown next to the sentence."""

    error: str
    more: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The type and the webhook object of what a person does."""

    type: str
    about: Any
    context: str | None = None
    extra: Json | None = None


def cannot(error: str, **more: Any) -> Cannot:
    """A refusal with facts beside it."""
    return Cannot(error=error, more=more)


class Handsets:
    """Every customer's phone."""

    def __init__(self, world: World, hooks: Hooks, statuses: Statuses, library: Library, feed: Feed) -> None:
        self.world = world
        self.hooks = hooks
        self.statuses = statuses
        self.library = library
        self.feed = feed

    def listed(self) -> list[Json]:
        """Everybody, in the order in which they appeared."""
        return [self.described(person) for person in self.world.people.values()]

    def described(self, person: Person) -> Json:
        """One line of the list of people."""
        thread = self.world.threads.get(person.key)
        last = thread[-1] if thread else None
        return {
            "phone": person.phone,
            "name": person.name,
            "bsuid": person.bsuid,
            "username": person.username,
            "online": person.online,
            "blocked": person.blocked,
            "read_receipts": person.read_receipts,
            "unread": person.unread,
            "last_text": render.text(last) if last else None,
            "last_at": last.at if last else None,
        }

    def thread(self, person: Person) -> list[Json]:
        """What this person sees, oldest first."""
        seen = self.world.threads.get(person.key) or ()
        return [render.seen(self.world, m) for m in seen if m.status != "failed" and not m.hidden]

    def change(self, person: Person, body: Json) -> Cannot | None:
        """Go online or offline, block, show or hide read receipts."""
        wanted: Json = {k: body[k] for k in ("online", "blocked", "read_receipts") if k in body}
        if "state" in body:
            named = STATES.get(str(body["state"]))
            if named is None:
                return cannot(f"unknown state {body['state']!r}", states=sorted(STATES))
            wanted[named[0]] = named[1]
        if not wanted or not all(isinstance(value, bool) for value in wanted.values()):
            return cannot("say online, blocked or read_receipts, true or false")
        was_online = person.online
        for name, value in wanted.items():
            setattr(person, name, value)
        self.world.changes += 1
        if person.online and not was_online:
            self.statuses.back_online(person)
        self.feed.tell("handset", self.described(person))
        return None

    def write(self, person: Person, body: Json) -> Message | Cannot:
        """One thing the person does; tells the business by webhook."""
        phone = self._business(person, body)
        if phone is None:
            return cannot("no such business number", numbers=sorted(self.world.phones))
        at = body.get("timestamp") or self.world.now()
        if not isinstance(at, int | float) or not 0 < at < YEAR_3000:
            return cannot("timestamp must be seconds since 1970")
        if not isinstance(body.get("context", ""), str):
            return cannot("context must be a wamid")
        written = self._written(person, body)
        if isinstance(written, Cannot):
            return written
        hide_phone = bool(body.get("bsuid_only")) or person.phone is None
        message = self._message(person, phone, written, at, hide_phone)
        self.world.remember(message)
        if written.type not in KEEP_WINDOW:
            person.windows[phone.id] = max(at, person.windows.get(phone.id, 0.0))
        person.last_phone_id = phone.id
        person.unread = 0
        self.hooks.emit(envelope.inbound(self.world, message, person, hide_phone=hide_phone))
        self.feed.tell("message", {"phone": person.key, "wamid": message.wamid})
        return message

    def _business(self, person: Person, body: Json) -> Phone | None:
        phones = self.world.phones
        wanted = body.get("phone_number_id")
        if wanted:
            return phones.get(str(wanted))
        return phones.get(person.last_phone_id) or next(iter(phones.values()), None)

    def _message(
        self, person: Person, phone: Phone, written: Written, at: float, hide_phone: bool
    ) -> Message:
        wamid = self.world.ids.wamid(person.phone or person.bsuid, inbound=True)
        item: Json = {}
        if person.phone and not hide_phone:
            item["from"] = person.phone
        item["from_user_id"] = person.bsuid
        item |= {"id": wamid, "timestamp": str(int(at)), "type": written.type}
        if written.about is not None:
            item[written.type] = written.about
        item |= written.extra or {}
        if written.context:
            business = envelope.metadata(phone)["display_phone_number"]
            quoted = self.world.messages.get(written.context)
            author = person.phone if quoted and quoted.direction == "out" else business
            item["context"] = {"from": author or business, "id": written.context}
        return Message(
            wamid=wamid,
            direction="out",
            type=written.type,
            body=item,
            phone_id=phone.id,
            person=person.key,
            at=at,
            status="sent",
            hidden=written.type in ("reaction", "edit", "revoke"),
            media_id=written.about.get("id") if written.type in MEDIA else None,
        )

    def _written(self, person: Person, body: Json) -> Written | Cannot:
        ways: dict[str, Callable[[Person, Json], Written | Cannot]] = {
            "text": self._text,
            "button": self._button,
            "list_row": self._row,
            "location": self._as_is,
            "contacts": self._as_is,
            "flow": self._flow,
            "reaction": self._reaction,
            "edit": self._edit,
            "revoke": self._revoke,
            "unsupported": self._unsupported,
            **dict.fromkeys(MEDIA, self._media),
        }
        named = [name for name in ways if name in body]
        if len(named) != 1:
            return cannot("say exactly one thing to send", can_send=sorted(ways))
        return ways[named[0]](person, body)

    def _text(self, person: Person, body: Json) -> Written | Cannot:
        if not isinstance(body["text"], str) or not body["text"]:
            return cannot("text must be words")
        return Written(type="text", about={"body": body["text"]}, context=body.get("context"))

    def _as_is(self, person: Person, body: Json) -> Written | Cannot:
        kind = "location" if "location" in body else "contacts"
        about = body[kind]
        if kind == "location" and not isinstance(about, dict):
            return cannot("location must be an object")
        if kind == "contacts" and not _are_cards(about):
            return cannot("contacts must be a list of objects, each with a name object")
        return Written(type=kind, about=body[kind], context=body.get("context"))

    def _media(self, person: Person, body: Json) -> Written | Cannot:
        kind = next(name for name in MEDIA if name in body)
        given = body[kind]
        words = ("data_base64", "mime_type", "link", "caption", "filename")
        if not isinstance(given, dict):
            return cannot(f"{kind} must be an object")
        if any(not isinstance(given.get(name) or "", str) for name in words):
            return cannot(f"{', '.join(words)} are strings")
        try:
            data = base64.b64decode(given.get("data_base64") or "", validate=True)
        except (binascii.Error, ValueError):
            return cannot("data_base64 is not base64")
        mime_type = str(given.get("mime_type") or DEFAULT_MIME[kind])
        # A link names a file nobody fetches: its bytes stand for it.
        data = data or str(given.get("link") or kind).encode()
        media = self.library.store(data, mime_type, given.get("filename"))
        about = self.library.in_webhook(media)
        about |= {key: given[key] for key in ("caption", "filename") if given.get(key)}
        if kind == "audio":
            about["voice"] = bool(given.get("voice", False))
        if kind == "sticker":
            about["animated"] = bool(given.get("animated", False))
        return Written(type=kind, about=about, context=body.get("context"))

    def _candidates(self, person: Person, body: Json) -> list[Message]:
        """Messages a tap may belong to, latest first."""
        thread = reversed(self.world.threads.get(person.key) or ())
        wanted = body.get("context")
        visible = (m for m in thread if m.direction == "in" and m.status != "failed")
        return [m for m in visible if not wanted or m.wamid == wanted]

    def _button(self, person: Person, body: Json) -> Written | Cannot:
        wanted, offered = str(body["button"]), []
        for message in self._candidates(person, body):
            for button in render.taps(message):
                offered.append(button)
                if wanted in (str(button.get("payload")), str(button.get("title"))):
                    return self._tapped(person, message, button)
        return cannot(f"no message has a button {wanted!r}", buttons=offered[:50])

    def _tapped(self, person: Person, message: Message, button: Json) -> Written | Cannot:
        title, payload = button["title"], button.get("payload")
        match button["type"]:
            case "quick_reply":
                about: Json = {"text": title, "payload": payload}
                return Written(type="button", about=about, context=message.wamid)
            case "reply":
                about = {"type": "button_reply", "button_reply": {"id": payload, "title": title}}
                return Written(type="interactive", about=about, context=message.wamid)
            case "flow":
                token = {"flow_token": payload or "unused"}
                return self._flow(person, {"flow": token, "context": message.wamid})
            case kind:
                return cannot(f"a button of type {kind} sends nothing to the business")

    def _row(self, person: Person, body: Json) -> Written | Cannot:
        wanted, offered = str(body["list_row"]), []
        for message in self._candidates(person, body):
            sections = (render.list_of(message) or {}).get("sections") or []
            for row in (row for section in sections for row in section["rows"]):
                offered.append(row)
                if wanted in (str(row["id"]), str(row["title"])):
                    reply = {k: row[k] for k in ("id", "title", "description") if row.get(k)}
                    about = {"type": "list_reply", "list_reply": reply}
                    return Written(type="interactive", about=about, context=message.wamid)
        return cannot(f"no message has a row {wanted!r}", rows=offered[:50])

    def _flow(self, person: Person, body: Json) -> Written | Cannot:
        if not isinstance(body["flow"], dict):
            return cannot("flow must be the object the form answers with")
        text = msgspec.json.encode(body["flow"]).decode()
        reply = {"name": "flow", "body": "Sent", "response_json": text}
        about = {"type": "nfm_reply", "nfm_reply": reply}
        return Written(type="interactive", about=about, context=body.get("context"))

    def _reaction(self, person: Person, body: Json) -> Written | Cannot:
        target = self.world.messages.get(str(body.get("context")))
        if not isinstance(body["reaction"], str):
            return cannot("reaction must be an emoji, or empty to remove it")
        if target is None or target.person != person.key:
            return cannot("context must name a message of this conversation")
        reactions = {k: v for k, v in target.reactions.items() if k != "person"}
        about: Json = {"message_id": target.wamid}
        if body["reaction"]:
            about["emoji"] = body["reaction"]
            reactions["person"] = body["reaction"]
        target.reactions = reactions
        return Written(type="reaction", about=about)

    def _own(self, person: Person, wamid: Any) -> Message | None:
        found = self.world.messages.get(str(wamid))
        own = found is not None and found.person == person.key and found.direction == "out"
        return found if own else None

    def _edit(self, person: Person, body: Json) -> Written | Cannot:
        edit = body["edit"] if isinstance(body["edit"], dict) else {}
        original = self._own(person, edit.get("original"))
        if original is None or not isinstance(edit.get("text"), str) or not edit["text"]:
            return cannot("edit needs original (a message this person wrote) and text")
        if original.type in MEDIA:
            about = {**original.body[original.type], "caption": edit["text"]}
        else:
            about = {"body": edit["text"]}
        original.body = {**original.body, original.type: about}
        original.edited = True
        inside = {"context": {"id": "M0"}, "type": original.type, original.type: about}
        return Written(type="edit", about={"original_message_id": original.wamid, "message": inside})

    def _revoke(self, person: Person, body: Json) -> Written | Cannot:
        original = self._own(person, body["revoke"])
        if original is None:
            return cannot("revoke needs a message this person wrote")
        original.revoked = True
        return Written(type="revoke", about={"original_message_id": original.wamid})

    def _unsupported(self, person: Person, body: Json) -> Written | Cannot:
        kind = body["unsupported"] if isinstance(body["unsupported"], str) else "poll_creation"
        return Written(type="unsupported", about={"type": kind}, extra={"errors": [UNSUPPORTED]})


def _are_cards(about: Any) -> bool:
    return isinstance(about, list) and all(
        isinstance(card, dict) and isinstance(card.get("name", {}), dict) for card in about
    )
