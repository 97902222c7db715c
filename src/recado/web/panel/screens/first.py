"""The first message: the demonstration's company sends one to its handset with one button."""

from __future__ import annotations

import hashlib

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from recado.errors import NotFound
from recado.kit.ids import MessageId, uuid7
from recado.messages import accept as accepting
from recado.messages.content import parse_draft
from recado.web.auth import Deps
from recado.web.panel.pages import go
from recado.web.panel.visitor import Viewer, needs
from recado.web.panel.words import _

router = APIRouter()
LIST = "/painel/mensagens"


@router.post("/painel/experimente")
@needs("conversations.reply")
async def try_it(request: Request, deps: Deps, visitor: Viewer) -> Response:
    """Sends the sample message. Only where a handset receives it: elsewhere it would reach a stranger."""
    if deps.sample is None or deps.handset_url is None:
        raise NotFound("no_sample", "there is no sample company here")
    draft = parse_draft(dict(deps.sample), None)
    number_id = await deps.numbers.find(visitor.tenant_id, None)
    if isinstance(draft, list) or number_id is None:
        return go(request, LIST, toast=_("Conecte um número antes de enviar."), kind="bad")
    asked = accepting.Request(
        id=MessageId(uuid7(deps.clock.now())),
        draft=draft,
        number_id=number_id,
        idempotency_key=None,
        request_hash=hashlib.sha256(msgspec.json.encode(deps.sample, order="sorted")).digest(),
    )
    verdict = await deps.accept(visitor.tenant_id, asked)
    if not isinstance(verdict, accepting.Taken):
        return go(request, LIST, toast=_("Não foi possível enviar agora. Tente de novo."), kind="bad")
    return go(request, LIST, toast=_("Saiu! Veja a mensagem chegar no celular virtual."))
