"""Documentation that names something real: pages made from code, links, commands, variables, routes, words."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from tests.support.repository import ROOT, SOURCE, spoken, tracked_files

from recado.cli.commands import app as recado_command
from recado.messages.model import PUBLIC_STATUS, State
from recado.settings import Settings
from recado.web.api.words import _KINDS
from recado.web.asgi import build_api
from recado.web.services import Services
from recado_sim.faults import KINDS

DOCS = ROOT / "docs"
PAGES = [path for path in tracked_files() if path.suffix == ".md"]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ROW = re.compile(r"^\| `(GET|POST|PUT|DELETE)` \| `(/[^`]*)`", re.MULTILINE)
FIRST_CELL = re.compile(r"^\| `([^`]+)`", re.MULTILINE)


def prose(path: Path) -> str:
    """A page without its code blocks."""
    return FENCE.sub("", path.read_text("utf-8"))


def reference(name: str) -> str:
    return (DOCS / "reference" / name).read_text("utf-8")


def test_pages_made_from_code_are_current() -> None:
    script = ROOT / "scripts" / "docs_reference.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


# --------------------------------------------------------------------------- links


def anchors(path: Path) -> set[str]:
    """What may follow `#`: headings as the usual renderers name them."""
    found = set()
    for title in re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", title.lower())
        found.add(plain.strip().replace(" ", "-"))
    return found


def broken_links(path: Path) -> Iterator[str]:
    for target in LINK.findall(prose(path)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.exists():
            yield f"{spoken(path)}: {target} leads nowhere"
        elif anchor and there.suffix == ".md" and anchor not in anchors(there):
            yield f"{spoken(path)}: {target} has no such heading"


@pytest.mark.parametrize("path", PAGES, ids=spoken)
def test_links_lead_somewhere(path: Path) -> None:
    assert list(broken_links(path)) == []


def test_links_are_really_looked_at() -> None:
    page = ROOT / "docs" / "README.md"
    assert LINK.findall(prose(page))
    assert "when-nobody-knows" in anchors(DOCS / "reference" / "states-and-reasons.md")


# --------------------------------------------------------------------------- commands and variables


def shell_lines() -> Iterator[tuple[str, str]]:
    for path in PAGES:
        for language, code in FENCE.findall(path.read_text("utf-8")):
            if language == "sh":
                for line in code.replace("\\\n", " ").splitlines():
                    yield spoken(path), line.strip()


def command_names() -> dict[str, Any]:
    """`recado x` and `recado x y`, each with its options."""
    top = cast("Any", typer.main.get_command(recado_command))
    found: dict[str, Any] = {}
    for name, command in top.commands.items():
        for inner, leaf in getattr(command, "commands", {"": command}).items():
            found[f"{name} {inner}".strip()] = leaf
    return found


def problems_of(line: str, known: dict[str, Any]) -> str | None:
    words = shlex.split(line, comments=True)
    pairs = [" ".join(words[1:3]), " ".join(words[1:2])]
    name = next((pair for pair in pairs if pair in known), None)
    if name is None:
        return f"no command {pairs[0]!r}"
    options = {option for parameter in known[name].params for option in parameter.opts}
    wrong = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    return f"{name} has no {wrong}" if wrong else None


def test_commands_of_recado_exist_with_their_options() -> None:
    known = command_names()
    lines = [(page, line) for page, line in shell_lines() if line.startswith("recado ")]
    assert len(lines) > 10
    found = {page: problem for page, line in lines if (problem := problems_of(line, known))}
    assert found == {}


def test_every_command_is_in_some_page() -> None:
    text = "\n".join(path.read_text("utf-8") for path in PAGES)
    assert [name for name in command_names() if f"recado {name}" not in text] == []


def test_variables_exist() -> None:
    elsewhere = reference("settings.md").partition("## Other variables")[2]
    known = {f"RECADO_{name.upper()}" for name in Settings.model_fields}
    known |= set(re.findall(r"\bRECADO_[A-Z_]+\b", elsewhere))
    wrong = {
        (spoken(path), name)
        for path in PAGES
        for name in re.findall(r"\bRECADO_[A-Z][A-Z_]*\b", path.read_text("utf-8"))
        if name not in known
    }
    assert wrong == set()


# --------------------------------------------------------------------------- lists


def test_the_api_page_lists_exactly_the_routes() -> None:
    # Building the application asks nothing of its services.
    document = build_api(cast("Services", None), show_docs=True).openapi()
    real = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    assert set(ROW.findall(reference("api.md"))) == real


def test_the_simulator_page_lists_its_levers_and_faults() -> None:
    source = (SOURCE / "recado_sim" / "admin.py").read_text("utf-8")
    table = re.findall(r'\("(/[^"]+)", self\.\w+, \[([^\]]+)\]\)', source)
    real = {(method, f"/_sim{path}") for path, methods in table for method in re.findall(r"\w+", methods)}
    assert len(real) > 10
    page = reference("simulator.md")
    assert set(ROW.findall(page)) == real
    assert set(FIRST_CELL.findall(page.partition("## Faults")[2])) == set(KINDS)


def test_the_events_page_has_every_event_with_a_sentence() -> None:
    assert set(_KINDS) - set(FIRST_CELL.findall(reference("events.md"))) == set()


def test_states_and_statuses_are_the_real_ones() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+` ?)+) \|", reference("states-and-reasons.md"), re.MULTILINE)
    told = {(state, status) for status, states in rows for state in re.findall(r"\w+", states)}
    assert told == {(state.value, PUBLIC_STATUS[state]) for state in State}


def test_decisions_are_numbered_and_indexed() -> None:
    folder = DOCS / "decisions"
    names = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    index = (folder / "README.md").read_text("utf-8")
    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index) == names
    for name in names:
        text = (folder / name).read_text("utf-8")
        assert text.startswith(f"# {name[:4]} ")
        for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Alternatives.**"):
            assert part in text, f"{name} has no {part}"


def test_both_readmes_tell_the_same() -> None:
    english, portuguese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.pt-BR.md"))
    for facts in (
        r"\bRECADO_\w+",
        r"`(?:GET|POST|PUT)[^`]*`",
        r"^recado [a-z ]+",
        r"\]\(((?!README)[^)]+)\)",
    ):
        found = [set(re.findall(facts, text, re.MULTILINE)) for text in (english, portuguese)]
        assert found[0] == found[1]
