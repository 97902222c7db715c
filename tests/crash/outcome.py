"""One run of the harness from a test: a process of its own, because it forks and has to import recado first."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass

from tests.support.repository import ROOT

_LINE = re.compile(r"(\w+)=(\d+)")
_PATIENCE_S = 350


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    counts: dict[str, int]
    told: str


async def crash(*arguments: str) -> Outcome:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, told = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = out.decode().splitlines()
    counts = {name: int(value) for name, value in _LINE.findall(lines[-1])} if lines else {}
    return Outcome(process.returncode or 0, counts, told.decode())
