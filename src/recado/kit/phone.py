"""Phone numbers as WhatsApp writes them."""

from __future__ import annotations

import re

_BRAZIL_MOBILE = re.compile(r"^55(\d{2})(9?)(\d{8})$")
_OTHER = re.compile(r"[^0-9]+")
_MEXICO = re.compile(r"^52(1?)(\d{10})$")


def digits(phone: str) -> str:
    """Only the digits: the form used in lookups and by webhooks."""
    return _OTHER.sub("", phone)


def variants(phone_digits: str) -> tuple[str, ...]:
    """Every spelling WhatsApp may use for the same person, the given one first.

    Brazil's ninth digit and Mexico's mobile 1 come and go between what was sent and what webhooks say
    (meta-platform 1.2: `contacts[].wa_id` may differ from `input`).
    """
    if match := _BRAZIL_MOBILE.match(phone_digits):
        area, nine, rest = match.groups()
        # A landline gets a twin that nobody has: harmless, and simpler than guessing who is mobile.
        return (phone_digits, f"55{area}{rest}" if nine else f"55{area}9{rest}")
    if match := _MEXICO.match(phone_digits):
        one, rest = match.groups()
        return (phone_digits, f"52{rest}" if one else f"521{rest}")
    return (phone_digits,)


def mask(phone: str) -> str:
    """For people's eyes in lists: keeps country, area and the last two digits."""
    plain = digits(phone)
    if len(plain) < 7:
        return "•" * len(plain)
    return f"+{plain[:4]}{'•' * (len(plain) - 6)}{plain[-2:]}"
