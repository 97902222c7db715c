"""Template messages: the components that fill an approved template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, Tag
from pydantic_core import InitErrorDetails

from recado.messages.content.collect import (
    LOWER,
    Loc,
    Rule,
    RuledShape,
    Shape,
    broken,
    by_type,
    found_at,
    sized,
    unique,
)
from recado.messages.content.fields import Link
from recado.messages.content.template_button import ButtonComponent
from recado.messages.content.template_parameter import BodyParameter, HeaderParameter

# Every kind of component once, and ten buttons.
MAX_COMPONENTS = 16
MAX_BUTTONS = 10
MAX_BODY_PARAMETERS = 100
MAX_BODY_TEXT_BESIDE_OTHERS = 1024
# Parameters that stand for a variable of the text and so may carry its name.
VARIABLES = ("text", "currency", "date_time")


class HeaderComponent(Shape):
    type: Annotated[Literal["header"], LOWER]
    parameters: Annotated[list[HeaderParameter], *sized(1, 1)]


class BodyComponent(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (unique("parameters", "*", "parameter_name"),)

    type: Annotated[Literal["body"], LOWER]
    parameters: Annotated[list[BodyParameter], *sized(0, MAX_BODY_PARAMETERS)]


class Offer(Shape):
    expiration_time_ms: Annotated[int, Field(ge=1)]


class OfferParameter(Shape):
    type: Annotated[Literal["limited_time_offer"], LOWER]
    limited_time_offer: Offer


class OfferComponent(Shape):
    type: Annotated[Literal["limited_time_offer"], LOWER]
    parameters: Annotated[list[OfferParameter], *sized(1, 1)]


class TapTarget(Shape):
    url: Link
    title: Annotated[str, Field(min_length=1, max_length=256)]


class TapTargetParameter(Shape):
    type: Annotated[Literal["tap_target_configuration"], LOWER]
    tap_target_configuration: Annotated[list[TapTarget], *sized(1, 1)]


class TapTargetComponent(Shape):
    """Replaces the address shown when the person taps the header."""

    type: Annotated[Literal["tap_target_configuration"], LOWER]
    parameters: Annotated[list[TapTargetParameter], *sized(1, 1)]


# --------------------------------------------------------------------------- rules over components


def _type_of(component: Any) -> str:
    return str(component.get("type")).lower() if isinstance(component, dict) else ""


def _components_are_not_repeated(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
    """One of each; buttons repeat up to ten times, each at its own index."""
    seen: set[str] = set()
    indexes: set[str] = set()
    buttons = 0
    for loc, component in found_at(data, "components", "*"):
        name = _type_of(component)
        if name == "button":
            buttons += 1
            yield from _button_index(loc, component, indexes)
        elif name in seen:
            sentence = f"repeats the component {name}, which is allowed once."
            yield broken((*loc, "type"), "not_unique", sentence)
        seen.add(name)
    if buttons > MAX_BUTTONS:
        sentence = f"has {buttons} buttons; the most allowed is {MAX_BUTTONS}."
        yield broken(("components",), "too_many", sentence, limit=MAX_BUTTONS, length=buttons)


def _button_index(loc: Loc, component: dict[str, Any], indexes: set[str]) -> Iterator[InitErrorDetails]:
    index = component.get("index")
    if index is None:
        return
    if str(index) in indexes:
        yield broken((*loc, "index"), "not_unique", "repeats the index of another button.")
    indexes.add(str(index))


def _names_are_all_or_none(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
    """A template is positional or named; a mixture cannot fit either."""
    places = [
        (loc, value)
        for loc, value in found_at(data, "components", "*", "parameters", "*")
        if isinstance(value, dict) and _type_of(value) in VARIABLES and _is_text_part(data, loc)
    ]
    named = sum(value.get("parameter_name") is not None for _, value in places)
    if named in (0, len(places)):
        return
    for loc, value in places:
        if value.get("parameter_name") is None:
            sentence = "is required because other parameters have names."
            yield broken((*loc, "parameter_name"), "required", sentence)


def _is_text_part(data: dict[str, Any], loc: Loc) -> bool:
    index = loc[1]
    return isinstance(index, int) and _type_of(data["components"][index]) in ("header", "body")


def _body_texts_fit(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
    """A body text may have 32,768 characters alone, 1,024 beside others (Meta's reference)."""
    components = data.get("components")
    if not isinstance(components, list) or len(components) < 2:
        return
    limit = MAX_BODY_TEXT_BESIDE_OTHERS
    for loc, text in found_at(data, "components", "*", "parameters", "*", "text"):
        index = loc[1]
        if not isinstance(index, int) or _type_of(components[index]) != "body":
            continue
        if isinstance(text, str) and len(text) > limit:
            sentence = f"has {len(text)} characters; the most allowed beside others is {limit}."
            yield broken(loc, "too_long", sentence, limit=limit, length=len(text))


# --------------------------------------------------------------------------- carousel

CardComponent = Annotated[
    Annotated[HeaderComponent, Tag("@header")]
    | Annotated[BodyComponent, Tag("@body")]
    | Annotated[ButtonComponent, Tag("@button")],
    by_type(),
]


class TemplateCard(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (_components_are_not_repeated, _names_are_all_or_none)

    card_index: Annotated[int, Field(ge=0, le=9)]
    components: Annotated[list[CardComponent], *sized(1, MAX_COMPONENTS)]


class CarouselComponent(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (unique("cards", "*", "card_index"),)

    type: Annotated[Literal["carousel"], LOWER]
    cards: Annotated[list[TemplateCard], *sized(2, 10)]


Component = Annotated[
    Annotated[HeaderComponent, Tag("@header")]
    | Annotated[BodyComponent, Tag("@body")]
    | Annotated[ButtonComponent, Tag("@button")]
    | Annotated[CarouselComponent, Tag("@carousel")]
    | Annotated[OfferComponent, Tag("@limited_time_offer")]
    | Annotated[TapTargetComponent, Tag("@tap_target_configuration")],
    by_type(),
]


class Language(Shape):
    policy: Literal["deterministic"] | None = None
    code: Annotated[str, Field(pattern=r"^[a-z]{2,3}(?:_[A-Za-z0-9]{2,4})?$")]


class Template(RuledShape):
    """An approved template and the values of its variables."""

    rules: ClassVar[tuple[Rule, ...]] = (
        _components_are_not_repeated,
        _names_are_all_or_none,
        _body_texts_fit,
    )

    name: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[a-z0-9_]+$")]
    language: Language
    components: Annotated[list[Component], *sized(0, MAX_COMPONENTS)] | None = None
