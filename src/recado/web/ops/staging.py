"""`POST /__staging/outbound`: one message straight to the provider, answered with the whole exchange.

For the staged validation of an installation. It exists only outside production and with a token; it writes
no message, no contact and no event, only a line in the audit trail.
"""

from __future__ import annotations

import base64
import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse

from recado.errors import Conflict, Invalid, NotFound, Unauthorized
from recado.kit.ids import NumberId, TenantId
from recado.kit.redact import redact_json
from recado.messages.content import Draft, parse_draft
from recado.numbers import service as numbers
from recado.numbers.model import SealedCredentials
from recado.providers.contract import (
    Accepted,
    Exchange,
    Later,
    Outbound,
    Rejected,
    SendOutcome,
    Unknown,
)
from recado.web.auth import Deps
from recado.web.body import read_json
from recado.web.problems import violations_body
from recado.web.services import Services

router = APIRouter(tags=["operations"])


def _require(deps: Services, given: str | None, authorization: str | None) -> None:
    """The door does not exist without a token, and says nothing about itself with a wrong one."""
    if deps.staging_token is None:
        raise NotFound("not_found", "Not Found")
    bearer = (authorization or "").removeprefix("Bearer ").strip()
    offered = (given or bearer).encode()
    if not hmac.compare_digest(offered, deps.staging_token.encode()):
        raise Unauthorized("staging_token", "missing or wrong staging token")


@router.post("/__staging/outbound", summary="Staged validation: send one and show the exchange")
async def outbound(
    request: Request,
    deps: Deps,
    x_staging_token: Annotated[str | None, Header()] = None,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
    x_client_id: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    _require(deps, x_staging_token, authorization)
    payload = await read_json(request)
    if not isinstance(payload, dict):
        raise Invalid("invalid_message", "the body must be an object")
    client_id = payload.pop("client_id", None) or x_client_id
    draft = parse_draft(payload, None)
    if isinstance(draft, list):
        raise Invalid(
            "invalid_message",
            f"the message breaks {len(draft)} rule(s)",
            violations=violations_body(draft),
        )
    tenant_id, sealed = await _target(deps, client_id, draft)
    if await deps.stopped(tenant_id, sealed.number_id):
        raise Conflict("stopped", "sending is switched off for this number, its tenant or the installation")
    message = Outbound(
        phone_number_id=sealed.external_id,
        phone=draft.phone,
        bsuid=draft.bsuid,
        content=draft.content,
        context_wamid=draft.context_wamid,
        opaque="staging." + base64.b32encode(deps.random_bytes(10)).decode(),
    )
    outcome = await deps.providers[sealed.provider].sender.send(
        message, numbers.open_credentials(deps.vault, sealed)
    )
    await deps.audit_refusal(tenant_id, "staging.outbound", type(outcome).__name__.lower())
    return JSONResponse(_report(draft, message, sealed.provider, outcome))


async def _target(deps: Services, client_id: Any, draft: Draft) -> tuple[TenantId, SealedCredentials]:
    tenant_id = await deps.find_client(client_id) if isinstance(client_id, str) else None
    if tenant_id is None:
        raise NotFound("tenant_not_found", "client_id: no such tenant")
    number_id: NumberId | None = await deps.numbers.find(tenant_id, draft.phone_number_id)
    sealed = await deps.sealed_credentials(tenant_id, number_id) if number_id else None
    if sealed is None:
        raise NotFound("number_not_found", "this tenant has no such phone number")
    return tenant_id, sealed


def _report(draft: Draft, message: Outbound, provider: str, outcome: SendOutcome) -> dict[str, Any]:
    return {
        "provider": provider,
        "request": redact_json(
            {
                "phone_number_id": message.phone_number_id,
                "to": draft.phone,
                "recipient": draft.bsuid,
            }
            | dict(draft.content)
        ),
        "outcome": type(outcome).__name__.lower(),
        "wamid": outcome.wamid if isinstance(outcome, Accepted) else None,
        "reason": None if isinstance(outcome, Accepted) else outcome.reason.value,
        "code": outcome.code if isinstance(outcome, Rejected | Later) else None,
        "detail": None if isinstance(outcome, Accepted) else outcome.detail,
        "in_doubt": isinstance(outcome, Unknown),
        "exchange": _exchange(outcome.exchange),
    }


def _exchange(exchange: Exchange | None) -> dict[str, Any] | None:
    if exchange is None:
        return None
    return {
        "http_status": exchange.http_status,
        "elapsed_ms": round(exchange.elapsed_s * 1000),
        "answer": redact_json(exchange.answer.decode("utf-8", "replace")),
    }
