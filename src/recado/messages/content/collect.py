"""How rules are stated so that every broken one is reported, not only the first.

Pydantic checks shapes and single fields and reports all of those. It stops short in two places: a
validator that compares fields raises once and runs only on valid input, and a list that is too long
hides what is wrong inside it. So a model states such rules as plain functions over the raw
dictionary (`rules`), and a list states its size with `sized`; both add their lines to the ones
pydantic found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

Loc = tuple[int | str, ...]
Rule = Callable[[dict[str, Any]], Iterator[InitErrorDetails]]

OWN_ERROR = "recado_rule"
# Union branches put their tag into the error path. No field of Meta begins with this sign, so the
# tags can be told from the fields and taken out again.
TAG = "@"
# After so many, more of the same helps nobody; it only makes the answer large and the work long.
MAX_FOUND = 100


def own_error(
    rule: str, sentence: str, limit: int | float | str | None = None, length: float | None = None
) -> PydanticCustomError:
    """One of our rules, in the form pydantic carries to the end."""
    context = {"rule": rule, "sentence": sentence, "limit": limit, "length": length}
    return PydanticCustomError(OWN_ERROR, "{sentence}", context)


def broken(
    loc: Loc,
    rule: str,
    sentence: str,
    *,
    limit: int | float | str | None = None,
    length: float | None = None,
) -> InitErrorDetails:
    """One broken rule at a path relative to the model that states it."""
    return InitErrorDetails(type=own_error(rule, sentence, limit, length), loc=loc, input=None)


class Shape(BaseModel):
    """An object of Meta's API: unknown fields and silent conversions are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class RuledShape(Shape):
    """An object with rules that compare its fields, each a function over the raw dictionary."""

    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _collect(cls, data: Any, handler: ModelWrapValidatorHandler[RuledShape]) -> RuledShape:
        found = [line for rule in cls.rules for line in rule(data)] if type(data) is dict else []
        if not found:
            return handler(data)
        try:
            handler(data)
        except ValidationError as error:
            found = [*_lines(error), *found]
        raise ValidationError.from_exception_data("content", found)


def _lines(error: ValidationError) -> list[InitErrorDetails]:
    return [_line(dict(detail)) for detail in error.errors(include_url=False)[:MAX_FOUND]]


def _line(detail: dict[str, Any]) -> InitErrorDetails:
    context = detail.get("ctx", {})
    kind: str | PydanticCustomError = detail["type"]
    if kind == OWN_ERROR:
        kind = PydanticCustomError(OWN_ERROR, "{sentence}", context)
    return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"], ctx=context)


def sized(low: int, high: int) -> list[Any]:
    """Annotations for a list of `low` to `high` elements, which are checked even when too many.

    Only the first `high` are looked at, so a hostile list costs no more than an honest one.
    """

    def check(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        if type(value) is not list or low <= len(value) <= high:
            return handler(value)
        found: list[InitErrorDetails] = [_size_line(len(value), low, high)]
        try:
            handler(value[:high])
        except ValidationError as error:
            found.extend(_lines(error))
        raise ValidationError.from_exception_data("list", found)

    return [WrapValidator(check), Field(json_schema_extra={"minItems": low, "maxItems": high})]


def _size_line(count: int, low: int, high: int) -> InitErrorDetails:
    if count > high:
        sentence = f"has {count} elements; the most allowed is {high}."
        return broken((), "too_many", sentence, limit=high, length=count)
    sentence = f"has {count} elements; the fewest allowed is {low}."
    return broken((), "too_few", sentence, limit=low, length=count)


def by_type(field: str = "type") -> Discriminator:
    """Chooses a union's branch by a field, whatever its letter case: Meta's samples write both."""

    def tag(value: Any) -> str | None:
        name = value.get(field) if isinstance(value, dict) else getattr(value, field, None)
        return TAG + name.lower() if isinstance(name, str) else None

    return Discriminator(tag)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


LOWER = BeforeValidator(_lower)


# ------------------------------------------------------------------ rules used by many shapes


def found_at(data: Any, *path: str) -> Iterator[tuple[Loc, Any]]:
    """Every present value at a path; `*` stands for each element of a list. Never raises."""
    places: list[tuple[Loc, Any]] = [((), data)]
    for step in path:
        if step == "*":
            places = [
                ((*loc, index), child)
                for loc, value in places
                if isinstance(value, list)
                for index, child in enumerate(value)
            ]
        else:
            places = [((*loc, step), value.get(step)) for loc, value in places if isinstance(value, dict)]
    return ((loc, value) for loc, value in places if value is not None)


def exactly_one(*names: str) -> Rule:
    """Exactly one of the named fields is present."""

    def rule(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
        count = sum(data.get(name) is not None for name in names)
        if count != 1:
            listed = " and ".join(f"`{name}`" for name in names)
            sentence = f"needs exactly one of {listed}; {count} are present."
            yield broken((), "exactly_one", sentence, limit=", ".join(names), length=count)

    return rule


def unique(*path: str) -> Rule:
    """No two values at the path are equal; each repetition is one broken rule at its own place."""

    def rule(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
        seen: set[Any] = set()
        for loc, value in found_at(data, *path):
            if not isinstance(value, (str, int)):
                continue
            if value in seen:
                yield broken(loc, "not_unique", "repeats a value that has to be unique.")
            seen.add(value)

    return rule


def at_most_in_total(limit: int, *path: str) -> Rule:
    """The elements at the path, counted over all lists they are spread on, do not exceed `limit`.

    A single list that is too long by itself is left to its own size rule.
    """

    def rule(data: dict[str, Any]) -> Iterator[InitErrorDetails]:
        places = list(found_at(data, *path))
        longest = max((loc[-1] + 1 for loc, _ in places if isinstance(loc[-1], int)), default=0)
        if longest <= limit < len(places):
            sentence = f"has {len(places)} {path[-2]} in total; the most allowed is {limit}."
            yield broken((path[0],), "too_many", sentence, limit=limit, length=len(places))

    return rule
