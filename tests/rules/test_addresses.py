"""What is taken for the address of a database, and what is said about the rest."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recado.kit.address import is_postgres
from recado.settings import Settings

FINE = [
    "postgresql://u:p@db.example.com:5432/recado",
    "postgres://u@db.example.com/recado?sslmode=require",
    "postgresql:///recado?host=/run/postgresql",
    "postgresql://u:p%2Fw@[::1]:5432/recado",
    "postgresql://u:p@one.example.com:5432,two.example.com:5433/recado",
]
BROKEN = [
    "",
    "nonsense",
    "db.example.com:5432/recado",
    "mysql://u:p@db.example.com/recado",
    "postgresql://u:half/other@db.example.com/recado",
    "postgresql://u:p@db.example.com:port/recado",
    "postgresql://u:p@db.example.com:99999/recado",
    "postgresql://u@[::1/recado",
]


@pytest.mark.parametrize("address", FINE)
def test_what_the_driver_understands(address: str) -> None:
    assert is_postgres(address)
    assert Settings(database_url=address).database_url == address


@pytest.mark.parametrize("address", BROKEN)
def test_what_it_does_not_is_refused_without_repeating_it(address: str) -> None:
    assert not is_postgres(address)
    for name in ("database_url", "database_owner_url"):
        with pytest.raises(ValidationError) as refusal:
            Settings.model_validate({name: address})
        said = str(refusal.value)
        assert "postgresql://login:password@host:5432/name" in said
        assert "other" not in said
        assert "half" not in said
