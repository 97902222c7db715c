"""What a message looks like on the handset."""

from __future__ import annotations

from typing import Any

from recado_sim import templates
from recado_sim.limits import MEDIA
from recado_sim.state import Message, World

Json = dict[str, Any]

# Interactive kinds with one button whose words WhatsApp chooses.
FIXED_LABELS = {
    "location_request_message": "Enviar localização",
    "request_contact_info": "Compartilhar contato",
    "voice_call": "Ligar",
    "call_permission_request": "Permitir ligações",
    "catalog_message": "Ver catálogo",
    "address_message": "Informar endereço",
    "product": "Ver produto",
    "product_list": "Ver produtos",
    "order_details": "Revisar e pagar",
    "order_status": "Ver pedido",
}


def seen(world: World, message: Message) -> Json:
    """One bubble, as `GET /_sim/handset/{phone}/messages` lists it."""
    context = message.body.get("context") or {}
    return {
        "wamid": message.wamid,
        "direction": message.direction,
        "type": message.type,
        "payload": message.body,
        "text": text(message),
        "header": header(message),
        "footer": footer(message),
        "buttons": buttons(message),
        "list": list_of(message),
        "media": media(world, message),
        "context": context.get("message_id") or context.get("id"),
        "reactions": [{"from": who, "emoji": said} for who, said in message.reactions.items()],
        "at": message.at,
        "status": shown_status(message),
        "phone_number_id": message.phone_id,
        "business": {"name": _business(world, message)},
        "revoked": message.revoked,
        "edited": message.edited,
        "cards": cards(message),
    }


def _business(world: World, message: Message) -> str | None:
    phone = world.phones.get(message.phone_id)
    return phone.name if phone is not None else None


def shown_status(message: Message) -> str:
    """A handset knows sent, delivered and read; what a person wrote is always sent."""
    if message.direction == "out" or message.status == "accepted":
        return "sent"
    return message.status


def text(message: Message) -> str:
    """The words of the bubble."""
    about = message.body.get(message.type)
    if message.revoked:
        return ""
    match message.type:
        case "text":
            return str((about or {}).get("body", ""))
        case "template":
            return templates.body_text(message.template or [], about or {})
        case "interactive":
            return _interactive_text(about or {})
        case "button":
            return str((about or {}).get("text", ""))
        case "location":
            return str((about or {}).get("name") or (about or {}).get("address") or "")
        case "contacts":
            names = [str((card.get("name") or {}).get("formatted_name", "")) for card in about or []]
            return ", ".join(filter(None, names))
        case "reaction":
            return str((about or {}).get("emoji", ""))
        case kind if kind in MEDIA:
            return str((about or {}).get("caption") or "")
        case _:
            return ""


def _interactive_text(about: Json) -> str:
    for kind in ("button_reply", "list_reply"):
        if kind in about:
            return str(about[kind].get("title", ""))
    return str((about.get("body") or {}).get("text", ""))


def header(message: Message) -> Json | None:
    """`{type, text}` or `{type, image: {...}}`, from the template or the interactive object."""
    if message.type == "interactive":
        found = (message.body["interactive"] or {}).get("header")
        return found if isinstance(found, dict) else None
    if message.type != "template" or not message.template:
        return None
    defined = templates.part(message.template, "HEADER")
    if defined is None:
        return None
    given = templates.given(message.body["template"], "header")
    form = str(defined.get("format", "TEXT")).lower()
    if form == "text":
        return {"type": "text", "text": templates.fill(str(defined.get("text", "")), given)}
    return {"type": form, form: given[0].get(form) if given else None}


def footer(message: Message) -> str | None:
    """The small print."""
    if message.type == "interactive":
        return (message.body["interactive"].get("footer") or {}).get("text")
    if message.type == "template" and message.template:
        return (templates.part(message.template, "FOOTER") or {}).get("text")
    return None


def buttons(message: Message) -> list[Json]:
    """What the person can tap: `{type, title, payload | url}`."""
    if message.direction != "in":
        return []
    if message.type == "interactive":
        return _interactive_buttons(message.body["interactive"])
    if message.type == "template" and message.template:
        return _template_buttons(message.template, message.body["template"])
    return []


def _interactive_buttons(about: Json) -> list[Json]:
    action = about.get("action") or {}
    parameters = action.get("parameters") or {}
    match str(about.get("type", "")).lower():
        case "button":
            replies = [button["reply"] for button in action.get("buttons") or []]
            return [{"type": "reply", "title": reply["title"], "payload": reply["id"]} for reply in replies]
        case "cta_url":
            return [{"type": "url", "title": parameters.get("display_text"), "url": parameters.get("url")}]
        case "flow":
            token = parameters.get("flow_token")
            return [{"type": "flow", "title": parameters.get("flow_cta"), "payload": token}]
        case kind if kind in FIXED_LABELS:
            title = parameters.get("display_text") or FIXED_LABELS[kind]
            return [{"type": kind, "title": title, "payload": parameters.get("payload")}]
        case _:
            return []


