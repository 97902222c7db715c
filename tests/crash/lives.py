"""What a forked process does with its short life: the product's own worker or the product's own doors."""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import uvloop
from tests.crash import policies, scale

from recado.app import wiring
from recado.app.http import http_server
from recado.app.install import Installation
from recado.app.processes import die_with_parent
from recado.app.wiring import House, build_worker, web_app
from recado.inbound.receivers import Pulse
from recado.kit import failpoints
from recado.settings import Settings
from recado.worker.ports import WorkerConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What all lives share. Holds no connection, no loop and no thread: it is copied by fork."""

    settings: Settings
    installation: Installation
    doors: socket.socket
    log_path: str
    errors_path: str
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Where a life shall end. `plan` is empty for a life that ends when it is told to.

    `most_lanes` keeps a worker from taking every number: those of the dead are locked for a second.
    """

    role: str
    plan: str
    seed: int
    most_lanes: int = 2000


async def _web(stage: Stage, fate: Fate) -> None:
    house = House(stage.settings, stage.installation, web=True)
    await house.open()
    policies.in_web(stage.policy, house)
    settings = stage.settings
    pulse = Pulse(house.db, beat_s=settings.receiver_beat_s, tolerance_s=settings.receiver_tolerance_s)
    await pulse.start()
    server = http_server(web_app(house, pulse), "127.0.0.1", 0)
    await server.serve(sockets=[stage.doors])


async def _work(stage: Stage, fate: Fate) -> None:
    house = House(stage.settings, stage.installation, web=False)
    await house.open()
    policies.in_worker(stage.policy, house)

    def limited(settings: Settings, owner: UUID) -> WorkerConfig:
        return scale.worker_config(settings, owner, fate.most_lanes)

    wiring.worker_config = limited
    await build_worker(house).run()


ROLES = {"web": _web, "work": _work}


def _live(stage: Stage, fate: Fate) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    die_with_parent()
    errors = os.open(stage.errors_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(errors, 1)
    os.dup2(errors, 2)
    failpoints.arm(fate.plan or "nowhere=0", stage.log_path, fate.seed)
    uvloop.run(ROLES[fate.role](stage, fate))


def fork(body: Callable[[], None]) -> int:
    """A child that runs `body` and leaves without touching what it inherited."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        body()
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def start(stage: Stage, fate: Fate) -> int:
    return fork(lambda: _live(stage, fate))


def settle_memory() -> None:
    """Before the first fork: what is shared stays shared."""
    gc.collect()
    gc.freeze()
