"""Who a message goes to: a phone number or a business-scoped user id (BSUID)."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers

from recado.messages.content.model import Violation
from recado.messages.content.violations import violation

BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
MAX_PHONE_TEXT = 40

_INTERNATIONAL = re.compile(r"\+[0-9][0-9 ().\-\u2011\u00a0]*")
# Twelve digits or more are never a local number, so the country code has to be there. Shorter ones
# may be: a Brazilian mobile without its country, "33 9…" or "51 9…", is a valid number of France or
# Peru, and the message would reach a stranger there. North America (1 and ten digits) is safe: no
# area code has 9 as its second digit, which is where a Brazilian mobile has it.
_WITH_COUNTRY_CODE = re.compile(r"[1-9][0-9]{11,14}")
_NORTH_AMERICAN = re.compile(r"1[0-9]{10}")
# Nearly every number here. In this form the library changes nothing and finds nothing wrong (a test compares them), but
# takes a tenth of the time of a whole send to say so.
_PLAIN_BRAZILIAN = re.compile(r"\+55[1-9][0-9]{9,10}")


def parse_phone(text: str) -> str | None:
    """A phone number in E.164 with `+`, or None when it is not surely international.

    With `+`, spaces, hyphens, dots and parentheses are allowed. Without it, bare digits are taken
    when they cannot be a local number, because clients often send the `wa_id` of a webhook, which
    has no `+`: twelve to fifteen digits, or a valid North American number of eleven. Otherwise only
    the length is checked, so that numbers reserved for documentation pass.
    """
    if len(text) > MAX_PHONE_TEXT:
        return None
    text = text.strip()
    if _PLAIN_BRAZILIAN.fullmatch(text):
        return text
    if _INTERNATIONAL.fullmatch(text):
        return _e164(text)
    if _WITH_COUNTRY_CODE.fullmatch(text):
        return _e164(f"+{text}")
    if _NORTH_AMERICAN.fullmatch(text):
        return _e164(f"+{text}", must_be_valid=True)
    return None


def _e164(text: str, *, must_be_valid: bool = False) -> str | None:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    if must_be_valid and not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def parse_recipient(payload: dict[str, Any], found: list[Violation]) -> tuple[str | None, str | None]:
    """`(phone, bsuid)` from `to` and `recipient`; broken rules are appended to `found`."""
    to, recipient = payload.get("to"), payload.get("recipient")
    given = (to is not None) + (recipient is not None)
    if given != 1:
        # Meta takes both and lets `to` win in silence; who means the other one never learns it.
        sentence = f"needs exactly one of `to` (phone) and `recipient` (BSUID); {given} are present."
        found.append(violation("", "exactly_one", sentence, limit="to, recipient", length=given))
    return _phone_of(to, found), _bsuid_of(recipient, found)


def _phone_of(to: object, found: list[Violation]) -> str | None:
    if to is None:
        return None
    if not isinstance(to, str):
        sentence = "has to be a string: a phone number with `+` and country code."
        found.append(violation("to", "wrong_type", sentence, limit="a string"))
        return None
    if BSUID.fullmatch(to.strip()):
        # Meta answers 200 with an id and drops the message: it takes the digits for a phone number
        # (github.com/chatwoot/chatwoot/pull/15150, 24 Jul 2026).
        sentence = "is a business-scoped user id; put it in `recipient`."
        found.append(violation("to", "not_allowed", sentence))
        return None
    phone = parse_phone(to)
    if phone is None:
        # Without `+` Meta puts the country code of the *business* in front, and the message may
        # reach somebody else (Meta's page "Business phone numbers", 2 Jul 2026).
        sentence = (
            "has to be an international phone number with `+` and country code, like"
            " +5520955500111; without `+` WhatsApp would assume the country of the sending number."
        )
        found.append(violation("to", "bad_format", sentence))
    return phone


def _bsuid_of(recipient: object, found: list[Violation]) -> str | None:
    if recipient is None:
        return None
    if not isinstance(recipient, str):
        sentence = "has to be a string: a business-scoped user id like BR.1a2b3c."
        found.append(violation("recipient", "wrong_type", sentence, limit="a string"))
        return None
    if not BSUID.fullmatch(recipient):
        sentence = (
            "has to be a business-scoped user id: two capital letters, a dot and up to 128 letters"
            " or digits, like BR.1a2b3c; phone numbers go in `to`."
        )
        found.append(violation("recipient", "bad_format", sentence, limit=BSUID.pattern))
        return None
    return recipient
