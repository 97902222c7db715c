"""Single values that several kinds share: texts with limits, ids, links, media objects.

Lengths count Unicode code points: Meta says "characters" and does not define them (an assumption,
not documented).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import InitErrorDetails

from recado.messages.content.collect import Rule, RuledShape, broken, exactly_one, own_error

MAX_URL = 2048
MAX_CAPTION = 1024
MAX_WAMID = 1024

# Ours (`med_…`) or Meta's, which are digits.
MEDIA_ID = r"^(?:med_[0-9A-Za-z]{8,64}|[0-9]{1,64})$"


def _web_link(value: str) -> str:
    if len(value) > MAX_URL:
        sentence = f"has {len(value)} characters; the most allowed is {MAX_URL}."
        raise own_error("too_long", sentence, MAX_URL, len(value))
    if not _is_web_link(value):
        raise own_error("bad_format", "has to be an http or https address.")
    return value


def _is_web_link(value: str) -> bool:
    if re.search(r"[\s\x00-\x1f<>\"]", value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


Link = Annotated[
    str,
    AfterValidator(_web_link),
    Field(json_schema_extra={"format": "uri", "maxLength": MAX_URL}),
]
MediaId = Annotated[str, Field(pattern=MEDIA_ID)]
Caption = Annotated[str, Field(max_length=MAX_CAPTION)]
Filename = Annotated[str, Field(min_length=1, max_length=240)]
Label = Annotated[str, Field(min_length=1, max_length=20)]
ShortText = Annotated[str, Field(min_length=1, max_length=60)]
Text160 = Annotated[str, Field(min_length=1, max_length=160)]
Text1024 = Annotated[str, Field(min_length=1, max_length=1024)]
Text4096 = Annotated[str, Field(min_length=1, max_length=4096)]
Wamid = Annotated[str, Field(min_length=1, max_length=MAX_WAMID)]
# Catalogue and product ids are chosen by the tenant in Meta's Commerce Manager.
ProductId = Annotated[str, Field(min_length=1, max_length=256)]
OpenObject = dict[str, Any]


class Media(RuledShape):
    """A file: uploaded before (`id`, preferred) or fetched by Meta (`link`)."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one("id", "link"),)

    id: MediaId | None = None
    link: Link | None = None


class NamedFile(Media):
    """A document: its name's extension decides the icon the person sees."""

    filename: Filename | None = None


def only_with(field: str, partner: str, wanted: str) -> Rule:
    """`field` makes sense only when `partner` has the value `wanted`."""

    def rule(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
        if data.get(field) is not None and data.get(partner) not in (None, wanted):
            sentence = f"is only allowed when `{partner}` is {wanted}."
            yield broken((field,), "not_allowed", sentence)

    return rule
