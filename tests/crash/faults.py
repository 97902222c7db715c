"""The catalogue of the chaos run: one fault at a time, each with an end. What follows is the product's business."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
from tests.crash import stage as stages
from tests.crash.restarts import pause, strike
from tests.crash.supervisor import Supervisor, lever


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    theatre: stages.Theatre
    supervisor: Supervisor
    source: random.Random

    def tell_meta(self, words: str) -> None:
        lever(self.theatre.where.meta_port, words)


def _storm(fate: str, taken: str) -> Callable[[Scene], None]:
    def fault(scene: Scene) -> None:
        scene.tell_meta(f"storm:{fate}:{taken}:8")

    return fault


def _a_worker_dies(scene: Scene) -> None:
    scene.supervisor.kill("work", 1)


def _all_workers_die(scene: Scene) -> None:
    scene.supervisor.kill("work", 9)


def _a_door_dies(scene: Scene) -> None:
    scene.supervisor.kill("web", 1)


def _no_door_for_six_seconds(scene: Scene) -> None:
    scene.supervisor.kill("web", 9)
    pause(6)


def _a_worker_freezes(scene: Scene) -> None:
    """For longer than its lanes are leased, shorter than the waiting window: it wakes as a zombie."""
    pid = scene.supervisor.one("work")
    os.kill(pid, signal.SIGSTOP)
    pause(1.5, scene.supervisor)
    os.kill(pid, signal.SIGCONT)


def _postgres_restarts(scene: Scene) -> None:
    strike(scene.theatre)


def _postgres_is_away(scene: Scene) -> None:
    strike(scene.theatre, down_s=8)


async def _cut(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


def _all_connections_are_cut(scene: Scene) -> None:
    asyncio.run(_cut(scene.theatre.admin_dsn))


async def _lock(dsn: str, table: str, seconds: float) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"lock table {table} in access exclusive mode")
            await asyncio.sleep(seconds)
    finally:
        await connection.close()


def _somebody_locks_a_table(scene: Scene) -> None:
    table = scene.source.choice(["outbox", "message", "ledger_work", "lane", "conversation"])
    asyncio.run(_lock(scene.theatre.admin_dsn, table, 3.0))


async def _crowd(dsn: str, seconds: float) -> None:
    crowd = []
    try:
        for _ in range(300):
            crowd.append(await asyncpg.connect(dsn))
    except (asyncpg.PostgresError, OSError):
        await asyncio.sleep(seconds)
    finally:
        for one in crowd:
            one.terminate()


def _no_connection_is_left(scene: Scene) -> None:
    asyncio.run(_crowd(scene.theatre.installation_dsn, 3.0))


def _webhooks_come_ten_times(scene: Scene) -> None:
    scene.tell_meta("flood:10")


CATALOGUE: dict[str, Callable[[Scene], None]] = {
    "a worker dies": _a_worker_dies,
    "all workers die": _all_workers_die,
    "a door dies": _a_door_dies,
    "no door for six seconds": _no_door_for_six_seconds,
    "a worker freezes and wakes": _a_worker_freezes,
    "PostgreSQL restarts at once": _postgres_restarts,
    "PostgreSQL is away for eight seconds": _postgres_is_away,
    "all connections are cut": _all_connections_are_cut,
    "a table is locked for three seconds": _somebody_locks_a_table,
    "no connection is left": _no_connection_is_left,
    "answers get lost after acceptance": _storm("reset", "taken"),
    "requests get lost": _storm("reset", "lost"),
    "the provider hangs after acceptance": _storm("hang", "taken"),
    "the provider answers 5xx": _storm("error_graph", "lost"),
    "the provider answers with HTML": _storm("error_html", "taken"),
    "the provider says 429": _storm("busy", "lost"),
    "webhooks come ten times": _webhooks_come_ten_times,
}


class Deck:
    """All faults in a shuffled order, again and again."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._names: list[str] = []

    def draw(self) -> str:
        if not self._names:
            self._names = list(CATALOGUE)
            self._source.shuffle(self._names)
        return self._names.pop()
