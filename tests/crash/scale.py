"""Time scaled down: every duration of the promise, divided so that minutes become seconds.

The relations between them stay: a lease is longer than a send, the window longer than a lease and than
any echo's way, the tolerance of the door's heartbeat shorter than the window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from recado.app import wiring
from recado.inbound import receivers
from recado.kit import failpoints
from recado.messages import pace, record
from recado.messages.doubt_rules import DoubtRules
from recado.settings import Settings
from recado.worker import loops
from recado.worker.ports import WorkerConfig

APP_SECRET = "crash-only-app-secret"
BEFORE_S = 0.3
BACKLOG_S = 1.5
JOB_LEASE_S = 2.0
# Lives are so short that a large batch would hardly ever be finished.
PROJECT_BATCH = 12
WINDOW_S = 4.0
PATIENCE_S = 12.0
# A try that certainly did not leave is made again after 2^n seconds, a slowed number is slow for a minute.
BACKOFF_BY = 10
SLOW_BY = 20
_USUAL = wiring.worker_config

assert failpoints.armed(), "import tests.crash.arming before recado"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Addresses of one run."""

    data_dir: Path
    web_port: int
    meta_port: int


def settings(where: Where) -> Settings:
    """What every process of the run works with."""
    values: dict[str, Any] = {
        "environment": "development",
        "data_dir": where.data_dir,
        "port": where.web_port,
        "meta_base_url": f"http://127.0.0.1:{where.meta_port}",
        "meta_app_secret": APP_SECRET,
        "meta_verify_token": "crash-only",
        "hook_token": "crash-only-hook-token",
        "log_level": "error",
        "web_connections": 2,
        "engine_connections": 3,
        "send_concurrency": 4,
        "send_connect_s": 0.3,
        "send_read_s": 0.6,
        "send_lease_s": 1.2,
        "lane_lease_s": 1.05,
        "claim_interval_s": 0.05,
        "retry_projection_s": 0.3,
        "doubt_every_s": 0.4,
        "doubt_window_s": WINDOW_S,
        "doubt_margin_s": 0.5,
        "doubt_proof_s": 0.4,
        "doubt_cooldown_s": 1.5,
        "doubt_soft_s": 2.0,
        "doubt_session_s": 60.0,
        "receiver_beat_s": 0.2,
        "receiver_tolerance_s": 1.5,
        "rescue_every_s": 0.2,
        "stale_event_s": 600.0,
    }
    return Settings(**values)


def worker_config(given: Settings, owner: UUID, most_lanes: int) -> WorkerConfig:
    """The product's own, with what is no setting scaled too."""
    return replace(_USUAL(given, owner), most_lanes=most_lanes, job_lease_s=JOB_LEASE_S)


def scale_constants() -> None:
    """A few figures are not settings. Called once, before the first fork."""
    rules = wiring.doubt_rules

    def scaled(given: Settings) -> DoubtRules:
        return replace(rules(given), before_s=BEFORE_S, patience_s=PATIENCE_S)

    setattr(wiring, "doubt_rules", scaled)  # noqa: B010 - not a name one assigns to
    receivers.BACKLOG_S = BACKLOG_S
    receivers.Trust.healthy_since.__defaults__ = (BACKLOG_S,)
    backoff = record.retry_backoff

    def shorter(tries: int, jitter: float) -> timedelta:
        return backoff(tries, jitter) / BACKOFF_BY

    setattr(record, "retry_backoff", shorter)  # noqa: B010
    setattr(record, "SLOW_FOR", pace.SLOW_FOR / SLOW_BY)  # noqa: B010
    pace.RECOVERY_S /= SLOW_BY
    loops._PROJECT_BATCH = PROJECT_BATCH
