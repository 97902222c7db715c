"""Numbers, moments, lengths of time and phones as people write them, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from recado.web.panel import words
from recado.web.panel.visitor import language_of

NOW = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)


@pytest.fixture(params=["pt-BR", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    words.speak(request.param, "America/Sao_Paulo", NOW)
    yield str(request.param)
    words.speak("pt-BR", "America/Sao_Paulo", NOW)


def test_numbers(language: str) -> None:
    portuguese = language == "pt-BR"
    assert words.number(1284) == ("1.284" if portuguese else "1,284")
    assert words.percent(0.959) == ("95,9%" if portuguese else "95.9%")
    assert words.percent(1) == "100%"
    assert words.number(None) == words.percent(None) == "—"
    assert words.size(184_320) == "184 KB"


def test_moments_are_on_the_companys_clock(language: str) -> None:
    assert words.short_moment(NOW) == "14:30"
    before = NOW - timedelta(days=7)
    assert words.short_moment(before) == ("18/11 14:30" if language == "pt-BR" else "18 Nov 14:30")
    assert "14:30:00" in words.long_moment(before)
    assert words.clock_time(NOW, seconds=True) == "14:30:00"


@pytest.mark.parametrize(
    ("seconds", "portuguese", "english"),
    [
        (0.412, "412 ms", "412 ms"),
        (1.84, "1,8 s", "1.8 s"),
        (40, "40 s", "40 s"),
        (105, "1 min 45 s", "1 min 45 s"),
        (86_280, "23 h 58 min", "23 h 58 min"),
        (183_600, "2 d 3 h", "2 d 3 h"),
        (3600, "1 h", "1 h"),
    ],
)
def test_lengths_are_not_rounded_to_something_else(
    language: str, seconds: float, portuguese: str, english: str
) -> None:
    assert words.span(seconds) == (portuguese if language == "pt-BR" else english)


def test_since_and_until(language: str) -> None:
    portuguese = language == "pt-BR"
    assert words.ago(NOW - timedelta(minutes=4, seconds=20)) == ("há 4 min" if portuguese else "4 min ago")
    assert words.ago(NOW + timedelta(hours=18)) == ("em 18 h" if portuguese else "in 18 h")
    assert words.ago(NOW) == ("agora" if portuguese else "now")
    assert words.ago(NOW - timedelta(days=3)) == ("há 3 dias" if portuguese else "3 days ago")


def test_plurals(language: str) -> None:
    said = [words.n_("%(n)s dia", "%(n)s dias", count) for count in (0, 1, 1200)]
    assert said == (
        ["0 dia", "1 dia", "1.200 dias"] if language == "pt-BR" else ["0 days", "1 day", "1,200 days"]
    )


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+5520955500111", "(20) 9••••-0111"),
        ("5520955500111", "(20) 9••••-0111"),
        ("+16505550100", "+1 ••••••-0100"),
        ("123", "•••"),
        (None, "—"),
        ("", "—"),
    ],
)
def test_phones_are_recognisable_and_not_callable(phone: str | None, shown: str) -> None:
    masked = words.masked_phone(phone)
    if phone and phone.startswith("+1"):
        assert masked.endswith("0100")
        assert masked.count("•") == 4
        return
    assert masked == shown


@pytest.mark.parametrize(
    ("chosen", "accept", "tenant", "spoken"),
    [
        ("en", "pt-BR", "pt-BR", "en"),
        (None, "en-US,en;q=0.9,pt;q=0.8", "pt-BR", "en"),
        (None, "pt;q=0.9,en;q=0.8", "en", "pt-BR"),
        (None, "fr,de", "en", "en"),
        (None, "", None, "pt-BR"),
        ("xx", "q;q=z,;;,", "xx", "pt-BR"),
    ],
)
def test_language(chosen: str | None, accept: str, tenant: str | None, spoken: str) -> None:
    assert language_of(chosen, accept, tenant) == spoken
