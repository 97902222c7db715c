"""Rows and verdicts about people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType
from uuid import UUID

from recado.people.rights import Role

PersonId = NewType("PersonId", UUID)

IDLE = timedelta(hours=12)  # a session nobody used for so long is over
ABSOLUTE = timedelta(days=7)  # and every session is over after this
HALFWAY = timedelta(minutes=5)  # between the password and the second factor
SEEN_EVERY = timedelta(minutes=1)  # how exactly `seen_at` is kept
LINK_LIFE = {
    "first_run": timedelta(hours=24),
    "invitation": timedelta(hours=72),
    "password": timedelta(hours=2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    person_id: PersonId
    login: str
    name: str
    password_hash: str | None = field(repr=False)
    platform: bool
    language: str | None
    theme: str
    shortcuts: bool
    totp: bytes | None = field(repr=False)
    totp_confirmed_at: datetime | None
    totp_step: int
    disabled_at: datetime | None
    created_at: datetime

    @property
    def second_factor(self) -> bool:
        return self.totp_confirmed_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """Somebody who may open one company's panel."""

    person_id: PersonId
    login: str
    name: str
    role: str
    second_factor: bool
    disabled_at: datetime | None
    seen_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonListed:
    person_id: PersonId
    login: str
    name: str
    platform: bool
    memberships: list[str]
    second_factor: bool
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session that still opens the door, with the person and the company it looks at."""

    hash: bytes = field(repr=False)
    half: bool
    seen_at: datetime
    created_at: datetime
    person_id: PersonId
    login: str
    name: str
    platform: bool
    language: str | None
    theme: str
    shortcuts: bool
    second_factor: bool
    tenant_id: UUID | None
    client_id: str | None
    tenant_name: str | None
    timezone: str | None
    locale: str | None
    role: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionListed:
    hash: bytes = field(repr=False)
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyChoice:
    tenant_id: UUID
    client_id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    hash: bytes = field(repr=False)
    kind: str
    person_id: PersonId | None
    tenant_id: UUID | None
    tenant_name: str | None
    role: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime


# --------------------------------------------------------------------------- outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Too many wrong tries for this account or from this address."""

    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Login or password (or code) do not fit; which one is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsCode:
    """The password was right. `token` opens only the page that asks for the second factor."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """`token` is the session's secret for the cookie; only its digest is stored."""

    token: str = field(repr=False)
    person_id: PersonId


Entry = Entered | NeedsCode | Wrong | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """`token` is shown once; only its digest is stored."""

    kind: str
    expires_at: datetime
    token: str = field(repr=False)


def role_of(platform: bool, role: str | None) -> Role | None:
    """A platform person has that role in every company."""
    if platform:
        return Role.PLATFORM
    return Role(role) if role is not None else None
