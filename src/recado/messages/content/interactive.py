"""Interactive messages: buttons, lists, links, flows, requests. `catalogue` has the others."""

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
    found_at,
    sized,
    unique,
)
from recado.messages.content.fields import (
    Label,
    Link,
    Media,
    NamedFile,
    OpenObject,
    ShortText,
    Text1024,
    Text4096,
    only_with,
)

MAX_ROWS = 10


class Body(Shape):
    text: Text1024


class LongBody(Shape):
    text: Text4096


class Footer(Shape):
    text: ShortText


class TextHeader(Shape):
    type: Annotated[Literal["text"], LOWER]
    text: ShortText


class ImageHeader(Shape):
    type: Annotated[Literal["image"], LOWER]
    image: Media


class VideoHeader(Shape):
    type: Annotated[Literal["video"], LOWER]
    video: Media


class DocumentHeader(Shape):
    type: Annotated[Literal["document"], LOWER]
    document: NamedFile


Header = Annotated[
    Annotated[TextHeader, Tag("@text")]
    | Annotated[ImageHeader, Tag("@image")]
    | Annotated[VideoHeader, Tag("@video")]
    | Annotated[DocumentHeader, Tag("@document")],
    by_type(),
]


# --------------------------------------------------------------------------- reply buttons


class Reply(Shape):
    id: Annotated[str, Field(min_length=1, max_length=256)]
    title: Label


class ReplyButton(Shape):
    type: Annotated[Literal["reply"], LOWER]
    reply: Reply


class ButtonAction(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (
        unique("buttons", "*", "reply", "id"),
        unique("buttons", "*", "reply", "title"),
    )

    buttons: Annotated[list[ReplyButton], *sized(1, 3)]


class ButtonMessage(Shape):
    """One to three buttons that answer with their id."""

    type: Annotated[Literal["button"], LOWER]
    header: Header | None = None
    body: Body
    footer: Footer | None = None
    action: ButtonAction


# --------------------------------------------------------------------------- list


class Row(Shape):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(min_length=1, max_length=24)]
    description: Annotated[str, Field(max_length=72)] | None = None


class Section(Shape):
    title: Annotated[str, Field(min_length=1, max_length=24)] | None = None
    rows: Annotated[list[Row], *sized(1, MAX_ROWS)]


def several_sections_have_titles(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
    """With one section the title is optional; with more, people need it to tell them apart."""
    sections = [(loc, value) for loc, value in found_at(data, "sections", "*")]
    if len(sections) < 2:
        return
    for loc, section in sections:
        if isinstance(section, dict) and section.get("title") is None:
            sentence = "is required when there is more than one section."
            yield broken((*loc, "title"), "required", sentence)


class ListAction(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_in_total(MAX_ROWS, "sections", "*", "rows", "*"),
        several_sections_have_titles,
        unique("sections", "*", "rows", "*", "id"),
    )

    button: Label
    sections: Annotated[list[Section], *sized(1, 10)]


class ListMessage(Shape):
    """A menu of at most ten rows, counted over all sections."""

    type: Annotated[Literal["list"], LOWER]
    header: TextHeader | None = None
    body: LongBody
    footer: Footer | None = None
    action: ListAction


# --------------------------------------------------------------------------- link button


class LinkParameters(Shape):
    display_text: Label
    url: Link


class LinkAction(Shape):
    name: Literal["cta_url"]
    parameters: LinkParameters


class LinkMessage(Shape):
    """One button that opens a page."""

    type: Annotated[Literal["cta_url"], LOWER]
    header: Header | None = None
    body: Body
    footer: Footer | None = None
    action: LinkAction


# --------------------------------------------------------------------------- flow


class FlowPayload(Shape):
    screen: Annotated[str, Field(min_length=1, max_length=256)]
    data: OpenObject | None = None


class FlowParameters(RuledShape):
    rules: ClassVar[tuple[Rule, ...]] = (
        exactly_one("flow_id", "flow_name"),
        only_with("flow_action_payload", "flow_action", "navigate"),
    )

    flow_message_version: Literal["3"]
    flow_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    flow_name: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    flow_cta: Annotated[str, Field(min_length=1, max_length=30)]
    flow_token: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    mode: Literal["draft", "published"] | None = None
    flow_action: Literal["navigate", "data_exchange"] | None = None
    flow_action_payload: FlowPayload | None = None


class FlowAction(Shape):
    name: Literal["flow"]
    parameters: FlowParameters


class FlowMessage(Shape):
    """A form inside the conversation."""

    type: Annotated[Literal["flow"], LOWER]
    header: Header | None = None
    body: Body
    footer: Footer | None = None
    action: FlowAction


# --------------------------------------------------------------------------- requests to the person


class LocationRequestAction(Shape):
    name: Literal["send_location"]


class LocationRequest(Shape):
    """Asks where the person is; takes neither header nor footer."""

    type: Annotated[Literal["location_request_message"], LOWER]
    body: Body
    action: LocationRequestAction


class ContactInfoAction(Shape):
    name: Literal["request_contact_info"]


class ContactInfoRequest(Shape):
    """Asks for the person's phone number; for people known only by their business-scoped id."""

    type: Annotated[Literal["request_contact_info"], LOWER]
    header: TextHeader | None = None
    body: Body
    footer: Footer | None = None
    action: ContactInfoAction


class AddressParameters(Shape):
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    values: OpenObject | None = None
    saved_addresses: Annotated[list[OpenObject], *sized(0, 20)] | None = None
    validation_errors: OpenObject | None = None


class AddressAction(Shape):
    name: Literal["address_message"]
    parameters: AddressParameters


class AddressRequest(Shape):
    """Asks for a postal address; Meta offers it in India only."""

    type: Annotated[Literal["address_message"], LOWER]
    header: TextHeader | None = None
    body: Body
    footer: Footer | None = None
    action: AddressAction


# --------------------------------------------------------------------------- calls and payments
# Products of their own (calling, payments) whose parameters change often: the frame is checked and
# the parameters are passed on, so that a tenant who has them is not stopped by us.


class OpenAction(Shape):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    parameters: OpenObject | None = None


class OpenMessage(Shape):
    header: Header | None = None
    body: Body
    footer: Footer | None = None
    action: OpenAction


class CallPermissionRequest(OpenMessage):
    type: Annotated[Literal["call_permission_request"], LOWER]


class VoiceCall(OpenMessage):
    type: Annotated[Literal["voice_call"], LOWER]


class OrderDetails(OpenMessage):
    type: Annotated[Literal["order_details"], LOWER]


class OrderStatus(OpenMessage):
    type: Annotated[Literal["order_status"], LOWER]
