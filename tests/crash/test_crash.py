"""A slice of the crash run, and proof that it can fail: each careless policy is caught.

Each run is a process of its own: it forks, and it must be the first to import recado.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass

import pytest
from tests.support.repository import ROOT

pytestmark = pytest.mark.crash
_LINE = re.compile(r"(\w+)=(\d+)")


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
        out, told = await asyncio.wait_for(process.communicate(), 110)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = out.decode().splitlines()
    counts = {name: int(value) for name, value in _LINE.findall(lines[-1])} if lines else {}
    return Outcome(process.returncode or 0, counts, told.decode())


async def test_a_slice_of_crashes_loses_and_doubles_nothing() -> None:
    done = await crash("--seconds", "40", "--patience", "30", "--seed", "11", "--slice")
    assert {name: done.counts.get(name) for name in ("lost", "duplicated", "stuck")} == {
        "lost": 0,
        "duplicated": 0,
        "stuck": 0,
    }, done.told[-4000:]
    assert done.code == 0
    assert done.counts["kills"] >= 40, "hardly anything was killed: that proves nothing"


@pytest.mark.parametrize(
    ("policy", "sign"),
    [
        ("naive-resend", "duplicated"),
        ("ack-before-commit", "lost"),
        ("memory-dedupe", "duplicated"),
        ("no-taint", "duplicated"),
        ("split-transactions", "lost"),
    ],
)
async def test_a_careless_policy_is_caught(policy: str, sign: str) -> None:
    # On a busy machine few processes die in a dozen seconds: then once more, for longer.
    for arguments in (("--seed", "3"), ("--seed", "4", "--seconds", "30")):
        done = await crash("--policy", policy, *arguments)
        if done.counts.get(sign):
            break
    assert done.counts.get(sign), done.told[-3000:]
    assert done.code == 1
