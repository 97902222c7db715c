"""Where the panel asks who somebody is. Opens the transactions of `recado.people` under the engine role,
which the composition root hands in: the panel itself never works across companies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TypeVar

from recado.db.pool import Tx
from recado.kit.clock import Clock
from recado.kit.crypto import KeyRing
from recado.kit.ids import TenantId
from recado.people import credentials, entering, links, persons
from recado.people.model import (
    CompanyChoice,
    Entered,
    Entry,
    LinkRow,
    MemberRow,
    NeedsCode,
    NewLink,
    PersonId,
    PersonRow,
    SessionListed,
    SessionRow,
    Wait,
    Wrong,
)
from recado.people.rights import Role

T = TypeVar("T")
_AT_ONCE = 2  # hashing takes 19 MiB and a core for each


class Desk:
    """One for each process."""

    def __init__(
        self, engine: Callable[[], AbstractAsyncContextManager[Tx]], clock: Clock, ring: KeyRing
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._ring = ring
        self._hashing = asyncio.Semaphore(_AT_ONCE)

    def now(self) -> datetime:
        return self._clock.now()

    # ------------------------------------------------------------------ coming in

    async def enter(self, login: str, password: str, *, address: str, agent: str) -> Entry:
        """Password and, when the person has one, a second step (`NeedsCode`)."""
        if (wait := await self._take_try(login, address)) is not None:
            return wait
        async with self._engine() as tx:
            person = await persons.find_person(tx, login)
        fits = await self._apart(credentials.fits, person.password_hash if person else None, password)
        if not fits or person is None or person.disabled_at is not None:
            return Wrong()
        async with self._engine() as tx:
            await entering.forget_old(tx, self.now())
            return await entering.enter(tx, self.now(), person, agent=agent, address=address)

    async def enter_code(
        self, session: SessionRow, code: str, *, address: str, agent: str
    ) -> Entered | Wrong | Wait:
        """The second step of a half session."""
        if (wait := await self._take_try(session.login, address)) is not None:
            return wait
        async with self._engine() as tx:
            entered = await entering.enter_with_code(
                tx, self.now(), self._ring, session, code=code, agent=agent
            )
        return entered or Wrong()

    async def enter_as(self, login: str, *, address: str, agent: str) -> Entered | NeedsCode:
        """Without a password: only the demonstration may call this. Raises NotFound."""
        async with self._engine() as tx:
            person = await persons.person_with(tx, login)
            return await entering.enter(
                tx, self.now(), person, agent=agent, address=address, how="demonstration"
            )

    async def _take_try(self, login: str, address: str) -> Wait | None:
        async with self._engine() as tx:
            return await entering.take_try(tx, self.now(), login=login, address=address)

    async def _apart(self, work: Callable[..., T], *given: object) -> T:
        async with self._hashing:
            return await asyncio.to_thread(work, *given)

    # ------------------------------------------------------------------ sessions

    async def session(self, token: str) -> SessionRow | None:
        async with self._engine() as tx:
            return await entering.session_of(tx, self.now(), token)

    async def leave(self, token: str) -> None:
        async with self._engine() as tx:
            await entering.leave(tx, self.now(), token)

    async def sessions(self, person_id: PersonId) -> list[SessionListed]:
        async with self._engine() as tx:
            return await entering.list_sessions(tx, self.now(), person_id)

    async def end_session(self, person_id: PersonId, hashed: bytes) -> bool:
        async with self._engine() as tx:
            return await entering.revoke_session(tx, self.now(), person_id, hashed)

    async def end_other_sessions(self, person_id: PersonId, keep: bytes) -> int:
        async with self._engine() as tx:
            return await entering.revoke_all(tx, self.now(), person_id, keep=keep)

    # ------------------------------------------------------------------ companies

    async def companies(self, person_id: PersonId, search: str = "") -> list[CompanyChoice]:
        async with self._engine() as tx:
            person = await persons.get_person(tx, person_id)
            return await persons.list_choices(tx, person, search)

    async def choose_company(self, person_id: PersonId, session: bytes, tenant_id: TenantId) -> None:
        """Raises NotFound for a company this person may not see."""
        async with self._engine() as tx:
            person = await persons.get_person(tx, person_id)
            await entering.choose_company(tx, person, session, tenant_id)

    async def members(self, tenant_id: TenantId) -> list[MemberRow]:
        async with self._engine() as tx:
            return await persons.list_members(tx, tenant_id)

    async def give_role(self, tenant_id: TenantId, person_id: PersonId, role: Role, *, actor: str) -> None:
        """Only for people who are already members. Raises NotFound, Invalid."""
        async with self._engine() as tx:
            await persons.change_role(tx, self.now(), tenant_id, person_id, role, actor=actor)

    async def remove_member(self, tenant_id: TenantId, person_id: PersonId, *, actor: str) -> bool:
        """Raises Forbidden for oneself."""
        async with self._engine() as tx:
            return await persons.remove_member(tx, self.now(), tenant_id, person_id, actor=actor)

    # ------------------------------------------------------------------ links

    async def invite(self, tenant_id: TenantId, role: Role, *, actor: str) -> NewLink:
        """The address is `/painel/convite/<token>`; the token is shown once."""
        async with self._engine() as tx:
            return await links.invite(tx, self.now(), tenant_id, role, actor=actor)

    async def invitations(self, tenant_id: TenantId) -> list[LinkRow]:
        async with self._engine() as tx:
            return await links.list_invitations(tx, self.now(), tenant_id)

    async def revoke_invitation(self, tenant_id: TenantId, hashed: bytes, *, actor: str) -> bool:
        async with self._engine() as tx:
            return await links.revoke_invitation(tx, self.now(), tenant_id, hashed, actor=actor)

    async def find_link(self, token: str) -> LinkRow | None:
        async with self._engine() as tx:
            return await links.find_link(tx, self.now(), token)

    async def join(
        self, token: str, *, login: str, name: str, password: str, agent: str, address: str
    ) -> Entered | NeedsCode:
        """Uses the link up, makes the person, opens a session. Raises NotFound, Invalid, Conflict."""
        plain = persons.clean_login(login)
        persons.clean_name(name)
        credentials.check_password_rules(password, login=plain)
        hashed = await self._apart(credentials.hash_password, password)
        async with self._engine() as tx:
            person = await links.join(tx, self.now(), token, login=plain, name=name, password_hash=hashed)
            return await entering.enter(tx, self.now(), person, agent=agent, address=address, how="link")

    async def join_as(self, token: str, person_id: PersonId, session: bytes) -> None:
        """An invitation for somebody who is already inside. Raises NotFound."""
        async with self._engine() as tx:
            link = await links.find_link(tx, self.now(), token)
            person = await persons.get_person(tx, person_id)
            await links.join_as(tx, self.now(), token, person)
            if link is not None and link.tenant_id is not None:
                await entering.choose_company(tx, person, session, TenantId(link.tenant_id))

    async def choose_password(
        self, token: str, *, password: str, agent: str, address: str
    ) -> Entered | NeedsCode:
        """Uses a password link up. Raises NotFound, Invalid."""
        async with self._engine() as tx:
            link = await links.find_link(tx, self.now(), token)
            login = (await persons.get_person(tx, link.person_id)).login if link and link.person_id else ""
        credentials.check_password_rules(password, login=login)
        hashed = await self._apart(credentials.hash_password, password)
        async with self._engine() as tx:
            person = await links.choose_password(tx, self.now(), token, password_hash=hashed)
            return await entering.enter(tx, self.now(), person, agent=agent, address=address, how="link")

    # ------------------------------------------------------------------ one's own

    async def person(self, person_id: PersonId) -> PersonRow:
        async with self._engine() as tx:
            return await persons.get_person(tx, person_id)

    async def set_preferences(
        self,
        person_id: PersonId,
        *,
        language: str | None = None,
        theme: str | None = None,
        shortcuts: bool | None = None,
    ) -> None:
        """Raises Invalid."""
        async with self._engine() as tx:
            person = await persons.get_person(tx, person_id)
            await persons.set_preferences(
                tx, self.now(), person, language=language, theme=theme, shortcuts=shortcuts
            )

    async def set_name(self, person_id: PersonId, name: str) -> None:
        """Raises Invalid."""
        async with self._engine() as tx:
            await persons.set_name(tx, self.now(), person_id, name)

    async def change_password(
        self, person_id: PersonId, current: str, fresh: str, *, keep: bytes, address: str
    ) -> Wrong | Wait | None:
        """Asks for the current one; ends every other session. None when done. Raises Invalid."""
        person = await self.person(person_id)
        credentials.check_password_rules(fresh, login=person.login)
        if (wait := await self._take_try(person.login, address)) is not None:
            return wait
        if not await self._apart(credentials.fits, person.password_hash, current):
            return Wrong()
        hashed = await self._apart(credentials.hash_password, fresh)
        async with self._engine() as tx:
            await entering.forgive(tx, login=person.login, address=address)
            await persons.set_password(
                tx, self.now(), person_id, hashed, keep=keep, actor=persons.actor_of(person_id)
            )
        return None

    # ------------------------------------------------------------------ second factor

    async def begin_second_factor(self, person_id: PersonId) -> str:
        """The address for the QR code. Raises Invalid when it is already on."""
        async with self._engine() as tx:
            person = await persons.get_person(tx, person_id)
            secret = await entering.begin_second_factor(tx, self.now(), self._ring, person)
        return credentials.totp_uri(secret, person.login)

    async def confirm_second_factor(
        self, person_id: PersonId, code: str, *, address: str
    ) -> Wrong | Wait | None:
        """On from now, when the code is right (None)."""
        person = await self.person(person_id)
        if (wait := await self._take_try(person.login, address)) is not None:
            return wait
        async with self._engine() as tx:
            done = await entering.confirm_second_factor(tx, self.now(), self._ring, person, code)
            if done:
                await entering.forgive(tx, login=person.login, address=address)
        return None if done else Wrong()

    async def drop_second_factor(
        self, person_id: PersonId, code: str, *, address: str
    ) -> Wrong | Wait | None:
        """Off, when the code is right (None)."""
        person = await self.person(person_id)
        if (wait := await self._take_try(person.login, address)) is not None:
            return wait
        async with self._engine() as tx:
            done = await entering.check_code(tx, self.now(), self._ring, person, code)
            if done:
                await entering.forgive(tx, login=person.login, address=address)
                await entering.drop_second_factor(
                    tx, self.now(), person_id, actor=persons.actor_of(person_id)
                )
        return None if done else Wrong()
