"""Commands about who may open the panel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from recado.app.wiring import House
from recado.cli.tenants import inside, out
from recado.db.pool import Tx
from recado.errors import Invalid
from recado.people import credentials, entering, links, persons
from recado.people.model import NewLink
from recado.people.rights import MEMBER_ROLES, Role
from recado.tenants import service as tenants

panel_app = typer.Typer(no_args_is_help=True, help="The operators' panel.")
person_app = typer.Typer(no_args_is_help=True, help="People who may open the panel.")

Login = Annotated[str, typer.Argument(help="what the person types to come in")]
_ROLES = ", ".join(role.value for role in MEMBER_ROLES)


def _address(house: House, link: NewLink) -> str:
    settings = house.settings
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    until: datetime = link.expires_at
    return f"{base}/painel/convite/{link.token}\n(works once, until {until:%Y-%m-%d %H:%M} UTC)"


def _say(text: str) -> None:
    out.print(text, soft_wrap=True, highlight=False)


@panel_app.command("link")
def panel_link() -> None:
    """Print a link that makes whoever opens it first a platform administrator. Works once, for 24 hours."""

    async def work(house: House, tx: Tx) -> str:
        return _address(house, await links.first_run(tx, house.clock.now()))

    _say(inside(work))


@person_app.command("list")
def list_people() -> None:
    """List everybody with their companies."""

    async def work(_: House, tx: Tx) -> Table:
        table = Table("login", "name", "platform", "companies", "second factor", "disabled", box=None)
        for row in await persons.list_people(tx):
            table.add_row(
                row.login,
                row.name,
                "yes" if row.platform else "",
                " ".join(row.memberships),
                "yes" if row.second_factor else "",
                f"{row.disabled_at:%Y-%m-%d}" if row.disabled_at else "",
            )
        return table

    out.print(inside(work))


@person_app.command("create")
def create(
    login: Login,
    name: Annotated[str, typer.Option(help="as the others see them")],
    password: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="RECADO_PERSON_PASSWORD"),
    ],
    platform: Annotated[bool, typer.Option("--platform", help="sees every company")] = False,
) -> None:
    """Create a person with a password (an invitation lets them choose it themselves)."""

    async def work(house: House, tx: Tx) -> str:
        plain = persons.clean_login(login)
        credentials.check_password_rules(password, login=plain)
        row = await persons.create_person(
            tx,
            house.clock.now(),
            login=plain,
            name=name,
            password_hash=credentials.hash_password(password),
            platform=platform,
            actor="cli",
        )
        return f"{row.login} created"

    _say(inside(work))


@person_app.command("role")
def give_role(
    login: Login,
    client_id: Annotated[str, typer.Argument(help="client id of the company")],
    role: Annotated[str, typer.Argument(help=f"{_ROLES}, or none to remove")],
) -> None:
    """Give somebody a role in a company, or take it away."""

    async def work(house: House, tx: Tx) -> str:
        person = await persons.person_with(tx, login)
        tenant = await tenants.get_tenant(tx, client_id)
        now = house.clock.now()
        if role == "none":
            await persons.remove_member(tx, now, tenant.tenant_id, person.person_id, actor="cli")
            return f"{person.login} does not belong to {client_id} any more"
        chosen = persons.member_role(role)
        await persons.put_member(tx, now, tenant.tenant_id, person.person_id, chosen, actor="cli")
        return f"{person.login} is {chosen.value} of {client_id}"

    _say(inside(work))


@person_app.command("invite")
def invite(
    client_id: Annotated[str, typer.Argument(help="client id of the company")],
    role: Annotated[str, typer.Argument(help=_ROLES)],
) -> None:
    """Print a link that lets one person join a company. Works once, for 72 hours."""

    async def work(house: House, tx: Tx) -> str:
        tenant = await tenants.get_tenant(tx, client_id)
        chosen = persons.member_role(role)
        link = await links.invite(tx, house.clock.now(), tenant.tenant_id, chosen, actor="cli")
        return _address(house, link)

    _say(inside(work))


@person_app.command("password")
def password_link(login: Login) -> None:
    """Print a link that lets somebody choose a new password. Works once, for 2 hours."""

    async def work(house: House, tx: Tx) -> str:
        person = await persons.person_with(tx, login)
        link = await links.new_password(tx, house.clock.now(), person.person_id, actor="cli")
        return _address(house, link)

    _say(inside(work))


@person_app.command("platform")
def platform(login: Login, off: Annotated[bool, typer.Option("--off", help="take it away")] = False) -> None:
    """Let somebody see every company, or no longer."""

    async def work(house: House, tx: Tx) -> str:
        person = await persons.person_with(tx, login)
        await persons.set_platform(tx, house.clock.now(), person.person_id, not off, actor="cli")
        return f"{person.login}: {Role.PLATFORM.value} {'off' if off else 'on'}"

    _say(inside(work))


@person_app.command("disable")
def disable(
    login: Login, off: Annotated[bool, typer.Option("--off", help="let them in again")] = False
) -> None:
    """Shut somebody out at once, in every company."""

    async def work(house: House, tx: Tx) -> str:
        person = await persons.person_with(tx, login)
        await persons.set_disabled(tx, house.clock.now(), person.person_id, not off, actor="cli")
        return f"{person.login}: {'enabled' if off else 'disabled'}"

    _say(inside(work))


@person_app.command("unlock")
def unlock(login: Login) -> None:
    """Forget wrong tries, so that the person need not wait."""

    async def work(house: House, tx: Tx) -> str:
        person = await persons.person_with(tx, login)
        await entering.forgive(tx, login=person.login, address="")
        return f"{person.login} may try again"

    _say(inside(work))


@person_app.command("drop-second-factor")
def drop_second_factor(login: Login) -> None:
    """For a lost phone: the password alone opens the door again; every session ends."""

    async def work(house: House, tx: Tx) -> str:
        person = await persons.person_with(tx, login)
        now = house.clock.now()
        if not person.second_factor:
            raise Invalid("second_factor_off", "there is no second factor to drop")
        await entering.drop_second_factor(tx, now, person.person_id, actor="cli")
        await entering.revoke_all(tx, now, person.person_id)
        return f"{person.login}: second factor off"

    _say(inside(work))
