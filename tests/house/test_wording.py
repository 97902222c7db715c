"""What must not be written in any file that leaves this machine.

One letter of each forbidden word is in brackets, so that this file passes its own rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.repository import spoken, tracked_files

RULES: dict[str, str] = {
    "unfinished work": r"\b(?:[T]ODO|[F]IXME|[X]XX)\b",
    # Names of package hosts belong to each machine's own configuration.
    "package host": r"(?i)[p]ypi\.org|[f]iles\.pythonhosted|[r]egistry\.npmjs",
    "path of one machine": r"(?<![\w.])/(?:[w]ork|[r]oot|[h]ome/\w+|[U]sers/\w+|[t]mp/brief)/",
    "authoring tool": r"(?i)\b(?:[c]laude|[a]nthropic|[c]hatgpt|[c]opilot|[c]odex|[s]ub-?agent)\b",
    "authoring session": r"(?i)\b[A]I[- ](?:assist|session|generated)|\bas an [A]I\b",
    "nameless role": r"(?i)\b[h]elpers?\b",
    # Private keys and provider tokens as they really look.
    "credential": r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bEAA[A-Za-z0-9]{30,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bsk-[A-Za-z0-9]{32,}",
}
BINARY = {".png", ".jpg", ".jpeg", ".ico", ".woff2", ".pdf", ".ogg", ".mp4", ".webp", ".gif", ".mo"}


def readable() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        if path.suffix not in BINARY:
            yield path, path.read_bytes().decode("utf-8", errors="replace")


@pytest.mark.parametrize("rule", RULES)
def test_nothing_forbidden_is_written(rule: str) -> None:
    pattern = re.compile(RULES[rule])
    found = [
        f"{spoken(path)}:{text.count(chr(10), 0, match.start()) + 1} {match[0]!r}"
        for path, text in readable()
        for match in pattern.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("rule", "sample"),
    [
        ("unfinished work", "# TO" + "DO: later"),
        ("package host", "https://pypi" + ".org/simple"),
        ("path of one machine", "open('/wor" + "k/main/x')"),
        ("credential", "EAA" + "b" * 40),
    ],
)
def test_the_rules_find_what_they_are_for(rule: str, sample: str) -> None:
    assert re.search(RULES[rule], sample)
