"""A change as it is told to screens, and how far the diary is known to be complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

# What one screen can use at once. Beyond it a screen reads everything again, which costs less than a list of ids.
MOST = 400
# Between taking a number from the sequence and having a transaction id a writer may be interrupted: a number counts
# as decided only by transactions that began this much later. Seconds.
GAP_S = 1.0


@dataclass(slots=True)
class Change:
    """Ids that changed, merged by whoever carries them. `everything` replaces ids that would be too many."""

    messages: dict[UUID, UUID | None] = field(default_factory=dict)
    conversations: set[UUID] = field(default_factory=set)
    topics: set[str] = field(default_factory=set)
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.messages or self.conversations or self.topics)

    def merge(self, other: Change) -> None:
        """Adds what the other says; keeps to the limit."""
        if self.everything or other.everything:
            self.overflow()
            return
        self.messages.update(other.messages)
        self.conversations |= other.conversations
        self.topics |= other.topics
        if len(self.messages) + len(self.conversations) + len(self.topics) > MOST:
            self.overflow()

    def overflow(self) -> None:
        self.messages, self.conversations, self.topics = {}, set(), set()
        self.everything = True

    def as_json(self) -> bytes:
        """`m` message to conversation, `c` conversations, `k` topics."""
        return msgspec.json.encode(
            {
                "m": {str(key): value and str(value) for key, value in self.messages.items()},
                "c": sorted(str(one) for one in self.conversations),
                "k": sorted(self.topics),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One entry of the diary, as far as screens care."""

    seq: int
    message_id: Any
    conversation_id: Any
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`xmin`: every transaction below it is over. `xmax`: none at or above it had begun."""

    xmin: int
    xmax: int


def change_of(rows: Iterable[ChangeRow]) -> Change:
    change = Change()
    for row in rows:
        if row.message_id is not None:
            change.messages[row.message_id] = row.conversation_id
        if row.conversation_id is not None:
            change.conversations.add(row.conversation_id)
        if row.message_id is None:
            change.topics.add(row.kind)
    if len(change.messages) + len(change.conversations) + len(change.topics) > MOST:
        change.overflow()
    return change


class Horizon:
    """Below `settled` nothing can appear any more.

    Numbers are given out in one order and committed in another, so the highest number seen says nothing about the
    ones below it. It is a candidate; a snapshot taken a little later names the transactions that might still hold
    a lower number; when all of those are over, what was read since is complete up to the candidate.
    """

    def __init__(self, settled: int) -> None:
        self.settled = settled
        self._top = 0
        self._top_at = 0.0
        self._waits_for: int | None = None

    def observe(self, snapshot: Snapshot, top: int, now: float) -> bool:
        """After each reading of everything above `settled`: the snapshot from just before it, the highest number it
        returned, and a monotonic time in seconds. True when `settled` moved."""
        moved = False
        if self._top and self._waits_for is None and now - self._top_at >= GAP_S:
            self._waits_for = snapshot.xmax
        if self._waits_for is not None and snapshot.xmin >= self._waits_for:
            self.settled, moved = self._top, True
            self._top, self._waits_for = 0, None
        if not self._top and top > self.settled:
            self._top, self._top_at = top, now
        return moved


def note_of(entries: Mapping[UUID, Change]) -> list[bytes]:
    """Payloads for NOTIFY, each within its 8,000 bytes: `[[tenant, [messages], [conversations], [topics]], …]`."""
    payloads: list[bytes] = []
    batch: list[bytes] = []
    size = 2
    for tenant_id, change in entries.items():
        one = msgspec.json.encode(_entry(tenant_id, change))
        if len(one) > 7000:
            one = msgspec.json.encode([tenant_id.hex, [], [], ["*"]])
        if size + len(one) + 1 > 7900:
            payloads.append(b"[" + b",".join(batch) + b"]")
            batch, size = [], 2
        batch.append(one)
        size += len(one) + 1
    if batch:
        payloads.append(b"[" + b",".join(batch) + b"]")
    return payloads


def _entry(tenant_id: UUID, change: Change) -> list[object]:
    if change.everything:
        return [tenant_id.hex, [], [], ["*"]]
    return [
        tenant_id.hex,
        [one.hex for one in change.messages],
        [one.hex for one in change.conversations],
        sorted(change.topics),
    ]


_Wire = msgspec.json.Decoder(list[tuple[str, list[str], list[str], list[str]]])


def read_note(payload: str) -> dict[UUID, Change]:
    """What was notified; an empty answer for what nobody of ours wrote."""
    try:
        entries = _Wire.decode(payload.encode())
        return {UUID(tenant): _change(*rest) for tenant, *rest in entries}
    except (msgspec.DecodeError, ValueError):
        return {}


def _change(messages: list[str], conversations: list[str], topics: list[str]) -> Change:
    if "*" in topics:
        return Change(everything=True)
    return Change(
        messages={UUID(one): None for one in messages},
        conversations={UUID(one) for one in conversations},
        topics=set(topics),
    )
