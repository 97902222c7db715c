"""Templates when they are sent: does it exist, do the parameters fit, what does the person read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from recado_sim.refusals import Refusal, coded, missing
from recado_sim.state import Template, World

Json = dict[str, Any]
Checks = Iterator[Refusal]

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
FORBIDDEN = re.compile(r"[\n\t]| {5,}")
BODY_MAX, HEADER_MAX = 1024, 60
SENDABLE = frozenset({"APPROVED", "FLAGGED", "REINSTATED", "ACTIVE", "LOCKED"})
MEDIA_HEADERS = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "PRODUCT", "GIF")
NEEDS_PHONE = frozenset({"ONE_TAP", "ZERO_TAP", "COPY_CODE"})


def find(world: World, waba_id: str, about: Json) -> Template | Refusal:
    """The approved template this request names, or why it cannot be sent."""
    name, language = str(about["name"]), str(about["language"]["code"])
    template = world.by_name.get((waba_id, name, language))
    if template is None:
        return coded(132001, f"template name ({name}) does not exist in {language}")
    match template.status.upper():
        case "PAUSED":
            return coded(132015)
        case "DISABLED":
            return coded(132016)
        case status if status in SENDABLE:
            return template
        case _:
            return coded(132001, f"template name ({name}) is not approved in {language}")


def check(template: Template, about: Json) -> Refusal | None:
    """The first way in which the request's components do not fit the template."""
    return next(_checks(template, about), None)


def part(components: list[Json], kind: str) -> Json | None:
    """The component of this kind (`HEADER`, `BODY`, `FOOTER`, `BUTTONS`), if there is one."""
    return next((c for c in components if str(c.get("type", "")).upper() == kind), None)


def buttons(components: list[Json]) -> list[Json]:
    """The template's buttons in order."""
    return list((part(components, "BUTTONS") or {}).get("buttons") or [])


def variables(text: str) -> list[str]:
    """Names or numbers of the variables, each once, in order of appearance."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def needs_phone(template: Template) -> bool:
    """Authentication with one-tap, zero-tap or copy-code buttons cannot go to a BSUID."""
    if template.category.upper() != "AUTHENTICATION":
        return False
    return any(
        str(b.get("otp_type") or b.get("type") or "").upper() in NEEDS_PHONE | {"OTP"}
        for b in buttons(template.components)
    )


def given(about: Json, kind: str) -> list[Json]:
    """Parameters the request gives to the header or the body."""
    for component in about.get("components") or []:
        if isinstance(component, dict) and str(component.get("type", "")).lower() == kind:
            return [p for p in component.get("parameters") or [] if isinstance(p, dict)]
    return []


def given_buttons(about: Json) -> dict[int, Json]:
    """Button components of the request by index."""
    found: dict[int, Json] = {}
    for component in about.get("components") or []:
        if isinstance(component, dict) and str(component.get("type", "")).lower() == "button":
            index = str(component.get("index", 0))
            found[int(index) if index.isdigit() else 0] = component
    return found


def _checks(template: Template, about: Json) -> Checks:
    yield from _header(template, about)
    yield from _text("body", _body_text(template), about, BODY_MAX)
    yield from _buttons(template, about)


def _body_text(template: Template) -> str:
    body = part(template.components, "BODY") or {}
    if "text" in body:
        return str(body["text"])
    # The text of an authentication template is Meta's own; the code is its only variable.
    return "{{1}}" if template.category.upper() == "AUTHENTICATION" else ""


def _header(template: Template, about: Json) -> Checks:
    header = part(template.components, "HEADER")
    if header is None:
        if given(about, "header"):
            yield _count("header", len(given(about, "header")), 0)
        return
    form = str(header.get("format", "TEXT")).upper()
    if form == "TEXT":
        yield from _text("header", str(header.get("text", "")), about, HEADER_MAX)
        return
    parameters = given(about, "header")
    if not parameters:
        yield coded(132012, f"header: Format mismatch, expected {form}, received UNKNOWN")
    elif str(parameters[0].get("type", "")).upper() != form and form in MEDIA_HEADERS:
        received = str(parameters[0].get("type", "")).upper()
        yield coded(132012, f"header: Format mismatch, expected {form}, received {received}")


def _count(where: str, got: int, expected: int) -> Refusal:
    return coded(
        132000,
        f"{where}: number of localizable_params ({got}) does not match the expected number of "
        f"params ({expected})",
    )


def _text(where: str, text: str, about: Json, limit: int) -> Checks:
    parameters, expected = given(about, where), variables(text)
    if len(parameters) != len(expected):
        yield _count(where, len(parameters), len(expected))
        return
    named = any(not name.isdigit() for name in expected)
    if named and {str(p.get("parameter_name")) for p in parameters} != set(expected):
        yield coded(100, f"{where}: Parameter name is missing or empty")
    for parameter in parameters:
        value = spoken(parameter)
        if not value:
            yield missing(f"{where} parameter text")
        elif FORBIDDEN.search(value):
            yield coded(
                132018,
                "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
            )
    if len(fill(text, parameters)) > limit:
        yield coded(132005, f"{where}: Translated text too long. Max length: {limit}")


def _buttons(template: Template, about: Json) -> Checks:
    sent = given_buttons(about)
    defined = buttons(template.components)
    for index in sent:
        if index >= len(defined):
            yield coded(132018, f"buttons: Template has no button at index {index}")
    for index, button in enumerate(defined):
        kind = str(button.get("type", "")).upper()
        parameters = (sent.get(index) or {}).get("parameters") or []
        dynamic = kind == "URL" and variables(str(button.get("url", "")))
        if (dynamic or kind in ("COPY_CODE", "OTP")) and not parameters:
            yield coded(
                131008, f"buttons: Button at index {index} of type {kind.title()} requires a parameter"
            )
        if kind == "URL" and not dynamic and parameters:
            yield coded(132018, f"buttons: Button at index {index} of type Url takes no parameter")


def spoken(parameter: Json) -> str:
    """What one parameter reads as: the text, or the fallback of a currency or a date."""
    kind = str(parameter.get("type", "text"))
    if kind in ("currency", "date_time"):
        return str((parameter.get(kind) or {}).get("fallback_value", ""))
    return str(parameter.get("text", ""))


def fill(text: str, parameters: list[Json]) -> str:
    """The text with its variables replaced, by name where parameters have names."""
    named = {str(p["parameter_name"]): spoken(p) for p in parameters if p.get("parameter_name")}
    names = variables(text)
    values = {name: spoken(parameters[at]) for at, name in enumerate(names) if at < len(parameters)}
    positions = {str(at + 1): spoken(p) for at, p in enumerate(parameters) if not p.get("parameter_name")}
    values = {**values, **positions, **named}
    return VARIABLE.sub(lambda found: values.get(found.group(1), found.group(0)), text)


def body_text(components: list[Json], about: Json) -> str:
    """The body as the person reads it."""
    body = part(components, "BODY") or {}
    if "text" not in body:
        code = spoken((given(about, "body") or [{}])[0])
        return f"{code} é seu código de verificação." if code else ""
    return fill(str(body["text"]), given(about, "body"))
