"""Webhook bodies that almost are what the provider sends: broken in their shape, their values or their bytes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.support.repository import SHARED

FIXTURES = Path(__file__).parents[1] / "providers" / "meta" / "fixtures"
# Values that code forgets about: other types, borders of numbers, hostile texts.
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    10**400,
    1.5,
    "",
    " ",
    "0",
    "-1",
    "99999999999999999999",
    "1795262400",
    "not a number",
    "\x00",
    "a\x00b",
    "\ud800",
    "🙂" * 300,
    "x" * 70_000,
    "../../etc/passwd",
    "'; drop table message; --",
    [],
    {},
    [[]],
    {"": None},
    ["sent"],
    {"code": "131047"},
)
Path_ = tuple[Any, ...]


def samples(shared: Path | None = SHARED) -> list[bytes]:
    """The repository's own fixtures, and the shared samples where they are."""
    found = [one.read_bytes() for one in sorted(FIXTURES.glob("*.json"))]
    if shared is not None:
        for pattern in ("webhook-*.json", "odd-*.json"):
            found += [one.read_bytes() for one in sorted((shared / "corpus" / "open").glob(pattern))]
    return [body for body in found if len(body) < 60_000]


def addressed(body: bytes, number: str, waba: str) -> bytes:
    """The same body for a number that is ours; what is no JSON stays as it is."""
    try:
        tree = json.loads(body)
    except ValueError:
        return body
    _address(tree, number, waba)
    return json.dumps(tree).encode("utf-8", "surrogatepass")


def _address(tree: Any, number: str, waba: str) -> None:
    if not isinstance(tree, dict) or not isinstance(tree.get("entry"), list):
        return
    for entry in tree["entry"]:
        if not isinstance(entry, dict):
            continue
        entry["id"] = waba
        changes = entry.get("changes")
        for change in changes if isinstance(changes, list) else []:
            value = change.get("value") if isinstance(change, dict) else None
            if isinstance(value, dict) and isinstance(value.get("metadata"), dict):
                value["metadata"]["phone_number_id"] = number


class Mutator:
    """The same seed gives the same bodies."""

    def __init__(self, bodies: Sequence[bytes], seed: int) -> None:
        self._source = random.Random(seed)
        self._bodies = list(bodies)
        self._trees = [tree for tree in map(_tree, bodies) if tree is not None]
        self._ways: tuple[Callable[[Any], None], ...] = (
            self._replace,
            self._replace,
            self._remove,
            self._rename,
            self._repeat,
            self._graft,
        )

    def body(self) -> bytes:
        """One in ten is broken in its bytes, the others in their meaning."""
        if self._source.random() < 0.1:
            return self._broken_bytes(self._source.choice(self._bodies))
        tree = copy.deepcopy(self._source.choice(self._trees))
        for _ in range(self._source.choice((0, 1, 1, 2, 3, 8))):
            self._source.choice(self._ways)(tree)
        return json.dumps(tree, ensure_ascii=self._source.random() < 0.5).encode("utf-8", "surrogatepass")

    def _broken_bytes(self, body: bytes) -> bytes:
        raw = bytearray(body)
        for _ in range(self._source.randint(1, 6)):
            at = self._source.randrange(len(raw) + 1)
            match self._source.randrange(4):
                case 0:
                    del raw[at:]
                case 1:
                    raw[at:at] = self._source.randbytes(3)
                case 2:
                    del raw[at : at + self._source.randrange(20)]
                case _:
                    raw[at:at] = raw[: self._source.randrange(200)]
        return bytes(raw)

    # ------------------------------------------------------------------ the shape

    def _place(self, tree: Any) -> tuple[Any, Any] | None:
        """A container somewhere in the tree and a key of it."""
        node, chosen = tree, None
        while isinstance(node, (dict, list)) and node:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = self._source.choice(keys)
            chosen = (node, key)
            if self._source.random() < 0.15:
                break
            node = node[key]
        return chosen

    def _replace(self, tree: Any) -> None:
        if place := self._place(tree):
            place[0][place[1]] = copy.deepcopy(self._source.choice(VALUES))

    def _remove(self, tree: Any) -> None:
        if place := self._place(tree):
            del place[0][place[1]]

    def _rename(self, tree: Any) -> None:
        place = self._place(tree)
        if place and isinstance(place[0], dict):
            name = self._source.choice(("id", "status", "type", "from", "errors", "\x00", ""))
            place[0][name] = place[0].pop(place[1])

    def _repeat(self, tree: Any) -> None:
        place = self._place(tree)
        if place and isinstance(place[0], list):
            place[0].extend(copy.deepcopy(place[0][place[1]]) for _ in range(self._source.choice((1, 3, 40))))

    def _graft(self, tree: Any) -> None:
        """A piece of another sample in the wrong place."""
        place, other = self._place(tree), self._place(self._source.choice(self._trees))
        if place and other:
            place[0][place[1]] = copy.deepcopy(other[0][other[1]])


def _tree(body: bytes) -> Any:
    try:
        tree = json.loads(body)
    except ValueError:
        return None
    return tree if isinstance(tree, dict) else None
