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
        "hook.before_commit",
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


def _killer(plan: str, log_fd: int | None) -> Callable[[str], None]:
    chances = _parse(plan)
    source = random.Random(os.getpid() ^ int.from_bytes(os.urandom(4), "big"))  # noqa: S311
    default = chances.get("*", 0.0)

    def reached(name: str) -> None:
        if source.random() < chances.get(name, default):
            if log_fd is not None:
                os.write(log_fd, f"{name}\n".encode())
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def _build(environ: Mapping[str, str]) -> Callable[[str], None]:
    plan = environ.get("RECADO_FAILPOINTS")
    if not plan:
        return _nothing
    path = environ.get("RECADO_FAILPOINTS_LOG")
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if path else None
    return _killer(plan, fd)


def armed() -> bool:
    """Whether this process may be killed at a failpoint."""
    return reached is not _nothing


reached: Callable[[str], None] = _build(os.environ)  # noqa: TID251 - read once, before any setting
