"""Chaves da API: made once and shown once, rotated with an overlap, revoked; and the people of the company."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from recado.errors import Conflict, Forbidden, Invalid, NotFound
from recado.people.model import PersonId
from recado.people.rights import MEMBER_ROLES, Role
from recado.tenants import service as tenants
from recado.tenants.model import ALL_SCOPES
from recado.tenants.service import NewKey
from recado.web.auth import Deps
from recado.web.panel.pages import go, page
from recado.web.panel.screens.accounts import PATH, by_of, fields_of, tabs
from recado.web.panel.states import ROLE_NAMES
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _
from recado.web.services import Services

router = APIRouter()
KEYS = PATH + "/chaves"
PEOPLE = PATH + "/pessoas"
Field = Annotated[str, Form(max_length=1000)]
OVERLAPS = {"0": timedelta(0), "1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
LIVES = {"": None, "90d": timedelta(days=90), "365d": timedelta(days=365)}


@router.get(KEYS)
@needs("keys.read")
async def keys(request: Request, deps: Deps, visitor: Viewer) -> Response:
    return await _keys(request, deps, visitor)


async def _keys(
    request: Request,
    deps: Services,
    visitor: Visitor,
    *,
    fresh: NewKey | None = None,
    trouble: str = "",
) -> Response:
    """With `fresh` the page shows the secret, once; it is stored nowhere."""
    async with deps.db.tenant(visitor.tenant_id) as tx:
        rows = await tenants.list_keys(tx, visitor.tenant_id)
    now = deps.clock.now()
    over = {row.key_id for row in rows if row.revoked_at or (row.expires_at and row.expires_at <= now)}
    return page(
        request,
        "accounts/keys.html",
        status=422 if trouble else 200,
        tabs=tabs(visitor, "chaves"),
        keys=sorted(rows, key=lambda row: (row.key_id in over, -row.created_at.timestamp())),
        over=over,
        fresh=fresh,
        trouble=trouble,
        scopes=ALL_SCOPES,
    )


@router.post(KEYS)
@needs("keys.edit")
async def create_key(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    nome: Field = "",
    escopo: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006 - FastAPI copies it
    validade: Field = "",
) -> Response:
    by, now, life = by_of(request, deps, visitor), deps.clock.now(), LIVES.get(validade)
    try:
        async with deps.db.tenant(visitor.tenant_id) as tx:
            fresh = await tenants.create_key(
                tx,
                now,
                visitor.tenant_id,
                name=nome.strip(),
                scopes=tuple(escopo),
                expires_at=now + life if life else None,
                random_bytes=deps.random_bytes,
                actor=by.actor,
                origin=by.origin,
            )
    except Invalid as error:
        named = "name" in fields_of(error)
        trouble = _("Dê um nome à chave.") if named else _("Escolha pelo menos uma permissão.")
        return await _keys(request, deps, visitor, trouble=trouble)
    return await _keys(request, deps, visitor, fresh=fresh)


@router.post(KEYS + "/{key_id}/trocar")
@needs("keys.edit")
async def rotate_key(
    request: Request, deps: Deps, visitor: Viewer, key_id: UUID, sobra: Field = "24h"
) -> Response:
    """A successor, shown once; the old one goes on for the chosen time."""
    by = by_of(request, deps, visitor)
    try:
        async with deps.db.tenant(visitor.tenant_id) as tx:
            fresh = await tenants.rotate_key(
                tx,
                deps.clock.now(),
                visitor.tenant_id,
                key_id,
                overlap=OVERLAPS.get(sobra, OVERLAPS["24h"]),
                actor=by.actor,
                origin=by.origin,
                random_bytes=deps.random_bytes,
            )
    except Conflict:
        return await _keys(request, deps, visitor, trouble=_("Esta chave já não vale. Crie outra."))
    return await _keys(request, deps, visitor, fresh=fresh)


@router.post(KEYS + "/{key_id}/revogar")
@needs("keys.edit")
async def revoke_key(request: Request, deps: Deps, visitor: Viewer, key_id: UUID) -> Response:
    by = by_of(request, deps, visitor)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        count = await tenants.revoke_key(
            tx, deps.clock.now(), visitor.tenant_id, str(key_id), actor=by.actor, origin=by.origin
        )
    if not count:
        return go(request, KEYS, toast=_("Esta chave já não valia."), kind="info")
    return go(request, KEYS, toast=_("Chave revogada. Quem a usava é recusado agora."))


# --------------------------------------------------------------------------- people


@router.get(PEOPLE)
@needs("people.read")
async def people(request: Request, deps: Deps, visitor: Viewer) -> Response:
    return await _people(request, deps, visitor)


async def _people(request: Request, deps: Services, visitor: Visitor, *, invited: str = "") -> Response:
    """With `invited` the page shows an invitation's address, once."""
    return page(
        request,
        "accounts/people.html",
        tabs=tabs(visitor, "pessoas"),
        members=await deps.desk.members(visitor.tenant_id),
        invitations=await deps.desk.invitations(visitor.tenant_id),
        invited=invited,
        roles=[(role.value, _(ROLE_NAMES[role])) for role in MEMBER_ROLES],
    )


def _role(text: str) -> Role:
    """Raises NotFound for what nobody may be given here."""
    if text not in {role.value for role in MEMBER_ROLES}:
        raise NotFound("no_such_role", "there is no such role")
    return Role(text)


@router.post(PEOPLE + "/convites")
@needs("people.edit")
async def invite(request: Request, deps: Deps, visitor: Viewer, papel: Field = "") -> Response:
    made = await deps.desk.invite(visitor.tenant_id, _role(papel), actor=visitor.actor)
    base = deps.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return await _people(request, deps, visitor, invited=f"{base}/painel/convite/{made.token}")


@router.post(PEOPLE + "/convites/revogar")
@needs("people.edit")
async def revoke_invitation(request: Request, deps: Deps, visitor: Viewer, convite: Field = "") -> Response:
    try:
        hashed = bytes.fromhex(convite)
    except ValueError as error:
        raise NotFound("invitation_not_found", "no such invitation") from error
    await deps.desk.revoke_invitation(visitor.tenant_id, hashed, actor=visitor.actor)
    return go(request, PEOPLE, toast=_("Convite desfeito."))


@router.post(PEOPLE + "/{person_id}/papel")
@needs("people.edit")
async def give_role(
    request: Request, deps: Deps, visitor: Viewer, person_id: UUID, papel: Field = ""
) -> Response:
    try:
        await deps.desk.give_role(visitor.tenant_id, PersonId(person_id), _role(papel), actor=visitor.actor)
    except Forbidden:
        return go(request, PEOPLE, toast=_("Ninguém muda o próprio papel. Peça a outra pessoa."), kind="bad")
    return go(request, PEOPLE, toast=_("Papel trocado. Vale no próximo clique da pessoa."))


@router.post(PEOPLE + "/{person_id}/remover")
@needs("people.edit")
async def remove_member(request: Request, deps: Deps, visitor: Viewer, person_id: UUID) -> Response:
    try:
        await deps.desk.remove_member(visitor.tenant_id, PersonId(person_id), actor=visitor.actor)
    except Forbidden:
        return go(request, PEOPLE, toast=_("Ninguém remove a si mesmo. Peça a outra pessoa."), kind="bad")
    return go(request, PEOPLE, toast=_("A pessoa saiu da empresa."))
