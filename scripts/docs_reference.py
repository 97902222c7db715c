"""Writes the reference pages that come from the code: settings and reasons.

python scripts/docs_reference.py            write what changed
python scripts/docs_reference.py --check    only compare; exit status 1 when a page is old
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import annotated_types
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from recado.kit.reason_texts import reason_text
from recado.kit.reason_texts.own_en import OWN_EN
from recado.kit.reasons import Reason
from recado.providers.meta.codes import CODES
from recado.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ROOT / "src" / "recado"
REFERENCE = ROOT / "docs" / "reference"
WRITTEN = "<!-- Written by scripts/docs_reference.py from the code. Change the code, then run the script. -->"

# Defaults that are worked out on each machine.
WORKED_OUT = {"data_dir": "`$XDG_STATE_HOME/recado`, else `~/.local/state/recado`"}

SETTINGS_INTRO = """# Settings

Facts of one installation, read once when a process starts, from environment variables. What belongs to a
company (tokens, numbers, mode, time zone) is a row in the database and is changed with commands or the API.

`recado settings` prints this list with the defaults of the machine it runs on; a value that is refused is
named before anything starts. How they fit together: [Run in production](../howto/run-in-production.md).
Settings marked *not yet* are accepted, but nothing in this version reads them.
"""

SETTINGS_OUTRO = """## Other variables

| variable | read by | meaning |
|---|---|---|
| `RECADO_NUMBER_TOKEN` | `recado number add`, `recado number token` | the access token, instead of typing it |
| `RECADO_NUMBER_APP_SECRET` | `recado number add` | app secret of this number: its calls carry `appsecret_proof` |
| `RECADO_PYTHON` | `make setup` | which Python makes `.venv` |
| `RECADO_FAILPOINTS`, `RECADO_FAILPOINTS_LOG` | tests | where a crash test may kill the process; never set these |
| `XDG_STATE_HOME` | every command | where the default data directory lies |
"""

REASONS_INTRO = """# Reasons

Why a message is skipped, waiting, held, in doubt or failed. The code is stable: it is stored and the API returns
it as `reason.code`. The sentence and the next step come in Portuguese, or in English for `Accept-Language: en`.
Several codes of a provider may share one reason; the message's `provider_code` has the exact one.

What states they go with: [States and reasons](states-and-reasons.md). Reasons marked *not yet* have their words
ready, but nothing in this version gives them.
"""


def line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |"


def table(head: list[str], rows: Iterable[Iterable[str]]) -> list[str]:
    return [line(head), "|" + "---|" * len(head), *(line(row) for row in rows)]


# --------------------------------------------------------------------------- settings


def limits(info: FieldInfo) -> str:
    """What the value must be, as far as the type says it."""
    choices = [repr(one) for one in get_args(info.annotation) if isinstance(one, str)]
    if choices:
        return ", ".join(f"`{one[1:-1]}`" for one in choices)
    parts = []
    for rule in info.metadata:
        match rule:
            case annotated_types.Ge(ge=low):
                parts.append(f"≥ {low}")
            case annotated_types.Gt(gt=low):
                parts.append(f"> {low}")
            case annotated_types.Le(le=high):
                parts.append(f"≤ {high}")
    return ", ".join(parts)


def default_of(name: str, info: FieldInfo) -> str:
    if info.default_factory is not None:
        return WORKED_OUT[name]
    if info.default is None:
        return ""
    return f"`{str(info.default).lower() if isinstance(info.default, bool) else info.default}`"


def is_secret(info: FieldInfo) -> bool:
    return SecretStr in get_args(info.annotation)


def read_by_code() -> set[str]:
    """Settings that something outside their own module reads."""
    files = (path for path in PRODUCT.rglob("*.py") if path.name != "settings.py")
    return {name for path in files for name in re.findall(r"\bsettings\.([a-z_]+)", path.read_text("utf-8"))}


def settings_page() -> str:
    rows, used = [], read_by_code()
    for name, info in Settings.model_fields.items():
        meaning = info.description or ""
        if is_secret(info):
            meaning += " (secret)"
        if name not in used:
            meaning += " *not yet*"
        rows.append([f"`RECADO_{name.upper()}`", meaning, default_of(name, info), limits(info)])
    head = ["variable", "meaning", "default", "allowed"]
    return "\n".join([WRITTEN, "", SETTINGS_INTRO, *table(head, rows), "", SETTINGS_OUTRO])


# --------------------------------------------------------------------------- reasons


def given_by_code() -> set[str]:
    """Names of reasons that something outside the list itself gives."""
    files = (path for path in PRODUCT.rglob("*.py") if "kit" not in path.relative_to(PRODUCT).parts)
    return {name for path in files for name in re.findall(r"\bReason\.([A-Z_]+)", path.read_text("utf-8"))}


def meta_codes(reason: Reason) -> str:
    return ", ".join(str(code) for code in sorted(CODES) if CODES[code].reason is reason)


def reason_rows(reasons: Iterable[Reason], used: set[str], *, codes: bool) -> Iterator[list[str]]:
    for reason in reasons:
        english, portuguese = reason_text(reason, "en"), reason_text(reason, "pt-BR")
        name = f"`{reason.value}`" if reason.name in used else f"`{reason.value}` *not yet*"
        row = [
            name,
            f"{english.text} *{english.next_step}*",
            f"{portuguese.text} *{portuguese.next_step}*",
        ]
        yield [*row, meta_codes(reason)] if codes else row


def reasons_page() -> str:
    used = given_by_code()
    own = [reason for reason in Reason if reason in OWN_EN]
    said = [reason for reason in Reason if reason not in OWN_EN]
    head = ["code", "English: what happened, *what to do*", "on screen"]
    return "\n".join(
        [
            WRITTEN,
            "",
            REASONS_INTRO,
            "## recado's own",
            "",
            *table(head, reason_rows(own, used, codes=False)),
            "",
            "## Said by the provider",
            "",
            *table([*head, "Meta's codes"], reason_rows(said, used, codes=True)),
            "",
        ]
    )


PAGES: dict[str, Any] = {"settings.md": settings_page, "reasons.md": reasons_page}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    old = 0
    for name, build in PAGES.items():
        page, text = REFERENCE / name, build()
        if page.exists() and page.read_text("utf-8") == text:
            continue
        old += 1
        if arguments.check:
            print(f"docs/reference/{name} is old: run `python scripts/docs_reference.py`", file=sys.stderr)
        else:
            page.write_text(text, "utf-8")
            print(f"docs/reference/{name} written")
    return 1 if arguments.check and old else 0


if __name__ == "__main__":
    sys.exit(main())
