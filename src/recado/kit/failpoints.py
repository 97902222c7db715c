"""Named places where a crash test may kill the process.

Nothing happens unless the process was started with `RECADO_FAILPOINTS`; then `reached` asks the plan
what to do. Every name used in the code is listed in `NAMES`; a house test compares both.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable, Mapping

NAMES: frozenset[str] = frozenset(
    {
        "accept.judged",
        "accept.keys_won",
        "accept.before_insert",
        "accept.before_commit",
        "accept.after_commit",
        "claim.begin",
        "claim.lanes_locked",
        "claim.selected",
        "claim.gated",
        "intent.written",
        "intent.before_commit",
        "intent.after_commit",
        "send.before_connect",
        "send.half_request",
        "send.request_written",
        "send.response_read",
        "record.begin",
        "record.accepted_written",
        "record.before_commit",
        "record.after_commit",
        "hook.received",
        "hook.verified",
        "hook.before_insert",
        "hook.after_commit",
        "hook.before_answer",
        "project.claimed",
        "project.parsed",
        "project.routed",
        "project.inbound_stored",
        "project.statuses_resolved",
        "project.doubts_settled",
        "project.statuses_folded",
        "project.before_commit",
        "project.after_commit",
        "rescue.begin",
        "rescue.marked",
        "rescue.before_commit",
        "resolve.begin",
        "resolve.judged",
        "resolve.before_commit",
        "resolve.after_commit",
        "lease.begin",
        "lease.before_commit",
        "lease.after_commit",
        "job.claimed",
        "job.handled",
        "job.before_commit",
        "job.after_commit",
        "media.fetched",
        "media.stored",
        "media.before_commit",
        "sweep.before_commit",
        "beat.before_commit",
        "beat.after_commit",
    }
)


def _nothing(name: str) -> None:
    """Production: a call that does nothing."""


def _parse(plan: str) -> Mapping[str, float]:
    """`name=probability;name=probability`, `*` for every name."""
    pairs = (part.partition("=") for part in plan.split(";") if part)
    return {name.strip(): float(chance or 1) for name, _, chance in pairs}


class _Killer:
    """Ends the process at the places of its plan, after writing down where."""

    def __init__(self, plan: str, log_path: str | None, seed: int | None = None) -> None:
        self.load(plan, log_path, seed)

    def load(self, plan: str, log_path: str | None, seed: int | None) -> None:
        self._chances = _parse(plan)
        self._default = self._chances.get("*", 0.0)
        if seed is None:
            seed = os.getpid() ^ int.from_bytes(os.urandom(4), "big")
        self._source = random.Random(seed)  # noqa: S311
        self._log = None
        if log_path:
            self._log = os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, name: str) -> None:
        if self._source.random() >= self._chances.get(name, self._default):
            return
        if self._log is not None:
            os.write(self._log, f"{name}\n".encode())
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def _build(environ: Mapping[str, str]) -> Callable[[str], None]:
    plan = environ.get("RECADO_FAILPOINTS")
    return _Killer(plan, environ.get("RECADO_FAILPOINTS_LOG")) if plan else _nothing


def armed() -> bool:
    """Whether this process may be killed at a failpoint."""
    return reached is not _nothing


def arm(plan: str, log_path: str, seed: int) -> None:
    """A plan of its own for a process that was forked: it inherited a parent's, made at import.

    Raises RuntimeError in a process that was started without `RECADO_FAILPOINTS`: its modules hold
    the function that does nothing.
    """
    if not isinstance(reached, _Killer):
        raise RuntimeError("start the parent with RECADO_FAILPOINTS set")  # noqa: TRY004 - not about types
    reached.load(plan, log_path, seed)


reached: Callable[[str], None] = _build(os.environ)  # noqa: TID251 - read once, before any setting
