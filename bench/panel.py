"""Do the lists of the panel stay quick? Every tab, filter, search and count in a small company and in a large one.

Each company has a server of its own, and the two are asked in turn, so that whatever else the machine does happens to
both.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import NoReturn

from bench.figures import Report, ratio
from bench.panel_looks import Look, Town, addresses, looks
from bench.stage import Stage
from recado.app.seeding import seed
from recado.app.wiring import House
from recado.db.system import system
from recado.kit.clock import SystemClock
from recado.kit.ids import ConversationId
from recado.people import entering, persons
from recado.people.model import Entered
from recado.people.rights import Role
from recado.tenants import service as tenants

SMALL, LARGE = 10_000, 1_000_000
BUDGET = 1.5
# A question answered sooner is no part of anybody's waiting: a whole page takes several times as long.
FLOOR_MS = 5.0
# Plans are kept after the fifth call; what is slow is asked less often.
_WARM, _REPEATS, _LEAST = 6, 31, 9
_LONGEST_S = 12.0
Timed = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    stage: Stage
    house: House
    town: Town
    cookie: str
    seeded_s: float


async def run(seconds: float, stage: Stage, *, messages: int = LARGE) -> Report:
    """Seeds a company of SMALL and one of `messages`, vacuums, measures. `seconds` is not used: the work is counted."""
    report = Report(
        f"panel: ms of each look (the quicker quarter), at {SMALL:,} and at {messages:,} messages"
    )
    async with AsyncExitStack() as stack:
        small = await _side(stack, await stack.enter_async_context(Stage()), SMALL)
        large = await _side(stack, stage, messages)
        asked = await _compare(
            {name: _asking(small, look) for name, look in looks(small.town).items()},
            {name: _asking(large, look) for name, look in looks(large.town).items()},
        )
        pages = await _compare(_opening(small), _opening(large))
    _tell(report, "asked of the database", asked, messages, FLOOR_MS)
    _tell(report, "whole pages over HTTP", pages, messages, 0.0)
    report.data = {
        "messages": [SMALL, messages],
        "looks_ms": asked,
        "pages_ms": pages,
        "seeded_s": large.seeded_s,
    }
    report.say(f"seconds to seed {messages:,}", round(large.seeded_s, 1), "120 for a million")
    return report


def _tell(
    report: Report, what: str, found: dict[str, tuple[float, float]], messages: int, floor: float
) -> None:
    rows = [[name, round(one, 2), round(other, 2), ratio(other, one)] for name, (one, other) in found.items()]
    report.table((what, f"{SMALL:,}", f"{messages:,}", "ratio"), rows)
    over = [name for name, (one, other) in found.items() if other > max(BUDGET * one, floor)]
    report.say(f"{what}: slower than {BUDGET}x", ", ".join(over) or "none", "none")
    worst = max(ratio(other, one) for one, other in found.values())
    report.say(f"{what}: worst ratio", worst, str(BUDGET))


async def _side(stack: AsyncExitStack, stage: Stage, size: int) -> Side:
    house = House(stage.loaded(), stage.installation, web=True)
    await house.open()
    stack.push_async_callback(house.close)
    now = SystemClock().now()
    async with house.db.tenant(stage.tenant_id) as tx:
        tenant = await tenants.tenant_by_id(tx, stage.tenant_id)
    keys = house.vault.keys(tenant.tenant_id, tenant.dek)
    started = time.perf_counter()
    await seed(house.db, now, tenant, keys, size, source=random.Random(size))
    took = time.perf_counter() - started
    await stage.admin.execute("vacuum analyze", timeout=600)
    await stage.admin.execute("checkpoint", timeout=300)
    row = await stage.admin.fetchrow(
        "select id, conversation_id from message where direction = 'out' order by id offset $1 limit 1",
        size // 2,
    )
    assert row is not None
    town = Town(
        messages=size,
        tenant_id=stage.tenant_id,
        number_id=stage.number_id,
        keys=keys,
        one=row["id"],
        talk=ConversationId(row["conversation_id"]),
    )
    await stage.start_web()
    return Side(stage=stage, house=house, town=town, cookie=await _enter(house, stage), seeded_s=took)


async def _enter(house: House, stage: Stage) -> str:
    """Somebody of the company who is already inside; the session's token."""
    now = SystemClock().now()
    async with system(house.db) as tx:
        person = await persons.create_person(
            tx,
            now,
            login="luana@aurora.example",
            name="Luana Freitas",
            password_hash=None,
            platform=False,
            actor="bench",
        )
        await persons.put_member(
            tx, now, stage.tenant_id, person.person_id, Role.ADMINISTRATOR, actor="bench"
        )
        entered = await entering.enter(tx, now, person, agent="bench", address="127.0.0.1")
    assert isinstance(entered, Entered)
    return entered.token


# --------------------------------------------------------------------------- measuring


async def _compare(small: dict[str, Timed], large: dict[str, Timed]) -> dict[str, tuple[float, float]]:
    """Ms of each on both sides, taken in turn."""
    return {name: await _in_turn(small[name], large[name]) for name in small}


async def _in_turn(small: Timed, large: Timed) -> tuple[float, float]:
    """The quicker quarter of the answers: what else the machine does only ever makes one slower."""
    taken: tuple[list[float], list[float]] = ([], [])
    started = time.monotonic()
    for turn in range(_WARM + _REPEATS):
        if turn >= _WARM + _LEAST and time.monotonic() - started > _LONGEST_S:
            break
        for side, one in zip(taken, (small, large), strict=True):
            side.append(await one())
    first, other = (statistics.quantiles(side[_WARM:], n=4)[0] for side in taken)
    return first, other


class _Undo(Exception):
    """What a look wrote is not kept."""


def _undo() -> NoReturn:
    raise _Undo


def _asking(side: Side, look: Look) -> Timed:
    async def asked() -> float:
        started = time.perf_counter()
        took = 0.0
        try:
            async with side.house.db.tenant(side.town.tenant_id) as tx:
                await look(tx)
                took = (time.perf_counter() - started) * 1e3
                _undo()
        except _Undo:
            return took

    return asked


def _opening(side: Side) -> dict[str, Timed]:
    line = HTTPConnection("127.0.0.1", side.stage.port, timeout=60)
    headers = {"cookie": f"recado_session={side.cookie}", "host": "localhost"}

    def get(path: str) -> float:
        started = time.perf_counter()
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        answer.read()
        took = (time.perf_counter() - started) * 1e3
        assert answer.status == 200, (path, answer.status)
        return took

    def opened(path: str) -> Timed:
        return lambda: asyncio.to_thread(get, path)

    return {name: opened(path) for name, path in addresses(side.town).items()}
