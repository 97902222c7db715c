"""The crash points tests may ask for are exactly those the code passes."""

from __future__ import annotations

import re

from tests.support.repository import python_files

from recado.kit.failpoints import NAMES

CALL = re.compile(r"""\breached\(\s*["']([^"']+)["']""")


def test_every_name_is_reached_and_every_reached_name_is_listed() -> None:
    used = {
        name for path in python_files("src/recado") for name in CALL.findall(path.read_text(encoding="utf-8"))
    }
    assert sorted(NAMES - used) == [], "listed, but the code never passes there"
    assert sorted(used - NAMES) == [], "passed, but not listed in kit/failpoints.py"
