"""Text, media, location, contacts and reactions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import InitErrorDetails

from recado.messages.content.collect import Rule, RuledShape, Shape, broken, own_error, sized
from recado.messages.content.fields import (
    Caption,
    Link,
    Media,
    NamedFile,
    Text1024,
    Text4096,
    Wamid,
)

MAX_CONTACTS = 257
# Meta gives no number for what one contact card may hold; this keeps a card from being a flood.
MAX_CARD_ENTRIES = 50


class Text(Shape):
    """A free text; `preview_url` shows a card of the first link in it."""

    preview_url: bool | None = None
    body: Text4096


class Image(Media):
    caption: Caption | None = None


class Video(Media):
    caption: Caption | None = None


class Audio(Media):
    """Never has a caption. `voice` shows it as a voice note; the file has to be OGG with Opus."""

    voice: bool | None = None


class Document(NamedFile):
    caption: Caption | None = None


class Sticker(Media):
    pass


# --------------------------------------------------------------------------- location

_DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?")


def _degrees(value: Any) -> Any:
    # Meta takes numbers and numeric strings; one form is stored, so comparing and drawing are easy.
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise own_error("bad_format", "has to be a decimal number of degrees.")
        return float(value)
    return value


def _degrees_up_to(limit: int) -> tuple[Any, ...]:
    number = Annotated[float, Field(json_schema_extra={"minimum": -limit, "maximum": limit})]
    text = Annotated[str, Field(pattern=f"^{_DECIMAL.pattern}$")]
    return (
        Field(ge=-limit, le=limit),
        BeforeValidator(_degrees, json_schema_input_type=number | text),
    )


class Location(Shape):
    latitude: Annotated[float, *_degrees_up_to(90)]
    longitude: Annotated[float, *_degrees_up_to(180)]
    name: Text1024 | None = None
    address: Text1024 | None = None


# --------------------------------------------------------------------------- contacts

Entry = Annotated[str, Field(min_length=1, max_length=256)]
NAME_PARTS = ("first_name", "middle_name", "last_name", "prefix", "suffix")


def _name_has_a_part(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
    # A name of only `formatted_name` is refused. Meta's page of 21 May 2026 does not say so; client
    # libraries do (whatsapp-api-js 6.2.1, `Name`).
    if not any(data.get(part) for part in NAME_PARTS):
        listed = ", ".join(NAME_PARTS)
        sentence = f"needs `formatted_name` and at least one of {listed}."
        yield broken((), "required", sentence, limit=listed)


def _organisation_is_not_empty(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
    if not any(data.get(part) for part in ("company", "department", "title")):
        sentence = "needs at least one of company, department, title."
        yield broken((), "required", sentence, limit="company, department, title")


def _real_date(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise own_error("bad_format", "is not a day of the calendar (YYYY-MM-DD).") from error
    return value


class ContactName(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (_name_has_a_part,)

    formatted_name: Entry
    first_name: Entry | None = None
    middle_name: Entry | None = None
    last_name: Entry | None = None
    prefix: Entry | None = None
    suffix: Entry | None = None


class ContactPhone(Shape):
    """With `wa_id` the person sees the button Message, without it Invite."""

    phone: Entry
    type: Entry | None = None
    wa_id: Annotated[str, Field(pattern=r"^[0-9]{5,20}$")] | None = None


class ContactEmail(Shape):
    email: Annotated[str, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")]
    type: Entry | None = None


class ContactUrl(Shape):
    url: Link
    type: Entry | None = None


class ContactAddress(Shape):
    street: Entry | None = None
    city: Entry | None = None
    state: Entry | None = None
    zip: Entry | None = None
    country: Entry | None = None
    country_code: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None
    type: Entry | None = None


class ContactOrganisation(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (_organisation_is_not_empty,)

    company: Entry | None = None
    department: Entry | None = None
    title: Entry | None = None


class Contact(Shape):
    name: ContactName
    phones: Annotated[list[ContactPhone], *sized(1, MAX_CARD_ENTRIES)] | None = None
    emails: Annotated[list[ContactEmail], *sized(1, MAX_CARD_ENTRIES)] | None = None
    addresses: Annotated[list[ContactAddress], *sized(1, MAX_CARD_ENTRIES)] | None = None
    urls: Annotated[list[ContactUrl], *sized(1, MAX_CARD_ENTRIES)] | None = None
    org: ContactOrganisation | None = None
    birthday: (
        Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_real_date)] | None
    ) = None


Contacts = Annotated[list[Contact], *sized(1, MAX_CONTACTS)]


# --------------------------------------------------------------------------- reactions

_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_MODIFIED = f"{_PICTURE}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*[\U000e0020-\U000e007f]*"
_EMOJI = re.compile(
    f"(?:[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_MODIFIED}(?:\u200d{_MODIFIED})*)"
)


def _one_emoji(value: str) -> str:
    # Tolerant on purpose: Unicode adds emoji every year and Meta decides. It only keeps words out.
    if value and not _EMOJI.fullmatch(value):
        raise own_error("bad_format", "has to be one emoji, or empty to take a reaction back.")
    return value


class Reaction(Shape):
    """To a received message of the last 30 days; an empty emoji takes the reaction back."""

    message_id: Wamid
    emoji: Annotated[str, Field(max_length=32), AfterValidator(_one_emoji)]
