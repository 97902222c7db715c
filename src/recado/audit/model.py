"""What the audit trail holds, and what a look at its chain may find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.kit.ids import TenantId

# The installation's own chain: what concerns no single company.
INSTALLATION = TenantId(UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`n` is its place in the chain, from 1. `actor` is `person:<id>`, `key:<id>`, `cli`, `api` or a part of recado."""

    n: int
    at: datetime
    actor: str
    action: str
    target: str | None
    data: dict[str, Any]
    was: dict[str, Any] | None
    became: dict[str, Any] | None
    why: str | None
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Filters of the list; None leaves one out. `until` is exclusive."""

    since: datetime | None = None
    until: datetime | None = None
    actions: Sequence[str] | None = None
    actor: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    tenant_id: TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`digest` is None when the entry is gone."""

    n: int
    prev: bytes
    hash: bytes
    at: datetime | None
    action: str | None
    digest: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked:
    at: datetime
    action: str
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Nothing was changed, removed or put in between. `head` names the newest link: kept elsewhere, it also
    proves later that nothing was cut off at the end."""

    entries: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first entry that does not fit. `why`: changed | removed | reordered | unlinked | shortened."""

    n: int | None
    why: str
    at: datetime | None = None
    action: str | None = None


Verdict = Whole | Broken


def judge(link: Link, after_n: int, after_hash: bytes) -> Broken | None:
    """Pure: whether `link` follows the one before it and still says what its entry says."""
    if link.n != after_n + 1:
        return Broken(n=after_n + 1, why="removed")
    if link.digest is None:
        return Broken(n=link.n, why="removed")
    if bytes(link.prev) != after_hash:
        return Broken(n=link.n, why="reordered", at=link.at, action=link.action)
    if bytes(link.digest) != bytes(link.hash):
        return Broken(n=link.n, why="changed", at=link.at, action=link.action)
    return None
