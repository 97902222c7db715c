"""Interactive messages that show products or cards, and the union of all interactive messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, Tag
from pydantic_core import InitErrorDetails

from recado.messages.content.collect import (
    LOWER,
    Rule,
    RuledShape,
    Shape,
    at_most_in_total,
    broken,
    by_type,
    exactly_one,
    sized,
    unique,
)
from recado.messages.content.fields import ProductId, Text160
from recado.messages.content.interactive import (
    AddressRequest,
    Body,
    ButtonMessage,
    CallPermissionRequest,
    ContactInfoRequest,
    FlowMessage,
    Footer,
    ImageHeader,
    LinkMessage,
    LinkParameters,
    ListMessage,
    LocationRequest,
    OrderDetails,
    OrderStatus,
    Reply,
    TextHeader,
    VideoHeader,
    VoiceCall,
    several_sections_have_titles,
)

MAX_PRODUCTS = 30
MAX_CARDS = 10


class ProductAction(Shape):
    catalog_id: ProductId
    product_retailer_id: ProductId


class ProductMessage(Shape):
    """One product; the only interactive message whose body is optional."""

    type: Annotated[Literal["product"], LOWER]
    body: Body | None = None
    footer: Footer | None = None
    action: ProductAction


class ProductItem(Shape):
    product_retailer_id: ProductId


class ProductSection(Shape):
    title: Annotated[str, Field(min_length=1, max_length=24)] | None = None
    product_items: Annotated[list[ProductItem], *sized(1, MAX_PRODUCTS)]


class ProductListAction(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_in_total(MAX_PRODUCTS, "sections", "*", "product_items", "*"),
        several_sections_have_titles,
    )

    catalog_id: ProductId
    sections: Annotated[list[ProductSection], *sized(1, 10)]


class ProductListMessage(Shape):
    """Up to 30 products; Meta requires a text header here."""

    type: Annotated[Literal["product_list"], LOWER]
    header: TextHeader
    body: Body
    footer: Footer | None = None
    action: ProductListAction


class CatalogueParameters(Shape):
    thumbnail_product_retailer_id: ProductId | None = None


class CatalogueAction(Shape):
    name: Literal["catalog_message"]
    parameters: CatalogueParameters | None = None


class CatalogueMessage(Shape):
    """The whole catalogue behind one button; the thumbnail takes the place of a header."""

    type: Annotated[Literal["catalog_message"], LOWER]
    body: Body
    footer: Footer | None = None
    action: CatalogueAction


# --------------------------------------------------------------------------- carousel


class CardBody(Shape):
    text: Text160


class QuickReply(Shape):
    type: Annotated[Literal["quick_reply"], LOWER]
    quick_reply: Reply


class CardAction(RuledShape):
    """One link button (`name` and `parameters`), or quick replies (`buttons`)."""

    rules: ClassVar[tuple[Rule, ...]] = (
        exactly_one("parameters", "buttons"),
        unique("buttons", "*", "quick_reply", "id"),
        unique("buttons", "*", "quick_reply", "title"),
    )

    name: Literal["cta_url"] | None = None
    parameters: LinkParameters | None = None
    buttons: Annotated[list[QuickReply], *sized(1, 3)] | None = None


class MediaCard(Shape):
    """Meta names the type `cta_url` even when the buttons are quick replies."""

    card_index: Annotated[int, Field(ge=0, le=MAX_CARDS - 1)]
    type: Annotated[Literal["cta_url"], LOWER]
    header: Annotated[
        Annotated[ImageHeader, Tag("@image")] | Annotated[VideoHeader, Tag("@video")], by_type()
    ]
    body: CardBody | None = None
    action: CardAction


class ProductCard(Shape):
    card_index: Annotated[int, Field(ge=0, le=MAX_CARDS - 1)]
    type: Annotated[Literal["product"], LOWER]
    action: ProductAction


Card = Annotated[Annotated[MediaCard, Tag("@cta_url")] | Annotated[ProductCard, Tag("@product")], by_type()]


def _button_set(card: Any) -> tuple[Any, ...]:
    """What has to be equal on all cards: their type, and the kind and number of their buttons."""
    if not isinstance(card, dict):
        return ()
    action = card.get("action")
    buttons = action.get("buttons") if isinstance(action, dict) else None
    count = len(buttons) if isinstance(buttons, list) else None
    return (str(card.get("type")).lower(), count)


def _cards_are_alike(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
    cards = data.get("cards")
    if not isinstance(cards, list) or not cards:
        return
    first = _button_set(cards[0])
    for index, card in enumerate(cards[:MAX_CARDS]):
        if _button_set(card) != first:
            sentence = "has to have the same type and the same buttons as the first card."
            yield broken(("cards", index), "not_allowed", sentence)


class CarouselAction(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (unique("cards", "*", "card_index"), _cards_are_alike)

    cards: Annotated[list[Card], *sized(2, MAX_CARDS)]


class CarouselMessage(Shape):
    """Two to ten cards to swipe; takes neither header nor footer of its own."""

    type: Annotated[Literal["carousel"], LOWER]
    body: Body
    action: CarouselAction


Interactive = Annotated[
    Annotated[ButtonMessage, Tag("@button")]
    | Annotated[ListMessage, Tag("@list")]
    | Annotated[LinkMessage, Tag("@cta_url")]
    | Annotated[FlowMessage, Tag("@flow")]
    | Annotated[LocationRequest, Tag("@location_request_message")]
    | Annotated[ContactInfoRequest, Tag("@request_contact_info")]
    | Annotated[AddressRequest, Tag("@address_message")]
    | Annotated[ProductMessage, Tag("@product")]
    | Annotated[ProductListMessage, Tag("@product_list")]
    | Annotated[CatalogueMessage, Tag("@catalog_message")]
    | Annotated[CarouselMessage, Tag("@carousel")]
    | Annotated[CallPermissionRequest, Tag("@call_permission_request")]
    | Annotated[VoiceCall, Tag("@voice_call")]
    | Annotated[OrderDetails, Tag("@order_details")]
    | Annotated[OrderStatus, Tag("@order_status")],
    by_type(),
]