def taps(message: Message) -> list[Json]:
    """Every button somebody can tap, those of a carousel's cards included."""
    return [*buttons(message), *(b for card in cards(message) for b in card["buttons"])]


def cards(message: Message) -> list[Json]:
    """A carousel's cards: `{header, body: {text}, buttons}`."""
    if message.direction != "in":
        return []
    if message.type == "interactive":
        found = (message.body["interactive"].get("action") or {}).get("cards") or []
        return [_interactive_card(card) for card in found]
    if message.type == "template" and message.template:
        return _template_cards(message.template, message.body["template"])
    return []


def _interactive_card(card: Json) -> Json:
    action = card.get("action") or {}
    link = action.get("parameters") or {}
    tappable: list[Json] = []
    if link.get("url"):
        tappable.append({"type": "url", "title": link.get("display_text"), "url": link["url"]})
    for button in action.get("buttons") or []:
        reply = button.get("quick_reply") or button.get("reply") or {}
        title, payload = reply.get("title"), reply.get("id")
        tappable.append({"type": "reply", "title": title, "payload": payload})
    return {"header": card.get("header"), "body": card.get("body"), "buttons": tappable}


def _template_cards(components: list[Json], about: Json) -> list[Json]:
    defined = (templates.part(components, "CAROUSEL") or {}).get("cards") or []
    sent = [
        component.get("cards") or []
        for component in about.get("components") or []
        if str(component.get("type", "")).lower() == "carousel"
    ]
    given = {int(card.get("card_index", at)): card for at, card in enumerate(sent[0] if sent else [])}
    found = []
    for index, card in enumerate(defined):
        parts, values = list(card.get("components") or []), given.get(index, {})
        top = templates.given(values, "header")
        found.append(
            {
                "header": top[0] if top else None,
                "body": {"text": templates.body_text(parts, values)},
                "buttons": _template_buttons(parts, values),
            }
        )
    return found


def _template_buttons(components: list[Json], about: Json) -> list[Json]:
    sent = templates.given_buttons(about)
    found: list[Json] = []
    for index, button in enumerate(templates.buttons(components)):
        parameters = (sent.get(index) or {}).get("parameters") or []
        first = parameters[0] if parameters and isinstance(parameters[0], dict) else {}
        found.append(_template_button(button, first, parameters))
    return found


def _template_button(button: Json, first: Json, parameters: list[Json]) -> Json:
    kind = str(button.get("type", "")).lower()
    title = str(button.get("text") or kind)
    match kind:
        case "quick_reply":
            payload = first.get("payload", first.get("text"))
            # Without a payload the button's own text comes back.
            return {"type": kind, "title": title, "payload": title if payload is None else payload}
        case "url":
            return {"type": kind, "title": title, "url": templates.fill(button["url"], parameters)}
        case "phone_number":
            number = str(button.get("phone_number", ""))
            return {"type": kind, "title": title, "payload": number, "phone_number": number}
        case "copy_code" | "otp":
            code = first.get("coupon_code") or first.get("text")
            return {"type": kind, "title": title, "payload": code}
        case _:
            return {"type": kind, "title": title, "payload": first.get("payload")}


def list_of(message: Message) -> Json | None:
    """The list behind the button: `{button, sections}`."""
    about = message.body.get("interactive") if message.type == "interactive" else None
    if message.direction != "in" or not about or str(about.get("type")).lower() != "list":
        return None
    return {"button": about["action"]["button"], "sections": about["action"]["sections"]}


def media(world: World, message: Message) -> Json | None:
    """The file, with a URL of this machine to show it when its bytes are here."""
    about = message.body.get(message.type)
    kind = message.type
    if message.type not in MEDIA:
        top = header(message) if message.direction == "in" else None
        kind = str((top or {}).get("type"))
        about = (top or {}).get(kind)
    if not isinstance(about, dict) or kind not in MEDIA:
        return None
    found = {key: about[key] for key in ("id", "link", "mime_type", "filename") if key in about}
    media_id = message.media_id or str(about.get("id") or "")
    kept = world.media.get(media_id)
    found["kind"] = kind
    found["voice"] = bool(about.get("voice"))
    found["url"] = f"/_sim/media/{kept.id}" if kept is not None else about.get("link")
    if kept is not None:
        found["mime_type"] = kept.mime_type
    return found
