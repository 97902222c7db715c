"""The state file: everything but the bytes of media, written whole and replaced at once."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import msgspec

from recado_sim.state import Message, Person, Phone, Settings, Template, Waba, World

VERSION = 1
DEBOUNCE_S = 0.8


class Snapshot(msgspec.Struct, kw_only=True):
    """What the file holds."""

    version: int = VERSION
    settings: Settings
    shift_s: float
    counter: int
    wabas: list[Waba]
    phones: list[Phone]
    templates: list[Template]
    people: list[Person]
    messages: list[Message]


def snapshot(world: World) -> bytes:
    """The world as JSON."""
    return msgspec.json.encode(
        Snapshot(
            settings=world.settings,
            shift_s=world.clock.shift_s,
            counter=world.ids.counter,
            wabas=list(world.wabas.values()),
            phones=list(world.phones.values()),
            templates=list(world.templates.values()),
            people=list(world.people.values()),
            messages=list(world.messages.values()),
        )
    )


def restore(world: World, raw: bytes) -> None:
    """Put a saved world back. Settings given on the command line win over saved ones."""
    saved = msgspec.json.decode(raw, type=Snapshot)
    merged = {**msgspec.to_builtins(saved.settings), **world.config.overrides}
    world.settings = msgspec.convert(merged, Settings)
    world.empty()
    world.clock.shift_s = saved.shift_s
    world.ids.counter = saved.counter
    world.wabas = {waba.id: waba for waba in saved.wabas}
    world.phones = {phone.id: phone for phone in saved.phones}
    for template in saved.templates:
        world.add_template(template)
    for person in saved.people:
        world.people[person.key] = person
        world.by_bsuid[person.bsuid] = person.key
    for message in saved.messages:
        world.remember(message)


class Keeper:
    """Writes the file after changes, at most about once a second, and when the simulator stops."""

    def __init__(self, world: World, path: Path) -> None:
        self.world = world
        self.path = path
        self._written = world.changes
        self._cost_s = 0.0
        self._task: asyncio.Task[None] | None = None

    def load(self) -> bool:
        """Whether there was a file to load."""
        if not self.path.exists():
            return False
        restore(self.world, self.path.read_bytes())
        self._written = self.world.changes
        return True

    def start(self) -> None:
        """Begin to watch for changes."""
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """Write a last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._written != self.world.changes:
            self._write(self._encoded())

    async def _watch(self) -> None:
        while True:
            # A large world costs more to write, so it is written less often.
            await asyncio.sleep(max(DEBOUNCE_S, 10 * self._cost_s))
            if self._written != self.world.changes:
                data = self._encoded()
                await asyncio.shield(asyncio.to_thread(self._write, data))

    def _encoded(self) -> bytes:
        started = time.perf_counter()
        self._written = self.world.changes
        data = snapshot(self.world)
        self._cost_s = time.perf_counter() - started
        return data

    def _write(self, data: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        draft.write_bytes(data)
        draft.replace(self.path)
