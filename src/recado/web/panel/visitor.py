"""Who is looking, and whether they may. Every route of the panel passes `guard`; what declares nothing is shut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Request

from recado.errors import Forbidden
from recado.kit.ids import TenantId
from recado.people.model import PersonId, SessionRow, role_of
from recado.people.persons import actor_of
from recado.people.rights import RIGHTS, Role, may
from recado.web.auth import Deps
from recado.web.panel import security
from recado.web.panel.words import LANGUAGES, initials, speak
from recado.web.services import Services

OPEN = "open"  # before anybody is known: the login page, links
HALF = "half"  # between the password and the second factor
_DECLARED = "__panel_right__"
_NOBODY = TenantId(UUID(int=0))
F = TypeVar("F", bound=Callable[..., Any])


class Elsewhere(Exception):
    """The answer is another page of the panel."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class NotUsable(Exception):
    """Plain http over a network: a cookie would travel in the clear."""


class NoCompany(Exception):
    """Somebody without any company to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The person behind a request, and the company they look at."""

    person_id: PersonId
    name: str
    login: str
    role: Role
    tenant_id: TenantId
    tenant_name: str
    client_id: str
    timezone: str
    language: str
    theme: str
    shortcuts: bool
    second_factor: bool
    session: bytes = field(repr=False)
    csrf: str = field(repr=False)

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return actor_of(self.person_id)

    @property
    def initials(self) -> str:
        return initials(self.name)

    def allowed(self, right: str) -> bool:
        return may(self.role, right)


def allowed(visitor: Visitor, right: str) -> bool:
    """Whether this person's role has the right (see `recado.people.rights`)."""
    return may(visitor.role, right)


def needs(right: str) -> Callable[[F], F]:
    """Declares what a route needs. Stands directly above the function, below the router's decorator."""
    if right not in RIGHTS and right not in (OPEN, HALF):
        raise KeyError(f"{right!r} is not in recado.people.rights.RIGHTS")

    def declare(endpoint: F) -> F:
        setattr(endpoint, _DECLARED, right)
        return endpoint

    return declare


def right_of(endpoint: Any) -> str | None:
    """What the route declared, if anything."""
    found = getattr(endpoint, _DECLARED, None)
    return found if isinstance(found, str) else None


# --------------------------------------------------------------------------- language


def language_of(chosen: str | None, accept: str, tenant: str | None) -> str:
    """The person's choice, else what the browser asks for, else the company's."""
    if chosen in LANGUAGES:
        return chosen
    weighed: list[tuple[float, str]] = []
    for part in accept.split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), name.strip().lower()))
        except ValueError:
            continue
    for _weight, name in sorted(weighed, key=lambda one: one[0]):
        if name.split("-")[0] == "pt":
            return "pt-BR"
        if name.split("-")[0] == "en":
            return "en"
    return tenant if tenant in LANGUAGES else "pt-BR"


# --------------------------------------------------------------------------- the guard


async def guard(request: Request, deps: Deps) -> None:
    """Settles who is asking, in which language, from where, and whether they may."""
    right = right_of(request.scope.get("endpoint"))
    place = security.place_of(request, deps.public_url)
    request.state.place = place
    accept = request.headers.get("accept-language", "")
    speak(language_of(None, accept, None), "America/Sao_Paulo", deps.clock.now())
    if not place.usable:
        raise NotUsable
    if right is None:
        raise Forbidden("not_declared", "this address is not open to anybody")
    token = security.read_session(request, place)
    row = await deps.desk.session(token) if token else None
    secret = token if row is not None and token else security.read_door(request, place)
    if row is not None and token:
        request.state.half = row
        visitor = _visitor(row, token, accept)
        if visitor is not None and not row.half:
            request.state.visitor = visitor
            speak(visitor.language, visitor.timezone, deps.clock.now())
    await _unforged(request, deps, secret)
    if right != OPEN:
        _admit(request, row, right)


def _visitor(row: SessionRow, token: str, accept: str) -> Visitor | None:
    role = role_of(row.platform, row.role)
    return Visitor(
        person_id=row.person_id,
        name=row.name,
        login=row.login,
        # Without a company there is no role; such a visitor only reaches pages about themselves.
        role=role or Role.REVIEWER,
        tenant_id=TenantId(row.tenant_id) if row.tenant_id else _NOBODY,
        tenant_name=row.tenant_name or "",
        client_id=row.client_id or "",
        timezone=row.timezone or "America/Sao_Paulo",
        language=language_of(row.language, accept, row.locale),
        theme=row.theme,
        shortcuts=row.shortcuts,
        second_factor=row.second_factor,
        session=row.hash,
        csrf=security.csrf_of(token),
    )


async def _unforged(request: Request, deps: Services, secret: str | None) -> None:
    if request.method in security.SAFE_METHODS:
        return
    if not security.same_site(request, request.state.place):
        raise Forbidden("other_site", "the request came from another site")
    if secret is None or not security.csrf_fits(await security.given_csrf(request), secret):
        raise Forbidden("csrf", "the page is too old: reload it and try again")


def _admit(request: Request, row: SessionRow | None, right: str) -> None:
    """Raises Elsewhere, Forbidden or NoCompany."""
    if row is None:
        raise Elsewhere(entrance(request))
    if row.half != (right == HALF):
        raise Elsewhere("/painel/entrar/codigo" if row.half else "/painel")
    if right == HALF:
        return
    visitor: Visitor = request.state.visitor
    if not may(visitor.role, right):
        raise Forbidden("missing_right", f"the role {visitor.role} may not do this ({right})")
    if right not in _WITHOUT_COMPANY and visitor.tenant_id == _NOBODY:
        raise NoCompany


_WITHOUT_COMPANY = frozenset({"own", "accounts.create", "rollout.global"})


def entrance(request: Request) -> str:
    """The login page, which leads back here."""
    if request.method != "GET" or request.headers.get("hx-request") or request.url.path in ("/", "/painel"):
        return "/painel/entrar"
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/painel/entrar?para={quote(here, safe='')}"


async def viewer(request: Request, _: Annotated[None, Depends(guard)]) -> Visitor:
    visitor: Visitor = request.state.visitor
    return visitor


Viewer = Annotated[Visitor, Depends(viewer)]
