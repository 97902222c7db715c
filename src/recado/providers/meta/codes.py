"""Meta's error codes as data: what each means, who it is about, and whether to try again.

Source: Meta's Cloud API error table as of September 2026. `action` and `kind` are the words of
recado's reference list; `verdict` is what the sender does with the code. The module holds no logic
beyond looking a code up: `errors.py` decides with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from recado.kit.reasons import Reason
from recado.providers.contract import Blame, Scope

Kind = Literal[
    "retry",
    "do-not-retry",
    "token",
    "rate",
    "policy",
    "recipient",
    "template",
    "account",
    "config",
]
Action = Literal[
    "retry_backoff",
    "wait_then_retry",
    "fix_then_retry",
    "resend_as_template",
    "refresh_token",
    "stop_message",
    "stop_recipient",
    "stop_template",
    "stop_account",
    "none",
]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Definite and permanent: trying again unchanged is useless."""

    blame: Blame
    skip: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Definitely not sent and worth another try. `seconds` None leaves the pace to the caller."""

    scope: Scope
    seconds: float | None
    slow_down: bool = False


@dataclass(frozen=True, slots=True)
class Soft:
    """Meta's own fault: it hints that nothing was sent but does not document it."""


Verdict = Refuse | Wait | Soft


@dataclass(frozen=True, slots=True)
class Code:
    """`http` is the status Meta documents for the code (400 where it documents none)."""

    code: int
    http: int
    reason: Reason
    kind: Kind
    action: Action
    verdict: Verdict


_MESSAGE: Final = Refuse(Blame.MESSAGE)
_RECIPIENT: Final = Refuse(Blame.RECIPIENT)
_TEMPLATE: Final = Refuse(Blame.TEMPLATE)
_NUMBER: Final = Refuse(Blame.NUMBER)
_TOKEN: Final = Refuse(Blame.TOKEN)
_SKIP: Final = Refuse(Blame.MESSAGE, skip=True)
_SLOW: Final = Wait(Scope.NUMBER, None, slow_down=True)
_row = Code

