"""recado's message in the Graph API's words."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from recado.providers.contract import Outbound

OPAQUE_CAP: Final = 512
# Members beside the type's own object that may travel in `Outbound.content`.
_OPTIONS: Final = (
    "recipient_identity_key_hash",
    "messaging_account_id",
    "product_policy",
    "message_activity_sharing",
)
_PHONE: Final = re.compile(r"\+[1-9][0-9]{4,19}")
_RECIPIENT: Final = re.compile(r"[A-Za-z0-9._-]{1,160}")
_encode = msgspec.json.Encoder().encode


class UnsendableError(ValueError):
    """The message cannot be put into a request at all. `recipient` tells which half is at fault."""

    def __init__(self, message: str, *, recipient: bool) -> None:
        super().__init__(message)
        self.recipient = recipient


def encode_message(message: Outbound) -> bytes:
    """The request body of `POST /{phone_number_id}/messages`.

    Raises `UnsendableError` when the recipient, the content or the opaque text has no valid form.
    """
    body: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    body |= _recipient(message)
    kind = message.content.get("type")
    if not isinstance(kind, str) or kind not in message.content:
        raise UnsendableError("the content has no object named like its type", recipient=False)
    body["type"] = kind
    body[kind] = message.content[kind]
    body |= {key: message.content[key] for key in _OPTIONS if key in message.content}
    if message.context_wamid is not None:
        body["context"] = {"message_id": message.context_wamid}
    if len(message.opaque) > OPAQUE_CAP:
        raise UnsendableError(f"opaque is longer than {OPAQUE_CAP}", recipient=False)
    if message.opaque:
        body["biz_opaque_callback_data"] = message.opaque
    try:
        return _encode(body)
    except (TypeError, ValueError, RecursionError) as fault:
        raise UnsendableError(f"the content is no JSON: {fault}", recipient=False) from fault


def _recipient(message: Outbound) -> dict[str, str]:
    """A phone keeps its `+`: without it Meta prefixes the business number's own country code.

    A BSUID goes into `recipient`, never into `to`: Meta would read it as a phone number.
    """
    if message.phone is not None:
        if message.bsuid is not None or not _PHONE.fullmatch(message.phone):
            raise UnsendableError("phone must be E.164 with + and stand alone", recipient=True)
        return {"to": message.phone}
    if message.bsuid is None or not _RECIPIENT.fullmatch(message.bsuid):
        raise UnsendableError("neither a phone nor a user id", recipient=True)
    return {"recipient": message.bsuid}


def encode_read(wamid: str, *, typing: bool) -> bytes:
    """The request body that marks a message as read and, with `typing`, shows the indicator."""
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
    }
    if typing:
        body["typing_indicator"] = {"type": "text"}
    return _encode(body)
