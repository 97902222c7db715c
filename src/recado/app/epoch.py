"""Is this the database that was here last time, where it was? Restores, failovers and copies.

A counter lives in the database and, beside it, in a file of this machine. It only grows, the database first:
a database that is behind the file is an old copy, whose queued messages may have left long ago. Then nothing
leaves until a person says so (`restore`). A database that wakes up in another place is a copy of somebody's
installation; then every company is in dry run until a person says so (`clone`). Either way what waits in line
is held, so that neither a restore nor a copy sends anything by itself, and nothing is lost.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
import structlog

from recado.audit import service as audit
from recado.db import sql
from recado.db.pool import Tx
from recado.kit.clock import Clock
from recado.messages.restore import hold
from recado.tenants import service as tenants

_Q = sql.load("recado.app", "epoch.sql")
_log = structlog.get_logger("recado.epoch")
FILE = "epoch.json"
EngineScope = Callable[[], AbstractAsyncContextManager[Tx]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one look into the database tells. `used`: it holds messages."""

    epoch: int
    fingerprint: str | None
    known_timeline: int | None
    forced: str | None
    forced_at: datetime | None
    forced_why: str | None
    database: str
    timeline: int
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """Sending is restricted until a person releases it. `mode` is `restore` or `clone`."""

    mode: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What this machine remembers."""

    epoch: int
    timeline: int
    system_identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where we are now. `fingerprint` is None where the server does not tell who it is."""

    fingerprint: str | None
    embedded: bool
    trust_failover: bool


@dataclass(frozen=True, slots=True)
class Known:
    """The database that was here last time, or one met for the first time."""


@dataclass(frozen=True, slots=True)
class Restored:
    """An older copy, or a server that may have lost its last commits."""

    why: str


@dataclass(frozen=True, slots=True)
class Cloned:
    """A copy in another place."""

    why: str


Verdict = Known | Restored | Cloned


def judge(mark: Mark | None, facts: Facts, place: Place) -> Verdict:
    """Pure. A file that is missing is normal for a second machine on an external database; beside an embedded
    one it means that the database came from elsewhere."""
    if facts.fingerprint is None and (mark is None or not facts.used):
        return Known()
    if None not in (facts.fingerprint, place.fingerprint) and facts.fingerprint != place.fingerprint:
        return Cloned("the database is a copy, or was moved: it last ran in another place")
    if mark is not None and mark.epoch > facts.epoch:
        return Restored(f"the database is older than what ran here ({facts.epoch} < {mark.epoch})")
    if mark is None and place.embedded:
        return Restored(f"{FILE} is missing beside a database that has been used")
    return _judge_timeline(mark, facts, place)


def _judge_timeline(mark: Mark | None, facts: Facts, place: Place) -> Verdict:
    before = facts.known_timeline or facts.timeline
    if mark is not None and mark.timeline > facts.timeline:
        before = mark.timeline  # a machine may know less than the database, never more
    if before == facts.timeline or place.trust_failover:
        return Known()
    return Restored(
        f"the server was promoted or recovered (timeline {before} to {facts.timeline}) and may have lost commits"
    )


