"""`--take-pictures` writes docs/img anew instead of comparing with it (`python scripts/pictures.py` asks for it)."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--take-pictures", action="store_true", help="write docs/img and its prints anew")


@pytest.fixture
def taking(request: pytest.FixtureRequest) -> bool:
    # The option is only known when this folder was asked for by name.
    return bool(request.config.getoption("--take-pictures", default=False))
