"""Building payloads out of the documented examples."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from recado.messages.content import Draft, Violation, parse_draft
from recado.messages.content.examples import EXAMPLES

Put = Callable[[str, str, Any], dict[str, Any]]
Check = Callable[[Any], list[Violation]]


def _steps(path: str) -> list[int | str]:
    parts = path.replace("[", ".").replace("]", "").split(".")
    return [int(part) if part.isdigit() else part for part in parts]


@pytest.fixture
def put() -> Put:
    """The example `name` with `value` at `path`; a value of `...` removes what is there."""

    def changed(name: str, path: str, value: Any) -> dict[str, Any]:
        payload = copy.deepcopy(EXAMPLES[name])
        *way, last = _steps(path)
        target: Any = payload
        for step in way:
            target = target[step]
        if value is ...:
            del target[last]
        else:
            target[last] = value
        return payload

    return changed


@pytest.fixture
def broken() -> Check:
    """The broken rules of a payload on the general route; none when it is accepted."""

    def check(payload: Any) -> list[Violation]:
        result = parse_draft(payload, None)
        return [] if isinstance(result, Draft) else result

    return check
