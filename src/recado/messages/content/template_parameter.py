"""Values of template variables."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from recado.messages.content.collect import LOWER, Shape, by_type
from recado.messages.content.fields import Media, NamedFile, ProductId, ShortText
from recado.messages.content.free import Location

MAX_BODY_TEXT_ALONE = 32_768

# Names are made of `[a-z_]` when a template is created. Digits are let through here: refusing the
# name an existing template has would be worse than an answer 132000 from Meta.
ParameterName = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[a-z0-9_]+$")]
Fallback = Annotated[str, Field(min_length=1, max_length=1024)]


class BodyText(Shape):
    type: Annotated[Literal["text"], LOWER]
    parameter_name: ParameterName | None = None
    text: Annotated[str, Field(min_length=1, max_length=MAX_BODY_TEXT_ALONE)]


class HeaderText(Shape):
    type: Annotated[Literal["text"], LOWER]
    parameter_name: ParameterName | None = None
    text: ShortText


class Money(Shape):
    """`amount_1000` is the amount times 1,000; the fallback is shown when it cannot be drawn."""

    fallback_value: Fallback
    code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    amount_1000: int


class CurrencyParameter(Shape):
    type: Annotated[Literal["currency"], LOWER]
    parameter_name: ParameterName | None = None
    currency: Money


class Moment(Shape):
    """Meta shows `fallback_value` only; the parts are taken because its own samples send them."""

    fallback_value: Fallback
    calendar: Literal["GREGORIAN", "SOLAR_HIJRI"] | None = None
    year: Annotated[int, Field(ge=1, le=9999)] | None = None
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    day_of_month: Annotated[int, Field(ge=1, le=31)] | None = None
    day_of_week: Annotated[int, Field(ge=1, le=7)] | None = None
    hour: Annotated[int, Field(ge=0, le=23)] | None = None
    minute: Annotated[int, Field(ge=0, le=59)] | None = None


class DateTimeParameter(Shape):
    type: Annotated[Literal["date_time"], LOWER]
    parameter_name: ParameterName | None = None
    date_time: Moment


class ImageParameter(Shape):
    type: Annotated[Literal["image"], LOWER]
    image: Media


class VideoParameter(Shape):
    type: Annotated[Literal["video"], LOWER]
    video: Media


class DocumentParameter(Shape):
    type: Annotated[Literal["document"], LOWER]
    document: NamedFile


class LocationParameter(Shape):
    type: Annotated[Literal["location"], LOWER]
    location: Location


class Product(Shape):
    product_retailer_id: ProductId
    catalog_id: ProductId


class ProductParameter(Shape):
    type: Annotated[Literal["product"], LOWER]
    product: Product


HeaderParameter = Annotated[
    Annotated[HeaderText, Tag("@text")]
    | Annotated[ImageParameter, Tag("@image")]
    | Annotated[VideoParameter, Tag("@video")]
    | Annotated[DocumentParameter, Tag("@document")]
    | Annotated[LocationParameter, Tag("@location")]
    | Annotated[ProductParameter, Tag("@product")],
    by_type(),
]
BodyParameter = Annotated[
    Annotated[BodyText, Tag("@text")]
    | Annotated[CurrencyParameter, Tag("@currency")]
    | Annotated[DateTimeParameter, Tag("@date_time")],
    by_type(),
]
