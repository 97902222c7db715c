"""Payload rules of `POST /{phone}/messages`, apart from interactive ones and templates.

Each check is a generator of refusals; the first one is what Graph answers. Limits are those of
Meta's Cloud API reference, July 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from recado_sim import interactive
from recado_sim.refusals import Refusal, coded, invalid, missing, parameter

Json = dict[str, Any]
Checks = Iterator[Refusal]

MEDIA = ("image", "audio", "video", "document", "sticker")
OPAQUE_MAX = 512
BODY_MAX, CAPTION_MAX = 4096, 1024
CONTACTS_MAX = 257
OBJECTS = frozenset({"currency", "date_time", "image", "video", "document", "location", "product"})


def check(body: Json) -> Refusal | None:
    """The first rule this request breaks, or None. Says nothing about templates' parameters."""
    return next(_checks(body), None)


def kind_of(body: Json) -> str:
    """`type`, which may be left out for text."""
    return str(body.get("type") or "text").lower()


def _checks(body: Json) -> Checks:
    yield from _envelope(body)
    kind = kind_of(body)
    rules = _RULES.get(kind)
    if rules is None:
        yield parameter(
            f"Param type must be one of {{{', '.join(sorted(name.upper() for name in _RULES))}}} "
            f'- got "{body.get("type")}".'
        )
        return
    about = body.get(kind)
    if about is None:
        yield missing(kind)
        return
    if kind != "contacts" and not isinstance(about, dict):
        yield parameter(f"Param {kind} must be a JSON object.")
        return
    yield from rules(about)


def _envelope(body: Json) -> Checks:
    if body.get("messaging_product") != "whatsapp":
        yield parameter("The parameter messaging_product is required.")
    to, recipient = body.get("to"), body.get("recipient")
    if not to and not recipient:
        yield parameter("The parameter to is required.")
    for name, value in (("to", to), ("recipient", recipient)):
        if value is not None and not isinstance(value, str | int):
            yield parameter(f"Param {name} must be a string.")
    opaque = body.get("biz_opaque_callback_data")
    if opaque is not None and not isinstance(opaque, str):
        yield parameter("Param biz_opaque_callback_data must be a string.")
    elif opaque is not None and len(opaque) > OPAQUE_MAX:
        yield parameter(f"Param biz_opaque_callback_data must be at most {OPAQUE_MAX} characters long.")
    if body.get("recipient_type", "individual") not in ("individual", "group"):
        yield parameter("Param recipient_type must be one of {INDIVIDUAL, GROUP}.")
    yield from _context(body)


def _context(body: Json) -> Checks:
    context = body.get("context")
    if context is None:
        return
    if not isinstance(context, dict) or not isinstance(context.get("message_id"), str):
        yield missing("context['message_id']")
    if kind_of(body) == "reaction":
        yield invalid("Reaction messages cannot have a context.")


def _text(about: Json) -> Checks:
    text = about.get("body")
    if text is None or text == "":
        yield missing("text['body']")
    elif not isinstance(text, str):
        yield parameter("Param text['body'] must be a string.")
    elif len(text) > BODY_MAX:
        yield parameter(f"Param text['body'] must be at most {BODY_MAX} characters long.")
    elif not text.strip():
        yield invalid("Text body cannot be only whitespace.")


def _media(kind: str, *, caption: bool) -> Callable[[Json], Checks]:
    def rules(about: Json) -> Checks:
        if ("id" in about) == ("link" in about):
            yield missing(f"{kind}['id'] or {kind}['link'], exactly one of them,")
        reference = about.get("id", about.get("link"))
        if not isinstance(reference, str | int) or reference == "":
            yield parameter(f"Param {kind}['id'] or ['link'] must be a string.")
        if "link" in about and not str(about["link"]).lower().startswith(("http://", "https://")):
            yield parameter(f"Param {kind}['link'] is not a valid URL.")
        said = about.get("caption")
        if said is not None and not caption:
            yield parameter(f'Unexpected key "caption" on param "{kind}".')
        elif said is not None and len(str(said)) > CAPTION_MAX:
            yield parameter(f"Param {kind}['caption'] must be at most {CAPTION_MAX} characters long.")

    return rules


