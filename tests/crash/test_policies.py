"""Proof that the crash run can fail: each careless policy is caught, and for its own reason.

Two minutes and more, so it is no part of `make test`: `.venv/bin/pytest tests/crash/test_policies.py`.
"""

from __future__ import annotations

import pytest
from tests.crash.outcome import crash

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]


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
    for arguments in (("--seed", "3"), ("--seed", "4", "--seconds", "45")):
        done = await crash("--policy", policy, *arguments)
        if done.counts.get(sign):
            break
    assert done.counts.get(sign), done.told[-3000:]
    assert done.code == 1
