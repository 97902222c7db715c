"""Coming in: tries, password, second factor, sessions.

A try takes two transactions: the first counts it and is committed before the password is looked at, so
that neither a crash nor many tries at once make guessing cheaper.
"""

from __future__ import annotations

import math
import secrets
from datetime import datetime, timedelta

from recado.audit import service as audit
from recado.audit.model import INSTALLATION
from recado.db import sql
from recado.db.pool import Tx
from recado.errors import Invalid, NotFound
from recado.kit.crypto import KeyRing, SecretUnreadable
from recado.kit.ids import RandomBytes, TenantId
from recado.people import credentials
from recado.people.model import (
    ABSOLUTE,
    HALFWAY,
    IDLE,
    SEEN_EVERY,
    Entered,
    NeedsCode,
    PersonId,
    PersonRow,
    SessionListed,
    SessionRow,
    Wait,
)
from recado.people.persons import actor_of, get_person

_Q = sql.load("recado.people")
_S = sql.load("recado.people", "sessions.sql")
_FORGET = timedelta(hours=1)
_FREE = {"account": 5, "address": 30}
_LONGEST_S = 900


# --------------------------------------------------------------------------- tries


async def take_try(tx: Tx, now: datetime, *, login: str, address: str) -> Wait | None:
    """Counts a try for the account and for the address, or says how long to wait. Commit before checking."""
    longest = 0
    for kind, value in (("account", login.strip().casefold()), ("address", address)):
        key = credentials.throttle_key(kind, value)
        counted = await tx.execute(
            _S["take_try"],
            key=key,
            now=now,
            free=_FREE[kind],
            most=_LONGEST_S,
            forget_before=now - _FORGET,
        )
        if not counted:
            until = await tx.value(_S["blocked_until"], key=key)
            longest = max(longest, math.ceil((until - now).total_seconds()) if until else 1)
    return Wait(seconds=max(1, longest)) if longest else None


async def forgive(tx: Tx, *, login: str, address: str) -> None:
    """The account starts anew; the address only gets this try back, or one good login would free a guesser."""
    await tx.execute(_S["clear_tries"], key=credentials.throttle_key("account", login))
    await tx.execute(_S["give_back"], key=credentials.throttle_key("address", address))


# --------------------------------------------------------------------------- entering


