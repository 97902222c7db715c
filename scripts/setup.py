"""Prepares .venv from the lock file. Runs before anything is installed: standard library only.

Two stamps say what is already there, by content: dependencies (the lock file) and the package
itself (what its build reads). With both current nothing runs and no network is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "dev.lock"
STAMP = VENV / "recado-setup.json"
VENDOR = ROOT / "src" / "recado" / "web" / "static" / "vendor"


def wanted() -> dict[str, str]:
    """What the environment should have been made from."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    # Settings of linters live in the same file and change nothing that is installed.
    built_from = {
        "build-system": project["build-system"],
        "project": project["project"],
        "hatch": project["tool"]["hatch"],
        "hook": (ROOT / "scripts" / "hatch_build.py").read_text(encoding="utf-8"),
        "icons": (ROOT / "src/recado/web/panel/icons.txt").read_text(encoding="utf-8"),
        "at": str(ROOT),
    }
    return {
        "dependencies": hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        "package": hashlib.sha256(json.dumps(built_from, sort_keys=True).encode()).hexdigest(),
    }


def present() -> dict[str, str]:
    if not STAMP.exists() or not PYTHON.exists():
        return {}
    found: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    if not all((VENDOR / name).is_file() for name in ("htmx.min.js", "icons.svg", "swagger-ui.css")):
        found.pop("package", None)
    return found


def pip(*arguments: str) -> None:
    """Plain pip, so that the machine's own pip settings (indexes, proxies, certificates) hold."""
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    subprocess.run(
        [PYTHON, "-m", "pip", "install", "--quiet", *arguments],
        check=True,
        cwd=ROOT,
        env={**os.environ, **quiet},
    )


def install(need: dict[str, str]) -> None:
    have = present()
    if not PYTHON.exists():
        print("making .venv with Python", sys.version.split()[0], flush=True)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    if have.get("dependencies") != need["dependencies"]:
        print("installing the pinned dependencies (about a minute the first time)", flush=True)
        pip("--require-hashes", "-r", str(LOCK))
        STAMP.write_text(json.dumps({"dependencies": need["dependencies"]}), encoding="utf-8")
    if have.get("package") != need["package"]:
        print("installing recado itself", flush=True)
        pip("--no-deps", "--editable", ".")
    STAMP.write_text(json.dumps(need), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--current", action="store_true", help="only say (exit status) if it is")
    need = wanted()
    if parser.parse_args().current:
        return 0 if present() == need else 1
    try:
        install(need)
    except subprocess.CalledProcessError as failure:
        print(f"setup stopped: {failure.cmd[0]} ended with {failure.returncode}", file=sys.stderr)
        return 1
    print("ready: .venv is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
