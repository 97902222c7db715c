"""Rules of interactive messages: buttons, lists, links, flows, products, carousels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from recado_sim.refusals import Refusal, invalid, missing, parameter

Json = dict[str, Any]
Checks = Iterator[Refusal]

BODY = {"list": 4096}
BODY_MAX, HEADER_MAX, FOOTER_MAX = 1024, 60, 60
CARD_BODY_MAX = 160
# No body is shown by these: the card of the product, or the cards, stand for it.
BODY_OPTIONAL = frozenset({"product"})
TEXT_HEADER_ONLY = frozenset({"list", "product_list"})
HEADERS = ("text", "image", "video", "document", "gif")


def checks(about: Json) -> Checks:
    """What this interactive object breaks, first things first."""
    kind = str(about.get("type") or "").lower()
    rules = _ACTIONS.get(kind)
    if rules is None:
        yield (
            missing("interactive['type']")
            if not kind
            else parameter(f"Param interactive['type'] must be one of {sorted(_ACTIONS)}.")
        )
        return
    yield from _header(about.get("header"), kind)
    yield from _body(about.get("body"), kind)
    yield from _short(about.get("footer"), "footer", FOOTER_MAX)
    action = about.get("action")
    if not isinstance(action, dict):
        yield missing("interactive['action']")
        return
    if not isinstance(action.get("parameters", {}), dict):
        yield parameter("Param interactive['action']['parameters'] must be a JSON object.")
        return
    yield from rules(action)


def _text_of(part: Any) -> str | None:
    return part.get("text") if isinstance(part, dict) and isinstance(part.get("text"), str) else None


def _body(body: Any, kind: str) -> Checks:
    text, limit = _text_of(body), BODY.get(kind, BODY_MAX)
    if not text:
        if kind not in BODY_OPTIONAL or body is not None:
            yield missing("interactive['body']['text']")
    elif len(text) > limit:
        yield invalid(f"Body text length invalid. Min length: 1, Max length: {limit}.")


def _short(part: Any, name: str, limit: int) -> Checks:
    if part is None:
        return
    text = _text_of(part)
    if not text:
        yield missing(f"interactive['{name}']['text']")
    elif len(text) > limit:
        yield invalid(f"{name.capitalize()} text length invalid. Min length: 1, Max length: {limit}.")


def _header(header: Any, kind: str) -> Checks:
    if header is None:
        if kind == "product_list":
            yield missing("interactive['header']")
        return
    if kind == "carousel":
        yield invalid("Header is not allowed for interactive type carousel.")
        return
    form = header.get("type") if isinstance(header, dict) else None
    if form not in HEADERS:
        yield invalid(f"Header type must be one of {', '.join(HEADERS)}.")
    elif form == "text":
        yield from _short(header, "header", HEADER_MAX)
    elif kind in TEXT_HEADER_ONLY:
        yield invalid(f"Header type {form} is not allowed for interactive type {kind}.")
    elif not isinstance(header.get(form), dict) or not ({"id", "link"} & header[form].keys()):
        yield missing(f"interactive['header']['{form}']")


def _sized(value: Any, what: str, limit: int) -> Checks:
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        yield invalid(f"{what} length invalid. Min length: 1, Max length: {limit}.")


def _buttons(action: Json) -> Checks:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        yield invalid("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3.")
        return
    right = [b for b in buttons if isinstance(b, dict) and b.get("type") == "reply"]
    replies: list[Json] = [b["reply"] for b in right if isinstance(b.get("reply"), dict)]
    if len(replies) != len(buttons):
        yield invalid("Every button must be of type reply and have a reply object.")
        return
    for reply in replies:
        yield from _sized(reply.get("id"), "Button reply id", 256)
        yield from _sized(reply.get("title"), "Button title", 20)
    for name in ("id", "title"):
        if len({reply.get(name) for reply in replies}) < len(replies):
            yield invalid(f"Duplicated {name} in buttons.")


def _list(action: Json) -> Checks:
    yield from _sized(action.get("button"), "Button label", 20)
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        yield invalid("Invalid sections count. Min allowed sections: 1, Max allowed sections: 10.")
        return
    rows: list[Any] = []
    for section in sections:
        inside = section.get("rows") if isinstance(section, dict) else None
        if not isinstance(inside, list) or not inside:
            yield missing("section['rows']")
            return
        if len(sections) > 1 or section.get("title"):
            yield from _sized(section.get("title"), "Section title", 24)
        rows += inside
    if len(rows) > 10:
        yield invalid("Total row count exceed max allowed count: 10.")
    yield from _rows(rows)


def _rows(rows: list[Any]) -> Checks:
    for row in rows:
        if not isinstance(row, dict):
            yield invalid("Every row must be a JSON object.")
            return
        yield from _sized(row.get("id"), "Row id", 200)
        yield from _sized(row.get("title"), "Row title", 24)
        if row.get("description"):
            yield from _sized(row["description"], "Row description", 72)
    if len({row.get("id") for row in rows}) < len(rows):
        yield invalid("Duplicated row id in list.")


def _parameters(*names: str) -> Callable[[Json], Checks]:
    def rules(action: Json) -> Checks:
        parameters = action.get("parameters")
        if names and not isinstance(parameters, dict):
            yield missing("interactive['action']['parameters']")
            return
        for name in names:
            if not parameters or parameters.get(name) in (None, ""):
                yield missing(f"interactive['action']['parameters']['{name}']")

    return rules


def _cta_url(action: Json) -> Checks:
    yield from _parameters("display_text", "url")(action)
    parameters = action["parameters"]
    yield from _sized(parameters["display_text"], "Display text", 20)
    if not str(parameters["url"]).lower().startswith(("http://", "https://")):
        yield invalid("Param url is not a valid URL.")


def _flow(action: Json) -> Checks:
    yield from _parameters("flow_message_version", "flow_cta")(action)
    parameters = action["parameters"]
    if ("flow_id" in parameters) == ("flow_name" in parameters):
        yield missing("flow_id or flow_name, exactly one of them,")
    yield from _sized(parameters["flow_cta"], "Flow CTA", 30)


def _named(name: str) -> Callable[[Json], Checks]:
    def rules(action: Json) -> Checks:
        if action.get("name") != name:
            yield missing(f"interactive['action']['name'] = {name}")

    return rules


def _product(action: Json) -> Checks:
    for name in ("catalog_id", "product_retailer_id"):
        if not action.get(name):
            yield missing(f"interactive['action']['{name}']")


def _product_list(action: Json) -> Checks:
    if not action.get("catalog_id"):
        yield missing("interactive['action']['catalog_id']")
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        yield invalid("Invalid sections count. Min allowed sections: 1, Max allowed sections: 10.")
        return
    items = 0
    for section in sections:
        inside = section.get("product_items") if isinstance(section, dict) else None
        if not isinstance(inside, list) or not inside:
            yield missing("section['product_items']")
            return
        items += len(inside)
    if items > 30:
        yield invalid("Total product count exceed max allowed count: 30.")


def _carousel(action: Json) -> Checks:
    cards = action.get("cards")
    if not isinstance(cards, list) or not 2 <= len(cards) <= 10:
        yield invalid("Invalid cards count. Min allowed cards: 2, Max allowed cards: 10.")
        return
    if not all(isinstance(card, dict) and isinstance(card.get("action"), dict) for card in cards):
        yield missing("card['action']")
        return
    if any(card.get("type") != cards[0].get("type") for card in cards):
        yield invalid("All cards must have the same type.")
    for card in cards:
        text = _text_of(card.get("body"))
        if text and len(text) > CARD_BODY_MAX:
            yield invalid(f"Card body length invalid. Max length: {CARD_BODY_MAX}.")
        yield from _card_action(card["action"])


def _card_action(action: Json) -> Checks:
    if not isinstance(action.get("parameters", {}), dict):
        yield invalid("Card action parameters must be a JSON object.")
    buttons = action.get("buttons", [])
    if not isinstance(buttons, list):
        yield invalid("Card buttons must be an array.")
        return
    for button in buttons:
        reply = button.get("quick_reply") or button.get("reply") if isinstance(button, dict) else None
        if not isinstance(reply, dict):
            yield invalid("Every card button must have a quick_reply object.")


_ACTIONS: dict[str, Callable[[Json], Checks]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _cta_url,
    "flow": _flow,
    "location_request_message": _named("send_location"),
    "request_contact_info": _named("request_contact_info"),
    "address_message": _parameters("country"),
    "voice_call": _named("voice_call"),
    "call_permission_request": _named("call_permission_request"),
    "catalog_message": _named("catalog_message"),
    "order_details": _named("review_and_pay"),
    "order_status": _named("review_order"),
    "product": _product,
    "product_list": _product_list,
    "carousel": _carousel,
}
