"""What the panel says, and whether English has it: prints what is missing, unused or unfinished.

`--write NAME` adds what is missing to `locales/en/NAME.po` with empty translations, to be filled by hand.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).resolve().parents[1]
PANEL = ROOT / "src" / "recado" / "web" / "panel"
LOCALES = PANEL / "locales" / "en"
# Only what people read is marked, so that nothing technical has to be translated.
KEYWORDS: dict[str, Any] = {"_": None, "mark": None, "n_": (1, 2)}
OPTIONS = {
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
}
Key = str | tuple[str, ...]


def sources() -> dict[Key, str]:
    """Every marked sentence and the first place it stands in."""
    found: dict[Key, str] = {}
    for path in sorted([*PANEL.rglob("*.py"), *PANEL.rglob("*.html")]):
        for line, message in _marked(path):
            key: Key = tuple(message) if isinstance(message, tuple | list) else message
            if key:
                found.setdefault(key, f"{path.relative_to(PANEL)}:{line}")
    return found


def _marked(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        if path.suffix == ".html":
            for line, _name, message, _comments in babel_extract(file, list(KEYWORDS), [], OPTIONS):
                # Further arguments of `_` are values, not sentences.
                if isinstance(message, tuple):
                    kept = [one for one in message if isinstance(one, str)]
                    message = tuple(kept[:2]) if _name == "n_" else kept[0] if kept else ""
                yield line, message
            return
        for found in extract("python", file, keywords=KEYWORDS):
            line, message = found[0], found[1]
            yield line, message[0] if isinstance(message, tuple) and len(message) > 2 else message


def catalogues() -> dict[str, Catalog]:
    return {
        path.name: read_po(BytesIO(path.read_bytes()), locale="en") for path in sorted(LOCALES.glob("*.po"))
    }


def complaints() -> list[str]:
    """Empty when English is complete and holds nothing that is not said."""
    said = sources()
    kept: dict[Key, Any] = {}
    wrong: list[str] = []
    for name, catalogue in catalogues().items():
        for message in catalogue:
            if not message.id:
                continue
            key: Key = message.id if isinstance(message.id, str) else tuple(message.id)
            if kept.setdefault(key, message.string) != message.string:
                wrong.append(f"{name}: {key!r} is translated in two ways")
            if key not in said:
                wrong.append(f"{name}: {key!r} is not said anywhere")
            wrong += [f"{name}: {key!r}: {why}" for why in _unfinished(message)]
        wrong += [f"{name}: obsolete {key!r}" for key in catalogue.obsolete]
    wrong += [f"{place}: {key!r} has no English" for key, place in said.items() if key not in kept]
    return wrong


def _unfinished(message: Any) -> list[str]:
    texts = [message.string] if isinstance(message.string, str) else list(message.string or [""])
    wrong = []
    if message.fuzzy:
        wrong.append("fuzzy")
    if not all(texts):
        wrong.append("empty")
    if any(
        _fields(message.id if isinstance(message.id, str) else message.id[-1]) != _fields(one)
        for one in texts[-1:]
    ):
        wrong.append("other fields than the source")
    return wrong


def _fields(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def add_missing(name: str) -> int:
    path = LOCALES / f"{name}.po"
    catalogue = read_po(BytesIO(path.read_bytes()), locale="en") if path.exists() else Catalog(locale="en")
    kept = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for one in catalogues().values()
        for message in one
    }
    missing = [key for key in sources() if key not in kept]
    for key in missing:
        catalogue.add(key if isinstance(key, str) else list(key))
    out = BytesIO()
    write_po(out, catalogue, omit_header=True, width=110)
    path.write_bytes(out.getvalue())
    return len(missing)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="NAME", help="catalogue that gets what is missing")
    if name := parser.parse_args().write:
        print(f"{add_missing(name)} sentences added to {name}.po")
        return 0
    wrong = complaints()
    print("\n".join(wrong) if wrong else "English is complete")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
