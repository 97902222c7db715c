"""`python -m tests.mutation`: changes the rules one node at a time; the tests of the rules have to notice.

Each mutant is loaded in a process of its own, in place of the module, before the tests import it.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import signal
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings
from tests.mutation.mutants import Mutant, mutants, unchanged

SRC = Path(__file__).parents[2] / "src"
RULES = "tests/rules/delivery"
# Module -> the tests that know its rules.
TARGETS: dict[str, tuple[str, ...]] = {
    "recado.messages.gates": ("tests/rules/test_gates.py", RULES),
    "recado.messages.pace": ("tests/rules/test_pace.py", RULES),
    "recado.messages.model": ("tests/rules/test_lattice.py", RULES),
    "recado.messages.doubt_rules": (RULES,),
    "recado.kit.tokens": ("tests/rules/test_kit.py", "tests/rules/test_secrets.py", RULES),
    "recado.providers.meta.signature": ("tests/providers/meta/test_signature.py",),
}
# What every judge would import anyway; nothing of it may import a target.
HEAVY = (
    "asyncpg",
    "cryptography.hazmat.primitives.ciphers.aead",
    "phonenumbers",
    "psutil",
    "pytest_asyncio.plugin",
)
OWN = ("recado.db.embedded", "recado.db.migrate", "recado.db.pool")
KILLED, SURVIVED = 1, 0
PATIENCE_S = 60


class _Quiet:
    """Stops at the first failure and keeps the examples small: a mutant is either noticed at once or not."""

    def pytest_configure(self, config: pytest.Config) -> None:
        settings.register_profile("mutation", max_examples=60, database=None, derandomize=True, deadline=None)
        settings.load_profile("mutation")


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    asked.add_argument("--only", help="part of a module's name")
    asked.add_argument("--least", type=float, default=85.0, help="per cent")
    options = asked.parse_args()
    for name in (*HEAVY, *OWN):
        importlib.import_module(name)
    assert not sys.modules.keys() & TARGETS.keys()
    total = killed = 0
    for name, tests in TARGETS.items():
        if options.only and options.only not in name:
            continue
        started = time.monotonic()
        source = _path(name).read_text()
        if _noticed(name, unchanged(source), tests):
            sys.exit(f"{name}: its tests fail without any change")
        found = list(mutants(source))
        alive = [one for one in found if not _noticed(name, one, tests)]
        total, killed = total + len(found), killed + len(found) - len(alive)
        took = time.monotonic() - started
        print(f"{name:34} {len(found) - len(alive):4} of {len(found):4} noticed, {took:.0f} s", flush=True)
        for one in alive:
            print(f"    alive: line {one.line}: {one.what}")
    score = 100 * killed / max(total, 1)
    print(f"score {score:.1f} % ({killed} of {total})")
    sys.exit(0 if score >= options.least else 1)


def _path(name: str) -> Path:
    return SRC / Path(*name.split(".")).with_suffix(".py")


def _noticed(name: str, one: Mutant, tests: tuple[str, ...]) -> bool:
    """Forks: everything heavy is imported already, only what follows from the mutant is loaded again."""
    pid = os.fork()
    if pid == 0:
        os._exit(_judge(name, one, tests))
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) != SURVIVED


def _judge(name: str, one: Mutant, tests: tuple[str, ...]) -> int:
    signal.alarm(PATIENCE_S)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    try:
        _install(name, one.source)
        arguments = ["-x", "-q", "-s", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
        arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning", *tests]
        return SURVIVED if pytest.main(arguments, plugins=[_Quiet()]) == 0 else KILLED
    except BaseException:
        return KILLED


def _install(name: str, source: str) -> None:
    """The mutant under the module's own name; dataclasses look their module up there."""
    spec = importlib.util.spec_from_file_location(name, _path(name))
    assert spec is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(source, str(_path(name)), "exec"), module.__dict__)
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], child, module)


if __name__ == "__main__":
    main()
