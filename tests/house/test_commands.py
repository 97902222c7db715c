"""The commands people are told to use exist and say what they do."""

from __future__ import annotations

import os
import re
import subprocess

from tests.support.repository import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PHONY = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
MAX_TARGETS = 20


def targets() -> set[str]:
    assert PHONY is not None
    return {name for name in PHONY[1].split() if not name.startswith("_")}


def test_help_explains_every_target() -> None:
    told = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    explained = dict(re.findall(r"^  make ([\w-]+) +(\S.*)$", told, re.MULTILINE))
    assert set(explained) == targets()
    assert len(explained) <= MAX_TARGETS


def test_commands_in_documents_exist() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = {
        (page.name, target)
        for page in pages
        for target in re.findall(r"(?:^|`)make ([a-z]+)\b", page.read_text("utf-8"), re.MULTILINE)
    }
    assert {pair for pair in named if pair[1] not in targets()} == set()


def test_the_readme_starts_with_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "git clone" in text
    assert re.search(r"^\s*make demo\b", text, re.MULTILINE)


def test_the_pipeline_is_the_same_command_as_on_a_desk() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    assert "make test" in text