# One row per code, in the order of the reference list.
_ROWS: Final = (
    _row(0, 401, Reason.TOKEN_EXPIRED, "token", "refresh_token", _TOKEN),
    _row(1, 400, Reason.PROVIDER_FAULT, "retry", "retry_backoff", Soft()),
    _row(2, 503, Reason.PROVIDER_FAULT, "retry", "retry_backoff", Soft()),
    _row(3, 500, Reason.PERMISSION_MISSING, "token", "fix_then_retry", _TOKEN),
    _row(4, 400, Reason.THROUGHPUT, "rate", "wait_then_retry", _SLOW),
    _row(10, 403, Reason.PERMISSION_MISSING, "token", "fix_then_retry", _TOKEN),
    _row(17, 400, Reason.THROUGHPUT, "rate", "wait_then_retry", _SLOW),
    _row(33, 400, Reason.NUMBER_DELETED, "account", "stop_account", _NUMBER),
    _row(100, 400, Reason.REFUSED_PARAMETER, "do-not-retry", "fix_then_retry", _MESSAGE),
    _row(102, 401, Reason.TOKEN_EXPIRED, "token", "refresh_token", _TOKEN),
    _row(104, 400, Reason.PROOF_MISSING, "token", "fix_then_retry", _TOKEN),
    _row(190, 401, Reason.TOKEN_EXPIRED, "token", "refresh_token", _TOKEN),
    _row(200, 403, Reason.PERMISSION_MISSING, "token", "fix_then_retry", _TOKEN),
    _row(368, 403, Reason.POLICY_BLOCK, "policy", "stop_account", _NUMBER),
    _row(613, 400, Reason.THROUGHPUT, "rate", "wait_then_retry", _SLOW),
    _row(80007, 400, Reason.THROUGHPUT, "rate", "wait_then_retry", _SLOW),
    _row(80008, 400, Reason.THROUGHPUT, "rate", "wait_then_retry", _SLOW),
    _row(130403, 400, Reason.RECIPIENT_BLOCKED, "recipient", "stop_recipient", _RECIPIENT),
    _row(130429, 400, Reason.THROUGHPUT, "rate", "retry_backoff", _SLOW),
    _row(130472, 400, Reason.META_EXPERIMENT, "recipient", "stop_message", _RECIPIENT),
    _row(130497, 403, Reason.COUNTRY_BLOCKED, "policy", "stop_recipient", _RECIPIENT),
    _row(131000, 500, Reason.PROVIDER_FAULT, "retry", "retry_backoff", Soft()),
    _row(131005, 403, Reason.PERMISSION_MISSING, "token", "fix_then_retry", _TOKEN),
    _row(131008, 400, Reason.MISSING_PARAMETER, "do-not-retry", "fix_then_retry", _MESSAGE),
    _row(131009, 400, Reason.REFUSED_PARAMETER, "do-not-retry", "fix_then_retry", _MESSAGE),
    _row(131016, 500, Reason.PROVIDER_FAULT, "retry", "retry_backoff", Soft()),
    _row(131020, 400, Reason.GROUP_NOT_FOUND, "do-not-retry", "stop_message", _MESSAGE),
    _row(131021, 400, Reason.SELF_SEND, "recipient", "stop_recipient", _RECIPIENT),
    _row(131026, 400, Reason.UNDELIVERABLE, "recipient", "stop_recipient", _RECIPIENT),
    _row(131030, 400, Reason.TEST_RECIPIENT, "config", "fix_then_retry", _RECIPIENT),
    _row(131031, 403, Reason.ACCOUNT_LOCKED, "account", "stop_account", _NUMBER),
    _row(131037, 400, Reason.DISPLAY_NAME_NOT_APPROVED, "account", "stop_account", _NUMBER),
    _row(131041, 400, Reason.GROUP_NOT_FOUND, "do-not-retry", "stop_message", _MESSAGE),
    _row(131042, 400, Reason.PAYMENT_PROBLEM, "account", "stop_account", _NUMBER),
    _row(131044, 400, Reason.PAYMENT_PROBLEM, "account", "stop_account", _NUMBER),
    _row(131045, 500, Reason.NUMBER_NOT_REGISTERED, "account", "fix_then_retry", _NUMBER),
    _row(131047, 400, Reason.WINDOW_CLOSED, "template", "resend_as_template", _SKIP),
    _row(131048, 400, Reason.SPAM_LIMIT, "rate", "stop_account", _NUMBER),
    _row(131049, 400, Reason.MARKETING_LIMIT, "recipient", "wait_then_retry", _RECIPIENT),
    _row(131050, 400, Reason.OPTED_OUT, "recipient", "stop_recipient", _RECIPIENT),
    _row(131051, 400, Reason.KIND_REFUSED, "do-not-retry", "stop_message", _MESSAGE),
    _row(131052, 400, Reason.INBOUND_MEDIA_LOST, "do-not-retry", "none", _MESSAGE),
    _row(131053, 400, Reason.MEDIA_REFUSED, "do-not-retry", "fix_then_retry", _MESSAGE),
    _row(131055, 400, Reason.MARKETING_ONLY, "do-not-retry", "fix_then_retry", _TEMPLATE),
    _row(131056, 400, Reason.PAIR_RATE, "rate", "retry_backoff", Wait(Scope.PAIR, None)),
    _row(
        131057,
        500,
        Reason.NUMBER_MAINTENANCE,
        "retry",
        "retry_backoff",
        Wait(Scope.NUMBER, 60.0),
    ),
    _row(131059, 400, Reason.LIST_CHANGED, "do-not-retry", "fix_then_retry", _MESSAGE),
    _row(131060, 400, Reason.INBOUND_UNAVAILABLE, "do-not-retry", "none", _MESSAGE),
    _row(131062, 400, Reason.PHONE_REQUIRED, "recipient", "fix_then_retry", _RECIPIENT),
    _row(131063, 400, Reason.MARKETING_ROUTE_REQUIRED, "config", "fix_then_retry", _TEMPLATE),
    _row(131064, 400, Reason.CATEGORY_MISUSE, "policy", "stop_account", _NUMBER),
    _row(132000, 400, Reason.TEMPLATE_PARAMS, "template", "fix_then_retry", _TEMPLATE),
    _row(132001, 404, Reason.TEMPLATE_MISSING, "template", "stop_template", _TEMPLATE),
    _row(132005, 400, Reason.TEMPLATE_PARAMS, "template", "fix_then_retry", _TEMPLATE),
    _row(132007, 400, Reason.TEMPLATE_POLICY, "template", "stop_template", _TEMPLATE),
    _row(132008, 400, Reason.TEMPLATE_PARAMS, "template", "fix_then_retry", _TEMPLATE),
    _row(132012, 400, Reason.TEMPLATE_PARAMS, "template", "fix_then_retry", _TEMPLATE),
    _row(132015, 400, Reason.TEMPLATE_PAUSED, "template", "stop_template", _TEMPLATE),
    _row(132016, 400, Reason.TEMPLATE_DISABLED, "template", "stop_template", _TEMPLATE),
    _row(132018, 400, Reason.TEMPLATE_PARAMS, "template", "fix_then_retry", _TEMPLATE),
    _row(132068, 400, Reason.FLOW_BLOCKED, "template", "stop_template", _TEMPLATE),
    _row(
        132069,
        400,
        Reason.FLOW_THROTTLED,
        "rate",
        "wait_then_retry",
        Wait(Scope.MESSAGE, 3600.0),
    ),
    _row(133000, 500, Reason.DEREGISTRATION_INCOMPLETE, "account", "fix_then_retry", _NUMBER),
    _row(133004, 503, Reason.REGISTRATION_UNAVAILABLE, "retry", "retry_backoff", Soft()),
    _row(133005, 400, Reason.PIN_WRONG, "account", "fix_then_retry", _MESSAGE),
    _row(133006, 400, Reason.NUMBER_NOT_VERIFIED, "account", "fix_then_retry", _NUMBER),
    _row(133008, 400, Reason.PIN_ATTEMPTS, "rate", "wait_then_retry", Wait(Scope.NUMBER, 300.0)),
    _row(133009, 400, Reason.PIN_ATTEMPTS, "rate", "wait_then_retry", Wait(Scope.NUMBER, 60.0)),
    _row(133010, 400, Reason.NUMBER_NOT_REGISTERED, "account", "fix_then_retry", _NUMBER),
    _row(
        133015,
        400,
        Reason.NUMBER_JUST_DELETED,
        "account",
        "wait_then_retry",
        Wait(Scope.NUMBER, 300.0),
    ),
    _row(
        133016,
        400,
        Reason.REGISTRATION_LIMIT,
        "rate",
        "stop_account",
        Wait(Scope.NUMBER, 3600.0),
    ),
    _row(134011, 400, Reason.PAYMENT_TERMS, "account", "fix_then_retry", _MESSAGE),
    _row(134100, 400, Reason.MARKETING_ONLY, "do-not-retry", "fix_then_retry", _TEMPLATE),
    _row(
        134101,
        400,
        Reason.TEMPLATE_SYNCING,
        "retry",
        "wait_then_retry",
        Wait(Scope.MESSAGE, 600.0),
    ),
    _row(134102, 500, Reason.TEMPLATE_UNAVAILABLE, "template", "stop_template", _TEMPLATE),
    _row(135000, 400, Reason.REFUSED_WITHOUT_DETAIL, "do-not-retry", "fix_then_retry", _MESSAGE),
    _row(136024, 400, Reason.CODE_NOT_REQUESTABLE, "account", "fix_then_retry", _MESSAGE),
    _row(136025, 400, Reason.CODE_WRONG, "account", "fix_then_retry", _MESSAGE),
    _row(137000, 400, Reason.IDENTITY_CHANGED, "recipient", "fix_then_retry", _RECIPIENT),
    _row(138001, 400, Reason.CALL_UNAVAILABLE, "recipient", "stop_message", _RECIPIENT),
    _row(139100, 400, Reason.BLOCK_FAILED, "do-not-retry", "none", _MESSAGE),
    _row(139101, 400, Reason.BLOCK_LIST_FULL, "account", "none", _MESSAGE),
    _row(139102, 400, Reason.LIST_CHANGED, "retry", "retry_backoff", Wait(Scope.MESSAGE, None)),
    _row(139103, 500, Reason.BLOCK_FAILED, "retry", "retry_backoff", Soft()),
    _row(147001, 400, Reason.USERNAME_TAKEN, "config", "none", _MESSAGE),
    _row(147002, 400, Reason.USERNAME_NOT_ALLOWED, "account", "none", _MESSAGE),
    _row(147005, 400, Reason.USERNAME_ELSEWHERE, "config", "fix_then_retry", _MESSAGE),
    _row(2388001, 400, Reason.NUMBER_NOT_MIGRATABLE, "account", "fix_then_retry", _MESSAGE),
    _row(2388019, 400, Reason.TEMPLATE_QUOTA, "template", "none", _TEMPLATE),
    _row(2388024, 400, Reason.TEMPLATE_EXISTS, "template", "fix_then_retry", _TEMPLATE),
    _row(2388039, 400, Reason.TEMPLATE_IN_REVIEW, "template", "wait_then_retry", _TEMPLATE),
    _row(2388040, 400, Reason.TEMPLATE_FORMAT, "template", "fix_then_retry", _TEMPLATE),
    _row(2388047, 400, Reason.TEMPLATE_FORMAT, "template", "fix_then_retry", _TEMPLATE),
    _row(2388072, 400, Reason.TEMPLATE_FORMAT, "template", "fix_then_retry", _TEMPLATE),
    _row(2388073, 400, Reason.TEMPLATE_FORMAT, "template", "fix_then_retry", _TEMPLATE),
    _row(2388103, 400, Reason.NUMBER_NOT_MIGRATABLE, "account", "fix_then_retry", _MESSAGE),
    _row(2388293, 400, Reason.TEMPLATE_FORMAT, "template", "fix_then_retry", _TEMPLATE),
    _row(2388299, 400, Reason.TEMPLATE_FORMAT, "template", "fix_then_retry", _TEMPLATE),
    _row(2494055, 400, Reason.THROUGHPUT, "rate", "retry_backoff", _SLOW),
    _row(
        2494100,
        400,
        Reason.NUMBER_MAINTENANCE,
        "retry",
        "wait_then_retry",
        Wait(Scope.NUMBER, 300.0),
    ),
    _row(2593107, 400, Reason.SYNC_ALREADY_REQUESTED, "do-not-retry", "none", _MESSAGE),
    _row(2593108, 400, Reason.SYNC_TOO_LATE, "do-not-retry", "none", _MESSAGE),
    _row(2593109, 400, Reason.HISTORY_REFUSED, "do-not-retry", "none", _MESSAGE),
)

