"""Filling templates: which variables there are, what the person will read, what has to be sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

_VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_FORBIDDEN: Final = re.compile(r"[\r\n\t]| {5,}")
_MEDIA: Final = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)
# Parts this house does not fill by hand; the API takes them.
_HARD: Final = frozenset({"CAROUSEL", "LIMITED_TIME_OFFER", "ORDER_STATUS", "ORDER_DETAILS"})
_HARD_HEADERS: Final = frozenset({"LOCATION", "PRODUCT", "GIF"})
_HARD_BUTTONS: Final = frozenset({"FLOW", "CATALOG", "MPM", "SPM", "ORDER_DETAILS"})


class Fillable(Protocol):
    """What filling needs to know of a template."""

    @property
    def name(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def named(self) -> bool: ...
    @property
    def components(self) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`id` names it in forms (`body:1`, `header:nome`, `button0:1`); `kind` is text, image, video, document,
    url (the end of an address) or code. `sample` is what the provider approved it with."""

    id: str
    part: str
    key: str
    kind: str
    button: int | None = None
    sample: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewButton:
    """`kind` is quick_reply, url, phone_number, copy_code or the provider's own word; `detail` what it opens."""

    kind: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a person reads. `header_kind` is "", text, image, video, document or location."""

    header_kind: str
    header: str
    body: str
    footer: str
    buttons: tuple[PreviewButton, ...]
    missing: tuple[str, ...]


def variables(template: Fillable) -> list[Variable]:
    """In the order in which a person meets them, each once."""
    found: list[Variable] = []
    for part in template.components:
        match _kind(part):
            case "HEADER":
                found += _header_variables(part)
            case "BODY":
                found += _text_variables(part, "body")
            case "BUTTONS":
                for index, button in enumerate(_objects(part.get("buttons"))):
                    found += _button_variables(index, button)
    return found


def unfillable(template: Fillable) -> list[str]:
    """Parts that need more than texts and files: such a template is sent through the API only."""
    found: list[str] = []
    for part in template.components:
        kind = _kind(part)
        if kind in _HARD:
            found.append(kind.lower())
        elif kind == "HEADER" and str(part.get("format")).upper() in _HARD_HEADERS:
            found.append(str(part.get("format")).lower())
        elif kind == "BUTTONS":
            types = [str(one.get("type")).upper() for one in _objects(part.get("buttons"))]
            found += [one.lower() for one in types if one in _HARD_BUTTONS]
    return found


def problems(template: Fillable, values: Mapping[str, str]) -> dict[str, str]:
    """By variable id: `missing`, or `line_break` for what the provider refuses in a text (132018)."""
    found: dict[str, str] = {}
    for one in variables(template):
        value = values.get(one.id, "").strip()
        if not value:
            found[one.id] = "missing"
        elif one.kind == "text" and _FORBIDDEN.search(value):
            found[one.id] = "line_break"
    return found


def fill(template: Fillable, values: Mapping[str, str], *, samples: bool = False) -> Preview:
    """What a person would read. What has no value shows its sample (with `samples`) or its `{{name}}`."""
    known = {one.id: values.get(one.id, "").strip() for one in variables(template)}
    missing = tuple(name for name, value in known.items() if not value)
    if samples:
        known |= {one.id: one.sample for one in variables(template) if not known[one.id]}
    header_kind = header = body = footer = ""
    buttons: list[PreviewButton] = []
    for part in template.components:
        text = str(part.get("text") or "")
        match _kind(part):
            case "HEADER":
                header_kind = str(part.get("format") or "TEXT").lower()
                header = _filled(text, "header", known) or known.get("header:file", "")
            case "BODY":
                body = _filled(text, "body", known) or _authentication(part, known)
            case "FOOTER":
                footer = text or _expiry(part)
            case "BUTTONS":
                for index, button in enumerate(_objects(part.get("buttons"))):
                    buttons.append(_button(index, button, known))
    return Preview(
        header_kind=header_kind,
        header=header,
        body=body,
        footer=footer,
        buttons=tuple(buttons),
        missing=missing,
    )


def content(template: Fillable, values: Mapping[str, str]) -> dict[str, Any]:
    """What `POST /messages` takes: `{"type": "template", "template": {...}}`. Files by link or by our media id."""
    grouped: dict[tuple[str, int | None], list[dict[str, Any]]] = {}
    for one in variables(template):
        place = (one.part, one.button)
        grouped.setdefault(place, []).append(_parameter(one, values.get(one.id, "").strip(), template.named))
    components = [_component(template, part, button, given) for (part, button), given in grouped.items()]
    about: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    if components:
        about["components"] = components
    return {"type": "template", "template": about}


# --------------------------------------------------------------------------- reading components


def _kind(part: Mapping[str, Any]) -> str:
    return str(part.get("type")).upper()


def _objects(given: Any) -> list[dict[str, Any]]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _first(given: Any) -> str:
    while isinstance(given, list):
        given = given[0] if given else ""
    return given if isinstance(given, str) else ""


def _samples(part: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """Samples by variable: `{"body_text": [["a", "b"]]}` or `{"body_text_named_params": [{...}]}`."""
    example = part.get("example")
    if not isinstance(example, dict):
        return
    for one in _objects(example.get(f"{name}_text_named_params")):
        yield str(one.get("param_name")), str(one.get("example") or "")
    texts = example.get(f"{name}_text")
    row = texts[0] if isinstance(texts, list) and texts and isinstance(texts[0], list) else texts
    for index, text in enumerate(row if isinstance(row, list) else []):
        yield str(index + 1), str(text)


def _text_variables(part: Mapping[str, Any], name: str) -> list[Variable]:
    samples = dict(_samples(part, name))
    keys = dict.fromkeys(_VARIABLE.findall(str(part.get("text") or "")))
    if not keys and name == "body" and part.get("add_security_recommendation") is not None:
        # An authentication template's text is Meta's own; its one variable is the code.
        keys = {"1": None}
    return [
        Variable(id=f"{name}:{key}", part=name, key=key, kind="text", sample=samples.get(key, ""))
        for key in keys
    ]


def _header_variables(part: Mapping[str, Any]) -> list[Variable]:
    kind = str(part.get("format") or "TEXT").upper()
    if kind in _MEDIA:
        return [Variable(id="header:file", part="header", key="file", kind=kind.lower())]
    return _text_variables(part, "header")


def _button_variables(index: int, button: Mapping[str, Any]) -> list[Variable]:
    kind = str(button.get("type")).upper()
    sample = _first(button.get("example"))
    name = f"button{index}:1"
    if kind == "URL" and _VARIABLE.search(str(button.get("url") or "")):
        sample = _end_of(button, sample)
        return [Variable(id=name, part="button", key="1", button=index, kind="url", sample=sample)]
    if kind in {"COPY_CODE", "OTP"}:
        return [Variable(id=name, part="button", key="1", button=index, kind="code", sample=sample)]
    return []


def _end_of(button: Mapping[str, Any], sample: str) -> str:
    """Samples of addresses are whole addresses; the variable is only their end."""
    base = _VARIABLE.split(str(button.get("url") or ""))[0]
    return sample.removeprefix(base)


# --------------------------------------------------------------------------- showing


def _filled(text: str, part: str, known: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: known.get(f"{part}:{found[1]}") or f"{{{{{found[1]}}}}}", text)


def _authentication(part: Mapping[str, Any], known: Mapping[str, str]) -> str:
    if part.get("add_security_recommendation") is None:
        return ""
    return f"*{known.get('body:1') or '{{1}}'}*"


def _expiry(part: Mapping[str, Any]) -> str:
    minutes = part.get("code_expiration_minutes")
    return f"{minutes} min" if minutes else ""


def _button(index: int, button: Mapping[str, Any], known: Mapping[str, str]) -> PreviewButton:
    kind = str(button.get("type") or "").lower()
    detail = str(button.get("url") or button.get("phone_number") or "")
    detail = _filled(detail, f"button{index}", known)
    if kind in {"copy_code", "otp"}:
        detail = known.get(f"button{index}:1", "")
    return PreviewButton(kind=kind, text=str(button.get("text") or ""), detail=detail)


# --------------------------------------------------------------------------- sending


def _parameter(one: Variable, value: str, named: bool) -> dict[str, Any]:
    if one.kind in {"image", "video", "document"}:
        return {"type": one.kind, one.kind: {"link": value} if _LINK.match(value) else {"id": value}}
    given: dict[str, Any] = {"type": "text", "text": value}
    if named and one.part != "button":
        given["parameter_name"] = one.key
    return given


def _component(
    template: Fillable, part: str, button: int | None, given: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    if button is None:
        return {"type": part, "parameters": list(given)}
    about = next(
        _objects(one.get("buttons"))[button] for one in template.components if _kind(one) == "BUTTONS"
    )
    kind = str(about.get("type")).upper()
    parameters = list(given)
    if kind == "COPY_CODE":
        parameters = [{"type": "coupon_code", "coupon_code": one["text"]} for one in given]
    # One-time codes are sent as the address button they replaced (meta-platform.md, authentication templates).
    sub_type = "copy_code" if kind == "COPY_CODE" else "url"
    return {"type": "button", "sub_type": sub_type, "index": str(button), "parameters": parameters}
