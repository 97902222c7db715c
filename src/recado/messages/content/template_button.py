"""Values of template buttons, chosen by `sub_type`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, Tag

from recado.messages.content.catalogue import ProductSection
from recado.messages.content.collect import (
    LOWER,
    Rule,
    RuledShape,
    Shape,
    at_most_in_total,
    by_type,
    sized,
)
from recado.messages.content.fields import OpenObject, ProductId


def _index_text(value: Any) -> Any:
    # Meta's own samples write 0 and "0"; one form is stored.
    return str(value) if type(value) is int and 0 <= value <= 9 else value


Index = Annotated[
    str,
    BeforeValidator(
        _index_text,
        json_schema_input_type=Annotated[str, Field(pattern="^[0-9]$")] | Annotated[int, Field(ge=0, le=9)],
    ),
    Field(pattern="^[0-9]$"),
]
ButtonType = Annotated[Literal["button"], LOWER]
Payload = Annotated[str, Field(min_length=1, max_length=256)]


class PayloadParameter(Shape):
    """Comes back in the webhook when the person taps the button."""

    type: Annotated[Literal["payload"], LOWER]
    payload: Payload


class QuickReplyButton(Shape):
    type: ButtonType
    sub_type: Annotated[Literal["quick_reply"], LOWER]
    index: Index
    parameters: Annotated[list[PayloadParameter], *sized(1, 1)]


class SuffixParameter(Shape):
    """The end of the button's address; the caller percent-encodes it."""

    type: Annotated[Literal["text"], LOWER]
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    payment_link_preview: bool | None = None


class UrlButton(Shape):
    type: ButtonType
    sub_type: Annotated[Literal["url"], LOWER]
    index: Index
    parameters: Annotated[list[SuffixParameter], *sized(1, 1)]


class CouponParameter(Shape):
    type: Annotated[Literal["coupon_code"], LOWER]
    coupon_code: Annotated[str, Field(min_length=1, max_length=20)]


class CopyCodeButton(Shape):
    type: ButtonType
    sub_type: Annotated[Literal["copy_code"], LOWER]
    index: Index
    parameters: Annotated[list[CouponParameter], *sized(1, 1)]


class FlowButtonAction(Shape):
    flow_token: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    flow_action_data: OpenObject | None = None


class FlowButtonParameter(Shape):
    type: Annotated[Literal["action"], LOWER]
    action: FlowButtonAction


class FlowButton(Shape):
    type: ButtonType
    sub_type: Annotated[Literal["flow"], LOWER]
    index: Index
    parameters: Annotated[list[FlowButtonParameter], *sized(1, 1)] | None = None


class CatalogueButtonAction(Shape):
    thumbnail_product_retailer_id: ProductId | None = None


class CatalogueButtonParameter(Shape):
    type: Annotated[Literal["action"], LOWER]
    action: CatalogueButtonAction


class CatalogueButton(Shape):
    type: ButtonType
    sub_type: Annotated[Literal["catalog"], LOWER]
    index: Index
    parameters: Annotated[list[CatalogueButtonParameter], *sized(1, 1)] | None = None


class ProductsAction(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (at_most_in_total(30, "sections", "*", "product_items", "*"),)

    thumbnail_product_retailer_id: ProductId | None = None
    sections: Annotated[list[ProductSection], *sized(1, 10)]


class ProductsParameter(Shape):
    type: Annotated[Literal["action"], LOWER]
    action: ProductsAction


class ProductsButton(Shape):
    """The multi-product message."""

    type: ButtonType
    sub_type: Annotated[Literal["mpm"], LOWER]
    index: Index
    parameters: Annotated[list[ProductsParameter], *sized(1, 1)]


class OrderAction(Shape):
    order_details: OpenObject


class OrderParameter(Shape):
    type: Annotated[Literal["action"], LOWER]
    action: OrderAction


class OrderButton(Shape):
    type: ButtonType
    sub_type: Annotated[Literal["order_details"], LOWER]
    index: Index
    parameters: Annotated[list[OrderParameter], *sized(1, 1)]


class CallMinutesParameter(Shape):
    """How long the call button works; Meta allows up to 30 days."""

    type: Annotated[Literal["ttl_minutes"], LOWER]
    ttl_minutes: Annotated[int, Field(ge=1, le=43_200)]


class CallButton(Shape):
    """A template has at most one, so Meta's samples leave the index out."""

    type: ButtonType
    sub_type: Annotated[Literal["voice_call"], LOWER]
    index: Index | None = None
    parameters: (
        Annotated[
            list[
                Annotated[
                    Annotated[CallMinutesParameter, Tag("@ttl_minutes")]
                    | Annotated[PayloadParameter, Tag("@payload")],
                    by_type(),
                ]
            ],
            *sized(1, 2),
        ]
        | None
    ) = None


ButtonComponent = Annotated[
    Annotated[QuickReplyButton, Tag("@quick_reply")]
    | Annotated[UrlButton, Tag("@url")]
    | Annotated[CopyCodeButton, Tag("@copy_code")]
    | Annotated[FlowButton, Tag("@flow")]
    | Annotated[CatalogueButton, Tag("@catalog")]
    | Annotated[ProductsButton, Tag("@mpm")]
    | Annotated[OrderButton, Tag("@order_details")]
    | Annotated[CallButton, Tag("@voice_call")],
    by_type("sub_type"),
]
