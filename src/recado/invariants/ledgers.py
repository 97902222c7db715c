"""What others wrote down: the provider's list of sends, a client's list of answered requests."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

_NAMES = ("opaque", "biz_opaque_callback_data")


class LedgerUnreadable(ValueError):
    """The file is not what the audit can compare with; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLedger:
    """`tokens`: one for each accepted send, in order, repeated when the provider accepted it twice.
    `strange`: sends whose opaque data is none of our tokens."""

    tokens: tuple[UUID, ...]
    strange: int


def read_provider(text: str) -> ProviderLedger:
    """A JSON list of sends (or an object with one list in it) with `opaque` or
    `biz_opaque_callback_data`, as the simulator's `/_sim/ledger` gives it."""
    tokens: list[UUID] = []
    strange = 0
    for line in _lines(text):
        opaque = next((line[name] for name in _NAMES if isinstance(line.get(name), str)), None)
        token = _token(opaque)
        if token is None:
            strange += 1
        else:
            tokens.append(token)
    return ProviderLedger(tokens=tuple(tokens), strange=strange)


def read_client(text: str) -> tuple[UUID, ...]:
    """A JSON list of message ids, or of answers with an `id`, one for each request answered 202."""
    return tuple(_id(line.get("id")) for line in _lines(text))


def _lines(text: str) -> Iterator[dict[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise LedgerUnreadable("not JSON") from error
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), None)
    if not isinstance(found, list):
        raise LedgerUnreadable("expected a list")
    for line in found:
        yield line if isinstance(line, dict) else {"id": line}


def _id(given: Any) -> UUID:
    try:
        return UUID(str(given))
    except ValueError as error:
        raise LedgerUnreadable(f"{str(given)[:40]!r} is no message id") from error


def _token(opaque: str | None) -> UUID | None:
    """The attempt token inside `v1.<token>.<mac>`. The MAC is the projector's business: a forged token would
    not be in our books and show up as I5."""
    version, _, rest = (opaque or "").partition(".")
    body = rest.partition(".")[0]
    try:
        raw = base64.urlsafe_b64decode(body + "==")
    except ValueError:
        return None
    return UUID(bytes=raw) if version == "v1" and len(raw) == 16 else None
