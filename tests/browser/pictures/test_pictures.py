"""Every screen looks like its picture in docs/img, and every picture is shown somewhere."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.async_api import BrowserContext, Page, async_playwright
from pydantic import SecretStr
from tests.browser.handset.stage import QUIET, Simulator, running_simulator
from tests.browser.pictures import gallery
from tests.browser.pictures.town import MARINA, MORNING, NOW, Town, bring_here, one_dead_letter, open_town
from tests.slices.world import RING, World
from tests.support.cluster import Dsns
from tests.support.repository import ROOT
from tests.support.waiting import eventually

from recado.app.demo_data import COMPANY, simulator_seed
from recado.app.http import http_server
from recado.app.install import Installation
from recado.app.wiring import House, web_app
from recado.db.system import system
from recado.kit.clock import ManualClock, SystemClock
from recado.people import entering, persons
from recado.people.model import Entered
from recado.settings import Settings

PATIENCE_S = 5
HOOK_TOKEN = "an-unguessable-path"


# --------------------------------------------------------------------------- what needs no browser


def test_every_screen_has_its_pictures_and_no_picture_is_left_over() -> None:
    there = sorted(path.name for path in gallery.FOLDER.glob("*.jpg"))
    assert there == sorted(gallery.pictures()), gallery.REFRESH
    assert sorted(gallery.kept().pictures) == sorted(gallery.pictures()), gallery.REFRESH


def test_every_picture_is_shown_somewhere() -> None:
    pages = [*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")]
    shown = set(re.findall(r"[\w-]+\.(?:jpg|png)\b", "\n".join(page.read_text("utf-8") for page in pages)))
    there = {path.name for path in gallery.FOLDER.iterdir() if path.suffix in (".jpg", ".png")}
    assert there - shown == set(), "no README and no document shows these"
    assert {one for one in shown if one.endswith(".jpg")} - there == set(), "shown, but not there"


def test_together_they_stay_light() -> None:
    assert sum(path.stat().st_size for path in gallery.FOLDER.iterdir()) <= gallery.MOST_BYTES


# --------------------------------------------------------------------------- the town, served


@dataclass(frozen=True, kw_only=True)
class Served:
    base: str
    token: str
    town: Town
    simulator: Simulator


@pytest.fixture(scope="module")
def simulator(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    log = tmp_path_factory.mktemp("simulator") / "errors.log"
    with running_simulator(log, itertools.count(50_001)) as running:
        yield Simulator(
            base=running.base,
            number=COMPANY.phone_number_id,
            account=COMPANY.waba_id,
            token="simulated",
            phones=running.phones,
        )


@pytest.fixture
async def served(database: Dsns, tmp_path: Path, simulator: Simulator) -> AsyncIterator[Served]:
    started = SystemClock().now()
    clock = ManualClock(MORNING)
    settings = Settings(
        environment="demo",
        data_dir=tmp_path,
        database_url=database.runtime,
        meta_base_url=simulator.base,
        meta_app_secret=SecretStr("only-for-pictures"),
        demo_login=True,
        web_connections=4,
        engine_connections=4,
    )
    installation = Installation(dsn=database.runtime, ring=RING, hook_token=HOOK_TOKEN, running=None)
    house = House(settings, installation, web=True, clock=clock)
    await house.open()
    eye = await asyncpg.connect(database.owner)
    await eye.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    try:
        world = World(house.db, eye, clock)
        town = await open_town(world)
        await one_dead_letter(world, town.company)
        await bring_here(world, started)
        token = await _luana(house, clock.now())
        async with _served(house) as base:
            yield Served(base=base, token=token, town=town, simulator=simulator)
    finally:
        await eye.close()
        await house.close()


async def _luana(house: House, now: datetime) -> str:
    """Who looks at the screens: somebody who may see all of them."""
    async with system(house.db) as tx:
        person = await persons.create_person(
            tx,
            now,
            login="luana@aurora.example",
            name="Luana Freitas",
            password_hash=None,
            platform=True,
            actor="demo",
        )
        entered = await entering.enter(tx, now, person, agent="pictures", address="127.0.0.1")
    assert isinstance(entered, Entered)
    return entered.token


@asynccontextmanager
async def _served(house: House) -> AsyncIterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = http_server(web_app(house), "127.0.0.1", listener.getsockname()[1])
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await house.live.close()
        server.should_exit = True
        await running


def stand_in_front_of_the_handset(simulator: Simulator, now: datetime) -> None:
    seed = simulator_seed(
        app_secret="only-for-pictures",
        verify_token="unused",
        access_token="simulated",
        callback_url="http://127.0.0.1:9/nobody-listens",
    )
    simulator.ask("POST", "/_sim/seed", seed)
    shift = (NOW - now).total_seconds()
    simulator.ask("POST", "/_sim/clock", {"shift_s": shift})
    values = [{"type": "text", "text": "Marina"}, {"type": "text", "text": "amanhã às 14h"}]
    template = {
        "name": "lembrete_consulta",
        "language": {"code": "pt_BR"},
        "components": [{"type": "body", "parameters": values}],
    }
    reminder = simulator.business_sends(MARINA, "template", template)
    simulator.writes(MARINA, {"button": "Confirmar", "context": reminder})
    simulator.business_sends(MARINA, "text", {"body": "Combinado, *até amanhã*! 😊"})


# --------------------------------------------------------------------------- the pictures


def addresses(served: Served) -> dict[str, str]:
    """Screen -> what to open."""
    found = {name: f"{served.base}/painel/{name}" for name in gallery.screens() if name not in gallery.BESIDE}
    found["mensagem"] = f"{served.base}/painel/mensagens?modelo=lembrete_consulta"
    found["celular"] = f"{served.simulator.base}/celular?pessoa={MARINA}"
    return found


async def settled(page: Page, screen: str, address: str) -> None:
    await page.goto(address)
    if screen == "celular":
        await page.get_by_role("log").get_by_text("Combinado").wait_for()
        await page.locator(".story-list button").first.wait_for(state="attached")
        await page.locator(".unread").first.wait_for(state="detached")
        return
    if screen == "conversas":
        await page.locator('a[href*="/painel/conversas/"]', has_text="Marina").first.click()
        await page.locator("[data-bubble]").first.wait_for()
    if screen == "mensagem":
        # On a wide screen a message opens beside its list.
        await page.locator("[data-message]", has_text="Lida").first.locator("[data-open]").click()
        await page.locator("[data-drawer]").wait_for()
    await alive(page)


async def alive(page: Page) -> None:
    """The badge says that the line is open; the counts of the navigation have come, and the pace above a list."""
    await page.locator("#live[data-state=on]").wait_for(state="attached")
    for badge in ("voce", "esperando"):
        await page.locator(f"[data-badge={badge}]:not([hidden])").first.wait_for(state="attached")
    await page.locator("#ritmo:empty").wait_for(state="detached")


async def _context(browser: Any, served: Served) -> BrowserContext:
    context: BrowserContext = await browser.new_context(locale="pt-BR", timezone_id="America/Sao_Paulo")
    context.set_default_timeout(15_000)
    await context.add_cookies([{"name": "recado_session", "value": served.token, "url": served.base}])
    await context.clock.set_fixed_time(NOW)
    return context


async def _compared(
    page: Page, name: str, before: gallery.Prints, edition: str, *, taking: bool
) -> tuple[gallery.Print, list[str]]:
    """The print of what stands there and what is different: given a moment, since ticks and unread counts come after
    the messages they belong to."""
    made, seen = await gallery.look_at(page)

    async def same() -> bool:
        nonlocal made, seen
        made, seen = await gallery.look_at(page)
        return not gallery.difference(name, before, made, edition, seen)

    if not taking:
        with suppress(AssertionError):
            await eventually(same, within_s=PATIENCE_S, every_s=0.1)
    return made, gallery.difference(name, before, made, edition, seen)


@pytest.mark.browser
async def test_every_screen_looks_like_its_picture(
    served: Served, chromium: str, taking: bool, tmp_path: Path
) -> None:
    stand_in_front_of_the_handset(served.simulator, SystemClock().now())
    made: dict[str, gallery.Print] = {}
    wrong: list[str] = []
    before = gallery.kept()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        edition = browser.version.split(".")[0]
        context = await _context(browser, served)
        page = await context.new_page()
        for screen, address in addresses(served).items():
            await gallery.dress(page, "claro")
            await settled(page, screen, address)
            for look in gallery.LOOKS:
                name = f"{screen}-{look}.jpg"
                await gallery.dress(page, look)
                if (screen, look) == ("mensagem", "fone"):
                    await page.goto(f"{served.base}/painel/mensagens/{served.town.reminder}")
                    await alive(page)
                made[name], different = await _compared(page, name, before, edition, taking=taking)
                wrong += different
                if taking:
                    await gallery.shoot(page, name, gallery.FOLDER)
        await browser.close()
    if taking:
        gallery.keep(gallery.Prints(browser=edition, pictures=made))
        return
    assert wrong == [], f"{gallery.REFRESH}\n" + "\n".join(wrong)