async def enter(
    tx: Tx,
    now: datetime,
    person: PersonRow,
    *,
    agent: str,
    address: str,
    how: str = "password",
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Entered | NeedsCode:
    """Opens a session for somebody whose password (or link) was right. Audited when it is a whole one."""
    if person.second_factor and how != "demonstration":
        # Nothing is forgiven yet: who knows the password could guess codes for ever, coming in half each time.
        token = await _open(tx, now, person, agent=agent, half=True, random_bytes=random_bytes)
        return NeedsCode(token=token)
    await forgive(tx, login=person.login, address=address)
    token = await _open(tx, now, person, agent=agent, half=False, random_bytes=random_bytes)
    await _note(tx, now, person.person_id, how)
    return Entered(token=token, person_id=person.person_id)


async def enter_with_code(
    tx: Tx,
    now: datetime,
    ring: KeyRing,
    session: SessionRow,
    *,
    code: str,
    agent: str,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Entered | None:
    """The second step of a half session: it ends, a whole one with a new secret begins. None for a wrong code."""
    person = await get_person(tx, session.person_id)
    if not await check_code(tx, now, ring, person, code):
        return None
    await tx.execute(_S["revoke_session"], hash=session.hash, now=now)
    await tx.execute(_S["clear_tries"], key=credentials.throttle_key("account", person.login))
    token = await _open(tx, now, person, agent=agent, half=False, random_bytes=random_bytes)
    await _note(tx, now, person.person_id, "password and code")
    return Entered(token=token, person_id=person.person_id)


async def _open(
    tx: Tx, now: datetime, person: PersonRow, *, agent: str, half: bool, random_bytes: RandomBytes
) -> str:
    token = credentials.new_token(random_bytes)
    company = await tx.value(_S["first_company"], person_id=person.person_id, platform=person.platform)
    await tx.execute(
        _S["insert_session"],
        hash=credentials.token_hash(token),
        person_id=person.person_id,
        tenant_id=company,
        agent="".join(one for one in agent if one.isprintable())[:200],
        half=half,
        now=now,
        expires_at=now + (HALFWAY if half else ABSOLUTE),
    )
    return token


async def _note(tx: Tx, now: datetime, person_id: PersonId, how: str) -> None:
    await audit.record(
        tx,
        now,
        INSTALLATION,
        actor=actor_of(person_id),
        action="person.entered",
        target=str(person_id),
        data={"how": how},
    )


# --------------------------------------------------------------------------- sessions


async def session_of(tx: Tx, now: datetime, token: str) -> SessionRow | None:
    """The live session with this secret; remembers that it was used (at most once a minute)."""
    row = await tx.one(
        _S["open_session"],
        SessionRow,
        hash=credentials.token_hash(token),
        now=now,
        idle_since=now - IDLE,
    )
    if row is not None and now - row.seen_at >= SEEN_EVERY:
        await tx.execute(_S["touch_session"], hash=row.hash, now=now)
    return row


async def leave(tx: Tx, now: datetime, token: str) -> None:
    """Ends the session; its cookie opens nothing any more."""
    await tx.execute(_S["revoke_session"], hash=credentials.token_hash(token), now=now)


async def list_sessions(tx: Tx, now: datetime, person_id: PersonId) -> list[SessionListed]:
    """Open sessions of a person, last used first."""
    return await tx.many(
        _S["list_sessions"], SessionListed, person_id=person_id, now=now, idle_since=now - IDLE
    )


async def revoke_session(tx: Tx, now: datetime, person_id: PersonId, hashed: bytes) -> bool:
    """Ends one session of this person."""
    return bool(await tx.execute(_S["revoke_own_session"], hash=hashed, person_id=person_id, now=now))


async def revoke_all(tx: Tx, now: datetime, person_id: PersonId, *, keep: bytes = b"") -> int:
    """Ends every session but `keep` (a digest). Returns how many."""
    return await tx.execute(_S["revoke_others"], person_id=person_id, keep=keep, now=now)


async def choose_company(tx: Tx, person: PersonRow, hashed: bytes, tenant_id: TenantId) -> None:
    """Makes this browser look at another company. Raises NotFound when the person may not see it."""
    allowed = await tx.value(
        _S["may_choose"], person_id=person.person_id, platform=person.platform, tenant_id=tenant_id
    )
    if not allowed:
        raise NotFound("tenant_not_found", "no such company")
    await tx.execute(_S["choose_company"], hash=hashed, tenant_id=tenant_id)


async def forget_old(tx: Tx, now: datetime) -> None:
    """What no longer opens or counts anything."""
    await tx.execute(_S["forget_sessions"], before=now - ABSOLUTE)
    await tx.execute(_S["forget_links"], before=now - ABSOLUTE)
    await tx.execute(_S["forget_tries"], before=now - timedelta(days=1))


# --------------------------------------------------------------------------- second factor


async def begin_second_factor(
    tx: Tx,
    now: datetime,
    ring: KeyRing,
    person: PersonRow,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> str:
    """A fresh secret, stored sealed and not yet asked for. Returns it for the QR code. Raises Invalid if on."""
    if person.second_factor:
        raise Invalid("second_factor_on", "the second factor is already on")
    secret = credentials.new_totp_secret(random_bytes)
    sealed = credentials.seal_totp(ring, person.person_id, secret, random_bytes)
    await tx.execute(_Q["keep_totp"], person_id=person.person_id, totp=sealed, now=now)
    return secret


async def confirm_second_factor(tx: Tx, now: datetime, ring: KeyRing, person: PersonRow, code: str) -> bool:
    """From now on the code is asked for, if this one was right. Audited."""
    step = _step(ring, person, code, now)
    if step is None or not await tx.execute(
        _Q["confirm_totp"], person_id=person.person_id, step=step, now=now
    ):
        return False
    await audit.record(
        tx,
        now,
        INSTALLATION,
        actor=actor_of(person.person_id),
        action="person.second_factor_on",
        target=str(person.person_id),
    )
    return True


async def drop_second_factor(tx: Tx, now: datetime, person_id: PersonId, *, actor: str) -> None:
    """The password alone opens the door again. Audited."""
    await tx.execute(_Q["keep_totp"], person_id=person_id, totp=None, now=now)
    await audit.record(
        tx, now, INSTALLATION, actor=actor, action="person.second_factor_off", target=str(person_id)
    )


async def check_code(tx: Tx, now: datetime, ring: KeyRing, person: PersonRow, code: str) -> bool:
    """Whether the code is right and was not used before (then it is used up)."""
    step = _step(ring, person, code, now)
    if step is None:
        return False
    return bool(await tx.execute(_Q["use_totp_step"], person_id=person.person_id, step=step))


def _step(ring: KeyRing, person: PersonRow, code: str, now: datetime) -> int | None:
    if person.totp is None:
        return None
    try:
        secret = credentials.open_totp(ring, person.person_id, person.totp)
    except SecretUnreadable:
        return None
    return credentials.totp_step(secret, code, now, after=person.totp_step)
