"""Levers that make the simulator misbehave as networks and Meta do, a counted number of times."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

SEND_KINDS = frozenset(
    {
        "timeout_before_accept",
        "timeout_after_accept",
        "reset_before_accept",
        "reset_after_accept",
        "http_500",
        "graph_500",
        "http_429",
        "graph_130429",
        "token_expired",
        "template_paused",
        "slow",
        "garbage_200",
        "no_id_200",
        "truncated_200",
        "pair_rate",
        "any_error",
        "status_failed",
    }
)
HOOK_KINDS = frozenset(
    {
        "webhooks_dropped",
        "webhooks_duplicated",
        "webhooks_shuffled",
        "webhooks_delayed",
        "webhooks_batched",
        "webhooks_bad_signature",
    }
)
KINDS = SEND_KINDS | HOOK_KINDS

# How people call them. A bare `timeout` or `reset` is the nasty one: accepted, but nobody knows.
ALIASES = {
    "timeout": "timeout_after_accept",
    "reset": "reset_after_accept",
    "500": "http_500",
    "5xx": "http_500",
    "http_5xx": "http_500",
    "500_graph": "graph_500",
    "5xx_graph": "graph_500",
    "graph_5xx": "graph_500",
    "131000": "graph_500",
    "429": "http_429",
    "130429": "graph_130429",
    "graph_429": "graph_130429",
    "throughput": "graph_130429",
    "rate_limit": "graph_130429",
    "190": "token_expired",
    "expired_token": "token_expired",
    "132015": "template_paused",
    "paused_template": "template_paused",
    "slow_response": "slow",
    "delay": "slow",
    "garbage": "garbage_200",
    "no_id": "no_id_200",
    "truncated": "truncated_200",
    "131056": "pair_rate",
    "pair_rate_limit": "pair_rate",
    "error": "any_error",
    "async_error": "status_failed",
    "failed": "status_failed",
}
_WEBHOOK_VERBS = {
    "drop": "webhooks_dropped",
    "dropped": "webhooks_dropped",
    "duplicate": "webhooks_duplicated",
    "duplicated": "webhooks_duplicated",
    "shuffle": "webhooks_shuffled",
    "shuffled": "webhooks_shuffled",
    "reorder": "webhooks_shuffled",
    "delay": "webhooks_delayed",
    "delayed": "webhooks_delayed",
    "batch": "webhooks_batched",
    "batched": "webhooks_batched",
    "bad_signature": "webhooks_bad_signature",
}


class Fault(msgspec.Struct, kw_only=True):
    """One lever that is down. `times` None: until cleared."""

    id: str = ""
    kind: str
    times: int | None = None
    seconds: float | None = None
    code: int | None = None
    to: str | None = None
    phone_number_id: str | None = None
    hits: int = 0


def kind_named(name: str) -> str | None:
    """The kind somebody means: dashes, capitals and everyday names are fine."""
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    if plain in KINDS:
        return plain
    if plain in ALIASES:
        return ALIASES[plain]
    for piece in ("webhooks_", "webhook_"):
        if plain.startswith(piece):
            return _WEBHOOK_VERBS.get(plain.removeprefix(piece))
    for piece in ("_webhooks", "_webhook"):
        if plain.endswith(piece):
            return _WEBHOOK_VERBS.get(plain.removesuffix(piece))
    return None


def _digits(text: str | None) -> str:
    return "".join(char for char in text or "" if char.isalnum())


class Faults:
    """The levers that are down, oldest first."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self._numbers = itertools.count(1)

    def add(self, fault: Fault) -> Fault:
        """Press a lever."""
        fault.id = f"fault-{next(self._numbers)}"
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        """Release them all."""
        self.active.clear()

    def for_send(self, *, to: str, phone_id: str) -> Fault | None:
        """The first lever that hits this send; counts it."""
        return self._take(SEND_KINDS, to, phone_id) if self.active else None

    def for_hook(self, *, to: str, phone_id: str, kinds: frozenset[str]) -> Fault | None:
        """The first lever that hits this webhook event; counts it."""
        return self._take(kinds, to, phone_id) if self.active else None

    def _take(self, kinds: frozenset[str], to: str, phone_id: str) -> Fault | None:
        for fault in self.active:
            if fault.kind not in kinds:
                continue
            if fault.to and _digits(fault.to) != _digits(to):
                continue
            if fault.phone_number_id and fault.phone_number_id != phone_id:
                continue
            fault.hits += 1
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.active.remove(fault)
            return fault
        return None


def shown(fault: Fault) -> dict[str, Any]:
    """A lever as the admin API prints it."""
    return dict(msgspec.to_builtins(fault))
