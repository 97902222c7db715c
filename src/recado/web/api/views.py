"""From rows to answers. Answers have no defaults: every field is always there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from recado.kit.reason_texts import reason_text
from recado.kit.reasons import Reason
from recado.media import service as media
from recado.messages.model import PUBLIC_STATUS, AttemptRow, EventRow, MessageRow, State, effective
from recado.web.api.words import sentence


def stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def reason_body(code: str | None, locale: str) -> dict[str, str] | None:
    """Code, sentence and next step; an unknown code from an older version stands for itself."""
    if code is None:
        return None
    try:
        words = reason_text(Reason(code), locale)
    except ValueError:
        words = reason_text(Reason.UNKNOWN_PROVIDER_ERROR, locale)
    return {"code": code, "text": words.text, "next_step": words.next_step}


def status_body(row: MessageRow, now: datetime, locale: str) -> dict[str, Any]:
    state, reason = effective(row, now)
    return {
        "id": str(row.id),
        "status": PUBLIC_STATUS[state],
        "state": state.value,
        "reason": reason_body(str(reason) if reason is not None else None, locale),
    }


def message_body(row: MessageRow, now: datetime, locale: str) -> dict[str, Any]:
    return status_body(row, now, locale) | {
        "direction": row.direction,
        "to": row.recipient,
        "type": row.kind,
        "class": row.message_class,
        "phone_number_id": row.phone_number_id,
        "conversation_id": str(row.conversation_id),
        "client_reference": row.client_reference,
        "content": row.content,
        "wamid": row.wamid,
        "provider_code": row.reason_code,
        "scheduled_at": stamp(row.scheduled_at),
        "expires_at": stamp(row.expires_at),
        "accepted_at": stamp(row.accepted_at),
        "sent_at": stamp(row.sent_at),
        "delivered_at": stamp(row.delivered_at),
        "read_at": stamp(row.read_at),
        "failed_at": stamp(row.failed_at),
        "created_at": stamp(row.created_at),
        "timeline_url": f"/api/v1/messages/{row.id}",
    }


def timeline(events: Sequence[EventRow], attempts: Sequence[AttemptRow], locale: str) -> list[dict[str, Any]]:
    """Every event and every try, in the order they were recorded."""
    lines = [
        (
            event.recorded_at,
            {
                "kind": event.kind,
                "text": sentence(event.kind, locale),
                "at": stamp(event.at),
                "recorded_at": stamp(event.recorded_at),
                "reason": reason_body((event.data or {}).get("reason"), locale),
                "data": event.data,
            },
        )
        for event in events
    ]
    lines += [
        (
            attempt.started_at,
            {
                "kind": "attempt.started",
                "text": sentence("attempt.started", locale),
                "at": stamp(attempt.started_at),
                "recorded_at": stamp(attempt.started_at),
                "reason": reason_body(attempt.reason, locale),
                "data": _attempt_data(attempt),
            },
        )
        for attempt in attempts
    ]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _attempt_data(attempt: AttemptRow) -> dict[str, Any]:
    return {
        "attempt": attempt.n,
        "outcome": State.SENDING.value if attempt.state == "intent" else attempt.state,
        "http_status": attempt.http_status,
        "provider_code": attempt.code,
        "elapsed_ms": attempt.elapsed_ms,
        "finished_at": stamp(attempt.finished_at),
        "echo_at": stamp(attempt.echo_at),
    }


def media_body(row: media.MediaRow, locale: str) -> dict[str, Any]:
    own = media.write_id(row.media_id)
    return {
        "id": own,
        "direction": row.direction,
        "state": row.state,
        "reason": reason_body(row.reason, locale),
        "mime_type": row.mime_type,
        "filename": row.filename,
        "size_bytes": row.size_bytes,
        "sha256": row.sha256.hex() if row.sha256 else None,
        "url": f"/api/v1/media/{own}" if row.state == "stored" else None,
        "created_at": stamp(row.created_at),
    }
