"""What people read: sentences in their language, moments in their timezone.

Sources are pt-BR; `locales/en/*.po` hold English. Who is being spoken to is set once for each request
(`speak`), so templates and code just say `_("Mensagens")`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel import dates, numbers
from babel.messages.pofile import read_po

LANGUAGES = ("pt-BR", "en")
_BABEL = {"pt-BR": "pt_BR", "en": "en"}
_NOWHERE = "America/Sao_Paulo"

Catalogue = dict[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Speech:
    language: str = "pt-BR"
    timezone: str = _NOWHERE
    now: datetime | None = None

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.timezone)

    @property
    def babel(self) -> str:
        return _BABEL[self.language]


_speech: ContextVar[Speech] = ContextVar("recado_speech", default=Speech())  # noqa: B039 - frozen


def speak(language: str, timezone: str, now: datetime) -> None:
    """From here on this request is answered in that language and timezone."""
    _speech.set(Speech(language if language in LANGUAGES else "pt-BR", timezone, now))


def speech() -> Speech:
    return _speech.get()


# --------------------------------------------------------------------------- sentences


@cache
def catalogue(language: str) -> Catalogue:
    """All sentences of a language, from one file for each screen."""
    found: Catalogue = {}
    folder = resources.files("recado.web.panel").joinpath("locales").joinpath(language)
    if not folder.is_dir():
        return found
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".po"):
            for message in read_po(BytesIO(entry.read_bytes()), locale=_BABEL[language]):
                key = message.id if isinstance(message.id, str) else message.id[0]
                if key and message.string and not message.fuzzy:
                    text = message.string
                    found[key] = text if isinstance(text, str) else tuple(text)
    return found


def _(source: str, /, **values: Any) -> str:
    """The sentence in the request's language; `%(name)s` is filled from the values."""
    language = speech().language
    text: Any = source if language == "pt-BR" else catalogue(language).get(source, source)
    if not isinstance(text, str):
        text = text[0]
    return str(text % values) if values else str(text)


def n_(one: str, many: str, count: int, /, **values: Any) -> str:
    """Singular or plural; `%(n)s` is the count, written as people write numbers."""
    language = speech().language
    forms: Any = (one, many) if language == "pt-BR" else catalogue(language).get(one, (one, many))
    if isinstance(forms, str):
        forms = (forms, forms)
    # Portuguese takes the singular for nothing as well; English does not.
    single = count in (0, 1) if language == "pt-BR" else count == 1
    return str(forms[0 if single else -1] % {"n": number(count), **values})


def mark(source: str) -> str:
    """Marks a sentence for translation where it is defined; `_(name)` translates it where it is shown."""
    return source


# --------------------------------------------------------------------------- numbers and moments


def number(value: float | None, digits: int = 0) -> str:
    """1.284 or 1,284; a dash for None."""
    if value is None:
        return "—"
    return str(numbers.format_decimal(round(value, digits), locale=speech().babel))


def percent(value: float | None, digits: int = 1) -> str:
    """0.959 is 95,9%."""
    if value is None or math.isnan(value):
        return "—"
    pattern = "#,##0" + ("." + "#" * digits if digits else "") + "%"
    return str(numbers.format_percent(value, format=pattern, locale=speech().babel))


def money(value: float, currency: str = "BRL") -> str:
    return str(numbers.format_currency(value, currency, locale=speech().babel))


def size(value: float | None) -> str:
    """Bytes as people write them: 184 KB."""
    if value is None:
        return "—"
    for unit in ("B", "KB", "MB"):
        if value < 1000:
            return f"{number(value, 0 if value >= 10 or unit == 'B' else 1)} {unit}"
        value /= 1000
    return f"{number(value, 1)} GB"


def local(moment: datetime) -> datetime:
    """The moment on the company's clock."""
    return moment.astimezone(speech().zone)


def clock_time(moment: datetime | None, *, seconds: bool = False) -> str:
    """14:30, or 14:30:02."""
    if moment is None:
        return "—"
    return local(moment).strftime("%H:%M:%S" if seconds else "%H:%M")


