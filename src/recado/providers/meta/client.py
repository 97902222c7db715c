"""Sends one message: one POST, one outcome, no repetition."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from recado.kit.reasons import Reason
from recado.providers.contract import (
    Accepted,
    Blame,
    Credentials,
    Done,
    Exchange,
    Later,
    Outbound,
    Rejected,
    SendOutcome,
    SimpleOutcome,
    Unknown,
)
from recado.providers.meta.errors import classify
from recado.providers.meta.http import Answer, GraphHttp, usable
from recado.providers.meta.payload import UnsendableError, encode_message, encode_read
from recado.providers.meta.values import as_dict, as_list, as_text

_decode: Final = msgspec.json.Decoder().decode
_NOTHING_SENT: Final = Exchange(http_status=None, answer=b"", elapsed_s=0.0)


class MetaSender:
    """The `Sender` of Meta's Cloud API. Safe for concurrent sends; close it once at the end."""

    def __init__(self, http: GraphHttp) -> None:
        self._http = http

    async def send(self, message: Outbound, credentials: Credentials) -> SendOutcome:
        """One try. Never raises for network trouble; cancelling leaves the outcome open.

        A message or credential that cannot form a request is `Rejected` without any exchange.
        """
        if not usable(credentials):
            return _refused(Reason.CREDENTIALS_UNREADABLE, "the token is malformed", Blame.TOKEN)
        try:
            body = encode_message(message)
        except UnsendableError as fault:
            if fault.recipient:
                return _refused(Reason.INVALID_RECIPIENT, str(fault), Blame.RECIPIENT)
            return _refused(Reason.INVALID_CONTENT, str(fault), Blame.MESSAGE)
        try:
            url = self._http.url(message.phone_number_id, "messages")
        except ValueError as fault:
            return _refused(Reason.NO_ROUTE, str(fault), Blame.NUMBER)
        answer = await self._http.post_json(url, body, credentials)
        return _outcome(answer) if isinstance(answer, Answer) else answer

    async def mark_read(
        self, phone_number_id: str, wamid: str, typing: bool, credentials: Credentials
    ) -> SimpleOutcome:
        """Marks `wamid` and everything before it as read; repeating it does no harm."""
        if not usable(credentials):
            return _refused(Reason.CREDENTIALS_UNREADABLE, "the token is malformed", Blame.TOKEN)
        try:
            url = self._http.url(phone_number_id, "messages")
        except ValueError as fault:
            return _refused(Reason.NO_ROUTE, str(fault), Blame.NUMBER)
        answer = await self._http.post_json(url, encode_read(wamid, typing=typing), credentials)
        if not isinstance(answer, Answer):
            return answer
        if 200 <= answer.status < 300:
            return Done()
        return refusal(answer)

    async def aclose(self) -> None:
        await self._http.aclose()


def refusal(answer: Answer) -> Rejected | Later | Unknown:
    """What an answer that is not 2xx means. A body that broke off proves nothing."""
    if not answer.whole and answer.status != 429:
        return Unknown(
            reason=Reason.IN_DOUBT_NO_ANSWER,
            detail=f"the answer broke off after HTTP {answer.status}",
            exchange=answer.exchange,
        )
    return classify(
        answer.status,
        answer.body,
        retry_after=answer.retry_after,
        usage=answer.usage,
        elapsed_s=answer.elapsed_s,
    )


def _outcome(answer: Answer) -> SendOutcome:
    if not 200 <= answer.status < 300:
        return refusal(answer)
    sent = read_any_object(answer.body)
    first = as_dict(next(iter(as_list(sent.get("messages"))), None))
    contact = as_dict(next(iter(as_list(sent.get("contacts"))), None))
    wamid = first.get("id")
    if type(wamid) is not str or not wamid:
        # Meta said yes; without an id only a status with our token can tell more.
        return Unknown(
            reason=Reason.IN_DOUBT_NO_ID,
            detail=f"HTTP {answer.status} without a message id",
            no_id=True,
            exchange=answer.exchange,
        )
    return Accepted(
        wamid=wamid,
        message_status=as_text(first.get("message_status")),
        wa_id=as_text(contact.get("wa_id")),
        user_id=as_text(contact.get("user_id")),
        exchange=answer.exchange,
    )


def read_any_object(body: bytes) -> dict[str, Any]:
    """The JSON object of an answer; empty for everything else."""
    try:
        return as_dict(_decode(body))
    except (ValueError, RecursionError):
        return {}


def _refused(reason: Reason, detail: str, blame: Blame) -> Rejected:
    return Rejected(code=None, reason=reason, detail=detail[:300], blame=blame, exchange=_NOTHING_SENT)
