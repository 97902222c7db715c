"""Links that work once: the first administrator, an invitation, a new password."""

from __future__ import annotations

import secrets
from datetime import datetime

from recado.audit import service as audit
from recado.audit.model import INSTALLATION
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Conflict, NotFound
from recado.kit.ids import RandomBytes, TenantId
from recado.people import credentials
from recado.people.model import LINK_LIFE, LinkRow, NewLink, PersonId, PersonRow
from recado.people.persons import (
    actor_of,
    create_person,
    find_person,
    get_person,
    member_role,
    put_member,
    set_password,
)
from recado.people.rights import Role

_S = sql.load("recado.people", "sessions.sql")


async def first_run(
    tx: Tx, now: datetime, *, actor: str = "cli", random_bytes: RandomBytes = secrets.token_bytes
) -> NewLink:
    """Lets whoever opens it become a platform administrator. Earlier ones of the kind stop working. Audited."""
    await tx.execute(_S["drop_open_links"], kind="first_run", person_id=None, tenant_id=None, now=now)
    return await _make(tx, now, "first_run", role=Role.PLATFORM.value, actor=actor, random_bytes=random_bytes)


async def invite(
    tx: Tx,
    now: datetime,
    tenant_id: TenantId,
    role: Role,
    *,
    actor: str,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> NewLink:
    """Lets one person join the company with the role. Raises Invalid for `platform`. Audited."""
    checked = member_role(role.value)
    return await _make(
        tx,
        now,
        "invitation",
        tenant_id=tenant_id,
        role=checked.value,
        actor=actor,
        random_bytes=random_bytes,
    )


async def new_password(
    tx: Tx,
    now: datetime,
    person_id: PersonId,
    *,
    actor: str,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> NewLink:
    """Lets a person who forgot choose a password. Earlier ones stop working. Audited."""
    await tx.execute(_S["drop_open_links"], kind="password", person_id=person_id, tenant_id=None, now=now)
    return await _make(tx, now, "password", person_id=person_id, actor=actor, random_bytes=random_bytes)


async def _make(
    tx: Tx,
    now: datetime,
    kind: str,
    *,
    person_id: PersonId | None = None,
    tenant_id: TenantId | None = None,
    role: str | None = None,
    actor: str,
    random_bytes: RandomBytes,
) -> NewLink:
    token = credentials.new_token(random_bytes)
    expires_at = now + LINK_LIFE[kind]
    await tx.execute(
        _S["insert_link"],
        hash=credentials.token_hash(token),
        kind=kind,
        person_id=person_id,
        tenant_id=tenant_id,
        role=role,
        created_by=actor,
        now=now,
        expires_at=expires_at,
    )
    await audit.record(
        tx,
        now,
        tenant_id or INSTALLATION,
        actor=actor,
        action=f"link.{kind}_made",
        target=str(person_id) if person_id else None,
        data={"role": role} if role else {},
    )
    return NewLink(kind=kind, expires_at=expires_at, token=token)


async def find_link(tx: Tx, now: datetime, token: str) -> LinkRow | None:
    """The link if it still works. Looking does not use it up: mail programs look at links too."""
    return await tx.one(_S["find_link"], LinkRow, hash=credentials.token_hash(token), now=now)


async def list_invitations(tx: Tx, now: datetime, tenant_id: TenantId) -> list[LinkRow]:
    """Invitations to this company that still work, newest first."""
    return await tx.many(_S["list_links"], LinkRow, tenant_id=tenant_id, now=now)


async def revoke_invitation(tx: Tx, now: datetime, tenant_id: TenantId, hashed: bytes, *, actor: str) -> bool:
    """The link stops working. Audited."""
    revoked = await tx.execute(_S["revoke_link"], tenant_id=tenant_id, hash=hashed, now=now)
    if revoked:
        await audit.record(tx, now, tenant_id, actor=actor, action="link.invitation_revoked")
    return bool(revoked)


async def _use(tx: Tx, now: datetime, token: str) -> LinkRow:
    """Raises NotFound: unknown, expired and used links look the same."""
    link = await find_link(tx, now, token)
    if link is None or not await tx.execute(_S["use_link"], hash=link.hash, now=now):
        raise NotFound("link_over", "this link does not work any more")
    return link


async def join(tx: Tx, now: datetime, token: str, *, login: str, name: str, password_hash: str) -> PersonRow:
    """Uses the link up and makes the person. Raises NotFound, Invalid, or Conflict for a taken login."""
    link = await _use(tx, now, token)
    if link.kind == "password":
        raise NotFound("link_over", "this link does not work any more")
    if await find_person(tx, login) is not None:
        # Whoever has the account may use the link too, but has to come in first.
        raise Conflict("login_taken", "there is already a person with this login")
    person = await create_person(
        tx,
        now,
        login=login,
        name=name,
        password_hash=password_hash,
        platform=link.kind == "first_run",
        actor=f"link:{link.kind}",
    )
    await _give(tx, now, link, person)
    return person


async def join_as(tx: Tx, now: datetime, token: str, person: PersonRow) -> None:
    """Somebody who is already inside uses an invitation up for another company. Raises NotFound."""
    link = await _use(tx, now, token)
    if link.kind != "invitation":
        raise NotFound("link_over", "this link does not work any more")
    await _give(tx, now, link, person)


async def _give(tx: Tx, now: datetime, link: LinkRow, person: PersonRow) -> None:
    if link.tenant_id is not None and link.role is not None:
        await put_member(
            tx,
            now,
            TenantId(link.tenant_id),
            person.person_id,
            member_role(link.role),
            actor=actor_of(person.person_id),
        )


async def choose_password(tx: Tx, now: datetime, token: str, *, password_hash: str) -> PersonRow:
    """Uses a password link up; every session of the person ends. Raises NotFound."""
    link = await _use(tx, now, token)
    if link.kind != "password" or link.person_id is None:
        raise NotFound("link_over", "this link does not work any more")
    await set_password(tx, now, link.person_id, password_hash, keep=b"", actor=actor_of(link.person_id))
    return await get_person(tx, link.person_id)
