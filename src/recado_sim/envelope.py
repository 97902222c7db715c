"""Webhook bodies exactly as Meta writes them (WhatsApp webhooks reference, July 2026)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from recado_sim import ids
from recado_sim.refusals import failed_error
from recado_sim.state import Event, Message, Person, Phone, World

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Update:
    """One thing a webhook tells. Several may share a POST."""

    waba_id: str
    phone_id: str  # "" for account and template fields
    field: str
    part: Literal["messages", "statuses", "value"]
    item: Json
    contact: Json | None
    kind: str  # for the delivery log: sent, delivered, message, ...
    wamid: str
    person: str
    at: float
    event: Event | None = None
    bad_signature: bool = False


def contact(person: Person, *, hide_phone: bool, username: bool = True) -> Json:
    """One entry of `contacts`."""
    profile: Json = {"name": person.name}
    if username and person.username:
        profile["username"] = person.username
    found: Json = {"profile": profile}
    if person.phone and not hide_phone:
        found["wa_id"] = person.phone
    found["user_id"] = person.bsuid
    return found


def status(world: World, message: Message, event: Event) -> Update:
    """The update for one status of a message the business sent."""
    phone = world.phones[message.phone_id]
    person = world.people.get(message.person)
    by_bsuid = message.recipient is not None and message.to is None
    item: Json = {
        "id": message.wamid,
        "status": event.status,
        "timestamp": str(int(event.at)),
    }
    if person is not None and person.phone and not by_bsuid:
        item["recipient_id"] = person.phone
    failed = event.status == "failed"
    # A failed status names the person by BSUID only if the message was sent to one [Meta 2026].
    if person is not None and (by_bsuid or not failed):
        item["recipient_user_id"] = person.bsuid
    if event.status in ("sent", "delivered"):
        item["pricing"] = _pricing(message)
    if message.opaque is not None:
        item["biz_opaque_callback_data"] = message.opaque
    if failed:
        item["errors"] = [failed_error(message.fail or 131000)]
    about = None
    if person is not None and not failed:
        about = contact(person, hide_phone=by_bsuid, username=event.status != "sent")
    return Update(
        waba_id=phone.waba_id,
        phone_id=phone.id,
        field="messages",
        part="statuses",
        item=item,
        contact=about,
        kind=event.status,
        wamid=message.wamid,
        person=message.person,
        at=event.at,
        event=event,
    )


def _pricing(message: Message) -> Json:
    kind = "regular" if message.billable else "free_customer_service"
    return {
        "billable": message.billable,
        "pricing_model": "PMP",
        "type": kind,
        "category": message.category,
    }


def inbound(world: World, message: Message, person: Person, *, hide_phone: bool) -> Update:
    """The update for something a person wrote."""
    phone = world.phones[message.phone_id]
    return Update(
        waba_id=phone.waba_id,
        phone_id=phone.id,
        field="messages",
        part="messages",
        item=message.body,
        contact=contact(person, hide_phone=hide_phone),
        kind="message",
        wamid=message.wamid,
        person=person.key,
        at=message.at,
    )


def account(waba_id: str, field: str, value: Json, at: float, *, kind: str) -> Update:
    """An update of the account or of a template: no number, no contacts."""
    return Update(
        waba_id=waba_id,
        phone_id="",
        field=field,
        part="value",
        item=value,
        contact=None,
        kind=kind,
        wamid="",
        person="",
        at=at,
    )


def metadata(phone: Phone) -> Json:
    """Which business number this is about. The number is written without `+`."""
    return {"display_phone_number": ids.digits(phone.display), "phone_number_id": phone.id}


def bodies(world: World, updates: Iterable[Update]) -> Json:
    """One POST with all these updates: an entry per WABA, a change per number and field."""
    entries: dict[str, Json] = {}
    changes: dict[tuple[str, str, str], Json] = {}
    for update in updates:
        entry = entries.setdefault(update.waba_id, {"id": update.waba_id, "changes": []})
        if update.part == "value":
            entry["time"] = int(update.at)
            entry["changes"].append({"value": update.item, "field": update.field})
            continue
        key = (update.waba_id, update.phone_id, update.field)
        change = changes.get(key)
        if change is None:
            value: Json = {
                "messaging_product": "whatsapp",
                "metadata": metadata(world.phones[update.phone_id]),
            }
            change = changes[key] = {"value": value, "field": update.field}
            entry["changes"].append(change)
        value = change["value"]
        if update.contact is not None:
            people = value.setdefault("contacts", [])
            if update.contact not in people:
                people.append(update.contact)
        value.setdefault(update.part, []).append(update.item)
    return {"object": "whatsapp_business_account", "entry": list(entries.values())}
