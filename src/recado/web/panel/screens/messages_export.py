"""The list as a file: the same filter, in bites, never more than one of them in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from recado.audit import service as audit
from recado.kit.ids import TenantId
from recado.messages import listing
from recado.messages.listing import ListRow, Wanted
from recado.messages.model import effective
from recado.tenants.vault import TenantKeys
from recado.web.auth import Deps
from recado.web.panel import csv_safe
from recado.web.panel.screens.messages import PATH, chosen_of, wanted_of
from recado.web.panel.visitor import Viewer, Visitor, needs
from recado.web.panel.words import _, masked_phone
from recado.web.services import Services

router = APIRouter()
_BITE = 500
_KEYS = (
    "created_at",
    "name",
    "phone",
    "kind",
    "class",
    "template",
    "preview",
    "state",
    "reason",
    "number",
    "accepted_at",
    "delivered_at",
    "read_at",
    "reference",
    "id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    tenant_id: TenantId
    wanted: Wanted
    whole: bool
    keys: TenantKeys


@router.get(PATH + "/exportar.csv")
@needs("messages.export")
async def as_csv(request: Request, deps: Deps, visitor: Viewer) -> Response:
    """What the list shows, newest first, as CSV no spreadsheet takes for formulas."""
    head = [
        _("quando"),
        _("cliente"),
        _("telefone"),
        _("tipo"),
        _("classe"),
        _("modelo"),
        _("mensagem"),
        _("situação"),
        _("motivo"),
        _("número"),
        _("aceita"),
        _("entregue"),
        _("lida"),
        _("referência"),
        "id",
    ]
    asked = await _ask(request, deps, visitor, "csv")
    return _file(_csv(deps, asked, head), deps.clock.now(), "csv", "text/csv; charset=utf-8")


@router.get(PATH + "/exportar.json")
@needs("messages.export")
async def as_json(request: Request, deps: Deps, visitor: Viewer) -> Response:
    """The same as a JSON array of objects."""
    asked = await _ask(request, deps, visitor, "json")
    return _file(_json(deps, asked), deps.clock.now(), "json", "application/json")


async def _ask(request: Request, deps: Services, visitor: Visitor, form: str) -> _Asked:
    """Written down before the first byte: whoever takes a list away is in the trail. What was searched for may be
    somebody's name or phone and is not repeated there."""
    now = deps.clock.now()
    chosen = chosen_of(request)
    whole = visitor.allowed("personal.reveal") and request.query_params.get("telefones") != "mascarados"
    filters = {
        name: value
        for name in chosen.__dataclass_fields__
        if name != "q" and (value := getattr(chosen, name))
    }
    async with deps.db.tenant(visitor.tenant_id) as tx:
        await audit.record(
            tx,
            now,
            visitor.tenant_id,
            actor=visitor.actor,
            action="messages.exported",
            data={"form": form, "phones": "whole" if whole else "masked", "filters": filters},
        )
    return _Asked(
        tenant_id=visitor.tenant_id,
        wanted=wanted_of(chosen, now),
        whole=whole,
        keys=await deps.tenant_keys(visitor.tenant_id),
    )


def _file(body: AsyncIterator[bytes], now: datetime, ending: str, kind: str) -> StreamingResponse:
    name = f"mensagens-{now:%Y-%m-%d}.{ending}"
    return StreamingResponse(
        body, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


async def _csv(deps: Services, asked: _Asked, head: list[str]) -> AsyncIterator[bytes]:
    yield csv_safe.document(head, [])
    async for rows in _bites(deps, asked):
        yield csv_safe.lines([_cells(row, deps.clock.now(), whole=asked.whole) for row in rows]).encode()


async def _json(deps: Services, asked: _Asked) -> AsyncIterator[bytes]:
    between = b"[\n"
    async for rows in _bites(deps, asked):
        for row in rows:
            cells = _cells(row, deps.clock.now(), whole=asked.whole)
            yield between + msgspec.json.encode(dict(zip(_KEYS, cells, strict=True)))
            between = b",\n"
    yield b"\n]\n" if between == b",\n" else b"[]\n"


async def _bites(deps: Services, asked: _Asked) -> AsyncIterator[list[ListRow]]:
    """A transaction each: however slowly somebody downloads, nothing of the database is held meanwhile."""
    before = listing.LAST
    while True:
        async with deps.db.tenant(asked.tenant_id) as tx:
            page = await listing.page(
                tx,
                deps.clock.now(),
                asked.tenant_id,
                asked.wanted,
                keys=asked.keys,
                before=before,
                most=_BITE,
            )
        if page.rows:
            yield page.rows
        if page.older is None:
            return
        before = page.older


def _cells(row: ListRow, now: datetime, *, whole: bool) -> list[Any]:
    state, reason = effective(row, now)
    return [
        row.created_at,
        row.name,
        _address(row, whole=whole),
        row.kind,
        row.message_class,
        row.template,
        row.preview,
        state.value,
        None if reason is None else str(reason),
        row.number_label,
        row.accepted_at,
        row.delivered_at,
        row.read_at,
        row.client_reference,
        row.id,
    ]


def _address(row: ListRow, *, whole: bool) -> str | None:
    """Whoever has no phone has an id of the provider, which is as personal."""
    address = row.phone or row.recipient
    if address is None or whole:
        return address
    return masked_phone(address) if address.startswith("+") else "•" * 8
