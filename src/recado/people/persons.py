"""Persons and the companies they belong to."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import datetime

from recado.audit import service as audit
from recado.audit.model import INSTALLATION
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Conflict, Forbidden, Invalid, NotFound
from recado.kit.ids import RandomBytes, TenantId, uuid7
from recado.people.model import CompanyChoice, MemberRow, PersonId, PersonListed, PersonRow
from recado.people.rights import MEMBER_ROLES, Role

_Q = sql.load("recado.people")
_S = sql.load("recado.people", "sessions.sql")
_LOGIN = re.compile(r"^[^\s@]{1,64}(?:@[^\s@]{1,189})?$")
LANGUAGES = ("pt-BR", "en")
THEMES = ("system", "light", "dark")


def actor_of(person_id: PersonId) -> str:
    """How the audit trail names a person: an identifier, never the name."""
    return f"person:{person_id}"


def clean_login(login: str) -> str:
    """Lower case without spaces around. Raises Invalid."""
    plain = login.strip().casefold()
    if not 3 <= len(plain) <= 254 or not _LOGIN.fullmatch(plain) or not plain.isprintable():
        raise Invalid("login_format", "login: 3 to 254 characters without spaces, for example an e-mail")
    return plain.lower()


def clean_name(name: str) -> str:
    """Raises Invalid."""
    plain = " ".join(name.split())
    if not 1 <= len(plain) <= 120 or not plain.isprintable():
        raise Invalid("name_length", "name: 1 to 120 characters")
    return plain


def member_role(role: str) -> Role:
    """Raises Invalid for anything but a role of a company."""
    for one in MEMBER_ROLES:
        if one.value == role:
            return one
    raise Invalid("role_unknown", f"role: one of {', '.join(one.value for one in MEMBER_ROLES)}")


async def create_person(
    tx: Tx,
    now: datetime,
    *,
    login: str,
    name: str,
    password_hash: str | None,
    platform: bool = False,
    actor: str,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> PersonRow:
    """A person without companies. Raises Invalid, or Conflict when the login is taken. Audited."""
    person_id = PersonId(uuid7(now, random_bytes))
    plain = clean_login(login)
    inserted = await tx.execute(
        _Q["insert_person"],
        person_id=person_id,
        login=plain,
        name=clean_name(name),
        password_hash=password_hash,
        platform=platform,
        now=now,
    )
    if not inserted:
        raise Conflict("login_taken", "there is already a person with this login")
    await audit.record(
        tx,
        now,
        INSTALLATION,
        actor=actor,
        action="person.created",
        target=str(person_id),
        data={"platform": platform},
    )
    return await get_person(tx, person_id)


async def find_person(tx: Tx, login: str) -> PersonRow | None:
    return await tx.one(_Q["person_by_login"], PersonRow, login=login.strip().casefold().lower())


async def get_person(tx: Tx, person_id: PersonId) -> PersonRow:
    """Raises NotFound."""
    row = await tx.one(_Q["person_by_id"], PersonRow, person_id=person_id)
    if row is None:
        raise NotFound("person_not_found", "no such person")
    return row


async def person_with(tx: Tx, login: str) -> PersonRow:
    """Raises NotFound."""
    row = await find_person(tx, login)
    if row is None:
        raise NotFound("person_not_found", f"no person {login!r}")
    return row


async def list_people(tx: Tx) -> list[PersonListed]:
    """Everybody of the installation."""
    return await tx.many(_Q["list_people"], PersonListed)


async def count_platform_people(tx: Tx) -> int:
    return int(await tx.value(_Q["platform_people"]))


# --------------------------------------------------------------------------- companies


async def put_member(
    tx: Tx, now: datetime, tenant_id: TenantId, person_id: PersonId, role: Role, *, actor: str
) -> None:
    """Gives the role in this company, or changes it. Raises Invalid for `platform`. Audited."""
    checked = member_role(role.value)
    await tx.execute(_Q["put_member"], tenant_id=tenant_id, person_id=person_id, role=checked.value, now=now)
    await audit.record(
        tx,
        now,
        tenant_id,
        actor=actor,
        action="member.role_given",
        target=str(person_id),
        data={"role": checked.value},
    )


async def change_role(
    tx: Tx, now: datetime, tenant_id: TenantId, person_id: PersonId, role: Role, *, actor: str
) -> None:
    """Another role for a member. Raises NotFound for a stranger, Forbidden for oneself. Audited."""
    if actor == actor_of(person_id):
        raise Forbidden("not_oneself", "ask another administrator: nobody changes their own role")
    if all(one.person_id != person_id for one in await list_members(tx, tenant_id)):
        raise NotFound("person_not_found", "nobody with this id belongs to the company")
    await put_member(tx, now, tenant_id, person_id, role, actor=actor)


async def remove_member(
    tx: Tx, now: datetime, tenant_id: TenantId, person_id: PersonId, *, actor: str
) -> bool:
    """Out at the next request. Raises Forbidden for oneself. Audited."""
    if actor == actor_of(person_id):
        raise Forbidden("not_oneself", "ask another administrator: nobody removes themselves")
    removed = await tx.execute(_Q["remove_member"], tenant_id=tenant_id, person_id=person_id)
    if removed:
        await audit.record(tx, now, tenant_id, actor=actor, action="member.removed", target=str(person_id))
    return bool(removed)


async def list_members(tx: Tx, tenant_id: TenantId) -> list[MemberRow]:
    """The company's people by name."""
    return await tx.many(_Q["list_members"], MemberRow, tenant_id=tenant_id)


