"""Contas: the company's settings, what is known of its numbers' credentials, and the platform's list of companies."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from recado.errors import Conflict, Invalid, NotFound
from recado.kit.crypto import SecretUnreadable
from recado.kit.ids import NumberId
from recado.kit.reasons import Reason
from recado.messages import backlog
from recado.numbers import service as numbers
from recado.numbers.model import StoredCredentials
from recado.providers.contract import Credentials
from recado.tenants import service as tenants
from recado.tenants.model import Mode
from recado.web.auth import Deps
from recado.web.control import By
from recado.web.panel import security
from recado.web.panel.pages import go, page
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _
from recado.web.services import Services

router = APIRouter()
PATH = "/painel/contas"
Field = Annotated[str, Form(max_length=1000)]
Secret = Annotated[str, Form(max_length=8000)]
# Pauses that a new token ends.
TOKEN_REASONS = frozenset(
    {
        Reason.TOKEN_EXPIRED.value,
        Reason.PERMISSION_MISSING.value,
        Reason.PROOF_MISSING.value,
        Reason.CREDENTIALS_UNREADABLE.value,
    }
)
# What may stand in a header; spaces and line breaks come from copying.
_TOKEN = re.compile(r"[\x21-\x7e]{8,4096}")


def tabs(visitor: Visitor, current: str) -> list[dict[str, Any]]:
    """The parts of Contas this person may open."""
    known = [
        ("empresa", _("Empresa"), PATH, "accounts.read"),
        ("credenciais", _("Credenciais"), PATH + "/credenciais", "accounts.read"),
        ("chaves", _("Chaves da API"), PATH + "/chaves", "keys.read"),
        ("pessoas", _("Pessoas"), PATH + "/pessoas", "people.read"),
        ("empresas", _("Todas as empresas"), PATH + "/empresas", "accounts.create"),
    ]
    return [
        {"label": label, "href": href, "count": None, "current": key == current, "attrs": {}}
        for key, label, href, right in known
        if visitor.allowed(right)
    ]


def by_of(request: Request, deps: Services, visitor: Visitor) -> By:
    """Who acts, and from where, for the audit trail."""
    return By(actor=visitor.actor, origin=security.address_of(request, deps.proxies))


def fields_of(error: Invalid) -> set[str]:
    """The fields a refusal names."""
    return {str(one.get("field")) for one in error.violations}


# --------------------------------------------------------------------------- settings


@router.get(PATH)
@needs("accounts.read")
async def settings(request: Request, deps: Deps, visitor: Viewer) -> Response:
    return await _settings(request, deps, visitor)


async def _settings(
    request: Request, deps: Services, visitor: Visitor, *, wrong: frozenset[str] = frozenset(), **typed: str
) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        tenant = await tenants.tenant_by_id(tx, visitor.tenant_id)
        rows = await numbers.list_numbers(tx, visitor.tenant_id)
    values = {
        "nome": tenant.name,
        "fuso": tenant.timezone,
        "idioma": tenant.locale,
        "numero": tenant.settings.get("default_phone_number_id", ""),
    } | typed
    return page(
        request,
        "accounts/settings.html",
        status=422 if wrong else 200,
        tabs=tabs(visitor, "empresa"),
        tenant=tenant,
        numbers=rows,
        values=values,
        wrong=wrong,
    )


@router.post(PATH)
@needs("accounts.edit")
async def save_settings(
    request: Request,
    deps: Deps,
    visitor: Viewer,
    nome: Field = "",
    fuso: Field = "",
    idioma: Field = "",
    numero: Field = "",
) -> Response:
    """Only what differs is changed; mode and stops live in Liberação, where they need a plan and a reason."""
    by = by_of(request, deps, visitor)
    try:
        async with deps.db.tenant(visitor.tenant_id) as tx:
            row = await tenants.tenant_by_id(tx, visitor.tenant_id)
            kept = {key: value for key, value in row.settings.items() if key != "default_phone_number_id"}
            if numero:
                kept["default_phone_number_id"] = numero
            wanted = {"name": nome.strip(), "timezone": fuso.strip(), "locale": idioma, "settings": kept}
            change = {key: value for key, value in wanted.items() if getattr(row, key) != value}
            if change:
                await tenants.change_settings(
                    tx, deps.clock.now(), visitor.tenant_id, change, actor=by.actor, origin=by.origin
                )
    except Invalid as error:
        return await _settings(
            request,
            deps,
            visitor,
            wrong=frozenset(fields_of(error)),
            nome=nome,
            fuso=fuso,
            idioma=idioma,
            numero=numero,
        )
    return go(request, PATH, toast=_("Guardado."))


# --------------------------------------------------------------------------- credentials


@router.get(PATH + "/credenciais")
@needs("accounts.read")
async def credentials(request: Request, deps: Deps, visitor: Viewer) -> Response:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        rows = await numbers.list_credentials(tx, visitor.tenant_id)
        waiting = await backlog.by_number(tx, visitor.tenant_id)
    wabas: dict[str, list[StoredCredentials]] = {}
    for row in rows:
        wabas.setdefault(row.waba_external_id, []).append(row)
    failing = [row for row in rows if row.paused_reason in TOKEN_REASONS]
    return page(
        request,
        "accounts/credentials.html",
        tabs=tabs(visitor, "credenciais"),
        wabas=wabas,
        failing=[(row, waiting.get(row.number_id, 0)) for row in failing],
        token_reasons=TOKEN_REASONS,
    )


async def _number(deps: Services, visitor: Visitor, number_id: UUID) -> StoredCredentials:
    async with deps.db.tenant(visitor.tenant_id) as tx:
        for row in await numbers.list_credentials(tx, visitor.tenant_id):
            if row.number_id == number_id:
                return row
    raise NotFound("number_not_found", "this company has no such number")


@router.get(PATH + "/credenciais/{number_id}")
@needs("accounts.edit")
async def ask_token(request: Request, deps: Deps, visitor: Viewer, number_id: UUID) -> Response:
    return await _ask_token(request, deps, visitor, number_id)


async def _ask_token(
    request: Request, deps: Services, visitor: Visitor, number_id: UUID, trouble: str = "", until: str = ""
) -> Response:
    row = await _number(deps, visitor, number_id)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        waiting = (await backlog.by_number(tx, visitor.tenant_id)).get(row.number_id, 0)
    return page(
        request,
        "accounts/token.html",
        status=422 if trouble else 200,
        row=row,
        waiting=waiting,
        trouble=trouble,
        until=until,
    )


@router.post(PATH + "/credenciais/{number_id}")
@needs("accounts.edit")
async def renew_token(
    request: Request, deps: Deps, visitor: Viewer, number_id: UUID, token: Secret = "", ate: Field = ""
) -> Response:
    """A new token in place of the old one; a number that was paused for it goes on by itself."""
    row = await _number(deps, visitor, number_id)
    fresh = token.strip()
    if not _TOKEN.fullmatch(fresh):
        trouble = _("Cole o token inteiro, sem espaços nem quebras de linha.")
        return await _ask_token(request, deps, visitor, number_id, trouble, ate[:10])
    try:
        until = _end_of(ate, visitor.timezone)
    except ValueError:
        return await _ask_token(
            request, deps, visitor, number_id, _("Escreva a data de validade como no calendário.")
        )
    by = by_of(request, deps, visitor)
    kept = Credentials(access_token=fresh, app_secret=await _app_secret(deps, visitor, row.number_id))
    keys = await deps.tenant_keys(visitor.tenant_id)
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await numbers.replace_credentials(
            tx,
            deps.clock.now(),
            keys,
            row.number_id,
            kept,
            expires_at=until,
            actor=by.actor,
            origin=by.origin,
        )
    deps.changed([visitor.tenant_id], topics=["numbers"])
    return go(request, PATH + "/credenciais", toast=_("Token renovado. O que esperava por ele sai sozinho."))


def _end_of(day: str, zone: str) -> datetime | None:
    """The end of that day on the company's clock. Raises ValueError."""
    if not day.strip():
        return None
    there = ZoneInfo(zone)
    return datetime.combine(datetime.fromisoformat(day.strip()).date(), time(23, 59, 59), there).astimezone(
        UTC
    )