CODES: Final[dict[int, Code]] = {row.code: row for row in _ROWS}

# Families Meta documents only as a range.
_FAMILIES: Final = (
    (range(200, 300), Reason.PERMISSION_MISSING, _TOKEN),
    (range(131_200, 131_300), Reason.GROUP_NOT_FOUND, _MESSAGE),
    (range(138_000, 138_022), Reason.CALL_UNAVAILABLE, _RECIPIENT),
    (range(139_000, 139_005), Reason.FLOW_BLOCKED, _TEMPLATE),
)

# Known only from webhooks or onboarding, so without a row in the reference list.
_EXTRA: Final[dict[int, tuple[Reason, Verdict]]] = {
    131_035: (Reason.WEBHOOK_UNDELIVERED, _MESSAGE),
    2_593_079: (Reason.NUMBER_NOT_MIGRATABLE, _MESSAGE),
    2_593_085: (Reason.NUMBER_NOT_MIGRATABLE, _MESSAGE),
}


def look_up(code: int) -> tuple[Reason, Verdict] | None:
    """The meaning and verdict of a code, or None when nobody has described it."""
    row = CODES.get(code)
    if row is not None:
        return row.reason, row.verdict
    extra = _EXTRA.get(code)
    if extra is not None:
        return extra
    for family, reason, verdict in _FAMILIES:
        if code in family:
            return reason, verdict
    return None


def reason_for_code(code: int | None) -> Reason:
    """The reason of an asynchronous failure; an unknown or absent code has a reason of its own."""
    found = None if code is None else look_up(code)
    return Reason.UNKNOWN_PROVIDER_ERROR if found is None else found[0]


def is_skip_code(code: int | None) -> bool:
    """True when the message counts as skipped, not failed: the window closed on its way."""
    found = None if code is None else look_up(code)
    return found is not None and isinstance(found[1], Refuse) and found[1].skip
