"""People of the sample company, each in a browser of their own; spoken to over HTTP without a port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx2
import pytest
from tests.doors.panel.browser import Browser
from tests.doors.street import Street
from tests.slices.world import Company

from recado.db.system import system
from recado.people import entering, persons
from recado.people.model import Entered
from recado.people.rights import Role

Enter = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def company(street: Street) -> Company:
    return await street.world.company()


@pytest.fixture
def enter(street: Street, company: Company) -> Enter:
    """`await enter(Role.OPERATOR)`: a browser of somebody with that role who is already inside."""

    async def enter(role: Role, *, login: str | None = None, into: Company | None = company) -> Browser:
        now = street.house.clock.now()
        async with system(street.house.db) as tx:
            person = await persons.create_person(
                tx,
                now,
                login=login or f"{role.value}@aurora.example",
                name="Luana Freitas",
                password_hash=None,
                platform=role is Role.PLATFORM,
                actor="test",
            )
            if into is not None and role is not Role.PLATFORM:
                await persons.put_member(tx, now, into.tenant.tenant_id, person.person_id, role, actor="test")
            entered = await entering.enter(tx, now, person, agent="test", address="127.0.0.1")
        assert isinstance(entered, Entered)
        return Browser(stranger(street), entered.token, person.person_id)

    return enter


def stranger(street: Street) -> httpx2.AsyncClient:
    return street.client(base="http://localhost")