async def _app_secret(deps: Services, visitor: Visitor, number_id: NumberId) -> str | None:
    """The one stored before, unless it no longer opens."""
    sealed = await deps.sealed_credentials(visitor.tenant_id, number_id)
    try:
        return numbers.open_credentials(deps.vault, sealed).app_secret if sealed else None
    except SecretUnreadable:
        return None


# --------------------------------------------------------------------------- all companies


@router.get(PATH + "/empresas")
@needs("accounts.create")
async def companies(request: Request, deps: Deps, visitor: Viewer) -> Response:
    return await _companies(request, deps, visitor)


async def _companies(
    request: Request, deps: Services, visitor: Visitor, *, trouble: str = "", **typed: str
) -> Response:
    return page(
        request,
        "accounts/companies.html",
        status=422 if trouble else 200,
        tabs=tabs(visitor, "empresas"),
        companies=await deps.control.companies(),
        trouble=trouble,
        typed={"nome": "", "cliente": ""} | typed,
    )


@router.post(PATH + "/empresas")
@needs("accounts.create")
async def create_company(
    request: Request, deps: Deps, visitor: Viewer, nome: Field = "", cliente: Field = ""
) -> Response:
    """A new company starts in dry run: nothing reaches anybody before somebody says so in Liberação."""
    try:
        created = await deps.control.create_company(
            client_id=cliente.strip(),
            name=nome.strip(),
            mode=Mode.DRY_RUN,
            by=by_of(request, deps, visitor),
        )
    except Conflict:
        trouble = _("Já existe uma empresa com este X-Client-Id.")
        return await _companies(request, deps, visitor, trouble=trouble, nome=nome, cliente=cliente)
    except Invalid as error:
        in_id = "client_id" in fields_of(error)
        trouble = (
            _("X-Client-Id: de 2 a 63 letras minúsculas sem acento, números e hífens.")
            if in_id
            else _("Escreva um nome de até 200 letras.")
        )
        return await _companies(request, deps, visitor, trouble=trouble, nome=nome, cliente=cliente)
    return go(request, PATH + "/empresas", toast=_("Empresa criada: %(name)s.", name=created.name))
