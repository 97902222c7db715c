"""Who a message goes to. A wrong guess here reaches a stranger."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recado.messages.content import Draft, parse_draft, parse_phone
from recado.messages.content.recipient import _e164

BODY = {"text": {"body": "Oi"}}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("+5520955500111", "+5520955500111"),
        ("+55 20 95550-0111", "+5520955500111"),
        ("+55 (20) 95550.0111", "+5520955500111"),
        (" +16505550100 ", "+16505550100"),
        ("+1 (650) 555-0100", "+16505550100"),
        # wa_ids as webhooks give them, without +
        ("5520955500111", "+5520955500111"),
        ("552055500111", "+552055500111"),
        ("16505550100", "+16505550100"),
    ],
)
def test_international_numbers_become_e164(given: str, stored: str) -> None:
    draft = parse_draft({"to": given} | BODY, None)
    assert isinstance(draft, Draft)
    assert (draft.phone, draft.bsuid) == (stored, None)


@pytest.mark.parametrize(
    "given",
    [
        # Brazilian numbers without their country are valid numbers elsewhere
        "20955500111",  # Egypt
        "33955500111",  # France
        "51955500111",  # Peru
        "4535550011",  # Denmark
        "11987654321",  # not North America: 198 is no area code
        "19955500111",
        "(20) 95550-0111",
        "20 95550-0111",
        "95550-0111",
        "020955500111",
        "00 55 20 95550 0111",
        "+",
        "+55",
        "+15550100",  # local length only
        "+999005550171",  # no such country
        "+5520955500111999999",
        "+55209555O0111",
        "+55 20 95550-0111 ramal 3",
        "",
        "Marina",
        "+" + "1" * 5000,
        "٥٥٢٠٩٥٥٥٠٠١١١",
    ],
)
def test_anything_that_is_not_surely_international_is_refused(given: str) -> None:
    found = parse_draft({"to": given} | BODY, None)
    assert isinstance(found, list)
    assert [(item.field, item.rule) for item in found] == [("to", "bad_format")]
    assert "country" in found[0].message
    assert parse_phone(given) is None


@given(st.from_regex(r"\+55[0-9]{6,13}", fullmatch=True))
@example("+5520955500111")
@example("+55" + "0" * 11)
def test_the_short_way_for_brazilian_numbers_says_what_the_library_says(text: str) -> None:
    assert parse_phone(text) == _e164(text)


@pytest.mark.parametrize(
    "bsuid", ["BR.13491208655302741918", "US.ENT.11815799212886844830", "BR.a1", "BR." + "a" * 128]
)
def test_a_bsuid_goes_in_recipient_and_never_in_to(bsuid: str) -> None:
    draft = parse_draft({"recipient": bsuid} | BODY, None)
    assert isinstance(draft, Draft)
    assert (draft.phone, draft.bsuid) == (None, bsuid)

    found = parse_draft({"to": bsuid} | BODY, None)

    assert isinstance(found, list)
    assert [(item.field, item.rule) for item in found] == [("to", "not_allowed")]
    assert "recipient" in found[0].message


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({}, [("", "exactly_one")]),
        ({"to": "+5520955500111", "recipient": "BR.1"}, [("", "exactly_one")]),
        ({"to": None, "recipient": None}, [("", "exactly_one")]),
        ({"to": 5520955500111}, [("to", "wrong_type")]),
        ({"to": ["+5520955500111"]}, [("to", "wrong_type")]),
        ({"recipient": 7}, [("recipient", "wrong_type")]),
        ({"recipient": "+5520955500111"}, [("recipient", "bad_format")]),
        ({"recipient": "br.1"}, [("recipient", "bad_format")]),
        ({"recipient": "BR."}, [("recipient", "bad_format")]),
        ({"recipient": "BR." + "a" * 129}, [("recipient", "bad_format")]),
        ({"recipient": "BR.1\n"}, [("recipient", "bad_format")]),
    ],
)
def test_exactly_one_recipient_of_the_right_form(
    people: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = parse_draft(people | BODY, None)
    assert isinstance(found, list)
    assert [(item.field, item.rule) for item in found] == expected
