"""Scripts say nothing of their own: every sentence comes with the page, in the person's language (`js/words.js`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.repository import SOURCE, spoken

SCRIPTS = sorted((SOURCE / "recado" / "web" / "static" / "panel" / "js").glob("*.js"))
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|\'((?:[^\'\\\n]|\\.)*)\'|`((?:[^`\\]|\\.)*)`')
COMMENT = re.compile(r"(?m)(?<![:\"'`])//.*$|/\*.*?\*/", re.DOTALL)
CLASSES = re.compile(r"\bclassName\s*=\s*`[^`]*`")
# What a literal must not be given to: these are what people see or hear.
SHOWN = re.compile(
    r"(?:textContent|innerText|title|placeholder|ariaLabel|label)\s*=\s*(?=[\"'`])"
    r"|(?:\btoast|\bsay|\balert|\bconfirm|\bprompt)\(\s*(?=[\"'`])"
    r"|[\"'](?:aria-label|title|placeholder|alt)[\"']\s*,\s*(?=[\"'`])"
)
# Selectors, addresses, headers, markup: not prose.
TECHNICAL = re.compile(r"[\[\]#=<>{}()/\\_;:|*]|^\s*$|\.[a-z-]|, ")
UNITS = {"h", "min", "s", "d"}


def literals(script: str) -> Iterator[str]:
    """What stands between quotes, without what is filled in."""
    for found in LITERAL.finditer(CLASSES.sub("", COMMENT.sub("", script))):
        yield re.sub(r"\$\{[^}]*\}", "", next(one for one in found.groups() if one is not None))


def is_prose(text: str) -> bool:
    if re.search(r"[^\W\d_a-zA-Z]", text):
        return True
    words = re.findall(r"[A-Za-z]+", text)
    if TECHNICAL.search(text) or " " not in text or set(words) <= UNITS:
        return False
    return len(words) >= 2 or text != text.strip()


def complaints(script: str) -> list[str]:
    wrong = [text for text in literals(script) if is_prose(text)]
    bare = COMMENT.sub("", script)
    for place in SHOWN.finditer(bare):
        found = LITERAL.match(bare, place.end())
        assert found is not None
        text = re.sub(r"\$\{[^}]*\}", "", next(one for one in found.groups() if one is not None))
        if set(re.findall(r"[A-Za-z]{2,}", text)) - UNITS:
            wrong.append(text)
    if "documentElement.lang" in bare:
        wrong.append("a script that chooses its words by the page's language")
    return wrong


@pytest.mark.parametrize("path", SCRIPTS, ids=spoken)
def test_a_script_has_no_words_of_its_own(path: Path) -> None:
    assert complaints(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        'toast("Copiado", "info");',
        'one.textContent = "Sair";',
        'const words = "No connection. Try again.";',
        "return `${days} dias`;",
        "return `há ${span}`;",
        'button.setAttribute("aria-label", "Fechar");',
        'if (document.documentElement.lang === "en") go();',
        "said = 'Sem conexão';",
    ],
)
def test_the_scan_would_notice(line: str) -> None:
    assert complaints(line)


@pytest.mark.parametrize(
    "line",
    [
        'document.querySelector("dialog[open] .head a, button, summary");',
        'fetch("/painel/contagens", { headers: { "HX-Request": "true" } });',
        "clock.textContent = `${hours} h ${minutes} min`;",
        "row.className = `toast ${kind}`;",
        'toast(word("copied"), "info"); // "No words here"',
    ],
)
def test_the_scan_lets_names_pass(line: str) -> None:
    assert complaints(line) == []