def short_moment(moment: datetime | None) -> str:
    """14:30 today, else 25/11 14:30, else with the year."""
    if moment is None:
        return "—"
    there, now = local(moment), local(speech().now or datetime.fromtimestamp(0, UTC))
    if there.date() == now.date():
        return there.strftime("%H:%M")
    pattern = (
        ("dd/MM HH:mm", "dd/MM/yy HH:mm")
        if speech().language == "pt-BR"
        else ("d MMM HH:mm", "d MMM y HH:mm")
    )
    chosen = pattern[0] if there.year == now.year else pattern[1]
    return str(dates.format_datetime(there, chosen, locale=speech().babel, tzinfo=speech().zone))


def long_moment(moment: datetime | None) -> str:
    """qua., 25/11/2026, 14:30:02 GMT-3: exact, for titles and technical places."""
    if moment is None:
        return "—"
    pattern = "EEE, dd/MM/y, HH:mm:ss z" if speech().language == "pt-BR" else "EEE, d MMM y, HH:mm:ss z"
    return str(dates.format_datetime(moment, pattern, locale=speech().babel, tzinfo=speech().zone))


def day(moment: datetime) -> str:
    """quarta-feira, 25 de novembro."""
    pattern = "EEEE, d 'de' MMMM" if speech().language == "pt-BR" else "EEEE, d MMMM"
    return str(dates.format_datetime(moment, pattern, locale=speech().babel, tzinfo=speech().zone))


def span(length: timedelta | float | None) -> str:
    """1,8 s · 1 min 45 s · 23 h 58 min · 2 d 3 h. Babel rounds 23 h 58 min to a day, so this is our own."""
    if length is None:
        return "—"
    total = length.total_seconds() if isinstance(length, timedelta) else float(length)
    total = abs(total)
    if total < 0.9995:
        return f"{round(total * 1000)} ms"
    if total < 10:
        return f"{number(total, 1)} s"
    whole = int(total)
    days, hours, minutes, left = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    first = next((at for at, (amount, _unit) in enumerate(parts) if amount), 3)
    shown = [f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount]
    return " ".join(shown)


def ago(moment: datetime | None) -> str:
    """há 4 min, em 18 h, agora."""
    now = speech().now
    if moment is None or now is None:
        return "—"
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 10:
        return _("agora")
    coarse = timedelta(seconds=abs(seconds) if abs(seconds) < 60 else abs(seconds) // 60 * 60)
    text = span(coarse) if coarse < timedelta(days=2) else n_("%(n)s dia", "%(n)s dias", coarse.days)
    return _("há %(span)s", span=text) if seconds > 0 else _("em %(span)s", span=text)


# --------------------------------------------------------------------------- phones


def masked_phone(phone: str | None) -> str:
    """(11) 9••••-4821: enough to recognise, not enough to call."""
    if not phone:
        return "—"
    shown = whole_phone(phone)
    digits = [at for at, one in enumerate(shown) if one.isdigit()]
    if len(digits) < 7:
        return "•" * len(digits)
    hide = set(digits[-8:-4])
    return "".join("•" if at in hide else one for at, one in enumerate(shown))


def whole_phone(phone: str) -> str:
    """National form for Brazil, international for the rest. Only after an audited reveal."""
    plain = "".join(one for one in phone if one.isdigit())
    try:
        parsed = phonenumbers.parse(f"+{plain}", None)
    except phonenumbers.NumberParseException:
        return plain
    form = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if parsed.country_code == 55
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, form)


def initials(name: str | None) -> str:
    """EA for Estúdio Aurora, MA for Marina de Azevedo, AU for Aurora."""
    words = [word for word in (name or "").split() if word[0].isalnum()]
    if len(words) > 1:
        return (words[0][0] + words[-1][0]).upper()
    return words[0][:2].upper() if words else "•"


FILTERS: dict[str, Callable[..., str]] = {
    "number": number,
    "percent": percent,
    "money": money,
    "size": size,
    "clock_time": clock_time,
    "short_moment": short_moment,
    "long_moment": long_moment,
    "day": day,
    "span": span,
    "ago": ago,
    "masked_phone": masked_phone,
    "whole_phone": whole_phone,
    "initials": initials,
}
