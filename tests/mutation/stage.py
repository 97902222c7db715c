"""Where mutants of one module are judged: everything is imported but the module and what depends on it.

The processes part after that, so a mutant costs the import of a few modules and the tests themselves.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import importlib.util
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from tests.mutation.mutants import Mutant
from tests.mutation.targets import Target

TOP = Path(__file__).parents[2]
SRC = TOP / "src"
KILLED, SURVIVED = 1, 0
# No plugin but those the project's configuration speaks of: each start of pytest counts a thousand times here.
ARGUMENTS = ["-x", "-q", "-s", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
for _name in ("pytest_asyncio.plugin", "pytest_timeout", "_hypothesis_pytestplugin"):
    ARGUMENTS += ["-p", _name]
for _name in (
    "cacheprovider",
    "faulthandler",
    "unraisableexception",
    "threadexception",
    "junitxml",
    "doctest",
):
    ARGUMENTS += ["-p", f"no:{_name}"]
# Of the processor's time, so that a busy machine is no reason to call a mutant noticed; who sleeps gets longer.
LEAST_PATIENCE_S = 10.0
ASLEEP_S = 300
# The tests themselves are for pytest to import, which takes what is there already; the other one wants to be late.
NOT_BEFORE = ("tests", "hypothesis")
T = TypeVar("T")


def path_of(module: str) -> Path:
    return SRC / Path(*module.split(".")).with_suffix(".py")


class _Quiet:
    """Keeps the examples few and the same: a mutant is either noticed at once or not."""

    def pytest_configure(self, config: pytest.Config) -> None:
        settings.register_profile(
            "mutation",
            max_examples=60,
            database=None,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("mutation")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Single examples before properties: most mutants are noticed by them, and they cost nothing."""
        items.sort(key=lambda item: hasattr(getattr(item, "obj", None), "hypothesis"))


class Stage:
    """`prepare` once, then `judge`. Forks from a process that has imported no module of the target's dependents."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._patience_s = LEAST_PATIENCE_S
        self._imports: list[str] = []

    def prepare(self, same: Mutant) -> str | None:
        """Runs the tests on the module as it is. None when they pass, else what they said."""
        verdict, said, loaded, took_s = _in_a_child(lambda: self._first(same))
        self._patience_s = max(LEAST_PATIENCE_S, 10 * took_s)
        if verdict != SURVIVED:
            return said
        tainted = _dependents(self._target.module)
        self._imports = [name for name in loaded if name not in tainted and _may_be_early(name)]
        return None

    def judge(self, found: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, int]]:
        """Up to `jobs` mutants at a time, in a process that is thrown away afterwards."""
        verdicts = _in_a_child(lambda: self._run(found, jobs))
        yield from zip(found, verdicts, strict=True)

    def _first(self, same: Mutant) -> tuple[int, str, list[str], float]:
        before = set(sys.modules)
        with _silence() as said:
            verdict = self._try(same)
        loaded = [name for name in sys.modules if name not in before]
        return verdict, said(), loaded, time.process_time()

    def _run(self, found: Sequence[Mutant], jobs: int) -> list[int]:
        for name in self._imports:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        # The children write nothing into what they share with each other, so nothing has to be copied.
        gc.collect()
        gc.freeze()
        gc.disable()
        verdicts = [SURVIVED] * len(found)
        running: dict[int, int] = {}
        for index, one in enumerate(found):
            if len(running) >= jobs:
                _reap(running, verdicts)
            pid = os.fork()
            if pid == 0:
                signal.setitimer(signal.ITIMER_PROF, self._patience_s)
                signal.alarm(ASLEEP_S)
                with _silence():
                    os._exit(self._try(one))
            running[pid] = index
        while running:
            _reap(running, verdicts)
        return verdicts

    def _try(self, one: Mutant) -> int:
        """File by file: what the first one notices need not even be collected in the others."""
        arguments = ["-x", "-q", "-s", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:xdist"]
        arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        try:
            _install(self._target.module, one.source)
            passed = all(
                pytest.main([*arguments, file], plugins=[_Quiet()]) == 0 for file in self._target.tests
            )
        except BaseException:
            return KILLED
        return SURVIVED if passed else KILLED


def _may_be_early(name: str) -> bool:
    return name.startswith("tests.support.") or not name.startswith(NOT_BEFORE)


def _reap(running: dict[int, int], verdicts: list[int]) -> None:
    """A process that ended in any other way than with passing tests noticed its mutant: also one out of patience."""
    pid, status = os.wait()
    verdicts[running.pop(pid)] = SURVIVED if os.waitstatus_to_exitcode(status) == SURVIVED else KILLED


def _in_a_child(work: Callable[[], T]) -> T:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    result: T = pickle.loads(told)
    return result


@contextlib.contextmanager
def _silence() -> Iterator[Callable[[], str]]:
    """What the tests print goes into a file without a name."""
    sink = os.memfd_create("mutation")
    kept = os.dup(1), os.dup(2)
    os.dup2(sink, 1)
    os.dup2(sink, 2)

    def said() -> str:
        return os.pread(sink, 1 << 20, 0).decode("utf-8", "replace")

    try:
        yield said
    finally:
        sys.stdout.flush()
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)


def _install(name: str, source: str) -> None:
    """The mutant under the module's own name; dataclasses look their module up there."""
    spec = importlib.util.spec_from_file_location(name, path_of(name))
    assert spec is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    parent, _, child = name.rpartition(".")
    above = importlib.import_module(parent)
    sys.modules[name] = module
    exec(compile(source, str(path_of(name)), "exec"), module.__dict__)
    setattr(above, child, module)


def _dependents(name: str) -> set[str]:
    """The module and all of recado, and of what supports the tests, that imports it, directly or not."""
    files = [(SRC, path) for path in SRC.rglob("*.py")] + [
        (TOP, path) for path in TOP.glob("tests/support/*.py")
    ]
    imports = {_module_name(top, path): _imported(path) for top, path in files}
    found = {name}
    while more := {one for one, used in imports.items() if used & found} - found:
        found |= more
    return found


def _module_name(top: Path, path: Path) -> str:
    parts = path.relative_to(top).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
        elif isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
    return names
