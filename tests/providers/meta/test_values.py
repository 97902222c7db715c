"""Single values of a provider, and whose they are: a wrong time, phone or person lands with somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from recado.providers.contract import Person
from recado.providers.meta.people import NOBODY, Place, completed, person, read_contact
from recado.providers.meta.values import (
    as_bsuid,
    as_code,
    as_dict,
    as_int,
    as_list,
    as_phone,
    as_text,
    as_time,
    same_phone,
    storable,
)


@pytest.mark.parametrize(
    ("read", "given", "expected"),
    [
        (as_text, "a", "a"),
        (as_text, "", None),
        (as_text, 7, "7"),
        (as_text, True, None),
        (as_text, 1.5, None),
        (as_text, None, None),
        (as_text, 10**40 - 1, str(10**40 - 1)),
        (as_text, -(10**40) + 1, str(-(10**40) + 1)),
        (as_text, 10**40, None),
        (as_int, 5, 5),
        (as_int, True, None),
        (as_int, "5", 5),
        (as_int, "-5", None),
        (as_int, "٣", None),
        (as_int, "", None),
        (as_int, "1" * 20, int("1" * 20)),
        (as_int, "1" * 21, None),
        (as_int, 1.0, None),
        (as_code, 2**31 - 1, 2**31 - 1),
        (as_code, 2**31, None),
        (as_code, -(2**31), None),
        (as_code, "131026", 131026),
        (as_code, "x", None),
        (as_dict, {"a": 1}, {"a": 1}),
        (as_dict, [1], {}),
        (as_list, [1], [1]),
        (as_list, {"a": 1}, []),
        (as_phone, "+5520955500111", "5520955500111"),
        (as_phone, 5520955500111, "5520955500111"),
        (as_phone, "12345", "12345"),
        (as_phone, "1234", None),
        (as_phone, "1" * 20, "1" * 20),
        (as_phone, "1" * 21, None),
        (as_phone, "BR.111", None),
        (as_phone, "12345 ", None),
        (as_phone, None, None),
        (as_bsuid, "BR.1aZ", "BR.1aZ"),
        (as_bsuid, "BR.ENT.1", "BR.ENT.1"),
        (as_bsuid, "br.1", None),
        (as_bsuid, "BRA.1", None),
        (as_bsuid, "BR.", None),
        (as_bsuid, "BR." + "1" * 128, "BR." + "1" * 128),
        (as_bsuid, "BR." + "1" * 129, None),
        (as_bsuid, 7, None),
    ],
)
def test_one_value(read: Callable[[Any], Any], given: Any, expected: Any) -> None:
    assert read(given) == expected


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1, at(1)),
        (0, None),
        ("1790416800", at(1790416800)),
        (1790416800123, at(1790416800)),
        (100_000_000_000, at(100_000_000)),
        (99_999_999_999, None),
        (4_102_444_799, at(4_102_444_799)),
        (4_102_444_800, None),
        ("x", None),
        (None, None),
    ],
)
def test_a_time_is_seconds_or_milliseconds_before_the_year_2100(
    given: Any, expected: datetime | None
) -> None:
    assert as_time(given) == expected


def test_what_cannot_be_stored_is_replaced() -> None:
    assert storable("olá") == "olá"
    assert storable("a\x00b") == "a\ufffdb"
    assert storable("á\ud800\udfff\x00") == "á\ufffd\ufffd\ufffd"
    assert storable("\ue000") == "\ue000"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("5520955500111", "5520955500111", True),
        ("552055500111", "5520955500111", True),
        ("5520955500111", "552055500111", True),
        ("552055500111", "5520855500111", False),
        ("552055500111", "5520955500112", False),
        ("542055500111", "5420955500111", False),
        ("55205550011", "552095550011", False),
        ("55205550011", "5520955500111", False),
        ("5520555001111", "55209555001111", False),
        ("16505550100", "16505550101", False),
    ],
)
def test_a_brazilian_phone_with_and_without_its_ninth_digit(one: str, other: str, same: bool) -> None:
    assert same_phone(one, other) is same
    assert same_phone(other, one) is same


# --------------------------------------------------------------------------- people


PHONE, OTHER = "5520955500111", "5520955500222"


def place(*contacts: Person, lone: bool = False) -> Place:
    return Place(
        field="messages",
        waba_id=None,
        phone_number_id=None,
        display_phone=None,
        entry_at=None,
        contacts=contacts,
        lone=lone,
    )


def test_a_person_from_raw_members() -> None:
    assert person(PHONE, "BR.1", "BR.ENT.1", name="n", username="u") == Person(
        phone=PHONE, bsuid="BR.1", parent_bsuid="BR.ENT.1", name="n", username="u"
    )
    assert person(None, None, None) == Person() == NOBODY
    assert person("BR.7", None, None) == Person(bsuid="BR.7")
    assert person("BR.7", "BR.1", None) == Person(bsuid="BR.1")
    assert person(PHONE, "", "") == Person(phone=PHONE)


def test_a_contact_of_the_change() -> None:
    given = {
        "wa_id": PHONE,
        "user_id": "BR.1",
        "parent_user_id": "BR.ENT.1",
        "profile": {"name": "Marina Azevedo", "username": "marina"},
    }
    assert read_contact(given) == Person(
        phone=PHONE, bsuid="BR.1", parent_bsuid="BR.ENT.1", name="Marina Azevedo", username="marina"
    )
    for odd in (None, "x", {"profile": "x"}):
        assert read_contact(odd) == Person()


FULL = Person(phone=PHONE, bsuid="BR.1", parent_bsuid="BR.ENT.1", name="Marina", username="marina")


@pytest.mark.parametrize(
    "found", [Person(phone=PHONE), Person(bsuid="BR.1"), Person(phone=PHONE, bsuid="BR.1")]
)
def test_a_contact_completes_whom_it_is_about(found: Person) -> None:
    assert completed(found, place(Person(phone=OTHER, bsuid="BR.9", name="x"), FULL)) == FULL


def test_what_the_item_says_itself_stays() -> None:
    own = Person(phone=PHONE, bsuid="BR.1", parent_bsuid="BR.ENT.7", name="own", username="own")
    assert completed(own, place(FULL)) == own


def test_the_id_goes_before_the_phone_when_both_fit_somebody() -> None:
    by_phone = Person(phone=PHONE, name="by phone")
    by_id = Person(bsuid="BR.1", name="by id")
    assert completed(Person(phone=PHONE, bsuid="BR.1"), place(by_phone, by_id)).name == "by id"


def test_two_different_ids_are_two_people_even_with_one_phone() -> None:
    other = Person(phone=PHONE, bsuid="BR.2", name="former owner")
    found = Person(phone=PHONE, bsuid="BR.1")
    assert completed(found, place(other)) == found
    assert completed(found, place(other, lone=True)) == found


def test_one_item_and_one_contact_belong_together_when_nothing_can_be_compared() -> None:
    only_id = Person(bsuid="BR.1", name="Marina")
    found = Person(phone=PHONE)
    assert completed(found, place(only_id, lone=True)) == Person(phone=PHONE, bsuid="BR.1", name="Marina")
    assert completed(found, place(only_id, lone=False)) == found
    assert completed(only_id, place(found, lone=True)) == replace(only_id, phone=PHONE)


def test_one_item_and_one_contact_with_different_phones_are_two_people() -> None:
    found = Person(phone=PHONE)
    assert completed(found, place(Person(phone=OTHER, name="x"), lone=True)) == found
    assert completed(found, place()) == found
    by_id = Person(bsuid="BR.1")
    assert completed(by_id, place(Person(bsuid="BR.2", name="x"), lone=True)) == by_id


def test_nobody_is_nobodys_contact() -> None:
    assert completed(Person(), place(Person(name="x"), FULL)) == Person()
