"""Every reason has a sentence and a next step in both languages, short and without jargon."""

from __future__ import annotations

import re
from itertools import product

import pytest

from recado.kit.reason_texts import LOCALES, reason_text
from recado.kit.reason_texts.own_en import OWN_EN
from recado.kit.reason_texts.own_pt import OWN_PT
from recado.kit.reason_texts.provider_en import PROVIDER_EN
from recado.kit.reason_texts.provider_pt import PROVIDER_PT
from recado.kit.reasons import Reason

JARGON = re.compile(
    r"\b(api|http|https|webhook|token|json|payload|timeout|bsuid|wamid|graph|waba|dns|tls|cloud|"
    r"endpoint|status|rate limit|throughput|exception|null|id)\b",
    re.IGNORECASE,
)
CODE = re.compile(r"\d{3,}")


@pytest.mark.parametrize(("reason", "locale"), list(product(Reason, LOCALES)))
def test_a_reason_speaks_to_a_receptionist(reason: Reason, locale: str) -> None:
    said = reason_text(reason, locale)
    for sentence in (said.text, said.next_step):
        assert 8 <= len(sentence) <= 160
        assert sentence.endswith(".")
        assert sentence[0].isupper()
        assert not CODE.search(sentence), sentence
        assert not JARGON.search(sentence), sentence
    assert said.text != said.next_step


def test_both_languages_cover_exactly_the_closed_list() -> None:
    assert {*OWN_PT, *PROVIDER_PT} == set(Reason) == {*OWN_EN, *PROVIDER_EN}
    assert not OWN_PT.keys() & PROVIDER_PT.keys()
    assert OWN_PT.keys() == OWN_EN.keys()


def test_values_are_lower_case_names_because_they_are_stored() -> None:
    assert [reason.value for reason in Reason] == [reason.name.lower() for reason in Reason]


def test_no_two_reasons_say_the_same_thing() -> None:
    for locale in LOCALES:
        texts = [reason_text(reason, locale).text for reason in Reason]
        assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("locale", "word"),
    [("pt-BR", "modelo"), ("en", "template"), ("en-US", "template"), ("fr", "modelo")],
)
def test_an_unknown_locale_falls_back_to_portuguese(locale: str, word: str) -> None:
    assert word in reason_text(Reason.WINDOW_CLOSED, locale).next_step
