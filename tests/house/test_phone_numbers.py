"""Every telephone number in the repository belongs to nobody."""

from __future__ import annotations

import re

import pytest
from tests.support.repository import spoken, tracked_files

TEXT = {".py", ".json", ".md", ".html", ".js", ".sql", ".toml", ".csv", ".tsv", ".txt", ".yaml", ".yml"}
INTERNATIONAL = re.compile(r"(?<![\w+])\+(\d[\d ().-]{6,20}\d)(?!\d)")
NAMED = re.compile(
    r"""["'](?:to|from|wa_id|recipient_id|display_phone_number|phone|phone_number|user_phone)["']"""
    r"""\s*:\s*["']\+?(\d[\d ()-]{6,20}\d)["']"""
)
NOBODYS = re.compile(
    r"""
      5520\d*              # Brazil: area code 20 is not assigned
    | 209555\d{5}          # the same, written without the country
    | 1\d{3}5550[01]\d\d   # North America: 555-0000 to 555-0199
    | 1555\d*              # North America: area code 555 is not assigned
    | 999\d*               # no country has 999
    | 0\d*                 # no country begins with 0
    | 44\d{4}900\d{3}      # United Kingdom: kept for drama by the regulator
    """,
    re.VERBOSE,
)


def belongs_to_nobody(number: str) -> bool:
    return NOBODYS.fullmatch(re.sub(r"\D", "", number)) is not None


@pytest.mark.parametrize("number", ["+55 20 95550-0111", "5520955500111", "+1 (650) 555-0100"])
def test_fictitious_numbers_are_known(number: str) -> None:
    assert belongs_to_nobody(number)


@pytest.mark.parametrize("number", ["+55 11 9" + "8765-4321", "+1 650 253-" + "0000"])
def test_numbers_of_people_are_found(number: str) -> None:
    assert INTERNATIONAL.search(number)
    assert not belongs_to_nobody(number)


def test_no_file_holds_a_number_that_could_ring() -> None:
    found = [
        f"{spoken(path)}: {number}"
        for path in tracked_files()
        if path.suffix in TEXT and path.name != "test_phone_numbers.py"
        for pattern in (INTERNATIONAL, NAMED)
        for number in pattern.findall(path.read_text(encoding="utf-8", errors="replace"))
        if not belongs_to_nobody(number)
    ]
    assert found == []
