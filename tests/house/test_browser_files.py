"""Files of other projects: pinned, built, never committed; and our own pages never reach outside."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from tests.support.repository import ROOT, SOURCE, spoken

PANEL = SOURCE / "recado" / "web" / "panel"
STATIC = SOURCE / "recado" / "web" / "static"
VENDOR = STATIC / "vendor"
ICONS = (PANEL / "icons.txt").read_text("utf-8").split()
OURS = sorted([*PANEL.rglob("*.html"), *(STATIC / "panel").rglob("*.css"), *(STATIC / "panel").rglob("*.js")])


def pins() -> dict[str, tuple[str, str, str]]:
    tree = ast.parse((ROOT / "scripts" / "hatch_build.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "FILES":
            assert node.value is not None
            found: dict[str, tuple[str, str, str]] = ast.literal_eval(node.value)
            return found
    raise AssertionError("FILES is gone")


@pytest.mark.parametrize("name", sorted(pins()))
def test_what_lies_here_is_what_was_pinned(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == pins()[name][2]


def test_none_of_it_is_committed() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", str(VENDOR)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert tracked.stdout == ""


def test_licences_come_along() -> None:
    text = (VENDOR / "THIRD_PARTY.md").read_text("utf-8")
    for part in ("0BSD", "ISC", "Apache-2.0", "Lucide", "htmx", "Swagger UI"):
        assert part in text


def test_the_sprite_holds_exactly_the_icons_named() -> None:
    found = ET.fromstring((VENDOR / "icons.svg").read_text("utf-8"))
    assert [one.get("id") for one in found] == sorted(ICONS)
    assert len(ICONS) == len(set(ICONS))


@pytest.mark.parametrize("path", OURS, ids=spoken)
def test_our_files_carry_nothing_the_policy_forbids(path: Any) -> None:
    """The policy allows no inline style and no inline script; htmx runs without eval."""
    text = path.read_text("utf-8")
    outside = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", re.sub(r"http://www\.w3\.org", "", text))
    assert outside == []
    if path.suffix == ".html":
        assert not re.search(r"<[^>]+\s(?:style|hx-on[:\w-]*|on[a-z]+)\s*=", text)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)
        assert not re.search(r"hx-(?:vals|headers)=['\"]js:|\|\s*safe\b", text)
    if path.suffix == ".js":
        # A template filled with our own server's rows runs nothing; that is the one place where markup is parsed.
        text = text.replace("holder.innerHTML", "")
        assert not re.search(r"\beval\(|\bnew Function\b|innerHTML|insertAdjacentHTML|document\.write", text)
