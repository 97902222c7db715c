"""Graph's error bodies: which sentence, which code, which HTTP status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# code -> (HTTP status, Meta's title). Statuses follow Meta's error table of July 2026.
TITLES: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (400, "Application request limit reached"),
    10: (403, "Application does not have permission for this action"),
    33: (400, "Parameter value is not valid"),
    80007: (400, "Rate limit issues"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    368: (403, "Temporarily blocked for policies violations"),
    130403: (400, "The business blocked this user"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country."),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131020: (400, "Group not found"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131037: (400, "WhatsApp provided number needs display name approval"),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "Meta chose not to deliver"),
    131050: (400, "User has stopped marketing messages"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131062: (400, "Business-scoped User ID (BSUID) recipients are not supported for this message."),
    131064: (400, "Messaging limit due to template classification violations"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132007: (400, "Template format character policy violated"),
    132008: (400, "Template parameter value is not valid"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is Paused"),
    132016: (400, "Template is Disabled"),
    132018: (400, "There's an issue with the parameters in your template"),
    132068: (400, "Flow is in blocked state"),
    132069: (400, "Flow is in throttled state"),
    133010: (400, "Phone number Not Registered"),
    137000: (400, "Recipient identity key mismatch"),
}
UNKNOWN = (400, "Unknown error")
DETAILS: dict[int, str] = {
    130429: "Cloud API message throughput has been reached.",
    131000: "Message failed to send due to an unknown error.",
    131026: "Message Undeliverable.",
    131047: (
        "Message failed to send because more than 24 hours have passed since the customer last "
        "replied to this number."
    ),
    131049: "This message was not delivered to maintain healthy ecosystem engagement.",
    131053: "Media upload error.",
    131056: (
        "Message failed to send because there were too many messages sent from this phone number "
        "to the same phone number in a short period of time."
    ),
    132015: "Template is paused due to low quality.",
    132016: "Template has been disabled permanently due to low quality.",
}
HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
# Printed by Meta next to this one code, in spite of subcodes being withdrawn elsewhere.
SUBCODES = {130429: 2494055}
GRAPH_DOCS = "https://developers.facebook.com/docs/graph-api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What Graph answers instead of doing it."""

    code: int
    details: str | None = None
    http: int = 400
    message: str = ""
    type: str = "OAuthException"
    subcode: int | None = None
    user_title: str | None = None
    user_msg: str | None = None
    transient: bool | None = None

    def body(self, fbtrace_id: str) -> dict[str, Any]:
        """The JSON object Graph sends."""
        error: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.details is not None:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        optional = {
            "error_subcode": self.subcode,
            "is_transient": self.transient,
            "error_user_title": self.user_title,
            "error_user_msg": self.user_msg,
        }
        error.update({key: value for key, value in optional.items() if value is not None})
        error["fbtrace_id"] = fbtrace_id
        return {"error": error}


def coded(code: int, details: str | None = None) -> Refusal:
    """A messaging refusal in the shape `(#code) title` with `error_data.details`."""
    http, title = TITLES.get(code, UNKNOWN)
    if code == 190:
        return expired_token()
    return Refusal(
        code=code,
        http=http,
        message=f"(#{code}) {title}",
        details=details or DETAILS.get(code, title),
        subcode=SUBCODES.get(code),
    )


def parameter(details: str) -> Refusal:
    """Code 100 with the sentence in the message, as Graph writes broken parameters."""
    return Refusal(code=100, message=f"(#100) {details}", details=details)


def missing(name: str) -> Refusal:
    """A required parameter that is not there."""
    return coded(131008, f"Parameter {name} is missing.")


def invalid(details: str) -> Refusal:
    """A parameter whose value WhatsApp does not take."""
    return coded(131009, details)


def expired_token() -> Refusal:
    """The token was good once."""
    message = "Error validating access token: Session has expired."
    return Refusal(code=190, http=401, message=message, subcode=463)


def bad_token() -> Refusal:
    """No token, or nobody issued it."""
    message = "Invalid OAuth access token - Cannot parse access token"
    return Refusal(code=190, http=401, message=message)


def unknown_object(object_id: str, method: str) -> Refusal:
    """The id names nothing this token can see."""
    verb = {"GET": "get", "POST": "post", "DELETE": "delete"}.get(method, "get")
    message = (
        f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation. Please read the "
        f"Graph API documentation at {GRAPH_DOCS}"
    )
    return Refusal(code=100, message=message, type="GraphMethodException", subcode=33)


def unknown_path(path: str) -> Refusal:
    """The edge does not exist."""
    message = f"Unknown path components: {path}"
    return Refusal(code=2500, message=message, type="OAuthException")


def template_refusal(subcode: int, title: str, text: str) -> Refusal:
    """Template management says 100 with a 2388xxx subcode and a sentence for people."""
    return Refusal(
        code=100,
        message="Invalid parameter",
        subcode=subcode,
        transient=False,
        user_title=title,
        user_msg=text,
    )


def failed_error(code: int, details: str | None = None) -> dict[str, Any]:
    """One entry of `statuses[].errors`."""
    title = TITLES.get(code, UNKNOWN)[1]
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or DETAILS.get(code, title)},
        "href": HREF,
    }
