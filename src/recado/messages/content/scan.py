"""A first look at a payload from a stranger: JSON of a sane size, with text a database can hold?

Walks without recursion, so depth cannot exhaust the stack, and stops at the first thing that makes
going on pointless.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from recado.messages.content.collect import MAX_FOUND, Loc
from recado.messages.content.model import Violation
from recado.messages.content.violations import path_of, violation

# Twice what the largest text needs: a template body of 32,768 characters of four bytes.
MAX_PAYLOAD_BYTES = 256 * 1024
# The deepest path that makes sense, an order in a template button in a carousel, has 14 steps.
MAX_DEPTH = 32
MAX_INTEGER_BITS = 64
# So far below zero that no sum of sizes comes back above it.
_ODD = -(10**12)


class PayloadTooBad(Exception):
    """Checking the shape of this payload makes no sense; carries the reason."""

    def __init__(self, found: Violation) -> None:
        super().__init__(found.rule)
        self.found = found


def scan(payload: object) -> list[Violation]:
    """Values that no field may have: NUL, lone surrogates, NaN, giant integers.

    Raises PayloadTooBad when the payload is too large, too deep, or not made of JSON types.
    """
    if 0 <= _size_if_plain(payload, 0) <= MAX_PAYLOAD_BYTES:
        return []
    found: list[Violation] = []
    size = 0
    stack: list[tuple[Loc, object]] = [((), payload)]
    while stack:
        loc, value = stack.pop()
        if len(loc) > MAX_DEPTH:
            sentence = f"is nested deeper than {MAX_DEPTH} levels."
            raise PayloadTooBad(
                violation(path_of(loc[:4]), "too_deep", sentence, limit=MAX_DEPTH, length=len(loc))
            )
        size += 1 + _look(loc, value, found) + _descend(stack, loc, value)
        if size > MAX_PAYLOAD_BYTES:
            sentence = f"is larger than {MAX_PAYLOAD_BYTES} bytes."
            raise PayloadTooBad(violation("", "too_large", sentence, limit=MAX_PAYLOAD_BYTES))
    return sorted(found, key=lambda item: item.field)[:MAX_FOUND]


def _size_if_plain(value: object, depth: int) -> int:
    """Approximate bytes of a value in which nothing is odd, else a negative number.

    Nearly every payload is plain; looking for the place of a mistake costs several times this.
    """
    kind = type(value)
    if kind is str:
        return _text_size(value)  # type: ignore[arg-type]
    if value is None or kind is bool:
        return 4
    if kind is int:
        return 8 if value.bit_length() <= MAX_INTEGER_BITS else _ODD  # type: ignore[attr-defined]
    if kind is float:
        return 8 if math.isfinite(value) else _ODD  # type: ignore[arg-type]
    if depth > MAX_DEPTH or (kind is not dict and kind is not list):
        return _ODD
    size = 0
    children: Iterable[object] = value  # type: ignore[assignment]
    if kind is dict:
        for key in children:
            size += _text_size(key) if type(key) is str else _ODD
        children = value.values()  # type: ignore[attr-defined]
    for child in children:
        size += _size_if_plain(child, depth + 1) + 1
    return size


def _text_size(text: str) -> int:
    if "\x00" in text:
        return _ODD
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return _ODD


def _descend(stack: list[tuple[Loc, object]], loc: Loc, value: object) -> int:
    """Puts the children on the stack, but for plain texts, of which only the size is returned.

    Nearly every value is one: looking at each on its own would cost twice as much.
    """
    pairs: Iterable[tuple[int | str, object]]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise PayloadTooBad(violation(path_of(loc), "wrong_type", "has keys that are no text."))
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    else:
        return 0
    size = 0
    shallow = len(loc) < MAX_DEPTH
    for step, child in pairs:
        if shallow and type(child) is str and child.isascii() and "\x00" not in child:
            size += 1 + len(child)
        else:
            stack.append(((*loc, step), child))
    return size


def _look(loc: Loc, value: object, found: list[Violation]) -> int:
    """Appends what is wrong with one value and returns its approximate size in bytes."""
    if value is None or isinstance(value, bool):
        return 4
    if isinstance(value, list):
        return len(value)
    if isinstance(value, str):
        return _look_at_text(loc, value, found)
    if isinstance(value, dict):
        return sum(_look_at_text(loc, key, found) for key in value if isinstance(key, str))
    if isinstance(value, (int, float)):
        _look_at_number(loc, value, found)
        return 8
    raise PayloadTooBad(violation(path_of(loc), "wrong_type", "is not a JSON value."))


def _look_at_text(loc: Loc, text: str, found: list[Violation]) -> int:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        sentence = "has half of a surrogate pair, which is not a character."
        found.append(violation(_printable(loc), "bad_format", sentence))
        return len(text) * 3
    if "\x00" in text:
        sentence = "has the character NUL, which cannot be stored or shown."
        found.append(violation(_printable(loc), "bad_format", sentence))
    return size


def _look_at_number(loc: Loc, number: int | float, found: list[Violation]) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        found.append(violation(_printable(loc), "bad_format", "has to be a finite number."))
    elif isinstance(number, int) and number.bit_length() > MAX_INTEGER_BITS:
        sentence = f"does not fit into {MAX_INTEGER_BITS} bits."
        found.append(violation(_printable(loc), "out_of_range", sentence, limit=MAX_INTEGER_BITS))


def _printable(loc: Loc) -> str:
    """The path in a form that any log, database or terminal takes; keys come from outside too."""
    path: str = without_bad_characters(path_of(loc))
    return path


def without_bad_characters(value: Any) -> Any:
    """The payload with unusable characters and numbers replaced, so that checking can go on.

    Only called on payloads that `scan` complained about; nothing of the result is kept.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\x00", "?")
    if isinstance(value, dict):
        return {without_bad_characters(key): without_bad_characters(v) for key, v in value.items()}
    if isinstance(value, list):
        return [without_bad_characters(child) for child in value]
    if isinstance(value, float) and not math.isfinite(value):
        return 0.0
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        return 0
    return value
