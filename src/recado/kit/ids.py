"""Identifiers. Message ids are UUIDv7: they sort by time, so pages and indexes stay local."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", UUID)
MessageId = NewType("MessageId", UUID)
NumberId = NewType("NumberId", UUID)
ContactId = NewType("ContactId", UUID)
ConversationId = NewType("ConversationId", UUID)
AttemptToken = NewType("AttemptToken", UUID)

RandomBytes = Callable[[int], bytes]


def uuid7(now: datetime, random_bytes: RandomBytes = secrets.token_bytes) -> UUID:
    """RFC 9562 version 7: 48 bits of Unix milliseconds, then 74 random bits."""
    millis = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    rand = int.from_bytes(random_bytes(10), "big")
    value = millis << 80 | 0x7 << 76 | (rand >> 68 & 0xFFF) << 64 | 0b10 << 62
    return UUID(int=value | rand & ((1 << 62) - 1))


def uuid4(random_bytes: RandomBytes = secrets.token_bytes) -> UUID:
    """A random UUID from the given source; used where time must not be guessable."""
    value = int.from_bytes(random_bytes(16), "big")
    value = value & ~(0xF << 76) | 0x4 << 76
    return UUID(int=value & ~(0b11 << 62) | 0b10 << 62)


def attempt_token(now: datetime, random_bytes: RandomBytes = secrets.token_bytes) -> AttemptToken:
    """The id of an attempt, ordered by time (decision 0035): what makes it ours is the MAC it travels with.

    A random key would dirty another page of the index for each message of an old house.
    """
    return AttemptToken(uuid7(now, random_bytes))
