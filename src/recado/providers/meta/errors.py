"""Reads a refusal of the Graph API: is it definite, worth waiting for, or does nobody know.

Only a refusal Meta documents counts as proof that nothing was sent. Everything strange is
`Unknown`: a wrong guess there would send a message twice.
"""

from __future__ import annotations

import math
from typing import Any, Final, assert_never

import msgspec

from recado.kit.reasons import Reason
from recado.providers.contract import Blame, Exchange, Later, Rejected, Scope, Unknown
from recado.providers.meta.codes import CODES, Refuse, Soft, Verdict, Wait, look_up
from recado.providers.meta.values import as_code, as_text, storable

ANSWER_CAP: Final = 16 * 1024
_DETAIL_CAP: Final = 500
_LONGEST_WAIT_S: Final = 6 * 3600.0
_MESSAGE_REFUSED: Final = Refuse(Blame.MESSAGE)
# Onboarding and template errors hide the real code in `error_subcode` of these families.
_SUBCODE_FLOOR: Final = 2_000_000
_WRONG_NODE_SUBCODE: Final = 33


class GraphError(msgspec.Struct, frozen=True):
    """The members of `{"error": {...}}` that decide; titles and traces are not stable."""

    code: int
    subcode: int | None
    detail: str
    is_transient: bool


class _Body(msgspec.Struct):
    error: dict[str, Any]


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_any = msgspec.json.Decoder().decode


def read_graph_error(body: bytes) -> GraphError | None:
    """The error of a Graph answer, or None when the body is not one (HTML, empty, cut short)."""
    try:
        error = _decode_body(body).error
    except (ValueError, RecursionError):
        return None
    code = as_code(error.get("code"))
    if code is None:
        return None
    data = error.get("error_data")
    details = as_text(data.get("details")) if isinstance(data, dict) else None
    detail = details or as_text(error.get("message")) or ""
    return GraphError(
        code=code,
        subcode=as_code(error.get("error_subcode")),
        detail=storable(detail)[:_DETAIL_CAP],
        is_transient=error.get("is_transient") is True,
    )


def regain_seconds(retry_after: str | None, usage: str | None) -> float | None:
    """Seconds to wait, from `Retry-After` or `X-Business-Use-Case-Usage` (told in minutes)."""
    waits = []
    if retry_after is not None and retry_after.strip().isascii() and retry_after.strip().isdigit():
        waits.append(float(retry_after))
    if usage is not None:
        waits.append(_usage_seconds(usage))
    longest = max(waits, default=0.0)
    return min(longest, _LONGEST_WAIT_S) if longest > 0 else None


def _usage_seconds(usage: str) -> float:
    try:
        accounts = _decode_any(usage)
    except (ValueError, RecursionError):
        return 0.0
    if not isinstance(accounts, dict):
        return 0.0
    minutes = [
        entry.get("estimated_time_to_regain_access")
        for entries in accounts.values()
        if isinstance(entries, list)
        for entry in entries
        if isinstance(entry, dict)
    ]
    return 60.0 * max((m for m in minutes if isinstance(m, int | float) and m > 0), default=0.0)


def classify(
    http_status: int,
    body: bytes,
    *,
    retry_after: str | None = None,
    usage: str | None = None,
    elapsed_s: float = 0.0,
) -> Rejected | Later | Unknown:
    """What a non-2xx answer means for the message that was being sent.

    `retry_after` and `usage` are the headers `Retry-After` and `X-Business-Use-Case-Usage`.
    Definite: a 4xx with a Graph error, or a rate limit. Soft doubt: a Graph error that is Meta's
    own fault. Everything else (HTML, 408, 3xx, a body cut short) stays in doubt.
    """
    exchange = Exchange(http_status=http_status, answer=body[:ANSWER_CAP], elapsed_s=elapsed_s)
    error = read_graph_error(body)
    if http_status == 429:
        return _throttled(error, regain_seconds(retry_after, usage), exchange)
    if error is None or http_status < 400 or http_status == 408:
        return Unknown(
            reason=Reason.IN_DOUBT_NO_ANSWER,
            detail=f"HTTP {http_status} without an answer of the Graph API",
            exchange=exchange,
        )
    reason, verdict = _verdict(http_status, error)
    return _outcome(error, reason, verdict, regain_seconds(retry_after, usage), exchange)


def _throttled(
    error: GraphError | None, wait_s: float | None, exchange: Exchange
) -> Rejected | Later | Unknown:
    """429 is definite by itself; a code that says more than "slow down" still decides."""
    if error is not None:
        found = look_up(_decisive_code(error))
        if found is not None and not isinstance(found[1], Soft):
            return _outcome(error, found[0], found[1], wait_s, exchange)
    return Later(
        code=None if error is None else error.code,
        reason=Reason.THROUGHPUT,
        detail="HTTP 429" if error is None else error.detail,
        scope=Scope.NUMBER,
        retry_after_s=wait_s,
        slow_down=True,
        exchange=exchange,
    )


def _decisive_code(error: GraphError) -> int:
    """Meta reports template and onboarding faults as 100 with the real code as subcode."""
    subcode = error.subcode
    if error.code == 100 and subcode is not None and subcode >= _SUBCODE_FLOOR and subcode in CODES:
        return subcode
    return error.code


def _verdict(http_status: int, error: GraphError) -> tuple[Reason, Verdict]:
    if error.code == 100 and error.subcode == _WRONG_NODE_SUBCODE:
        # "Object with ID … does not exist, cannot be loaded due to missing permissions": it is the
        # sending number itself, so the lane stops instead of failing every message in it.
        return Reason.NUMBER_DELETED, Refuse(Blame.NUMBER)
    code = _decisive_code(error)
    found = look_up(code)
    if found is None:
        soft = http_status >= 500 or error.is_transient
        return Reason.UNKNOWN_PROVIDER_ERROR, Soft() if soft else _MESSAGE_REFUSED
    reason, verdict = found
    documented = CODES[code].http if code in CODES else 400
    if http_status >= 500 and documented < 500 and isinstance(verdict, Refuse):
        # A refusal under an unexpected 5xx is no documented proof that nothing was sent.
        return reason, Soft()
    return reason, verdict


def _outcome(
    error: GraphError,
    reason: Reason,
    verdict: Verdict,
    wait_s: float | None,
    exchange: Exchange,
) -> Rejected | Later | Unknown:
    match verdict:
        case Refuse(blame=blame, skip=skip):
            return Rejected(
                code=error.code,
                reason=reason,
                detail=error.detail,
                blame=blame,
                skip=skip,
                exchange=exchange,
            )
        case Wait(scope=scope, seconds=seconds, slow_down=slow_down):
            told = wait_s if slow_down or seconds is not None else None
            return Later(
                code=error.code,
                reason=reason,
                detail=error.detail,
                scope=scope,
                retry_after_s=_longer(seconds, told),
                slow_down=slow_down,
                exchange=exchange,
            )
        case Soft():
            return Unknown(reason=Reason.IN_DOUBT_SOFT, detail=error.detail, soft=True, exchange=exchange)
        case _:
            assert_never(verdict)


def _longer(ours: float | None, told: float | None) -> float | None:
    known = [wait for wait in (ours, told) if wait is not None and math.isfinite(wait)]
    return max(known, default=None)
