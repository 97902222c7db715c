"""`/api/v1/messages`: ask, look, cancel, mark as read."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime

from recado.errors import Conflict, Invalid, NotFound, NotReady, Unauthorized
from recado.kit.ids import MessageId, NumberId, TenantId, uuid7
from recado.kit.reason_texts import reason_text
from recado.kit.reasons import Reason
from recado.messages import accept as accepting
from recado.messages import doubt, reading
from recado.messages.content import Draft, Violation, parse_draft, parse_mark_read
from recado.messages.model import MessageRow
from recado.numbers import service as numbers
from recado.providers.contract import Done, Later, Rejected, SimpleOutcome, Unknown
from recado.tenants.model import ApiScope, Principal
from recado.web.api import views
from recado.web.api.cursor import read_cursor, write_cursor
from recado.web.api.openapi import MARK_READ, problem_responses, send_operation
from recado.web.auth import Caller, Deps, need
from recado.web.body import read_json
from recado.web.problems import violations_body
from recado.web.services import Services

router = APIRouter(prefix="/api/v1/messages", tags=["messages"])
# PostgreSQL text cannot hold U+0000.
_PLAIN = Query(max_length=300, pattern=r"^[^\x00]*$")
Language = Annotated[str, Header(alias="accept-language", description="pt-BR (default) or en")]


def locale_of(header: str) -> str:
    return "en" if header.lower().lstrip().startswith("en") else "pt-BR"


def _invalid(violations: list[Violation]) -> Invalid:
    return Invalid(
        "invalid_message",
        f"the message breaks {len(violations)} rule(s)",
        violations=violations_body(violations),
    )


def _untimely(draft: Draft, now: datetime) -> tuple[Violation, ...]:
    broken: list[Violation] = []
    start = max(draft.scheduled_at, now) if draft.scheduled_at else now
    if draft.expires_at is not None and draft.expires_at <= start:
        broken.append(
            Violation(
                field="expires_at",
                rule="out_of_range",
                limit=start.isoformat(),
                length=None,
                message="expires_at: must lie after the moment the message may leave",
            )
        )
    if draft.scheduled_at is not None and (draft.scheduled_at - now).days > 365:
        broken.append(
            Violation(
                field="scheduled_at",
                rule="out_of_range",
                limit="365 days",
                length=None,
                message="scheduled_at: at most one year ahead",
            )
        )
    return tuple(broken)


def _idempotency_key(header: str | None) -> str | None:
    if header is None:
        return None
    if not 1 <= len(header) <= 255:
        raise _invalid(
            [
                Violation(
                    field="Idempotency-Key",
                    rule="too_long",
                    limit=255,
                    length=len(header),
                    message="Idempotency-Key: 1 to 255 characters",
                )
            ]
        )
    return header


async def _number(deps: Services, tenant_id: TenantId, wanted: str | None) -> NumberId:
    found = await deps.numbers.find(tenant_id, wanted)
    if found is None and wanted is not None:
        raise NotFound("number_not_found", "phone_number_id: this tenant has no such phone number")
    if found is None:
        words = reason_text(Reason.NO_ROUTE, "pt-BR")
        raise Conflict("no_number", words.text, next_step=words.next_step)
    return found


async def send(
    request: Request,
    deps: Services,
    caller: Principal,
    kind: str | None,
    key: str | None,
    locale: str,
) -> Response:
    """Validates, stores, answers 202 after the commit."""
    need(caller, ApiScope.MESSAGES_WRITE)
    payload = await read_json(request)
    if kind is None and isinstance(payload, dict) and payload.get("status") == "read":
        return await mark_read(deps, caller, payload, locale)
    key = _idempotency_key(key)
    parsed = parse_draft(payload, kind)
    if isinstance(parsed, list):
        raise _invalid(parsed)
    now = deps.clock.now()
    asked = accepting.Request(
        id=MessageId(uuid7(now)),
        draft=parsed,
        number_id=await _number(deps, caller.tenant_id, parsed.phone_number_id),
        idempotency_key=key,
        request_hash=_fingerprint(kind, payload) if key else b"",
        api_key_hash=caller.hash,
        untimely=_untimely(parsed, now),
    )
    return _answer(await deps.accept(caller.tenant_id, asked), locale)


def _fingerprint(kind: str | None, payload: Any) -> bytes:
    """The same for two bodies that differ only in the order of their fields and in white space."""
    return hashlib.sha256(msgspec.json.encode([kind, payload], order="sorted")).digest()


def _answer(verdict: accepting.Acceptance, locale: str) -> Response:
    match verdict:
        case accepting.Taken(answer=answer):
            return Response(msgspec.json.encode(answer), status_code=202, media_type="application/json")
        case accepting.Replayed(answer=answer):
            return JSONResponse(answer, status_code=202, headers={"idempotent-replayed": "true"})
        case accepting.KeyReused():
            raise Invalid(
                "idempotency_key_reused",
                "this Idempotency-Key was used with another body",
                violations=[
                    {
                        "field": "Idempotency-Key",
                        "rule": "not_unique",
                        "limit": None,
                        "length": None,
                        "message": "Idempotency-Key: a key belongs to one body",
                    }
                ],
            )
        case accepting.WindowClosed():
            words = reason_text(Reason.WINDOW_CLOSED, locale)
            raise Conflict("window_closed", words.text, next_step=words.next_step)
        case accepting.BadReference(violations=violations):
            raise _invalid(violations)
        case accepting.KeyDead():
            raise Unauthorized("key_revoked", "this API key was revoked")


# --------------------------------------------------------------------------- asking


@router.post("", status_code=202, openapi_extra=send_operation(None), summary="Send a message of any kind")
async def post_any(
    request: Request,
    deps: Deps,
    caller: Caller,
    idempotency_key: Annotated[str | None, Header(max_length=1000)] = None,
    accept_language: Language = "pt-BR",
) -> Response:
    return await send(request, deps, caller, None, idempotency_key, locale_of(accept_language))


def _kind_route(kind: str) -> None:
    async def post_kind(
        request: Request,
        deps: Deps,
        caller: Caller,
        idempotency_key: Annotated[str | None, Header(max_length=1000)] = None,
        accept_language: Language = "pt-BR",
    ) -> Response:
        return await send(request, deps, caller, kind, idempotency_key, locale_of(accept_language))

    router.add_api_route(
        f"/{kind}",
        post_kind,
        methods=["POST"],
        status_code=202,
        name=f"post_{kind}",
        openapi_extra=send_operation(kind),
        summary=f"Send: {kind}",
    )


SEND_KINDS = (
    "text",
    "media",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "interactive",
    "template",
)
for _kind in SEND_KINDS:
    _kind_route(_kind)


# --------------------------------------------------------------------------- read receipts


@router.post(
    "/read",
    openapi_extra=MARK_READ,
    summary="Mark a received message as read, with or without typing",
)
async def post_read(
    request: Request, deps: Deps, caller: Caller, accept_language: Language = "pt-BR"
) -> JSONResponse:
    need(caller, ApiScope.MESSAGES_WRITE)
    payload = await read_json(request)
    return await mark_read(deps, caller, payload, locale_of(accept_language))


async def mark_read(deps: Services, caller: Principal, payload: Any, locale: str) -> JSONResponse:
    """Goes to the provider at once; the conversation counts as seen here too."""
    parsed = parse_mark_read(payload)
    if isinstance(parsed, list):
        raise _invalid(parsed)
    async with deps.db.tenant(caller.tenant_id) as tx:
        target = await reading.find_inbound(
            tx, caller.tenant_id, parsed.message_id, await deps.tenant_keys(caller.tenant_id)
        )
        if target is None:
            raise NotFound("message_not_found", "message_id: no received message with this id")
        await reading.mark_seen(tx, caller.tenant_id, target.conversation_id)
    sealed = await deps.sealed_credentials(caller.tenant_id, target.number_id)
    if sealed is None:
        raise NotFound("number_not_found", "the number of this message is gone")
    outcome = await deps.providers[sealed.provider].sender.mark_read(
        sealed.external_id,
        target.wamid,
        parsed.typing,
        numbers.open_credentials(deps.vault, sealed),
    )
    return _read_answer(outcome, locale)


def _read_answer(outcome: SimpleOutcome, locale: str) -> JSONResponse:
    match outcome:
        case Done():
            return JSONResponse({"success": True})
        case Rejected(reason=reason):
            words = reason_text(reason, locale)
            raise Conflict(reason.value, words.text, next_step=words.next_step)
        case Later(reason=reason) | Unknown(reason=reason):
            words = reason_text(reason, locale)
            raise NotReady(reason.value, words.text, next_step=words.next_step, retry_after_s=5)


# --------------------------------------------------------------------------- looking


@router.get("", summary="List messages, newest first")
async def list_messages(
    deps: Deps,
    caller: Caller,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    status: Annotated[str | None, Query(description="pending, sent, delivered, read, failed, …")] = None,
    state: Annotated[str | None, Query()] = None,
    direction: Annotated[str | None, Query(pattern="^(out|in|echo)$")] = None,
    type: Annotated[str | None, _PLAIN] = None,  # noqa: A002 - Meta's name for it
    to: Annotated[str | None, _PLAIN] = None,
    client_reference: Annotated[str | None, _PLAIN] = None,
    conversation_id: Annotated[UUID | None, Query()] = None,
    since: Annotated[AwareDatetime | None, Query(description="with its zone, like all times here")] = None,
    until: Annotated[AwareDatetime | None, Query()] = None,
    accept_language: Language = "pt-BR",
) -> dict[str, Any]:
    need(caller, ApiScope.MESSAGES_READ)
    found = reading.Filter(
        states=reading.states_for(status, state),
        direction=direction,
        kind=type,
        recipient=reading.normal_recipient(to),
        reference=client_reference,
        conversation=conversation_id,
        since=since,
        until=until,
    )
    before = read_cursor(cursor)
    async with deps.db.tenant(caller.tenant_id) as tx:
        rows = await reading.page(tx, caller.tenant_id, found, before=before, most=limit + 1)
    now = deps.clock.now()
    shown = rows[:limit]
    more = len(rows) > limit
    return {
        "data": [views.message_body(row, now, locale_of(accept_language)) for row in shown],
        "next_cursor": write_cursor(shown[-1].id) if more else None,
    }


async def _one(deps: Services, caller: Principal, message_id: str) -> MessageRow:
    need(caller, ApiScope.MESSAGES_READ)
    async with deps.db.tenant(caller.tenant_id) as tx:
        return await reading.get(tx, caller.tenant_id, reading.parse_id(message_id))


@router.get("/{message_id}", summary="One message with its timeline")
async def get_message(
    message_id: str, deps: Deps, caller: Caller, accept_language: Language = "pt-BR"
) -> dict[str, Any]:
    row = await _one(deps, caller, message_id)
    locale = locale_of(accept_language)
    async with deps.db.tenant(caller.tenant_id) as tx:
        events = await reading.events(tx, caller.tenant_id, row.id)
        attempts = await reading.attempts(tx, caller.tenant_id, row.id)
        files = await reading.files(tx, caller.tenant_id, row.id)
    return views.message_body(row, deps.clock.now(), locale) | {
        "media": [views.media_body(file, locale) for file in files],
        "timeline": views.timeline(events, attempts, locale),
    }


@router.get("/{message_id}/status", summary="Only the state of one message")
async def get_status(
    message_id: str, deps: Deps, caller: Caller, accept_language: Language = "pt-BR"
) -> dict[str, Any]:
    row = await _one(deps, caller, message_id)
    return views.status_body(row, deps.clock.now(), locale_of(accept_language))


@router.post(
    "/{message_id}/decision",
    summary="Decide about a message in doubt: resend, abandon or wait",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["decision"],
                        "properties": {"decision": {"enum": ["resend", "abandon", "wait"]}},
                    },
                    "example": {"decision": "resend"},
                }
            },
        },
        "responses": problem_responses("400", "401", "403", "404", "409", "422", "503"),
    },
)
async def decide(
    message_id: str, request: Request, deps: Deps, caller: Caller, accept_language: Language = "pt-BR"
) -> dict[str, Any]:
    need(caller, ApiScope.MESSAGES_WRITE)
    payload = await read_json(request)
    decision = payload.get("decision") if isinstance(payload, dict) else None
    now = deps.clock.now()
    async with deps.db.tenant(caller.tenant_id) as tx:
        row = await reading.get(tx, caller.tenant_id, reading.parse_id(message_id))
        await doubt.decide(tx, now, caller.tenant_id, row.id, str(decision), actor=f"key:{caller.key_id}")
        row = await reading.get(tx, caller.tenant_id, row.id)
    return views.message_body(row, now, locale_of(accept_language))


@router.post("/{message_id}/cancel", summary="Cancel while it has not left")
@router.delete("/{message_id}", summary="Cancel while it has not left")
async def cancel(
    message_id: str, deps: Deps, caller: Caller, accept_language: Language = "pt-BR"
) -> dict[str, Any]:
    need(caller, ApiScope.MESSAGES_WRITE)
    now = deps.clock.now()
    async with deps.db.tenant(caller.tenant_id) as tx:
        row = await reading.cancel(
            tx, now, caller.tenant_id, reading.parse_id(message_id), actor=f"key:{caller.key_id}"
        )
    return views.message_body(row, now, locale_of(accept_language))
