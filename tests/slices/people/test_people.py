"""Persons, tries, sessions, links, second factor, against a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pyotp
import pytest
from tests.slices.world import RING, World

from recado.db.pool import Tx
from recado.db.system import system
from recado.errors import Conflict, Forbidden, Invalid, NotFound
from recado.kit.crypto import KeyRing, SecretUnreadable
from recado.kit.ids import TenantId
from recado.people import credentials, entering, links, persons
from recado.people.model import ABSOLUTE, HALFWAY, IDLE, Entered, NeedsCode, PersonRow
from recado.people.rights import MEMBER_ROLES, RIGHTS, Role, may

PASSWORD = "uma frase bem comprida"


@pytest.fixture
async def tx(world: World) -> AsyncIterator[Tx]:
    async with system(world.db) as opened:
        yield opened


async def person(tx: Tx, world: World, login: str = "luana@aurora.example", **more: bool) -> PersonRow:
    return await persons.create_person(
        tx,
        world.now,
        login=login,
        name="Luana Freitas",
        password_hash=credentials.hash_password(PASSWORD),
        actor="test",
        **more,
    )


async def inside(tx: Tx, world: World, who: PersonRow) -> str:
    entered = await entering.enter(tx, world.now, who, agent="Firefox", address="192.0.2.7")
    assert isinstance(entered, Entered)
    return entered.token


# --------------------------------------------------------------------------- persons


async def test_logins_are_one_however_they_are_typed(tx: Tx, world: World) -> None:
    made = await person(tx, world, login=" Luana@Aurora.Example ")
    assert made.login == "luana@aurora.example"
    found = await persons.find_person(tx, "LUANA@aurora.example")
    assert found is not None
    assert found.person_id == made.person_id
    with pytest.raises(Conflict):
        await person(tx, world, login="luana@aurora.EXAMPLE")


@pytest.mark.parametrize("login", ["", "ab", "a b c", "a@b@c", "x" * 300, "nu\x00lo", "‮abc"])
def test_some_logins_are_refused(login: str) -> None:
    with pytest.raises(Invalid):
        persons.clean_login(login)


@pytest.mark.parametrize(
    "password", ["curta", "a" * 300, "aaaaaaaaaaaaaaaa", "luana@aurora.example", "abababababab"]
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid):
        credentials.check_password_rules(password, login="luana@aurora.example")


def test_passwords_are_kept_as_argon2id_and_never_as_typed() -> None:
    kept = credentials.hash_password(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert credentials.fits(kept, PASSWORD)
    assert not credentials.fits(kept, PASSWORD + "!")
    assert not credentials.fits(None, "nobody has this password")
    assert not credentials.fits("broken", PASSWORD)


async def test_members_have_roles_and_nobody_changes_their_own(tx: Tx, world: World) -> None:
    company = await world.company()
    tenant_id = company.tenant.tenant_id
    one, other = await person(tx, world), await person(tx, world, login="bruno@aurora.example")
    for who, role in ((one, Role.ADMINISTRATOR), (other, Role.OPERATOR)):
        await persons.put_member(tx, world.now, tenant_id, who.person_id, role, actor="test")
    me = persons.actor_of(one.person_id)
    await persons.change_role(tx, world.now, tenant_id, other.person_id, Role.DEVELOPER, actor=me)
    assert {row.login: row.role for row in await persons.list_members(tx, tenant_id)} == {
        one.login: "administrator",
        other.login: "developer",
    }
    with pytest.raises(Forbidden):
        await persons.change_role(tx, world.now, tenant_id, one.person_id, Role.OPERATOR, actor=me)
    with pytest.raises(Forbidden):
        await persons.remove_member(tx, world.now, tenant_id, one.person_id, actor=me)
    with pytest.raises(Invalid):
        await persons.put_member(tx, world.now, tenant_id, other.person_id, Role.PLATFORM, actor=me)
    assert await persons.remove_member(tx, world.now, tenant_id, other.person_id, actor=me)
    with pytest.raises(NotFound):
        await persons.change_role(tx, world.now, tenant_id, other.person_id, Role.OPERATOR, actor=me)


# --------------------------------------------------------------------------- tries


async def take(tx: Tx, world: World, login: str = "luana", address: str = "192.0.2.7") -> int:
    """Seconds to wait; 0 when the try was taken."""
    wait = await entering.take_try(tx, world.now, login=login, address=address)
    return wait.seconds if wait else 0


async def test_an_account_waits_longer_and_longer(tx: Tx, world: World) -> None:
    assert [await take(tx, world) for _ in range(5)] == [0] * 5
    waits = []
    for _ in range(9):
        assert await take(tx, world) == 0
        waits.append(await take(tx, world))
        world.clock.advance(seconds=waits[-1])
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]
    assert await take(tx, world, login="bruno", address="192.0.2.8") == 0


async def test_an_address_waits_too_whatever_the_login(tx: Tx, world: World) -> None:
    for number in range(31):
        assert await take(tx, world, login=f"pessoa{number}") == 0
    assert await take(tx, world, login="outra") > 0
    assert await take(tx, world, login="outra", address="192.0.2.8") == 0


async def test_an_hour_of_quiet_or_the_right_password_forgets(tx: Tx, world: World) -> None:
    for _ in range(6):
        await take(tx, world)
    assert await take(tx, world) > 0
    world.clock.advance(hours=1, seconds=1)
    assert [await take(tx, world) for _ in range(5)] == [0] * 5
    await entering.forgive(tx, login="luana", address="192.0.2.7")
    assert [await take(tx, world) for _ in range(5)] == [0] * 5


async def test_many_tries_at_once_do_not_slip_through(world: World) -> None:
    async def one() -> int:
        async with system(world.db) as tx:
            return await take(tx, world)

    answers = await asyncio.gather(*(one() for _ in range(12)))
    assert answers.count(0) == 6


# --------------------------------------------------------------------------- sessions


async def test_a_session_opens_with_its_secret_only_and_the_secret_is_not_stored(
    tx: Tx, world: World
) -> None:
    token = await inside(tx, world, await person(tx, world))
    row = await entering.session_of(tx, world.now, token)
    assert row is not None
    assert row.hash == credentials.token_hash(token)
    assert token.encode() not in row.hash
    assert await entering.session_of(tx, world.now, token[:-1] + "x") is None
    assert len(token) == 43


async def test_sessions_end_by_idleness_by_age_by_leaving(tx: Tx, world: World) -> None:
    who = await person(tx, world)
    idle, old, left = [await inside(tx, world, who) for _ in range(3)]
    await entering.leave(tx, world.now, left)
    assert await entering.session_of(tx, world.now, left) is None
    start = world.now
    while world.now - start < ABSOLUTE - IDLE:
        world.clock.advance(seconds=IDLE.total_seconds() - 1)
        assert await entering.session_of(tx, world.now, old) is not None
    assert await entering.session_of(tx, world.now, idle) is None
    world.clock.advance(seconds=IDLE.total_seconds() - 1)
    world.clock.advance(seconds=2)
    assert await entering.session_of(tx, world.now, old) is None


async def test_who_is_disabled_or_removed_is_out_at_once(tx: Tx, world: World) -> None:
    company = await world.company()
    who = await person(tx, world)
    await persons.put_member(
        tx, world.now, company.tenant.tenant_id, who.person_id, Role.OPERATOR, actor="test"
    )
    token = await inside(tx, world, who)
    row = await entering.session_of(tx, world.now, token)
    assert row is not None
    assert (row.role, row.client_id) == ("operator", "estudio-aurora")
    await persons.remove_member(tx, world.now, company.tenant.tenant_id, who.person_id, actor="test")
    row = await entering.session_of(tx, world.now, token)
    assert row is not None
    assert (row.role, row.tenant_id) == (None, None)
    await persons.set_disabled(tx, world.now, who.person_id, True, actor="test")
    assert await entering.session_of(tx, world.now, token) is None


async def test_a_new_password_ends_every_other_session(tx: Tx, world: World) -> None:
    who = await person(tx, world)
    kept, other = await inside(tx, world, who), await inside(tx, world, who)
    await persons.set_password(
        tx, world.now, who.person_id, "new", keep=credentials.token_hash(kept), actor="test"
    )
    assert await entering.session_of(tx, world.now, kept) is not None
    assert await entering.session_of(tx, world.now, other) is None


async def test_one_looks_only_at_companies_one_belongs_to(tx: Tx, world: World) -> None:
    ours = await world.company()
    theirs = await world.company("casa-bruma", external_id="106540352242999", waba="102290129340999")
    who = await person(tx, world)
    await persons.put_member(tx, world.now, ours.tenant.tenant_id, who.person_id, Role.OPERATOR, actor="test")
    hashed = credentials.token_hash(await inside(tx, world, who))
    with pytest.raises(NotFound):
        await entering.choose_company(tx, who, hashed, theirs.tenant.tenant_id)
    assert [one.client_id for one in await persons.list_choices(tx, who)] == ["estudio-aurora"]
    platform = await person(tx, world, login="plataforma", platform=True)
    found = await persons.list_choices(tx, platform, "bruma")
    assert [one.client_id for one in found] == ["casa-bruma"]
    assert await persons.list_choices(tx, platform, "%") == []
    token = credentials.token_hash(await inside(tx, world, platform))
    await entering.choose_company(tx, platform, token, TenantId(found[0].tenant_id))


# --------------------------------------------------------------------------- links


async def test_a_link_works_once_and_looking_does_not_use_it_up(tx: Tx, world: World) -> None:
    link = await links.first_run(tx, world.now)
    for _ in range(2):
        assert await links.find_link(tx, world.now, link.token) is not None
    made = await links.join(tx, world.now, link.token, login="luana", name="Luana", password_hash="x")
    assert made.platform
    assert await links.find_link(tx, world.now, link.token) is None
    with pytest.raises(NotFound):
        await links.join(tx, world.now, link.token, login="outra", name="Outra", password_hash="x")


async def test_a_new_first_link_ends_the_one_before_and_all_of_them_expire(tx: Tx, world: World) -> None:
    first = await links.first_run(tx, world.now)
    second = await links.first_run(tx, world.now)
    assert await links.find_link(tx, world.now, first.token) is None
    assert await links.find_link(tx, world.now, second.token) is not None
    world.clock.advance(hours=24)
    assert await links.find_link(tx, world.now, second.token) is None


async def test_an_invitation_gives_its_role_in_its_company(tx: Tx, world: World) -> None:
    company = await world.company()
    tenant_id = company.tenant.tenant_id
    link = await links.invite(tx, world.now, tenant_id, Role.REVIEWER, actor="test")
    assert [one.role for one in await links.list_invitations(tx, world.now, tenant_id)] == ["reviewer"]
    made = await links.join(tx, world.now, link.token, login="rui", name="Rui", password_hash="x")
    assert not made.platform
    assert [(row.login, row.role) for row in await persons.list_members(tx, tenant_id)] == [
        ("rui", "reviewer")
    ]
    revoked = await links.invite(tx, world.now, tenant_id, Role.OPERATOR, actor="test")
    hashed = credentials.token_hash(revoked.token)
    assert await links.revoke_invitation(tx, world.now, tenant_id, hashed, actor="test")
    assert await links.find_link(tx, world.now, revoked.token) is None


async def test_a_password_link_makes_no_person_and_ends_sessions(tx: Tx, world: World) -> None:
    who = await person(tx, world)
    token = await inside(tx, world, who)
    link = await links.new_password(tx, world.now, who.person_id, actor="test")
    fresh = credentials.hash_password("outra frase bem comprida")
    changed = await links.choose_password(tx, world.now, link.token, password_hash=fresh)
    assert credentials.fits(changed.password_hash, "outra frase bem comprida")
    assert await entering.session_of(tx, world.now, token) is None
    again = await links.new_password(tx, world.now, who.person_id, actor="test")
    with pytest.raises(NotFound):
        await links.join(tx, world.now, again.token, login="novo", name="Novo", password_hash="x")


# --------------------------------------------------------------------------- second factor


async def test_the_second_factor_is_asked_for_and_a_code_serves_once(tx: Tx, world: World) -> None:
    who = await person(tx, world)
    secret = await entering.begin_second_factor(tx, world.now, RING, who)
    who = await persons.get_person(tx, who.person_id)
    assert not who.second_factor
    assert who.totp is not None
    assert secret.encode() not in who.totp
    totp = pyotp.TOTP(secret)
    assert not await entering.confirm_second_factor(tx, world.now, RING, who, "000000x")
    assert await entering.confirm_second_factor(tx, world.now, RING, who, totp.at(world.now))
    who = await persons.get_person(tx, who.person_id)
    entry = await entering.enter(tx, world.now, who, agent="", address="192.0.2.7")
    assert isinstance(entry, NeedsCode)
    half = await entering.session_of(tx, world.now, entry.token)
    assert half is not None
    assert half.half
    used = totp.at(world.now)
    assert await entering.enter_with_code(tx, world.now, RING, half, code=used, agent="") is None
    world.clock.advance(seconds=30)
    done = await entering.enter_with_code(tx, world.now, RING, half, code=totp.at(world.now), agent="")
    assert isinstance(done, Entered)
    assert done.token != entry.token
    assert await entering.session_of(tx, world.now, entry.token) is None


async def test_the_right_password_does_not_make_codes_cheaper_to_guess(tx: Tx, world: World) -> None:
    who = await person(tx, world)
    secret = await entering.begin_second_factor(tx, world.now, RING, who)
    who = await persons.get_person(tx, who.person_id)
    await entering.confirm_second_factor(tx, world.now, RING, who, pyotp.TOTP(secret).at(world.now))
    who = await persons.get_person(tx, who.person_id)
    waits = []
    for _ in range(4):
        waits.append(await take(tx, world, login=who.login))
        await entering.enter(tx, world.now, who, agent="", address="192.0.2.7")
        waits.append(await take(tx, world, login=who.login))
    assert waits[:5] == [0] * 5
    assert waits[-1] > 0


async def test_a_half_session_lives_five_minutes(tx: Tx, world: World) -> None:
    who = await person(tx, world)
    secret = await entering.begin_second_factor(tx, world.now, RING, who)
    who = await persons.get_person(tx, who.person_id)
    await entering.confirm_second_factor(tx, world.now, RING, who, pyotp.TOTP(secret).at(world.now))
    who = await persons.get_person(tx, who.person_id)
    entry = await entering.enter(tx, world.now, who, agent="", address="192.0.2.7")
    assert isinstance(entry, NeedsCode)
    world.clock.advance(seconds=HALFWAY.total_seconds())
    assert await entering.session_of(tx, world.now, entry.token) is None


async def test_a_secret_opens_only_for_its_person_and_its_master_key(tx: Tx, world: World) -> None:
    one, other = await person(tx, world), await person(tx, world, login="bruno@aurora.example")
    sealed = credentials.seal_totp(RING, one.person_id, "SECRET", lambda size: b"0" * size)
    assert credentials.open_totp(RING, one.person_id, sealed) == "SECRET"
    for ring, who in ((RING, other), (KeyRing({"k2": bytes(32)}), one)):
        with pytest.raises(SecretUnreadable):
            credentials.open_totp(ring, who.person_id, sealed)
    rotated = KeyRing({"k2": bytes(32), **RING.keys})
    assert credentials.open_totp(rotated, one.person_id, sealed) == "SECRET"


# --------------------------------------------------------------------------- rights


def test_what_is_not_in_the_table_nobody_may() -> None:
    assert not any(may(role, "messages.invented") for role in Role)


def test_the_developer_and_the_reviewer_change_nothing() -> None:
    reading = {"read", "verify", "technical"}
    for right, roles in RIGHTS.items():
        if right in ("own", "live", "handset", "metrics.export"):
            continue
        if {Role.DEVELOPER, Role.REVIEWER} & roles:
            assert right.rpartition(".")[2] in reading, right


def test_the_platform_may_everything() -> None:
    assert all(Role.PLATFORM in roles for roles in RIGHTS.values())
    assert Role.PLATFORM not in MEMBER_ROLES


async def test_what_happens_to_persons_is_written_down_without_names(tx: Tx, world: World) -> None:
    who = await person(tx, world)
    await inside(tx, world, who)
    await tx.connection.execute("select 1")
    rows = await tx.connection.fetch("select actor, action, target, data::text from audit_entry order by seq")
    assert [row["action"] for row in rows] == ["person.created", "person.entered"]
    assert "luana" not in str([dict(row) for row in rows]).lower()


async def test_what_is_over_is_forgotten(tx: Tx, world: World) -> None:
    who = await person(tx, world)
    await inside(tx, world, who)
    await take(tx, world)
    world.clock.advance(days=15)
    await entering.forget_old(tx, world.now)
    for table in ("person_session", "login_throttle"):
        assert await tx.connection.fetchval(f"select count(*) from {table}") == 0