async def list_choices(tx: Tx, person: PersonRow, search: str = "", most: int = 50) -> list[CompanyChoice]:
    """Companies this person may look at, by name."""
    plain = search.strip().replace("\x00", "").replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return await tx.many(
        _Q["list_choices"],
        CompanyChoice,
        person_id=person.person_id,
        platform=person.platform,
        search=plain,
        most=most,
    )


# --------------------------------------------------------------------------- changes of one's own


async def set_preferences(
    tx: Tx,
    now: datetime,
    person: PersonRow,
    *,
    language: str | None = None,
    theme: str | None = None,
    shortcuts: bool | None = None,
) -> PersonRow:
    """Changes what is given; None leaves as it is. Raises Invalid."""
    if language is not None and language not in LANGUAGES:
        raise Invalid("language_unknown", f"language: one of {', '.join(LANGUAGES)}")
    if theme is not None and theme not in THEMES:
        raise Invalid("theme_unknown", f"theme: one of {', '.join(THEMES)}")
    changed = replace(
        person,
        language=language or person.language,
        theme=theme or person.theme,
        shortcuts=person.shortcuts if shortcuts is None else shortcuts,
    )
    await tx.execute(
        _Q["set_preferences"],
        person_id=person.person_id,
        language=changed.language,
        theme=changed.theme,
        shortcuts=changed.shortcuts,
        now=now,
    )
    return changed


async def set_name(tx: Tx, now: datetime, person_id: PersonId, name: str) -> None:
    """Raises Invalid."""
    await tx.execute(_Q["set_name"], person_id=person_id, name=clean_name(name), now=now)


async def set_password(
    tx: Tx, now: datetime, person_id: PersonId, password_hash: str, *, keep: bytes, actor: str
) -> None:
    """Every other session of the person ends (`keep` is the digest of the one that stays). Audited."""
    await tx.execute(_Q["set_password"], person_id=person_id, password_hash=password_hash, now=now)
    await tx.execute(_S["revoke_others"], person_id=person_id, keep=keep, now=now)
    await audit.record(
        tx, now, INSTALLATION, actor=actor, action="person.password_changed", target=str(person_id)
    )


async def set_disabled(tx: Tx, now: datetime, person_id: PersonId, disabled: bool, *, actor: str) -> None:
    """A disabled person is out at the next request. Audited."""
    await tx.execute(_Q["set_disabled"], person_id=person_id, disabled_at=now if disabled else None, now=now)
    await tx.execute(_S["revoke_others"], person_id=person_id, keep=b"", now=now)
    action = "person.disabled" if disabled else "person.enabled"
    await audit.record(tx, now, INSTALLATION, actor=actor, action=action, target=str(person_id))


async def set_platform(tx: Tx, now: datetime, person_id: PersonId, platform: bool, *, actor: str) -> None:
    """Gives or takes the role that sees every company. Audited."""
    await tx.execute(_Q["set_platform"], person_id=person_id, platform=platform, now=now)
    await audit.record(
        tx,
        now,
        INSTALLATION,
        actor=actor,
        action="person.platform_changed",
        target=str(person_id),
        data={"platform": platform},
    )