class Keeper:
    """Looks, decides and remembers, for one data directory."""

    def __init__(
        self,
        data_dir: Path,
        *,
        embedded: bool,
        trust_failover: bool,
        clock: Clock,
    ) -> None:
        self._file = data_dir / FILE
        self._embedded = embedded
        self._trust_failover = trust_failover
        self._clock = clock

    async def check(self, engine: EngineScope) -> Verdict:
        """At each start of a role and every few seconds. Moves the epoch on; after a restore or in a copy
        restricts sending first and holds what waits. Safe to repeat after a crash at any point."""
        # The file before the row: it never runs ahead of the row it was written after.
        mark = read_mark(self._file)
        async with engine() as tx:
            facts, identifier = await _look(tx)
            place = self._place(facts.database, identifier)
            verdict = judge(mark, facts, place)
            if isinstance(verdict, Known):
                await _remember(tx, mark, facts, place)
        if not isinstance(verdict, Known):
            await self._restrict(engine, mark, place, verdict)
        async with engine() as tx:
            facts, _ = await _look(tx)
        self._write(Mark(epoch=facts.epoch, timeline=facts.timeline, system_identifier=identifier or ""))
        return verdict

    def _write(self, mark: Mark) -> None:
        try:
            write_mark(self._file, mark)
        except OSError as error:
            if self._embedded:
                raise
            # A second machine on an external database may have nowhere to write; others remember.
            _log.warning("epoch.not_written", error=type(error).__name__)

    def _place(self, database: str, identifier: str | None) -> Place:
        where = str(self._file.parent.resolve()) if self._embedded else ""
        fingerprint = None
        if identifier is not None:
            text = "|".join((identifier, database, where))
            fingerprint = hashlib.sha256(text.encode()).hexdigest()
        return Place(fingerprint=fingerprint, embedded=self._embedded, trust_failover=self._trust_failover)

    async def _restrict(
        self, engine: EngineScope, mark: Mark | None, place: Place, verdict: Restored | Cloned
    ) -> None:
        """Stops everything, holds the line in bites, and only then settles for dry run in a copy: a queued
        message must not be simulated away. The epoch moves last, so that a crash starts this over."""
        async with engine() as tx:
            facts, _ = await _look(tx)
            if isinstance(judge(mark, facts, place), Known):
                return  # another process of ours was faster
            await tx.execute(_Q["force"], forced="restore", why=verdict.why)
        held = 0
        while True:
            async with engine() as tx:
                count = await hold(tx, self._clock.now())
            held += count
            if not count:
                break
        # A copy stays a copy, whatever else is found about it.
        mode = "clone" if isinstance(verdict, Cloned) or facts.forced == "clone" else "restore"
        async with engine() as tx:
            facts, _ = await _look(tx)
            if mode == "clone":
                await tx.execute(_Q["force"], forced="clone", why=verdict.why)
            await _remember(tx, mark, facts, place)
        _log.error("installation.forced", mode=mode, why=verdict.why, held=held)


async def _look(tx: Tx) -> tuple[Facts, str | None]:
    facts = await tx.one(_Q["whoami"], Facts)
    assert facts is not None  # the migration put the row there
    try:
        async with tx.savepoint():
            return facts, await tx.value(_Q["system_identifier"])
    except asyncpg.InsufficientPrivilegeError:
        # Some hosted servers keep it for themselves; epoch and timeline still tell.
        return facts, None


async def _remember(tx: Tx, mark: Mark | None, facts: Facts, place: Place) -> None:
    epoch = max(facts.epoch, mark.epoch if mark else 0) + 1
    await tx.execute(_Q["advance"], epoch=epoch, fingerprint=place.fingerprint)
    await tx.execute(_Q["note_timeline"], timeline=facts.timeline)


# --------------------------------------------------------------------------- the file


def read_mark(path: Path) -> Mark | None:
    """None when there is none. A file that cannot be read is as good as none: nothing leaves by mistake."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return Mark(
            epoch=int(found["epoch"]),
            timeline=int(found["timeline"]),
            system_identifier=str(found["system_identifier"]),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write_mark(path: Path, mark: Mark) -> None:
    """Atomically, readable by the owner only, never backwards: several processes share the file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(path.with_suffix(".lock")):
        known = read_mark(path)
        if (
            known is not None
            and known.epoch >= mark.epoch
            and known.system_identifier == mark.system_identifier
        ):
            return
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(json.dumps(asdict(mark)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# --------------------------------------------------------------------------- asking, releasing


async def forced(tx: Tx) -> Forced | None:
    """Whether sending is restricted, since when and why."""
    return await tx.one(_Q["forced"], Forced)


async def release(tx: Tx, now: datetime, mode: str, *, actor: str) -> bool:
    """A person looked and takes the restriction back; held messages stay held. False when `mode` was not on."""
    released = await tx.execute(_Q["release"], mode=mode) > 0
    if released:
        for tenant in await tenants.list_tenants(tx):
            await audit.record(tx, now, tenant.tenant_id, actor=actor, action=f"installation.{mode}_released")
    return released
