"""The JSON of a received body, for people to look at: whatever was taken can be shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from recado.inbound.covering import covered

_UNREADABLE = (ValueError, RecursionError)  # msgspec's and json's errors are ValueErrors


def tree_of(body: bytes) -> Any:
    """None for what is no JSON.

    People write half a character now and then (a lone surrogate as `\\ud83d`), which is JSON and no text. The projector
    puts a sign in its place; so does this, or the body that needs a look most could not be looked at.
    """
    try:
        return msgspec.json.decode(body)
    except _UNREADABLE:
        pass
    try:
        text = json.dumps(json.loads(body.decode(errors="replace")), ensure_ascii=False)
        return msgspec.json.decode(text.encode(errors="replace"))
    except _UNREADABLE:
        return None


def covered_tree(body: bytes, part: Callable[[Any], Any] = lambda whole: whole) -> Any:
    """`part` of it without people's words and numbers; None for what is no JSON or too deep to walk."""
    try:
        chosen = part(tree_of(body))
        return None if chosen is None else covered(chosen)
    except RecursionError:
        return None