def _location(about: Json) -> Checks:
    for name, limit in (("latitude", 90.0), ("longitude", 180.0)):
        value = about.get(name)
        if value is None or value == "":
            yield missing(f"location['{name}']")
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            yield invalid(f"Param location['{name}'] must be a number.")
            continue
        if not -limit <= number <= limit:
            yield invalid(f"Param location['{name}'] must be between -{limit:g} and {limit:g}.")


def _contacts(about: Any) -> Checks:
    if not isinstance(about, list) or not about:
        yield parameter("Param contacts must be a non-empty array.")
        return
    if len(about) > CONTACTS_MAX:
        yield parameter(f"Param contacts must have at most {CONTACTS_MAX} elements.")
    for index, card in enumerate(about):
        name = card.get("name") if isinstance(card, dict) else None
        if not isinstance(name, dict) or not name.get("formatted_name"):
            yield missing(f"contacts[{index}]['name']['formatted_name']")
        elif not any(value for key, value in name.items() if key != "formatted_name"):
            # Documented: at least one more part of the name must be there.
            yield invalid(f"contacts[{index}]['name'] needs one part besides formatted_name.")


def _reaction(about: Json) -> Checks:
    if not isinstance(about.get("message_id"), str) or not about["message_id"]:
        yield missing("reaction['message_id']")
    emoji = about.get("emoji")
    if not isinstance(emoji, str):
        yield missing("reaction['emoji']")
    elif emoji and (len(emoji) > 16 or emoji.isascii()):
        yield invalid("Param reaction['emoji'] must be one emoji.")


def _template(about: Json) -> Checks:
    language = about.get("language")
    if not isinstance(about.get("name"), str) or not about["name"]:
        yield missing("template['name']")
    if not isinstance(language, dict) or not language.get("code"):
        yield missing("template['language']['code']")
    yield from _components(about.get("components"))


def _components(components: Any) -> Checks:
    """Only the shape: whether it fits the template is asked later."""
    if components is not None and not isinstance(components, list):
        yield parameter("Param template['components'] must be an array.")
        return
    for at, component in enumerate(components or []):
        where = f"template['components'][{at}]"
        if not isinstance(component, dict) or not isinstance(component.get("type"), str):
            yield missing(f"{where}['type']")
            return
        if not str(component.get("index", 0)).isdecimal():
            yield parameter(f"Param {where}['index'] must be an integer.")
        yield from _parameters(component.get("parameters"), where)
        cards = component.get("cards", [])
        if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
            yield parameter(f"Param {where}['cards'] must be an array of JSON objects.")
            return
        for card in cards:
            if not str(card.get("card_index", 0)).isdecimal():
                yield parameter(f"Param {where}['card_index'] must be an integer.")
            yield from _components(card.get("components"))


def _parameters(parameters: Any, where: str) -> Checks:
    if parameters is None:
        return
    if not isinstance(parameters, list) or not all(isinstance(p, dict) for p in parameters):
        yield parameter(f"Param {where}['parameters'] must be an array of JSON objects.")
        return
    for given in parameters:
        kind = str(given.get("type", "text"))
        if kind in OBJECTS and not isinstance(given.get(kind), dict):
            yield missing(f"{where}['parameters']['{kind}']")


def _pin(about: Json) -> Checks:
    yield coded(131051, "Pinned messages exist only in groups.")


_RULES: dict[str, Callable[[Any], Checks]] = {
    "text": _text,
    "image": _media("image", caption=True),
    "audio": _media("audio", caption=False),
    "video": _media("video", caption=True),
    "document": _media("document", caption=True),
    "sticker": _media("sticker", caption=False),
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": interactive.checks,
    "template": _template,
    "pin": _pin,
}
