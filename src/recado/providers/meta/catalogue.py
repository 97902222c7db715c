"""What a WhatsApp Business account has: its templates and what Meta says of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from recado.kit.reasons import Reason
from recado.providers.contract import (
    Blame,
    Credentials,
    Exchange,
    Later,
    ListedTemplate,
    NumberFacts,
    Rejected,
    Unknown,
)
from recado.providers.meta.client import read_any_object, refusal
from recado.providers.meta.http import Answer, GraphHttp, authorization, usable
from recado.providers.meta.values import as_dict, as_list, as_text, storable

_PAGE: Final = 100
# An account holds at most 6,000 templates (Meta, "Message templates", 2026-11); a cursor that goes in circles ends.
_MOST_PAGES: Final = 80
_PAGE_CAP: Final = 4 * 1024 * 1024
_TEMPLATE_FIELDS: Final = (
    "id,name,language,status,category,quality_score,parameter_format,components,rejected_reason"
)
_NUMBER_FIELDS: Final = (
    "display_phone_number,verified_name,quality_rating,status,throughput,messaging_limit_tier,name_status"
)
# What stands where there is nothing to say.
_NOTHING: Final = frozenset({"", "NONE", "UNKNOWN"})
_NOTHING_SENT: Final = Exchange(http_status=None, answer=b"", elapsed_s=0.0)


class MetaCatalogue:
    """The `Catalogue` role."""

    def __init__(self, http: GraphHttp) -> None:
        self._http = http

    async def templates(
        self, waba_id: str, credentials: Credentials
    ) -> Sequence[ListedTemplate] | Rejected | Later | Unknown:
        """Follows the cursor, never an address out of an answer."""
        found: dict[str, ListedTemplate] = {}
        after: str | None = None
        for _ in range(_MOST_PAGES):
            params = {"fields": _TEMPLATE_FIELDS, "limit": str(_PAGE)}
            if after is not None:
                params["after"] = after
            page = await self._get(credentials, waba_id, "message_templates", params=params)
            if not isinstance(page, dict):
                return page
            if type(page.get("data")) is not list:
                return _unreadable("an answer without a list of templates")
            for one in as_list(page.get("data")):
                template = _template(as_dict(one))
                if template is not None:
                    found[template.external_id] = template
            paging = as_dict(page.get("paging"))
            after = as_text(as_dict(paging.get("cursors")).get("after"))
            if "next" not in paging or after is None:
                return list(found.values())
        return _unreadable("the list of templates does not end")

    async def number(
        self, phone_number_id: str, credentials: Credentials
    ) -> NumberFacts | Rejected | Later | Unknown:
        given = await self._get(credentials, phone_number_id, params={"fields": _NUMBER_FIELDS})
        if not isinstance(given, dict):
            return given
        return NumberFacts(
            display_phone=_word(given.get("display_phone_number")),
            verified_name=_word(given.get("verified_name")),
            quality=_word(given.get("quality_rating")),
            status=_word(given.get("status")),
            throughput=_word(as_dict(given.get("throughput")).get("level")),
            messaging_limit=_word(given.get("messaging_limit_tier")),
            name_status=_word(given.get("name_status")),
        )

    async def _get(
        self, credentials: Credentials, *segments: str, params: dict[str, str]
    ) -> dict[str, Any] | Rejected | Later | Unknown:
        if not usable(credentials):
            return _refused(Reason.CREDENTIALS_UNREADABLE, "the token is malformed", Blame.TOKEN)
        try:
            url = self._http.url(*segments, params=params)
        except ValueError as fault:
            return _refused(Reason.NO_ROUTE, str(fault), Blame.NUMBER)
        headers = authorization(credentials)
        answer = await self._http.call("GET", url, credentials, headers=headers, cap=_PAGE_CAP)
        if not isinstance(answer, Answer):
            return answer
        if not 200 <= answer.status < 300:
            return refusal(answer)
        given = read_any_object(answer.body)
        return given if given and answer.whole else _unreadable("the answer is not a JSON object")


def _word(value: Any) -> str | None:
    text = as_text(value)
    return None if text is None or text in _NOTHING else storable(text)[:200]


def _template(given: dict[str, Any]) -> ListedTemplate | None:
    """None for an entry that could neither be named nor sent."""
    external_id, name = as_text(given.get("id")), as_text(given.get("name"))
    language, status = as_text(given.get("language")), as_text(given.get("status"))
    if external_id is None or name is None or language is None or status is None:
        return None
    return ListedTemplate(
        external_id=external_id,
        name=storable(name)[:512],
        language=storable(language.replace("-", "_"))[:20],
        category=_word(given.get("category")),
        status=storable(status).upper()[:40],
        quality=_word(as_dict(given.get("quality_score")).get("score")),
        parameter_format=_word(given.get("parameter_format")),
        components=[storable_json(one) for one in as_list(given.get("components")) if type(one) is dict],
        rejected_reason=_word(given.get("rejected_reason")),
    )


def storable_json(value: Any) -> Any:
    """The same JSON with texts that PostgreSQL can keep."""
    if type(value) is str:
        return storable(value)
    if type(value) is list:
        return [storable_json(one) for one in value]
    if type(value) is dict:
        return {storable(name): storable_json(one) for name, one in value.items()}
    return value


def _unreadable(detail: str) -> Unknown:
    return Unknown(reason=Reason.PROVIDER_FAULT, detail=detail, exchange=None)


def _refused(reason: Reason, detail: str, blame: Blame) -> Rejected:
    return Rejected(code=None, reason=reason, detail=detail[:300], blame=blame, exchange=_NOTHING_SENT)
