"""Who is calling: the API key alone decides; `X-Client-Id` only has to agree."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from recado.errors import Forbidden, Unauthorized
from recado.tenants.model import KeyRefused, Principal
from recado.web.services import Services

_WHY = {
    "unknown": "this API key is not known",
    "revoked": "this API key was revoked",
    "expired": "this API key has expired",
}


async def services(request: Request) -> Services:
    """`async`, or the framework would call it in a thread for every request."""
    found: Services = request.app.state.services
    return found


Deps = Annotated[Services, Depends(services)]


def _bearer(header: str | None) -> str:
    scheme, _, secret = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthorized("missing_key", "send `Authorization: Bearer <API key>`")
    return secret.strip()


async def authenticated(
    deps: Services, authorization: str | None, client_id: str | None, *, lately: bool = False
) -> Principal:
    """Raises Unauthorized for a key that does not open, Forbidden (audited) for a foreign `X-Client-Id`."""
    verdict = await deps.authenticate(_bearer(authorization), lately)
    if isinstance(verdict, KeyRefused):
        if verdict.tenant_id is not None:
            await deps.audit_refusal(verdict.tenant_id, "key.refused", verdict.why)
        raise Unauthorized(f"key_{verdict.why}", _WHY[verdict.why])
    if client_id is not None and client_id != verdict.client_id:
        await deps.audit_refusal(verdict.tenant_id, "client_id.mismatch", str(verdict.key_id))
        raise Forbidden("client_id_mismatch", "X-Client-Id does not belong to this API key")
    return verdict


async def principal(
    deps: Deps,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
    x_client_id: Annotated[str | None, Header(description="must be the key's own tenant")] = None,
) -> Principal:
    return await authenticated(deps, authorization, x_client_id)


Caller = Annotated[Principal, Depends(principal)]


def need(caller: Principal, scope: str) -> None:
    """Raises Forbidden when the key lacks the scope."""
    if scope not in caller.scopes:
        raise Forbidden("missing_scope", f"this API key does not have the scope {scope}")
