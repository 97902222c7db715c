"""Named statements: how parameters and headers are read."""

from __future__ import annotations

import pytest

from recado.db.sql import load, parse


def test_parameters_are_numbered_by_first_appearance() -> None:
    found = parse("-- :pick -> Row\nselect @b, @a, @b::text where x = @a;\n")["pick"]
    assert found.text == "select $1, $2, $1::text where x = $2"
    assert found.params == ("b", "a")
    assert (found.name, found.row) == ("pick", "Row")


@pytest.mark.parametrize(
    "text",
    ["select a @> b", "select a <@ b", "select 'x@y'", "select a @@ b", "select a@b"],
)
def test_operators_and_addresses_are_not_parameters(text: str) -> None:
    assert parse(f"-- :one\n{text};")["one"].params == ()


def test_statements_end_where_the_next_header_starts() -> None:
    found = parse("-- introduction\n\n-- :one\n-- why\nselect 1;\n\n-- :two\nselect 2;\n")
    assert {name: one.text for name, one in found.items()} == {
        "one": "-- why\nselect 1",
        "two": "select 2",
    }
    assert found["one"].row is None


def test_what_statements_have_in_common_stands_once() -> None:
    part = "-- :part mine\ntenant_id = @tenant_id\n\n"
    found = parse(part + "-- :one -> Row\nselect @a where {{mine}};\n-- :two\nselect {{mine}};")
    assert set(found) == {"one", "two"}
    assert (found["one"].text, found["one"].params) == ("select $1 where tenant_id = $2", ("a", "tenant_id"))
    assert (found["two"].text, found["two"].params) == ("select tenant_id = $1", ("tenant_id",))


def test_a_part_nobody_wrote_is_refused() -> None:
    with pytest.raises(KeyError, match="yours"):
        parse("-- :part mine\ntrue\n-- :one\nselect {{yours}};")


def test_a_package_without_the_file_says_so() -> None:
    with pytest.raises(FileNotFoundError):
        load("recado.kit", "queries.sql")
