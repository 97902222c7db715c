"""From what the validators found to `Violation`s with paths and sentences of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from recado.messages.content.collect import MAX_FOUND, OWN_ERROR, TAG, Loc
from recado.messages.content.model import Violation

Detail = dict[str, Any]
MAX_NAME = 64


def path_of(loc: Loc) -> str:
    """`("a", 0, "b")` as `a[0].b`. Names come from outside, so long ones are cut."""
    path = ""
    for step in loc:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            name = step[:MAX_NAME]
            path += f".{name}" if path else name
    return path


def violations_of(error: ValidationError, root: Loc = ()) -> list[Violation]:
    """The broken rules of a validation error, in its order, below `root`; at most `MAX_FOUND`."""
    details = error.errors(include_url=False)[:MAX_FOUND]
    return [_violation(dict(detail), root) for detail in details]


def violation(
    field: str,
    rule: str,
    sentence: str,
    *,
    limit: int | float | str | None = None,
    length: float | None = None,
) -> Violation:
    """A violation whose message begins with the name of the field."""
    subject = f"`{field}`" if field else "The message"
    message = f"{subject} {sentence}"
    return Violation(field=field, rule=rule, limit=limit, length=length, message=message)


def _violation(detail: Detail, root: Loc) -> Violation:
    field = path_of((*root, *_without_tags(detail)))
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == OWN_ERROR:
        return violation(
            field,
            context["rule"],
            context["sentence"],
            limit=context["limit"],
            length=context["length"],
        )
    if detail["type"].startswith("union_tag"):
        return _of_union(field, detail["input"], context)
    translate = _TRANSLATIONS.get(detail["type"], _of_unlisted)
    return translate(field, detail["input"], context)


def _without_tags(detail: Detail) -> Loc:
    loc: Loc = detail["loc"]
    # An unknown field is always the last step, and may look like a tag.
    kept = 1 if detail["type"] == "extra_forbidden" else 0
    body, tail = loc[: len(loc) - kept], loc[len(loc) - kept :]
    return (*(s for s in body if not (isinstance(s, str) and s.startswith(TAG))), *tail)


def _of_union(field: str, found: Any, context: dict[str, Any]) -> Violation:
    if not isinstance(found, dict):
        return _of_type("an object")(field, found, context)
    chooser = "sub_type" if str(found.get("type")).lower() == "button" else "type"
    place = f"{field}.{chooser}" if field else chooser
    if found.get(chooser) is None:
        return violation(place, "required", "is required.")
    if not isinstance(found[chooser], str):
        return _of_type("a string")(place, found[chooser], context)
    expected = context.get("expected_tags", "").replace(TAG, "")
    return violation(place, "not_allowed", f"has to be one of {expected}.", limit=expected)


def _of_missing(field: str, found: Any, context: dict[str, Any]) -> Violation:
    return violation(field, "required", "is required.")


def _of_unknown_field(field: str, found: Any, context: dict[str, Any]) -> Violation:
    return violation(field, "unknown_field", "is not a field of this object.")


def _of_long_text(field: str, found: Any, context: dict[str, Any]) -> Violation:
    limit, length = context["max_length"], len(found)
    sentence = f"has {length} characters; the most allowed is {limit}."
    return violation(field, "too_long", sentence, limit=limit, length=length)


def _of_short_text(field: str, found: Any, context: dict[str, Any]) -> Violation:
    limit, length = context["min_length"], len(found)
    sentence = f"has {length} characters; the fewest allowed is {limit}."
    return violation(field, "too_short", sentence, limit=limit, length=length)


def _of_pattern(field: str, found: Any, context: dict[str, Any]) -> Violation:
    pattern = context["pattern"]
    return violation(field, "bad_format", f"has to match {pattern}", limit=pattern)


def _of_choice(field: str, found: Any, context: dict[str, Any]) -> Violation:
    if not isinstance(found, str):
        return _of_type("a string")(field, found, context)
    expected = context["expected"]
    return violation(field, "not_allowed", f"has to be {expected}.", limit=expected)


def _of_range(bound: str, words: str) -> Callable[[str, Any, dict[str, Any]], Violation]:
    def translate(field: str, found: Any, context: dict[str, Any]) -> Violation:
        limit = context[bound]
        sentence = f"is {found}; it has to be {words} {limit}."
        return violation(field, "out_of_range", sentence, limit=limit, length=found)

    return translate


def _of_type(expected: str) -> Callable[[str, Any, dict[str, Any]], Violation]:
    def translate(field: str, found: Any, context: dict[str, Any]) -> Violation:
        return violation(field, "wrong_type", f"has to be {expected}.", limit=expected)

    return translate


def _of_unlisted(field: str, found: Any, context: dict[str, Any]) -> Violation:
    return violation(field, "bad_format", "is not valid.")


_TRANSLATIONS: dict[str, Callable[[str, Any, dict[str, Any]], Violation]] = {
    "missing": _of_missing,
    "extra_forbidden": _of_unknown_field,
    "string_too_long": _of_long_text,
    "string_too_short": _of_short_text,
    "string_pattern_mismatch": _of_pattern,
    "literal_error": _of_choice,
    "greater_than": _of_range("gt", "more than"),
    "greater_than_equal": _of_range("ge", "at least"),
    "less_than_equal": _of_range("le", "at most"),
    "string_type": _of_type("a string"),
    "int_type": _of_type("a whole number"),
    "int_from_float": _of_type("a whole number"),
    "float_type": _of_type("a number"),
    "bool_type": _of_type("true or false"),
    "list_type": _of_type("a list"),
    "dict_type": _of_type("an object"),
    "model_type": _of_type("an object"),
    "model_attributes_type": _of_type("an object"),
}
