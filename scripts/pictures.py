"""Takes the pictures of the READMEs and documents anew: `python scripts/pictures.py`.

The same code that compares every screen with its picture in the tests (`tests/browser/pictures`): one fixed morning
of an invented company, every screen in light, in dark and on a phone. Needs Chromium (`make test` installs it where
it may). Look at what changed in docs/img before you commit it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/browser/pictures",
        "--take-pictures",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        "looks_like_its_picture",
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
